-- case: grant
GRANT SELECT ON employees TO shop_app;
-- case: revoke what is used
REVOKE INSERT ON reviews FROM shop_app;
-- case: revoke from another role
REVOKE SELECT ON orders FROM shop_report;
-- case: revoke what nobody had
REVOKE TRUNCATE ON orders FROM shop_app;
-- case: revoke and grant again
REVOKE ALL ON memos FROM shop_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON memos TO shop_app;
-- case: column grants in place of a table grant
REVOKE SELECT ON memos FROM shop_app;
GRANT SELECT (id, title) ON memos TO shop_app;
-- case: column grants that leave one out
REVOKE SELECT ON memos FROM shop_app;
GRANT SELECT (id) ON memos TO shop_app;
-- case: revoke a column
REVOKE SELECT (name) ON employees FROM shop_app;
-- case: revoke all in a schema
REVOKE ALL ON ALL TABLES IN SCHEMA billing FROM shop_app;
-- case: revoke usage of a schema
REVOKE USAGE ON SCHEMA audit FROM shop_app;
-- case: revoke usage of the first schema from everybody
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
-- case: revoke usage of the first schema from everybody but the roles
GRANT USAGE ON SCHEMA public TO shop_app, shop_report;
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
-- case: revoke the making of things in the first schema
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
-- case: revoke the handing on of a right
GRANT SELECT ON customers TO shop_app WITH GRANT OPTION;
REVOKE GRANT OPTION FOR SELECT ON customers FROM shop_app;
-- case: revoke usage of a sequence
REVOKE USAGE ON SEQUENCE order_number FROM shop_app;
-- case: revoke execute from public
REVOKE EXECUTE ON FUNCTION loyal(bigint) FROM PUBLIC;
-- case: revoke execute from public and grant it to the application
REVOKE EXECUTE ON FUNCTION loyal(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION loyal(bigint) TO shop_app;
-- case: revoke on a table born now
CREATE TABLE fresh (id int);
REVOKE ALL ON fresh FROM PUBLIC;
-- case: owner
ALTER TABLE memos OWNER TO shop_admin;
-- case: owner of a function that runs as its owner
ALTER FUNCTION log_order() OWNER TO shop_report;
-- case: owner of a view
ALTER VIEW customer_totals OWNER TO shop_report;
-- case: owner of a view who may not read
ALTER VIEW settings_public OWNER TO shop_report;
-- case: owner of a function that runs as its caller
ALTER FUNCTION loyal(bigint) OWNER TO shop_report;
-- case: default privileges
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO shop_report;
-- case: default privileges taken away
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
-- case: function again after default privileges were taken away
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
DROP FUNCTION loyal(bigint);
CREATE FUNCTION loyal(p_customer bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true';
-- case: search path of the role
-- anew
ALTER ROLE shop_app SET search_path = audit;
-- case: search path of the role that keeps what it had
-- anew
ALTER ROLE shop_app SET search_path = public, audit;
-- case: search path of another role
-- anew
ALTER ROLE shop_report SET search_path = audit;
-- case: search path of the database
-- anew
DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET search_path = audit', current_database());
END $$;
-- case: read only role
-- anew
ALTER ROLE shop_app SET default_transaction_read_only = on;
-- case: work memory of the role
-- anew
ALTER ROLE shop_app SET work_mem = '8MB';
-- case: statement timeout of the role
-- anew
ALTER ROLE shop_app SET statement_timeout = '30s';
-- case: role that may not log in
-- anew
ALTER ROLE shop_app NOLOGIN;
-- case: role with a limit
ALTER ROLE shop_report CONNECTION LIMIT 5;
-- case: drop owned
DROP OWNED BY shop_app;
-- case: drop owned of another role
DROP OWNED BY shop_report;
-- case: membership
GRANT shop_report TO shop_app;
-- case: new role
CREATE ROLE shop_temp;
DROP ROLE shop_temp;
-- case: reassign owned
REASSIGN OWNED BY shop_report TO shop_admin;
-- case: revoke usage of a type
REVOKE USAGE ON TYPE order_state FROM PUBLIC;
-- case: revoke usage of a domain
REVOKE USAGE ON DOMAIN positive_amount FROM PUBLIC;
