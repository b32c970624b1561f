locals {
  aliased = { web = "held/alias:1", db = "not/asked:1" }
}
variable "sides" { default = [{ name = "x", image = "side" }] }
variable "other" { default = { x = "not/asked:2" } }
