--liquibase formatted sql

--property name:col value:zzz

--changeset bob:1 runInTransaction:false labels:"a b" context:test
--comment: hello
CREATE INDEX CONCURRENTLY i ON orders (note);
--rollback DROP INDEX i;

--changeset "bob smith":"id 2" splitStatements:true endDelimiter:;;
--preconditions onFail:MARK_RAN
--precondition-sql-check expectedResult:0 SELECT count(*) FROM x
ALTER TABLE orders ADD ${col} int;;
ALTER TABLE orders ADD c2 int;;
/* liquibase rollback
ALTER TABLE orders DROP c2;
*/
--changeset bob:3 dbms:mysql
drop table x;
--changeset bob:4
select 1;
--rollback empty
