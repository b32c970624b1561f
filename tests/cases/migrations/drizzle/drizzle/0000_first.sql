CREATE TABLE "orders" ("id" serial PRIMARY KEY, "note" text)
--> statement-breakpoint
CREATE TABLE "lines" ("id" serial PRIMARY KEY);--> statement-breakpoint
SELECT 1;
