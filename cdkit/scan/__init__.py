"""Vulnerability scans: run a scanner or read its report, doubt it, judge it."""
