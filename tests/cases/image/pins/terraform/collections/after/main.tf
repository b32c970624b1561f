resource "docker_container" "a" { image = local.by_name["web"] }
resource "docker_container" "b" { image = local.by_stage.prod.app }
resource "docker_container" "c" { image = lookup({ x = "lookup/a:1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd" }, var.x, "lookup/b:1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd") }
resource "docker_container" "d" { image = element(["element/a:1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd", "element/b:1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"], var.n) }
resource "docker_container" "e" { image = ["index/a:1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd", "index/b:1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"][var.n] }
resource "docker_container" "f" { image = { x = "index/c:1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd" }[var.x] }
resource "docker_container" "g" { image = var.x ? ("paren/a:1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd") : (var.y ? "paren/b:1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd" : "paren/c:1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd") }
resource "docker_container" "h" { image = var.given["x"] }
resource "docker_container" "i" { image = local.alias.web }
resource "kubernetes_pod" "p" {
  spec {
    dynamic "init_container" {
      for_each = [{ name = "x", image = "each/a:latest@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd" }, { image = "each/b:1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd" }]
      content { image = init_container.value.image }
    }
    dynamic "container" {
      for_each = var.sides
      content { image = container.value.image }
    }
    dynamic "volume" {
      for_each = [{ image = "none" }]
      content { name = volume.value.image }
    }
  }
}
resource "aws_ecs_task_definition" "t" {
  container_definitions = jsonencode([for c in var.sides : { name = c.name, image = c.image }])
}
output "parts" { value = split(":", local.parts.used) }
resource "docker_container" "j" { image = local.parts.used }
