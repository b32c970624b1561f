-- cdkit: irreversible (the old names are gone)
SET lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN e int;
