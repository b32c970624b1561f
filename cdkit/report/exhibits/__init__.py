"""Formats that one step has of its own: a folder a step, a file a format."""
