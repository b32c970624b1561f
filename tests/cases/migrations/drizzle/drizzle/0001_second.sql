CREATE INDEX CONCURRENTLY "i" ON "orders" ("note");
