app        = "by/name:1"
app_image  = "example/prod:2" # 2026
vm_image   = "debian-12"
