"""Pages of HTML: what each that we write is put together from."""
