"""One file a scanner: how it is run, how its report is read, which of its releases are refused."""
