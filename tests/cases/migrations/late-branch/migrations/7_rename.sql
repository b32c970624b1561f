SET lock_timeout = '2s';
ALTER TABLE lines RENAME TO order_lines;
