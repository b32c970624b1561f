"""The report formats: one file each, exporting `FORMAT`."""
