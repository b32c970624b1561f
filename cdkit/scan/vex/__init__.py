"""VEX formats, one file each."""
