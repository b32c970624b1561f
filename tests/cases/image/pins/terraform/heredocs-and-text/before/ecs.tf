resource "aws_ecs_task_definition" "a" {
  container_definitions = <<-EOT
    [{"name": "a", "image": "nginx:1.27", "environment": [{"name": "x", "value": "{ }"}]},
     {"image":"${var.repo}:latest"}, { "image" : "redis" }]
  EOT
}

resource "aws_ecs_task_definition" "b" {
  container_definitions = "[{\"name\": \"b\", \"image\": \"httpd:2.4\"}]"
}
resource "aws_batch_job_definition" "c" {
  container_properties = jsonencode({ image = "busybox:1.37", command = ["a}", "$${x}", "%{y}"] })
}
resource "aws_ecs_task_definition" "d" { container_definitions = local.list }
locals { list = jsonencode([{ image = "memcached:1.6" }]) }
resource "docker_container" "x" { image = "a/b:c" }