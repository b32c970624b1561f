"""The types of tags, one a file, each exporting TAG_TYPE."""
