-- What the running version asks, each under its name. A row is compared by the columns that both
-- sides have: that a SELECT * brings more or fewer is what a prepared statement notices.

-- query: report of orders
-- role: shop_report
SELECT number, state FROM orders;
-- query: report of customers
-- role: shop_report
SELECT name, tier FROM customers;
-- query: customers star
SELECT * FROM customers ORDER BY id;
-- query: customer by email
SELECT id, email, name, nickname, tier, credit, joined FROM customers WHERE email = 'ANN@example.com';
-- query: customer by similar name
SELECT id FROM customers WHERE name % 'Ann';
-- query: customers by name
SELECT name, tier FROM customers ORDER BY name DESC;
-- query: customer tags
SELECT id, tags -> 'a' AS a FROM customers WHERE tags IS NOT NULL;
-- query: customer insert
INSERT INTO customers (email, name) VALUES ('new@example.com', 'New') RETURNING *;
-- query: customer insert at the edge
INSERT INTO customers (email, name, nickname, credit, phone) VALUES
    ('edge@example.com', repeat('n', 40), repeat('k', 20), 99999999.99, repeat('5', 60)) RETURNING name;
-- query: customer upsert by column
INSERT INTO customers (email, name) VALUES ('ann@example.com', 'Anna')
    ON CONFLICT (email) DO UPDATE SET name = excluded.name RETURNING id, name;
-- query: customer upsert by constraint
INSERT INTO customers (email, name) VALUES ('bob@example.com', 'Bobby')
    ON CONFLICT ON CONSTRAINT customers_email_key DO NOTHING;
-- query: customer update to null
UPDATE customers SET nickname = NULL, referrer = NULL, credit = NULL WHERE id = 1 RETURNING id, nickname;
-- query: customer delete
DELETE FROM customers WHERE id = 3;
-- query: products star distinct
SELECT DISTINCT * FROM products;
-- query: product insert
INSERT INTO products (sku, title, price) VALUES ('NEW-1', 'New', 9.99) RETURNING price_gross, stock, active, attributes;
-- query: product insert with its id
INSERT INTO products (id, sku, title, price, stock, weight, colour) VALUES
    (77, 'TWELVE-CHARS', 'Edge', 99999999.99, 2147483647, 3e38, 'ten chars!') RETURNING id;
-- query: product upsert by expression
INSERT INTO products (sku, title, price) VALUES ('PEN-2', 'PEN', 2)
    ON CONFLICT (lower(title)) DO UPDATE SET price = excluded.price RETURNING id, price;
-- query: product stock
UPDATE products SET stock = stock - 1 WHERE sku = 'PEN-1' RETURNING stock;
-- query: products by title
SELECT title FROM products ORDER BY title;
-- query: product by attribute
SELECT title FROM products WHERE attributes ->> 'color' = 'red';
-- query: orders joined by bare names
SELECT number, state, email, placed_at, tier FROM orders JOIN customers ON customers.id = customer_id
    ORDER BY number;
-- query: lines joined by bare names
SELECT title, amount, price, amount * price AS worth FROM order_lines JOIN products ON product_id = products.id;
-- query: orders by state
SELECT state, count(*) AS n FROM orders GROUP BY state;
-- query: orders by enum cast
SELECT number FROM orders WHERE state = 'paid'::order_state;
-- query: order insert
INSERT INTO orders (customer_id, state) VALUES (2, 'paid') RETURNING state, note;
-- query: order insert with its number
INSERT INTO orders (customer_id, number, quantity, shipping, note) VALUES
    (3, 'X-1', 32767, ROW(1.5, 'EUR')::money_pair, NULL) RETURNING number, (shipping).amount;
-- query: order upsert by partial index
INSERT INTO orders (customer_id) VALUES (1) ON CONFLICT (customer_id) WHERE state = 'new' DO NOTHING;
-- query: order upsert by number
INSERT INTO orders (customer_id, number) VALUES (3, 'O-1')
    ON CONFLICT (number) DO UPDATE SET note = 'twice' RETURNING number, note;
-- query: order update
UPDATE orders SET state = 'shipped', note = NULL WHERE number = 'O-2' RETURNING number, state, updated_at;
-- query: order lock
SELECT id, number FROM orders WHERE number = 'O-1' FOR UPDATE;
-- query: order delete
DELETE FROM orders WHERE number = 'O-3' RETURNING number;
-- query: line insert without columns
INSERT INTO order_lines VALUES (1, 9, 1, 3);
-- query: reviews of anything
INSERT INTO reviews (product_id, customer_id, rating, body) VALUES
    (999, 999, 11, NULL), (1, 1, -3, 'again'), (2, 1, 0, 'nil'), (NULL, NULL, NULL, '') RETURNING source;
-- query: reviews with no product
SELECT r.rating, r.body, r.source FROM reviews r LEFT JOIN products p ON p.id = r.product_id;
-- query: settings distinct
SELECT DISTINCT * FROM settings;
-- query: settings union
SELECT * FROM settings UNION SELECT * FROM settings_archive;
-- query: settings insert without columns
INSERT INTO settings VALUES ('font', 'mono');
-- query: settings upsert
INSERT INTO settings VALUES ('theme', 'dark') ON CONFLICT (key) DO UPDATE SET value = excluded.value;
-- query: settings by view
SELECT key, value FROM settings_public;
-- query: settings insert by view
INSERT INTO settings_public VALUES ('public', 'yes');
-- query: events read
SELECT at, kind, payload FROM events ORDER BY at;
-- query: events write
INSERT INTO events VALUES ('2024-12-31', 'last', '{}'), ('2025-01-01', 'first', NULL);
-- query: documents with their children
SELECT id, title FROM documents;
-- query: contracts
SELECT id, title, partner FROM contracts;
-- query: memos
SELECT id, title FROM memos;
-- query: tenant notes
SELECT id, body FROM tenant_notes;
-- query: tenant note insert
INSERT INTO tenant_notes VALUES (9, 'acme', 'new') RETURNING id;
-- query: employees named columns
SELECT id, name FROM employees;
-- query: payroll view
SELECT id, salary FROM payroll;
-- query: audit insert
INSERT INTO audit.log (what) VALUES ('did it') RETURNING what;
-- query: invoices
SELECT i.total, c.name FROM billing.invoices i JOIN customers c ON c.id = i.customer_id;
-- query: invoice update
UPDATE billing.invoices SET total = 99999999.99 WHERE id = 1 RETURNING total;
-- query: open orders view
SELECT * FROM open_orders ORDER BY number;
-- query: customer totals view
SELECT customer_name, orders FROM customer_totals;
-- query: product stats
SELECT product_id, sold FROM product_stats;
-- query: order total by position
SELECT order_total(1) AS total;
-- query: add customer by name
SELECT add_customer(p_name => 'Neil', p_email => 'neil@example.com') AS added;
-- query: price by either key
SELECT price_of(1) AS by_id, price_of('BOOK-1'::text) AS by_sku;
-- query: orders of a customer
SELECT number, state FROM orders_of(1);
-- query: loyal
SELECT loyal(1) AS loyal;
-- query: casts
SELECT 12.5::positive_amount AS amount, 'ABC'::short_code AS code, ROW(1, 'EUR')::money_pair AS pair,
       'gold'::text AS tier, 'Ann'::citext = 'ann' AS same;
-- query: next order number
SELECT nextval('order_number') > 0 AS positive;
