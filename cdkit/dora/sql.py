"""The metrics in SQL, for DuckDB. `docs/dora.md` says in words what each of them means.

Every deployment is looked at in the order of its service's life, since only what ran before tells a
roll-back from a change. The window is cut out afterwards, by when a deployment was made.

Services become numbers and times whole microseconds since 1970 as soon as they are read: a join and
a sort by those costs a quarter of one by names.
"""

HERE = """
CREATE TEMP TABLE here AS
SELECT service, environment, made_at, digest, commit_id, outcome, planned, rollback, team, id
FROM told_deployments
WHERE (environment = $environment OR environment IS NULL)
  AND (made_at < $until OR made_at IS NULL OR made_at = 'infinity');

CREATE TEMP TABLE services AS
SELECT service, CAST(row_number() OVER (ORDER BY service) AS INTEGER) AS s
FROM (SELECT DISTINCT service FROM here);
"""

LIVES = """
CREATE TEMP TABLE lives AS
WITH ordered AS (
  SELECT h.rowid AS r, v.s, epoch_us(h.made_at) AS t, h.planned, h.rollback,
    coalesce(nullif(h.digest, ''), h.commit_id) AS content,
    h.outcome <> 'failure' AS good,
    CAST(row_number() OVER (ORDER BY
      v.s, h.made_at, h.id, h.digest, h.commit_id, h.outcome, h.planned NULLS FIRST
    ) AS INTEGER) AS n
  FROM here h JOIN services v USING (service)
), more_than_once AS (
  SELECT s, content, min(n) AS first_n FROM ordered WHERE good AND content <> ''
  GROUP BY s, content HAVING count(*) > 1
), before AS (
  SELECT o.*, f.first_n, last_value(CASE WHEN good THEN content END IGNORE NULLS)
    OVER (PARTITION BY s ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ran
  FROM ordered o LEFT JOIN more_than_once f USING (s, content)
), told AS (
  SELECT n, s, t, r, good, planned, CASE
    WHEN NOT good THEN 'change'
    WHEN content <> '' AND content = ran THEN 'again'
    WHEN rollback THEN 'back'
    WHEN content = '' OR ran IS NULL THEN 'change'
    WHEN first_n < n THEN 'back'
    ELSE 'change' END AS kind
  FROM before
), following AS (
  SELECT n, lead(kind) OVER life AS next_kind,
    lead(CASE WHEN kind = 'change' AND planned = FALSE THEN t END) OVER life AS next_fix
  FROM told WHERE good AND kind <> 'again' WINDOW life AS (PARTITION BY s ORDER BY n)
)
SELECT told.*, next_kind, next_fix, t >= epoch_us($since) AS within
FROM told LEFT JOIN following USING (n);
"""
"""`kind`: a change; the same again; back to what ran before, or as it was said to be.

One that failed changes nothing.

What a deployment put there (`content`) is told by its digest, or by its commit where none is known.

`n` numbers them by service and time; of the same second by id and whatever else tells them apart.
`next_kind` is of the next one that changed what runs, `next_fix` its time where it is a hotfix.
"""

BLAME = """
CREATE TEMP TABLE happened AS
SELECT i.service, coalesce(v.s, 0) AS s, i.environment, i.opened_at, i.resolved_at, i.cause, i.id,
  epoch_us(i.opened_at) AS opened, epoch_us(i.resolved_at) AS resolved
FROM told_incidents i LEFT JOIN services v USING (service)
WHERE (i.environment = $environment OR i.environment IS NULL)
  AND (i.opened_at < $until OR i.opened_at IS NULL OR i.opened_at = 'infinity');

CREATE TEMP TABLE blamed AS
WITH asked AS (
  SELECT rowid AS i, s, opened, cause FROM happened WHERE cause NOT IN ('', 'none')
), names AS (
  SELECT l.s, l.n, l.t, unnest([h.id, h.digest, h.commit_id]) AS cause
  FROM lives l JOIN here h ON h.rowid = l.r
  WHERE l.kind = 'change' AND EXISTS (SELECT 1 FROM asked)
), named AS (
  SELECT asked.i, coalesce(max(names.n) FILTER (names.t <= opened), min(names.n)) AS n
  FROM asked JOIN names USING (s, cause) GROUP BY asked.i
), close AS (
  SELECT h.i, d.n
  FROM (SELECT rowid AS i, s, opened FROM happened WHERE cause = '') h
  ASOF JOIN (
    SELECT s, t, max(n) AS n FROM lives WHERE kind = 'change' GROUP BY s, t
  ) d ON h.s = d.s AND h.opened >= d.t
  WHERE h.opened - d.t <= CAST($hours * 3600000000 AS BIGINT)
)
SELECT h.rowid AS i, h.s, h.opened, h.resolved, coalesce(named.n, close.n) AS n,
  h.cause NOT IN ('', 'none') AND named.n IS NULL AS unknown
FROM happened h LEFT JOIN named ON named.i = h.rowid LEFT JOIN close ON close.i = h.rowid;
"""
"""The cause that is named counts; else the last change of the service, within some hours.

Of several changes by the name that is the last one before the incident, else the first of them: an
incident may begin before its deployment has ended. `unknown` says that one is named, and that it is
no change that anybody told of.
"""

BROKEN = """
CREATE TEMP TABLE broken AS
WITH by_incident AS (
  SELECT n, count(*) AS incidents, min(resolved) AS resolved
  FROM blamed WHERE n IS NOT NULL GROUP BY n
), fixed AS (
  SELECT l.n FROM lives l
  WHERE l.kind = 'change' AND l.within AND l.good
    AND l.next_fix - l.t <= CAST($hours * 3600000000 AS BIGINT)
    AND NOT EXISTS (
      FROM blamed b WHERE b.s = l.s AND b.n IS DISTINCT FROM l.n AND b.opened <= l.next_fix
        AND b.opened >= l.next_fix - CAST($hours * 3600000000 AS BIGINT)
        AND (b.resolved IS NULL OR b.resolved >= l.t))
), failed AS (
  SELECT l.*, b.incidents, b.resolved
  FROM lives l LEFT JOIN by_incident b USING (n) LEFT JOIN fixed f USING (n)
  WHERE l.kind = 'change' AND l.within
    AND (NOT l.good OR b.incidents > 0 OR l.next_kind = 'back' OR f.n IS NOT NULL)
), mended AS (
  SELECT f.*, m.t AS mended FROM failed f
  ASOF LEFT JOIN (
    SELECT s, n, t FROM lives
    WHERE good AND kind <> 'again' AND (kind = 'back' OR planned = FALSE)
  ) m ON f.s = m.s AND f.n < m.n
), passed AS (
  SELECT f.*, g.t AS next_good FROM mended f
  ASOF LEFT JOIN (SELECT s, n, t FROM lives WHERE good) g
    ON f.s = g.s AND f.n < g.n
)
SELECT n, s, t, CASE
    WHEN NOT good AND resolved IS NULL THEN next_good
    ELSE least(resolved, mended) END AS restored
FROM passed;
"""
"""A change failed that an incident names, that was gone back from, or whose deployment failed.

So did one that a hotfix followed within some hours, where no incident of another cause tells what
the hotfix was for. A deployment that failed is mended by the next that does not, of whatever kind.
"""

BROUGHT = """
CREATE TEMP TABLE told_of AS
SELECT v.s, epoch_us(c.committed_at) AS committed, epoch_us(c.merged_at) AS merged, c.deployment
FROM told_changes c JOIN services v USING (service)
LEFT JOIN (
  SELECT s, make_timestamptz(max(t)) AS ran FROM lives
  WHERE good AND kind = 'change' AND NOT within GROUP BY s
) before USING (s)
WHERE before.ran IS NULL OR c.deployment <> '' OR c.committed_at IS NULL
  OR coalesce(c.merged_at, c.committed_at) > before.ran;

CREATE TEMP TABLE brought AS
WITH good AS (SELECT n, s, t, r FROM lives WHERE good AND kind = 'change'),
named AS (
  SELECT g.s, h.id AS deployment, min(g.n) AS n, min(g.t) AS t
  FROM good g JOIN here h ON h.rowid = g.r
  WHERE h.id <> '' AND EXISTS (SELECT 1 FROM told_of WHERE deployment <> '') GROUP BY ALL
)
SELECT d.n, c.s, d.t - c.committed AS from_commit, d.t - c.merged AS from_merge
FROM told_of c JOIN named d USING (s, deployment) WHERE d.t >= epoch_us($since)
UNION ALL
SELECT d.n, c.s, d.t - c.committed AS from_commit, d.t - c.merged AS from_merge
FROM (SELECT * FROM told_of WHERE deployment = '') c
ASOF JOIN (
  SELECT s, t, min(n) AS n, t > min(t) OVER (PARTITION BY s) AS follows FROM good GROUP BY s, t
) d ON c.s = d.s AND coalesce(c.merged, c.committed) <= d.t
WHERE d.follows AND d.t >= epoch_us($since);
"""
"""A change belongs to the deployment that names it, else to the first one after its merge.

A change and a deployment of the same second: the deployment brought it. What a service's first
deployment brought, none before it tells: a change is counted there only where it names it.
"""

FAULTS = {
    "deployments": """
SELECT count(*) FILTER (environment IS NULL),
  count(*) FILTER (made_at IS NULL OR NOT isfinite(made_at) OR made_at < '0001-01-01'),
  min(outcome) FILTER (outcome NOT IN ('success', 'failure')) FROM here;
""",
    "changes": "SELECT 0, count(*) FILTER (committed IS NULL), NULL FROM told_of;",
    "incidents": """
SELECT count(*) FILTER (environment IS NULL),
  count(*) FILTER (opened IS NULL OR opened_at < '0001-01-01'), NULL FROM happened;
""",
}
"""Rows without an environment, rows without a time, and an outcome that is none; by table.

Infinity is no time, and no more is one before the year 1, which Python does not know either.
"""

RESULT = """
WITH counted AS (
  SELECT coalesce(s, -1) AS who,
    count(DISTINCT s) AS services,
    count(*) FILTER (kind = 'change') AS deployments,
    count(*) FILTER (kind = 'back') AS rollbacks,
    count(*) FILTER (kind = 'again') AS redeployments,
    count(*) FILTER (kind = 'back' OR (kind = 'change' AND planned = FALSE)) AS rework,
    count(*) FILTER (n IN (SELECT n FROM brought)) AS brought,
    count(*) FILTER (kind = 'change' AND NOT good) AS unsuccessful
  FROM lives WHERE within GROUP BY GROUPING SETS ((s), ())
), failed AS (
  SELECT coalesce(s, -1) AS who, count(*) AS failed,
    count(*) FILTER (restored IS NULL) AS still_open,
    count(*) FILTER (restored >= t) AS n,
    quantile_cont(restored - t, [0.5, 0.9, 0.95]) FILTER (restored >= t) AS q
  FROM broken GROUP BY GROUPING SETS ((s), ())
), lead AS (
  SELECT coalesce(s, -1) AS who,
    count(*) FILTER (from_commit >= 0) AS n,
    quantile_cont(from_commit, [0.5, 0.9, 0.95]) FILTER (from_commit >= 0) AS q,
    count(*) FILTER (from_merge >= 0) AS merges,
    quantile_cont(from_merge, [0.5, 0.9, 0.95]) FILTER (from_merge >= 0) AS mq
  FROM brought GROUP BY GROUPING SETS ((s), ())
), gaps AS (
  SELECT coalesce(s, -1) AS who, count(gap) AS n, quantile_cont(gap, [0.5, 0.9, 0.95]) AS q
  FROM (
    SELECT s, t - lag(t) OVER (PARTITION BY s ORDER BY n) AS gap
    FROM lives WHERE within AND kind = 'change' AND good)
  GROUP BY GROUPING SETS ((s), ())
), others AS (
  SELECT coalesce(s, -1) AS who, count(*) AS incidents, count(n) AS linked,
    count(*) FILTER (unknown) AS unknown,
    count(*) FILTER (n IS NULL AND NOT unknown AND resolved >= opened) AS n,
    quantile_cont(resolved - opened, [0.5, 0.9, 0.95])
      FILTER (n IS NULL AND NOT unknown AND resolved >= opened) AS q
  FROM blamed WHERE opened >= epoch_us($since) GROUP BY GROUPING SETS ((s), ())
)
SELECT v.service, c.services, c.deployments, c.rollbacks, c.redeployments,
  coalesce(f.failed, 0), c.rework, c.brought, c.unsuccessful,
  coalesce(o.incidents, 0), coalesce(o.linked, 0), coalesce(f.still_open, 0),
  coalesce(o.unknown, 0),
  l.n, l.q, l.merges, l.mq, g.n, g.q, f.n, f.q, o.n, o.q
FROM counted c
LEFT JOIN services v ON v.s = c.who
LEFT JOIN failed f USING (who) LEFT JOIN lead l USING (who)
LEFT JOIN gaps g USING (who) LEFT JOIN others o USING (who)
ORDER BY v.service NULLS LAST;
"""
"""A row a service, and a last one without a name of all of them; spreads in microseconds."""

VIEWS = """
CREATE TEMP VIEW deployments AS
SELECT h.service, h.environment, h.made_at, h.digest, h.commit_id, h.outcome, h.planned, h.team,
  h.id, l.n, l.kind, l.next_kind, l.within
FROM lives l JOIN here h ON h.rowid = l.r;

CREATE TEMP VIEW failures AS
SELECT v.service, b.n, make_timestamptz(b.t) AS made_at, make_timestamptz(b.restored) AS restored
FROM broken b JOIN services v USING (s);

CREATE TEMP VIEW causes AS
SELECT h.service, h.environment, h.opened_at, h.resolved_at, h.cause, h.id, b.n
FROM blamed b JOIN happened h ON h.rowid = b.i;

CREATE TEMP VIEW leads AS
SELECT v.service, b.n, b.from_commit / 1e6 AS from_commit,
  b.from_merge / 1e6 AS from_merge
FROM brought b JOIN services v USING (s);
"""
"""What was judged, with names and times, for who wants to look behind the numbers.

`deployments.n` is what the others name one by; `kind`, `within` and `next_kind` as in LIVES.
"""
