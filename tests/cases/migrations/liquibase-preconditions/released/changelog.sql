--liquibase formatted sql
--changeset ann:1
CREATE TABLE orders (id bigint PRIMARY KEY, note text, a int);
