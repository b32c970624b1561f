CREATE TABLE lines (id int, sku text);
