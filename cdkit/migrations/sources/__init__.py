"""The tools whose migration files can be read, one module each."""
