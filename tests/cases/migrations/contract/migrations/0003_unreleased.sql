-- cdkit: phase contract (some day)
SET lock_timeout = '2s';
DROP TABLE orders;
