-- atlas:txtar

-- checks.sql --
SELECT NOT EXISTS (SELECT 1 FROM orders);

-- migration.sql --
ALTER TABLE orders DROP COLUMN note;

-- down.sql --
ALTER TABLE orders ADD COLUMN note text;
