resource "docker_container" "a" { image = var.image }
resource "docker_container" "b" { image = "${local.chained}" }
resource "docker_container" "c" { image = var.shared }
resource "docker_container" "d" { image = local.web }
resource "docker_container" "e" { image = "example/app:${var.tag}" }
resource "docker_container" "f" { image = var.none }
resource "docker_container" "g" { image = coalesce(var.empty, "haproxy:3.2") }
resource "docker_container" "h" { image = var.empty == null ? local.web : var.empty }
resource "docker_container" "i" { image = format("%s:%s", var.none, var.tag) }
output "version" { value = split(":", var.shared)[1] }
output "image" { value = var.image }
resource "docker_container" "j" { image = lookup(var.images, "a", "mysql:8.4") }
resource "docker_container" "k" { image = "gol\u0061ng:1" }
resource "aws_ecs_task_definition" "t" { container_definitions = jsonencode(local.containers) }
resource "aws_ecs_task_definition" "u" { container_definitions = var.none }
