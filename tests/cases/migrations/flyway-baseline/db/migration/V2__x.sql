ALTER TABLE orders ADD x int;
