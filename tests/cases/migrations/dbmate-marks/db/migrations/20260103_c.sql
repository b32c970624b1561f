-- by hand
SELECT 1;
-- migrate:up
CREATE TABLE c (id int);
-- migrate:down
DROP TABLE c;
