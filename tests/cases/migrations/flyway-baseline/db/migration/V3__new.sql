ALTER TABLE orders ADD c int;
