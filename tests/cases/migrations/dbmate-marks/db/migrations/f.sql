-- migrate:up
CREATE TABLE f (id int);
-- migrate:down
DROP TABLE f;
