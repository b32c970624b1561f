BEGIN;
SET LOCAL lock_timeout = '2s';
ALTER TABLE :schema.orders DROP COLUMN note;
COMMIT;
