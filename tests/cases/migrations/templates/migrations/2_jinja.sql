SET lock_timeout = '2s';
ALTER TABLE {{ schema }}.orders
  DROP COLUMN {{ env.column }};
