"""Engines that the metrics can be made in, one a file, each exporting ENGINE."""
