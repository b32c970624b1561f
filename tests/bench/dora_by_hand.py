"""The five metrics as one would write them in SQL for one set of files alone, as fast as we can.

It knows what the files hold: every column is there and typed, none is empty, all lie within the
time that is asked for, no change names its deployment. The answers are ours.
"""

MAKE = (
    """COPY (SELECT 'svc-' || lpad((hash(i) % 500)::VARCHAR, 4, '0') AS service,
    CASE hash(i * 7) % 3 WHEN 0 THEN 'production' WHEN 1 THEN 'staging' ELSE 'test' END
      AS environment,
    TIMESTAMPTZ '2024-11-27 00:00:00+00' + to_seconds(i * 63) AS "at",
    'sha256:' || md5((CASE hash(i * 11) % 25 WHEN 0 THEN i // 5000 * 5000 + hash(i) % 500
      ELSE i END)::VARCHAR) AS digest,
    md5('c' || i) AS commit, 'd' || i AS id,
    CASE hash(i * 13) % 40 WHEN 0 THEN 'failure' ELSE 'success' END AS outcome,
    hash(i * 17) % 20 <> 0 AS planned
    FROM range(1_000_000) t(i)) TO '{folder}/deployments.parquet'""",
    """COPY (SELECT 'svc-' || lpad((hash(i * 3) % 500)::VARCHAR, 4, '0') AS service,
    md5('k' || i) AS commit,
    TIMESTAMPTZ '2024-11-27 00:00:00+00' + to_seconds(i * 21) AS committed_at,
    TIMESTAMPTZ '2024-11-27 00:00:00+00' + to_seconds(i * 21 + hash(i) % 200_000) AS merged_at
    FROM range(3_000_000) t(i)) TO '{folder}/changes.parquet'""",
    """COPY (SELECT 'svc-' || lpad((hash(i * 5) % 500)::VARCHAR, 4, '0') AS service,
    'production' AS environment,
    TIMESTAMPTZ '2024-11-27 00:00:00+00' + to_seconds(i * 1575) AS opened_at,
    TIMESTAMPTZ '2024-11-27 00:00:00+00' + to_seconds(i * 1575 + 3600) AS resolved_at,
    CASE i % 3 WHEN 0 THEN 'd' || (i * 25) ELSE '' END AS cause
    FROM range(40_000) t(i)) TO '{folder}/incidents.parquet'""",
)
"""A million deployments, three million changes, forty thousand incidents, of 500 services."""

ASK = """
SET TimeZone = 'UTC'; SET asof_loop_join_threshold = 0; SET preserve_insertion_order = false;
CREATE TEMP TABLE v AS SELECT service, row_number() OVER ()::INTEGER AS s
  FROM (SELECT DISTINCT service FROM '{folder}/deployments.parquet');
CREATE TEMP TABLE o AS
  SELECT s, epoch_us("at") AS t, digest, id, commit, outcome = 'success' AS good, planned,
    row_number() OVER (ORDER BY s, "at")::INTEGER AS n
  FROM '{folder}/deployments.parquet' JOIN v USING (service) WHERE environment = 'production';
CREATE TEMP TABLE d AS
WITH f AS (
  SELECT s, digest, min(n) AS first FROM o WHERE good GROUP BY ALL HAVING count(*) > 1
), w AS (
  SELECT o.*, first, last_value(CASE WHEN good THEN digest END IGNORE NULLS)
    OVER (PARTITION BY s ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ran
  FROM o LEFT JOIN f USING (s, digest)
), k AS (
  SELECT n, s, t, good, planned, CASE WHEN NOT good OR ran IS NULL THEN 0 WHEN digest = ran THEN 1
    WHEN first < n THEN 2 ELSE 0 END AS kind FROM w
), x AS (
  SELECT n, lead(kind) OVER w AS following, lead(CASE WHEN kind = 0 AND NOT planned THEN t END)
    OVER w AS fix FROM k WHERE good AND kind <> 1 WINDOW w AS (PARTITION BY s ORDER BY n)
)
SELECT k.*, following, fix FROM k LEFT JOIN x USING (n);
CREATE TEMP TABLE b AS
WITH i AS (
  SELECT i, s, epoch_us(opened_at) AS a, epoch_us(resolved_at) AS z, cause
  FROM (SELECT *, row_number() OVER () AS i FROM '{folder}/incidents.parquet')
  JOIN v USING (service)
), named AS (
  SELECT i.i, coalesce(max(o.n) FILTER (o.t <= i.a), min(o.n)) AS n FROM (
    SELECT s, n, t, unnest([id, digest, commit]) AS cause
    FROM o SEMI JOIN d ON d.n = o.n AND kind = 0
  ) o JOIN i USING (s, cause) GROUP BY ALL
), near AS (
  SELECT i.i, d.n FROM (SELECT * FROM i WHERE cause = '') i
  ASOF JOIN (SELECT * FROM d WHERE kind = 0) d ON i.s = d.s AND i.a >= d.t
  WHERE i.a - d.t <= 86_400_000_000
)
SELECT i.s, i.a, i.z, coalesce(named.n, near.n) AS n, cause <> '' AND named.n IS NULL AS strange
FROM i LEFT JOIN named USING (i) LEFT JOIN near USING (i);
CREATE TEMP TABLE f AS
WITH i AS (SELECT n, min(z) AS z FROM b WHERE n IS NOT NULL GROUP BY n),
h AS (
  SELECT n FROM d WHERE kind = 0 AND good AND fix - t <= 86_400_000_000 AND NOT EXISTS (
    FROM b WHERE b.s = d.s AND b.n IS DISTINCT FROM d.n AND a BETWEEN fix - 86_400_000_000 AND fix
    AND b.z >= t)
),
f AS (
  SELECT d.*, i.z FROM d LEFT JOIN i USING (n) LEFT JOIN h USING (n)
  WHERE kind = 0 AND (NOT good OR i.n IS NOT NULL OR following = 2 OR h.n IS NOT NULL)
), m AS (
  SELECT f.*, m.t AS mended FROM f ASOF LEFT JOIN (
    SELECT s, n, t FROM d WHERE good AND kind <> 1 AND (kind = 2 OR NOT planned)
  ) m ON f.s = m.s AND f.n < m.n
)
SELECT m.s, m.t, CASE WHEN NOT m.good AND z IS NULL THEN g.t ELSE least(z, mended) END AS z
FROM m ASOF LEFT JOIN (SELECT s, n, t FROM d WHERE good) g
  ON m.s = g.s AND m.n < g.n;
CREATE TEMP TABLE l AS
SELECT c.s, d.n, d.t - c.a AS a, d.t - c.m AS m
FROM (
  SELECT s, epoch_us(committed_at) AS a, epoch_us(merged_at) AS m
  FROM '{folder}/changes.parquet' JOIN v USING (service)
) c ASOF JOIN (
  SELECT s, t, n, t > min(t) OVER (PARTITION BY s) AS follows FROM d WHERE good AND kind = 0
) d ON c.s = d.s AND c.m <= d.t WHERE follows;
WITH d1 AS (
  SELECT coalesce(s, -1) AS s, count(DISTINCT s) AS services, count(*) FILTER (kind = 0) AS made,
    count(*) FILTER (kind = 2) AS back, count(*) FILTER (kind = 1) AS again,
    count(*) FILTER (kind = 2 OR (kind = 0 AND NOT planned)) AS rework,
    count(*) FILTER (n IN (SELECT n FROM l)) AS brought, count(*) FILTER (NOT good) AS bad
  FROM d GROUP BY GROUPING SETS ((s), ())
), f1 AS (
  SELECT coalesce(s, -1) AS s, count(*) AS failed, count(*) FILTER (z IS NULL) AS open,
    count(*) FILTER (z >= t) AS n, quantile_cont(z - t, [0.5, 0.9, 0.95]) FILTER (z >= t) AS q
  FROM f GROUP BY GROUPING SETS ((s), ())
), l1 AS (
  SELECT coalesce(s, -1) AS s, count(*) AS n, quantile_cont(a, [0.5, 0.9, 0.95]) AS q,
    quantile_cont(m, [0.5, 0.9, 0.95]) AS mq FROM l GROUP BY GROUPING SETS ((s), ())
), g1 AS (
  SELECT coalesce(s, -1) AS s, count(gap) AS n, quantile_cont(gap, [0.5, 0.9, 0.95]) AS q FROM (
    SELECT s, t - lag(t) OVER (PARTITION BY s ORDER BY n) AS gap FROM d WHERE kind = 0 AND good
  ) GROUP BY GROUPING SETS ((s), ())
), b1 AS (
  SELECT coalesce(s, -1) AS s, count(*) AS incidents, count(n) AS linked,
    count(*) FILTER (strange) AS strange, count(*) FILTER (n IS NULL AND NOT strange) AS alone,
    quantile_cont(z - a, [0.5, 0.9, 0.95]) FILTER (n IS NULL AND NOT strange) AS q
  FROM b GROUP BY GROUPING SETS ((s), ())
)
SELECT service, services, made, back, again, failed, rework, brought, bad, incidents, linked, open,
  strange, l1.n, l1.q, l1.n, mq, g1.n, g1.q, f1.n, f1.q, alone, b1.q
FROM d1 LEFT JOIN v USING (s) LEFT JOIN f1 USING (s) LEFT JOIN l1 USING (s) LEFT JOIN g1 USING (s)
LEFT JOIN b1 USING (s) ORDER BY service NULLS LAST;
"""
"""The rows of `cdkit.dora.sql.RESULT`."""
