app    = "example/prod:2"
# image
region = "eu:1"
