CREATE TABLE lines (id bigint PRIMARY KEY, sku text, note text);
