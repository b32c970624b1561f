"""The metrics in SQL, for DuckDB. `docs/dora.md` says in words what each of them means.

Every deployment is looked at in the order of its service's life, since only what ran before tells a
roll-back from a change. The window is cut out afterwards, by when a deployment was made.
"""

TABLES = """
CREATE TEMP TABLE told_deployments (
  service VARCHAR, environment VARCHAR, made_at TIMESTAMPTZ, digest VARCHAR, commit_id VARCHAR,
  outcome VARCHAR, planned BOOLEAN, team VARCHAR, id VARCHAR);
CREATE TEMP TABLE told_changes (
  service VARCHAR, commit_id VARCHAR, committed_at TIMESTAMPTZ, merged_at TIMESTAMPTZ,
  deployment VARCHAR);
CREATE TEMP TABLE told_incidents (
  service VARCHAR, environment VARCHAR, opened_at TIMESTAMPTZ, resolved_at TIMESTAMPTZ,
  cause VARCHAR, id VARCHAR);
"""

DEPLOYMENTS = """
CREATE TEMP TABLE deployments AS
WITH here AS (
  SELECT *, row_number() OVER (PARTITION BY service ORDER BY made_at, id, digest) AS n
  FROM told_deployments WHERE environment = $environment AND made_at < $until
), good AS (
  SELECT service, n,
    lag(digest) OVER (PARTITION BY service ORDER BY n) AS ran_before,
    min(n) OVER (PARTITION BY service, digest) AS first_n
  FROM here WHERE outcome <> 'failure'
), told AS (
  SELECT h.*, CASE
      WHEN h.outcome = 'failure' THEN 'change'
      WHEN h.digest = '' OR g.ran_before IS NULL THEN 'change'
      WHEN h.digest = g.ran_before THEN 'again'
      WHEN g.first_n < h.n THEN 'back'
      ELSE 'change' END AS kind
  FROM here h LEFT JOIN good g USING (service, n)
)
SELECT *,
  lead(kind) OVER (PARTITION BY service ORDER BY n) AS next_kind,
  made_at >= $since AS within
FROM told WHERE kind <> 'again' OR made_at >= $since;
"""
"""`kind`: a change; the same again; back to what ran before. One that failed changes nothing."""

INCIDENTS = """
CREATE TEMP TABLE causes AS
WITH here AS (
  SELECT *, row_number() OVER () AS i FROM told_incidents
  WHERE environment = $environment AND opened_at < $until
), named AS (
  SELECT h.i, max_by(d.n, d.made_at) AS n
  FROM here h JOIN deployments d ON d.service = h.service
    AND h.cause IN (d.id, d.digest, d.commit_id) AND d.kind = 'change'
  WHERE h.cause NOT IN ('', 'none') GROUP BY h.i
), close AS (
  SELECT h.i, d.n
  FROM (SELECT * FROM here WHERE cause = '') h
  ASOF JOIN (SELECT * FROM deployments WHERE kind = 'change') d
    ON h.service = d.service AND h.opened_at >= d.made_at
  WHERE h.opened_at <= d.made_at + to_seconds(CAST($hours * 3600 AS BIGINT))
)
SELECT h.*, coalesce(named.n, close.n) AS n
FROM here h LEFT JOIN named USING (i) LEFT JOIN close USING (i);
"""
"""The cause that is named counts; else the last change of the service, within some hours."""

FAILURES = """
CREATE TEMP TABLE failures AS
WITH by_incident AS (
  SELECT service, n, count(*) AS incidents, min(resolved_at) AS resolved
  FROM causes WHERE n IS NOT NULL GROUP BY service, n
), mends AS (
  SELECT service, n, min(made_at) FILTER (kind = 'back' OR planned = FALSE)
      OVER (PARTITION BY service ORDER BY n ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
      AS mended,
    min(made_at) FILTER (outcome <> 'failure')
      OVER (PARTITION BY service ORDER BY n ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
      AS next_good
  FROM deployments WHERE kind <> 'again'
)
SELECT d.service, d.n, d.made_at,
  CASE WHEN d.outcome = 'failure' AND b.resolved IS NULL THEN m.next_good
    ELSE least(b.resolved, m.mended) END AS restored
FROM deployments d
LEFT JOIN by_incident b USING (service, n)
LEFT JOIN mends m USING (service, n)
WHERE d.kind = 'change' AND d.within
  AND (d.outcome = 'failure' OR b.incidents > 0 OR d.next_kind = 'back');
"""
"""A change failed that an incident names, that was gone back from, or whose deployment failed."""

LEADS = """
CREATE TEMP TABLE leads AS
WITH good AS (
  SELECT service, n, made_at, id FROM deployments WHERE kind = 'change' AND outcome <> 'failure'
), known AS (
  SELECT c.service, c.committed_at, c.merged_at, d.n, d.made_at
  FROM told_changes c JOIN good d ON c.service = d.service AND c.deployment = d.id
  WHERE c.deployment <> ''
), by_time AS (
  SELECT c.service, c.committed_at, c.merged_at, d.n, d.made_at
  FROM (SELECT * FROM told_changes WHERE deployment = '') c
  ASOF JOIN good d ON c.service = d.service
    AND coalesce(c.merged_at, c.committed_at) <= d.made_at
)
SELECT *, epoch(made_at - committed_at) AS from_commit, epoch(made_at - merged_at) AS from_merge
FROM (SELECT * FROM known UNION ALL SELECT * FROM by_time)
WHERE made_at >= $since AND made_at < $until;
"""
"""A change belongs to the deployment that names it, else to the first one after its merge.

A change and a deployment of the same second: the deployment brought it.
"""

RESULT = """
WITH counted AS (
  SELECT {group} AS who,
    count(DISTINCT service) AS services,
    count(*) FILTER (kind = 'change') AS deployments,
    count(*) FILTER (kind = 'back') AS rollbacks,
    count(*) FILTER (kind = 'again') AS redeployments,
    count(*) FILTER (kind = 'back' OR (kind = 'change' AND planned = FALSE)) AS rework
  FROM deployments WHERE within GROUP BY ALL
), failed AS (
  SELECT {group} AS who, count(*) AS failed, count(*) FILTER (restored IS NULL) AS still_open,
    count(restored) AS n, quantile_cont(epoch(restored - made_at), [0.5, 0.9, 0.95]) AS q
  FROM failures GROUP BY ALL
), lead AS (
  SELECT {group} AS who, count(DISTINCT (service, n)) AS brought,
    count(*) FILTER (from_commit >= 0) AS n,
    quantile_cont(from_commit, [0.5, 0.9, 0.95]) FILTER (from_commit >= 0) AS q,
    count(*) FILTER (from_merge >= 0) AS merges,
    quantile_cont(from_merge, [0.5, 0.9, 0.95]) FILTER (from_merge >= 0) AS mq
  FROM leads GROUP BY ALL
), gaps AS (
  SELECT {group} AS who, count(gap) AS n, quantile_cont(gap, [0.5, 0.9, 0.95]) AS q FROM (
    SELECT service, epoch(made_at - lag(made_at) OVER (PARTITION BY service ORDER BY n)) AS gap
    FROM deployments WHERE within AND kind = 'change' AND outcome <> 'failure')
  GROUP BY ALL
), others AS (
  SELECT {group} AS who, count(*) AS incidents, count(n) AS linked,
    count(resolved_at) FILTER (n IS NULL) AS n,
    quantile_cont(epoch(resolved_at - opened_at), [0.5, 0.9, 0.95])
      FILTER (n IS NULL AND resolved_at >= opened_at) AS q
  FROM causes WHERE opened_at >= $since GROUP BY ALL
)
SELECT c.who, c.services, c.deployments, c.rollbacks, c.redeployments,
  coalesce(f.failed, 0), c.rework, coalesce(l.brought, 0),
  coalesce(o.incidents, 0), coalesce(o.linked, 0), coalesce(f.still_open, 0),
  l.n, l.q, l.merges, l.mq, g.n, g.q, f.n, f.q, o.n, o.q
FROM counted c
LEFT JOIN failed f USING (who) LEFT JOIN lead l USING (who)
LEFT JOIN gaps g USING (who) LEFT JOIN others o USING (who)
ORDER BY c.who;
"""

SPAN = """
SELECT count(*) FILTER (environment = $environment), count(DISTINCT environment) FROM
  told_deployments;
"""
