CREATE TABLE lower (id int);
