--liquibase formatted sql
--changeset ann:1
CREATE TABLE orders (id bigint PRIMARY KEY, note text, a int);
--changeset ann:2
--preconditions onFail:MARK_RAN onError:HALT
--precondition-sql-check expectedResult:0 SELECT count(*) FROM settings WHERE legacy
CREATE TABLE t (id bigint PRIMARY KEY, b int);
--changeset ann:3
CREATE INDEX t_b ON t (b);
--changeset ann:4 failOnError:false
ALTER TABLE orders ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID;
--changeset ann:5
--preconditions onFail:HALT
CREATE TABLE u (id bigint PRIMARY KEY, b int);
--changeset ann:6
CREATE INDEX u_b ON u (b);
