locals {
  by_name = {
    web = "held/web:1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd" # for people
    db  = "held/db:latest@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
    n   = 1
  }
  by_stage = {
    prod = { app = "held/prod:1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd", note = "debian:12" }
    test = { app = "held/test:1" }
  }
  alias = local.aliased
  parts = { used = "held/used:1" }
}
