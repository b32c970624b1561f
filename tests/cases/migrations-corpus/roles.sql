-- Roles belong to a cluster, not to a database: made once, before the base. The corpus runs the
-- migrations as shop_owner and the queries as shop_app.
CREATE ROLE shop_owner LOGIN CREATEROLE CREATEDB;
CREATE ROLE shop_app LOGIN;
CREATE ROLE shop_report LOGIN;
CREATE ROLE shop_admin;
GRANT shop_app, shop_report, shop_admin TO shop_owner WITH ADMIN OPTION;
