resource "kubernetes_manifest" "m" {
  manifest = yamldecode(<<-EOT
    apiVersion: v1
    kind: Pod
    spec:
      containers:
        - image: example/app:1 # why
          name: image
        - name: b
          image: 'example/quoted:1'
        - image: ${var.repository}/c:2
  EOT
  )
}
resource "kubectl_manifest" "k" {
  yaml_body = <<EOT
spec:
  containers:
  - image: "busybox"
EOT
}
resource "aws_ecs_task_definition" "t" {
  container_definitions = templatefile("${path.module}/containers.json.tftpl", { n = 1 })
}
resource "local_file" "f" {
  content = <<EOT
image: not/asked:1
EOT
}
