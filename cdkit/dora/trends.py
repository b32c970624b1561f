"""The course over time, and the deployments behind each number, in SQL for DuckDB.

Asked of the tables that `sql.py` makes (`deployments`, `causes`, `failures`, `leads`), judged over
a longer time than is reported: nothing here judges again what a deployment was. Services become
numbers and times whole microseconds, which costs a quarter of names and times.
"""

SEEN = """
CREATE TEMP TABLE known AS
SELECT service, CAST(row_number() OVER (ORDER BY service) AS INTEGER) AS s
FROM (SELECT DISTINCT service FROM deployments WHERE within);

CREATE TEMP TABLE seen AS
SELECT k.s, d.n, epoch_us(d.made_at) AS t, d.kind, d.planned
FROM deployments d JOIN known k USING (service) WHERE d.within;

CREATE TEMP TABLE taken AS
SELECT d.s, d.n, d.t, l.from_commit, l.from_merge
FROM leads l JOIN known k USING (service) JOIN seen d ON d.s = k.s AND d.n = l.n;

CREATE TEMP TABLE fell AS
SELECT k.s, f.n, epoch_us(f.made_at) AS t,
  CASE WHEN f.restored >= f.made_at THEN epoch(f.restored - f.made_at) END AS recovery
FROM failures f JOIN known k USING (service);
"""

PARTS = """
WITH counted AS (
  SELECT coalesce(s, 0) AS who, part,
    count(*) FILTER (kind = 'change') AS deployments,
    count(*) FILTER (kind = 'back') AS rollbacks,
    count(*) FILTER (kind = 'back' OR (kind = 'change' AND planned = FALSE)) AS rework
  FROM (SELECT *, (t - $start) // $length AS part FROM seen WHERE t >= $start)
  GROUP BY GROUPING SETS ((s, part), (part))
), failed AS (
  SELECT coalesce(s, 0) AS who, part, count(*) AS failed,
    count(recovery) AS n, quantile_cont(recovery, [0.25, 0.5, 0.75]) AS q
  FROM (SELECT *, (t - $start) // $length AS part FROM fell WHERE t >= $start)
  GROUP BY GROUPING SETS ((s, part), (part))
), lead AS (
  SELECT coalesce(s, 0) AS who, part,
    count(*) FILTER (from_commit >= 0) AS n,
    quantile_cont(from_commit, [0.25, 0.5, 0.75]) FILTER (from_commit >= 0) AS q,
    count(*) FILTER (from_merge >= 0) AS merges,
    quantile_cont(from_merge, [0.25, 0.5, 0.75]) FILTER (from_merge >= 0) AS mq
  FROM (SELECT *, (t - $start) // $length AS part FROM taken WHERE t >= $start)
  GROUP BY GROUPING SETS ((s, part), (part))
)
SELECT k.service, c.part, c.deployments, c.rollbacks, coalesce(f.failed, 0), c.rework,
  l.n, l.q, l.merges, l.mq, f.n, f.q
FROM counted c LEFT JOIN known k ON k.s = c.who
LEFT JOIN failed f USING (who, part) LEFT JOIN lead l USING (who, part);
"""
"""The metrics by part: the first begins at `$start`, each is `$length` long (microseconds).

A row without a service is of all together. A failure and a change are told in the part of their
deployment, so `counted` has every part. Times come with their median between the two quartiles.
"""

FIRST = """
SELECT service, epoch_us(min(made_at)) FROM told_deployments
WHERE environment = $environment AND made_at < $until GROUP BY service;
"""
"""When each service was deployed first, as far as anybody told: before that, zero is no number."""

BLAMED = "SELECT epoch_us(min(opened_at)) FROM causes;"
"""When the first incident was that anybody told of."""

MADE = """
CREATE TEMP TABLE made AS
WITH brought AS (
  SELECT s, n, count(*) AS changes, max(from_commit) FILTER (from_commit >= 0) AS lead,
    max(from_merge) FILTER (from_merge >= 0) AS merged
  FROM taken WHERE t >= $since GROUP BY s, n
)
SELECT d.s, d.n, d.t, d.kind, d.planned, coalesce(b.changes, 0) AS changes, b.lead, b.merged,
  f.n IS NOT NULL AS failed, f.recovery
FROM seen d LEFT JOIN brought b USING (s, n)
LEFT JOIN (SELECT s, n, recovery FROM fell) f USING (s, n)
WHERE d.t >= $since AND d.kind <> 'again';
"""

CHOSEN = """
CREATE TEMP TABLE chosen (
  metric VARCHAR, whole BOOLEAN, s INTEGER, n BIGINT, of_all BIGINT, place BIGINT);
"""

CHOOSE = """
INSERT INTO chosen
SELECT $metric, {whole}, s, n, count(*) OVER ({parted}) AS of_all,
  row_number() OVER ({parted} ORDER BY {order}, t DESC, s, n DESC) AS place
FROM made WHERE ({which}) AND {wanted}
QUALIFY place <= $most;
"""
"""The first `$most` deployments behind a metric, of each service that is shown or of all."""

WHOLE = {"whole": "TRUE", "parted": "", "wanted": "TRUE"}
EACH = {
    "whole": "FALSE",
    "parted": "PARTITION BY s",
    "wanted": "s IN (SELECT s FROM known WHERE list_contains(CAST($shown AS VARCHAR[]), service))",
}

BEHIND = """
WITH blamed AS (
  SELECT service, n, count(*) AS incidents, list(id ORDER BY opened_at, id) AS ids
  FROM causes WHERE n IS NOT NULL GROUP BY service, n
)
SELECT c.metric, c.whole, c.of_all, d.service, m.t, m.kind, d.id, d.digest, d.commit_id,
  d.team, m.planned, m.changes, m.lead, m.merged, m.failed, d.outcome, d.next_kind,
  coalesce(b.incidents, 0), list_slice(b.ids, 1, 3), m.recovery
FROM chosen c JOIN made m USING (s, n) JOIN known k USING (s)
JOIN deployments d ON d.service = k.service AND d.n = c.n
LEFT JOIN blamed b ON b.service = k.service AND b.n = c.n
ORDER BY c.metric, c.whole, CASE WHEN c.whole THEN '' ELSE d.service END, c.place;
"""

LISTS = {
    "lead": ("lead IS NOT NULL", "lead DESC", "the slowest first"),
    "lead_merge": ("merged IS NOT NULL", "merged DESC", "the slowest first"),
    "frequency": ("kind = 'change'", "t DESC", "the last first"),
    "fail": ("failed", "t DESC", "the last first"),
    "recovery": ("failed", "recovery DESC NULLS FIRST", "those not mended first, then the slowest"),
    "rework": ("kind = 'back' OR planned = FALSE", "t DESC", "the last first"),
}
"""By metric: which deployments stand behind it, in which order, and the order in words."""
