DO $$
DECLARE
    r record;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'state') THEN
        ALTER TABLE orders DROP COLUMN state;
    END IF;
    EXECUTE 'ALTER TABLE orders DROP COLUMN note';
    PERFORM pg_sleep(0);
    PERFORM tidy_up();
    FOR r IN SELECT relname FROM pg_class LOOP
        EXECUTE format('DROP TABLE %I', r.relname);
    END LOOP;
END $$;
