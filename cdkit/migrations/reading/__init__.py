"""Reading SQL by hand: tokens, a cursor over them, and queries, for engines without a grammar."""
