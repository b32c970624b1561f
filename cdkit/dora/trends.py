"""The course over time, and the deployments behind each number, in SQL for DuckDB.

Asked of the tables that `sql.py` makes (`deployments`, `causes`, `failures`, `leads`), judged over
a longer time than is reported: nothing here judges again what a deployment was.
"""

PARTS = """
WITH counted AS (
  SELECT {who} AS who, CAST(floor(epoch(made_at - $start) / $length) AS BIGINT) AS part,
    count(*) FILTER (kind = 'change') AS deployments,
    count(*) FILTER (kind = 'back') AS rollbacks,
    count(*) FILTER (kind = 'back' OR (kind = 'change' AND planned = FALSE)) AS rework
  FROM deployments WHERE made_at >= $start AND within GROUP BY ALL
), failed AS (
  SELECT {who} AS who, CAST(floor(epoch(made_at - $start) / $length) AS BIGINT) AS part,
    count(*) AS failed, count(restored) AS n,
    quantile_cont(epoch(restored - made_at), [0.25, 0.5, 0.75]) AS q
  FROM failures WHERE made_at >= $start GROUP BY ALL
), lead AS (
  SELECT {who} AS who, CAST(floor(epoch(made_at - $start) / $length) AS BIGINT) AS part,
    count(*) FILTER (from_commit >= 0) AS n,
    quantile_cont(from_commit, [0.25, 0.5, 0.75]) FILTER (from_commit >= 0) AS q,
    count(*) FILTER (from_merge >= 0) AS merges,
    quantile_cont(from_merge, [0.25, 0.5, 0.75]) FILTER (from_merge >= 0) AS mq
  FROM leads WHERE made_at >= $start GROUP BY ALL
)
SELECT c.who, c.part, c.deployments, c.rollbacks, coalesce(f.failed, 0), c.rework,
  l.n, l.q, l.merges, l.mq, f.n, f.q
FROM counted c LEFT JOIN failed f USING (who, part) LEFT JOIN lead l USING (who, part)
ORDER BY c.who, c.part;
"""
"""The metrics by part: the first begins at `$start`, each is `$length` seconds long.

A failure and a change are told in the part of their deployment, so `counted` has every part.
Times come with their median between the two quartiles.
"""

FIRST = "SELECT service, min(made_at) FROM told_deployments WHERE environment = $environment \
AND made_at < $until GROUP BY service;"
"""When each service was deployed first, as far as anybody told: before that, zero is no number."""

MADE = """
CREATE TEMP TABLE made AS
WITH brought AS (
  SELECT service, n, count(*) AS changes, max(from_commit) FILTER (from_commit >= 0) AS lead,
    max(from_merge) FILTER (from_merge >= 0) AS merged
  FROM leads WHERE made_at >= $since GROUP BY service, n
), blamed AS (
  SELECT service, n, count(*) AS incidents, min(id) AS one, list(id ORDER BY opened_at, id) AS ids
  FROM causes WHERE n IS NOT NULL GROUP BY service, n
)
SELECT d.service, d.n, d.made_at, d.kind, d.id, d.digest, d.commit_id, d.team, d.planned,
  coalesce(b.changes, 0) AS changes, b.lead, b.merged, f.n IS NOT NULL AS failed, d.outcome,
  d.next_kind, coalesce(i.incidents, 0) AS incidents, list_slice(i.ids, 1, 3) AS ids,
  epoch(f.restored - f.made_at) AS recovery
FROM deployments d
LEFT JOIN brought b USING (service, n)
LEFT JOIN (SELECT service, n, made_at, restored FROM failures) f USING (service, n)
LEFT JOIN blamed i USING (service, n)
WHERE d.made_at >= $since AND d.kind <> 'again';
"""

BEHIND = """
SELECT {who} AS who, count(*) OVER (PARTITION BY {who}) AS of_all, service, made_at, kind, id,
  digest, commit_id, team, planned, changes, lead, merged, failed, outcome, next_kind, incidents,
  ids, recovery
FROM made WHERE {which} AND ({all} OR list_contains($shown, service))
QUALIFY row_number() OVER (PARTITION BY {who} ORDER BY {order}, made_at DESC, service, n DESC)
  <= $most
ORDER BY who, {order}, made_at DESC, service, n DESC;
"""
"""The first `$most` deployments behind a metric, of each service that is shown."""

LISTS = {
    "lead": ("lead IS NOT NULL", "lead DESC", "the slowest first"),
    "lead_merge": ("merged IS NOT NULL", "merged DESC", "the slowest first"),
    "frequency": ("kind = 'change'", "made_at DESC", "the last first"),
    "fail": ("failed", "made_at DESC", "the last first"),
    "recovery": ("failed", "recovery DESC NULLS FIRST", "those not mended first, then the slowest"),
    "rework": ("kind = 'back' OR planned = FALSE", "made_at DESC", "the last first"),
}
"""By metric: which deployments stand behind it, in which order, and the order in words."""
