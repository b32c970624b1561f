# image = "not:1"
/* image = "not:2" */
terraform {
  required_providers { docker = { source = "kreuzwerker/docker", version = "~> 3.0" } }
}

resource "aws_ecs_task_definition" "app" {
  family = "app"
  container_definitions = jsonencode([
    {
      name  = "web" // the edge
      image = "nginx:1.27"
    },
    { "name" : "side", "image" : "${var.registry}/side:latest" },
    merge(local.base, { image = "public.ecr.aws/docker/library/redis:8" }),
  ])
  volume { name = "image" }
}

resource "kubernetes_deployment_v1" "app" {
  metadata { labels = { image = "not:3" } }
  spec {
    template {
      spec {
        init_container {
          image = "busybox"
        }
        container {
          image = "ghcr.io/example/app:v1"    # cdkit: allow mutable-image (a test)
          env {
            name  = "IMAGE"
            value = "image: not:4"
          }
        }
        dynamic "container" {
          for_each = var.more
          content {
            name  = container.key
            image = container.value.image
          }
        }
      }
    }
  }
}

resource "kubernetes_manifest" "pod" {
  manifest = {
    apiVersion = "v1"
    kind       = "Pod"
    spec = {
      containers = [{ name = "x", image = "alpine:3.22" }]
    }
  }
}

resource "docker_image" "nginx" {
  name         = "nginx:1.27-alpine"
  keep_locally = true
}

resource "docker_image" "own" {
  name = "example/own:dev"
  build { context = "." }
}

data "docker_registry_image" "asked" {
  name = "ubuntu:24.04"
}

resource "docker_container" "nginx" {
  name  = "nginx"
  image = docker_image.nginx.image_id
}

resource "google_cloud_run_v2_service" "app" {
  template {
    containers {
      image = var.enabled ? "europe-docker.pkg.dev/example/app:1" : "gcr.io/cloudrun/hello"
    }
  }
}

resource "azurerm_container_app" "app" {
  template {
    container {
      image = "mcr.microsoft.com/k8se/quickstart:latest@sha256:0123456789012345678901234567890123456789012345678901234567890123"
    }
  }
}

resource "aws_lambda_function" "one" {
  image_uri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/one:v1"
  timeout   = 3
}

resource "aws_lambda_function" "two" {
  image_uri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/two@sha256:0123456789012345678901234567890123456789012345678901234567890123" # v2
}

resource "aws_lambda_function" "three" {
  image_uri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/three"   // the third
}

resource "aws_lambda_function" "four" { image_uri = "example/four:1" }

resource "aws_codebuild_project" "ci" {
  environment {
    image = "aws/codebuild/standard:7.0"
  }
}

resource "azurerm_linux_virtual_machine" "vm" {
  image = "not/an:image"
}

resource "google_cloudbuild_trigger" "t" {
  name = "not-an-image"
  build {
    step {
      name = "gcr.io/cloud-builders/docker"
      args = ["build", "-t", "image:1", "."]
    }
  }
}

module "db" {
  source = "./db"
  image  = "postgres:17"
}

module "either" {
  source    = "./db"
  app_image = var.enabled ? "postgres:17" : "postgres:16"
}

module "vm" {
  source = "./vm"
  image  = "debian-12"
}
