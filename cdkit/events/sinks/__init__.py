"""Where events can go: one file a kind of sink."""
