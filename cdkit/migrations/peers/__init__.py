"""Other linters of migrations, one module each: which rule of ours answers which of theirs."""
