app    = "example/prod:2@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
# image
region = "eu:1"
