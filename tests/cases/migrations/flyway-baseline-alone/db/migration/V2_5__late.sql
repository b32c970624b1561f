ALTER TABLE orders ADD q int;
