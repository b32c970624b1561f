-- release: 1.2
-- Migrate: the orders that 1.0 took get their customer; the latest name wins. 1.1 reads either
-- place and writes both, so both releases see every name while this runs.
SET lock_timeout = '2s';

INSERT INTO customers (email, name)
SELECT DISTINCT ON (customer_email) customer_email, customer_name
FROM orders
WHERE customer_id IS NULL
ORDER BY customer_email, id DESC
ON CONFLICT (email) DO NOTHING;

UPDATE orders
SET customer_id = customers.id
FROM customers
WHERE customers.email = orders.customer_email AND orders.customer_id IS NULL;
