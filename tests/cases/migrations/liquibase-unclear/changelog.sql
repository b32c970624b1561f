--liquibase formatted sql
--property name:type value:int context:test
--property name:type value:bigint context:prod
--property name:size value:20 context:test
--property name:size value:20
--changeset ann:1
CREATE TABLE orders (id bigint PRIMARY KEY, note text, a int);
--changeset ann:2
ALTER TABLE orders ADD b ${type};
--changeset ann:3 dbms:postgres
DROP TABLE orders;
--changeset ann:4 runInTranscation:false
ALTER TABLE orders ADD c int;
--changeset ann:5
ALTER TABLE orders ADD d varchar(${size});
