"""Reading MySQL's and MariaDB's SQL, and what their servers do with it."""
