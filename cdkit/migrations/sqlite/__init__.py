"""Reading SQLite's SQL, the rebuild of a table included, and what its server refuses."""
