-- release: 1.4
-- What happened to an order, for support. Nobody waits for the index: its table is new in this
-- file. No foreign key: making one would lock orders, and events may outlive what they tell of.
-- 1.3 knows nothing of the table and writes no event.
CREATE TABLE order_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL,
    kind text NOT NULL,
    detail text,
    occurred_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX order_events_order_id_idx ON order_events (order_id, id);
