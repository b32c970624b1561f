--liquibase formatted sql
--changeset ann:1
CREATE TABLE orders (id bigint PRIMARY KEY, note text, a int);
--changeset ann:2 runOnChange:true
CREATE OR REPLACE VIEW v AS SELECT id, note FROM orders;
--changeset ann:3 runAlways:true
CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
--changeset ann:4
CREATE OR REPLACE VIEW w AS SELECT id, note FROM orders;
