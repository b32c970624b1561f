module "ecs" {
  source = "terraform-aws-modules/ecs/aws//modules/service"
  container_definitions = {
    fluent-bit = { image = "example/fluent-bit:stable@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd" }
    app        = { image = local.app, cpu = 1 }
  }
  sidecars = merge({ x = { image = "example/x:1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd" } }, var.more)
  vm_image = var.vm
  boot     = { image = "debian-12" }
}
module "function" {
  source    = "terraform-aws-modules/lambda/aws"
  image_uri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/f@sha256:eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
}
resource "docker_container" "c" { image = var.app }
variable "app" { type = string }
variable "vm" { default = "debian-12" }
locals {
  app = "example/app:1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
}
module "other_function" {
  source    = "terraform-aws-modules/lambda/aws"
  image_uri = local.function
}
locals {
  function = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/g@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd" # 1
}
