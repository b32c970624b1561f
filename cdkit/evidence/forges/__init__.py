"""Where changes are reviewed and deployments approved, one file a forge."""
