"""One pipeline step a file: options, run, outcome; here the domains meet."""
