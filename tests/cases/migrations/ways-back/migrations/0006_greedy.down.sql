DROP INDEX orders_note_idx;
ALTER TABLE orders DROP COLUMN note;
