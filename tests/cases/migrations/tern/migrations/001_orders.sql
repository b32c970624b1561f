CREATE TABLE {{.schema}}.orders (id int);

---- create above / drop below ----

DROP TABLE {{.schema}}.orders;
