variable "image" {
  description = "which image"
  default     = "nginx:1.27@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
}

variable "shared" {
  default = "redis:8" # image
}

variable "tag" { default = "1.2.3" }

variable "none" { type = string }

variable "empty" { default = null }

variable "sidecar_image" {
  default = "envoyproxy/envoy:v1.36@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
}

variable "vm_image" {
  default = "debian-12"
}

locals {
  chained = var.image
  web     = "caddy:2@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
  containers = [{ name = "x", image = "mongo:latest@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd" }]
  sides = {
    a = { image = "busybox:1.37@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd" }
  }
}
