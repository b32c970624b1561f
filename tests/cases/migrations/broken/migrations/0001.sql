SELECT 1;
ALTER TABEL orders ADD a int;
DROP TABLE customers;
