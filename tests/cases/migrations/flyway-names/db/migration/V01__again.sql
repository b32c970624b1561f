CREATE TABLE again (id int);
