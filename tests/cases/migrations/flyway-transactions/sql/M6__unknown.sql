SET lock_timeout = '2s';
ALTER TABLE ${schema}.orders
  DROP COLUMN ${column};
ALTER TABLE ${schema}.orders ${what};
