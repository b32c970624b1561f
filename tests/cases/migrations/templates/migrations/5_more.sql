ALTER TABLE orders ${clause};
DROP TABLE ${table} ${cascade};
