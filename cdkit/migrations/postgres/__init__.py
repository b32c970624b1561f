"""Reading PostgreSQL: from libpg_query's trees to operations."""
