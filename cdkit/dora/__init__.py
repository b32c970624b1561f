"""The delivery metrics: what deployments, changes and incidents say of how software gets out."""
