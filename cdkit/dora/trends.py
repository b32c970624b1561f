"""The course over time, and the deployments behind each number, in SQL for DuckDB.

Asked of the tables that `sql.py` makes (`services`, `here`, `lives`, `happened`, `blamed`,
`broken`, `brought`), judged over a longer time than is reported: nothing here judges again what a
deployment was.
"""

SEEN = """
CREATE TEMP TABLE known AS
SELECT service, s FROM services WHERE s IN (SELECT s FROM lives WHERE within);

CREATE TEMP VIEW seen AS
SELECT s, n, t, kind, planned, good FROM lives WHERE within;

CREATE TEMP TABLE taken AS
SELECT l.s, l.n, l.t, b.from_commit / 1e6 AS from_commit, b.from_merge / 1e6 AS from_merge
FROM brought b JOIN lives l USING (n) WHERE l.within;

CREATE TEMP TABLE fell AS
SELECT s, n, t, CASE WHEN restored >= t THEN (restored - t) / 1e6 END AS recovery FROM broken;
"""

PARTS = """
WITH counted AS (
  SELECT coalesce(s, 0) AS who, part,
    count(*) FILTER (kind = 'change') AS deployments,
    count(*) FILTER (kind = 'change' AND NOT good) AS unsuccessful,
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
SELECT k.service, c.part, c.deployments, c.unsuccessful, c.rollbacks,
  coalesce(f.failed, 0), c.rework, l.n, l.q, l.merges, l.mq, f.n, f.q
FROM counted c LEFT JOIN known k ON k.s = c.who
LEFT JOIN failed f USING (who, part) LEFT JOIN lead l USING (who, part);
"""
"""The metrics by part: the first begins at `$start`, each is `$length` long (microseconds).

A row without a service is of all together. A failure and a change are told in the part of their
deployment, so `counted` has every part. Times come with their median between the two quartiles.
"""

FIRST = "SELECT service, min(t) FROM lives JOIN services USING (s) GROUP BY service;"
"""When each service was deployed first, as far as anybody told: before that, zero is no number."""

FIRST_INCIDENT = "SELECT min(opened) FROM blamed;"
"""When the first incident was that anybody told of."""

STRAYS = """
SELECT service, count(*) FROM happened WHERE s = 0 AND opened >= $since
GROUP BY service ORDER BY 2 DESC, 1;
"""
"""Whose incidents count for none: nobody told of a deployment of that service."""

MADE = """
CREATE TEMP TABLE made AS
WITH brought AS (
  SELECT s, n, count(*) AS changes, max(from_commit) FILTER (from_commit >= 0) AS lead,
    max(from_merge) FILTER (from_merge >= 0) AS merged
  FROM taken WHERE t >= $since GROUP BY s, n
)
SELECT d.s, d.n, d.t, d.kind, d.planned, d.good, coalesce(b.changes, 0) AS changes,
  b.lead, b.merged, f.n IS NOT NULL AS failed, f.recovery
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
WITH named AS (
  SELECT b.n, count(*) AS incidents, list(h.id ORDER BY h.opened_at, h.id) AS ids
  FROM blamed b JOIN happened h ON h.rowid = b.i WHERE b.n IN (SELECT n FROM chosen) GROUP BY b.n
)
SELECT c.metric, c.whole, c.of_all, k.service, m.t, m.kind, h.id, h.digest, h.commit_id,
  h.team, m.planned, m.changes, m.lead, m.merged, m.failed, h.outcome, l.next_kind,
  coalesce(b.incidents, 0), list_slice(b.ids, 1, 3), m.recovery
FROM chosen c JOIN made m USING (s, n) JOIN known k USING (s)
JOIN lives l ON l.n = c.n JOIN here h ON h.rowid = l.r
LEFT JOIN named b ON b.n = c.n
ORDER BY c.metric, c.whole, CASE WHEN c.whole THEN '' ELSE k.service END, c.place;
"""

LISTS = {
    "lead": ("lead IS NOT NULL", "lead DESC", "the slowest first"),
    "lead_merge": ("merged IS NOT NULL", "merged DESC", "the slowest first"),
    "frequency": ("kind = 'change' AND good", "t DESC", "the last first"),
    "fail": ("failed", "t DESC", "the last first"),
    "recovery": ("failed", "recovery DESC NULLS FIRST", "those not mended first, then the slowest"),
    "rework": ("kind = 'back' OR planned = FALSE", "t DESC", "the last first"),
}
"""By metric: which deployments stand behind it, in which order, and the order in words."""
