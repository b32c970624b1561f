"""The passport of an image: its dossier as one HTML page that needs nothing else."""
