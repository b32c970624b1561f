\set t orders
SET lock_timeout = '2s';
ALTER TABLE app.:t ADD COLUMN n int DEFAULT :n, ADD COLUMN s text DEFAULT :'s';
SELECT a[1:2], 'x:y'::text FROM app.:"t";
