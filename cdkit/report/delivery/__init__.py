"""How well services were delivered: what was measured as one HTML page that needs nothing else."""
