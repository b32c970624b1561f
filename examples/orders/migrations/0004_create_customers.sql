-- release: 1.1
-- Expand, 1 of 4: customers get a table of their own. Nothing reads it yet; 1.1 writes it.
CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text,
    created_at timestamptz NOT NULL DEFAULT now()
);
