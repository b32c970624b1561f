"""The command line: the only room that knows click, argv, the terminal and exit codes."""
