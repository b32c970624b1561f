-- 1.2 reads and writes the name in customers alone.
INSERT INTO customers (email, name) VALUES ('ada@example.com', 'Ada') ON CONFLICT (email) DO UPDATE SET name = coalesce(excluded.name, customers.name);
INSERT INTO orders (customer_email, customer_id, status) SELECT email, id, 'open' FROM customers WHERE email = 'ada@example.com';
INSERT INTO order_lines (order_id, line_no, sku, quantity, unit_price_cents) SELECT max(id), 1, 'TEA', 2, 450 FROM orders;
SELECT o.id, o.customer_email, c.name, o.status FROM orders AS o LEFT JOIN customers AS c ON c.id = o.customer_id WHERE o.id = 1;
SELECT id FROM orders WHERE status = 'open' ORDER BY id LIMIT 50;
UPDATE orders SET status = 'cancelled', cancelled_at = now() WHERE id = 1 AND status = 'open';
