-- What release 1.0 of the example service asks of its database.
INSERT INTO orders (customer_email, customer_name, status) VALUES ('ada@example.com', 'Ada', 'open');
INSERT INTO order_lines (order_id, line_no, sku, quantity, unit_price_cents) SELECT max(id), 1, 'TEA', 2, 450 FROM orders;
SELECT id, customer_email, customer_name, status, created_at, cancelled_at FROM orders WHERE id = 1;
SELECT sku, quantity, unit_price_cents FROM order_lines WHERE order_id = 1 ORDER BY line_no;
SELECT id FROM orders WHERE status = 'open' ORDER BY id LIMIT 50;
UPDATE orders SET status = 'cancelled', cancelled_at = now() WHERE id = 1 AND status = 'open';
