-- cdkit: phase squeeze
SET lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN total bigint;
UPDATE orders SET total = 0 WHERE total IS NULL AND id <= 1000;
