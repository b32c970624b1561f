locals {
  by_name = {
    web = "held/web:1" # for people
    db  = "held/db"
    n   = 1
  }
  by_stage = {
    prod = { app = "held/prod:1", note = "debian:12" }
    test = { app = "held/test:1" }
  }
  alias = local.aliased
  parts = { used = "held/used:1" }
}
