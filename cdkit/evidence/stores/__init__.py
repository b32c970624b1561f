"""Where facts are kept: one file a kind of store, each exporting `STORE`."""
