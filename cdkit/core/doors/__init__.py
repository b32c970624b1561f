"""The doors: the only code that opens files, sockets, processes, clocks and repositories."""
