CREATE INDEX lines_sku_idx ON lines (sku);
ALTER TABLE lines DROP COLUMN note;
