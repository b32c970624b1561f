"""Trivy's reports: their shapes, and how they are read."""
