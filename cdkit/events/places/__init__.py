"""Places that outboxes lie in on their way to another machine: one file a kind."""
