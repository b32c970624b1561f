locals {
  aliased = { web = "held/alias:1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd", db = "not/asked:1" }
}
variable "sides" { default = [{ name = "x", image = "side:latest@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd" }] }
variable "other" { default = { x = "not/asked:2" } }
