SET lock_timeout = '2s';

DROP INDEX CONCURRENTLY ${schema}.i;
