-- cdkit: allow dropped-column (release 3 does not read it)
-- cdkit: allow missing-lock-timeout (the table is tiny)
ALTER TABLE orders
    DROP COLUMN a;
ALTER TABLE orders DROP COLUMN b; -- cdkit: allow dropped-column
-- cdkit: allow dropped-column (until the move) until 2020-01-01
ALTER TABLE orders DROP COLUMN c;
-- cdkit: allow dropped-column (nothing here is dropped)
SELECT 1;
DO $$ BEGIN EXECUTE 'x' || 'y'; END $$; -- cdkit: allow unread-code (looked at by hand)
