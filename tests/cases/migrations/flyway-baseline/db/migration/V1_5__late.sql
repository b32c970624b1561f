ALTER TABLE orders ADD b int;
