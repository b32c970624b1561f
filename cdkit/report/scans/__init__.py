"""Formats that are made of a scan's fact: what is in the image, and what was found in it."""
