-- release: 1.0
-- An order and the address it was made with. Early shops sent no name, so it may be missing.
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_email text NOT NULL,
    customer_name text,
    status text NOT NULL CHECK (status IN ('open', 'cancelled')),
    created_at timestamptz NOT NULL DEFAULT now(),
    cancelled_at timestamptz
);
