"""The database engines whose migrations can be read, one module each."""
