"""What makes of registries do against tags that move: one file a make, each exports REGISTRY."""
