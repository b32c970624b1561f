"""The images and actions that files name: found, judged, pinned."""
