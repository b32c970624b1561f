-- release: 1.3
-- Contract: 1.2 neither reads nor writes the name here; customers has it.
SET lock_timeout = '2s';

-- cdkit: allow dropped-column (1.2 neither reads nor writes customer_name)
ALTER TABLE orders DROP COLUMN customer_name;
