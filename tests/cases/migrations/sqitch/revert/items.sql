DROP INDEX :schema.i;
