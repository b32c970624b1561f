"""OCI images: their references, their manifests, layouts on disk, and registries."""
