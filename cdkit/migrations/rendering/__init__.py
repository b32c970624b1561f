"""SQL from code: a project's own framework renders it, in a process of the project's own Python."""
