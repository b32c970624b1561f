"""REFRESH MATERIALIZED VIEW without CONCURRENTLY keeps all readers of the view out."""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import Refresh
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: Refresh, context: Context) -> Iterator[Hit]:
    """Flag each view that was there before the change."""
    view = operation.view
    if operation.concurrently or context.schema.is_new_thing(view):
        return
    yield Hit(
        message=f"refreshes {view} under a lock that stops its readers",
        about=str(view),
        fix=Fix(
            summary="refresh it CONCURRENTLY (it needs a unique index)",
            replacement=f"REFRESH MATERIALIZED VIEW CONCURRENTLY {view.sql};",
        ),
    )


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=SAFE_TO_RUN,
    engines=("postgres",),
    on=(Refresh,),
    check=check,
    instead="REFRESH MATERIALIZED VIEW CONCURRENTLY; it needs a unique index.",
    bad=(Example(text="REFRESH MATERIALIZED VIEW totals;", line=1),),
    good=(
        Example(text="REFRESH MATERIALIZED VIEW CONCURRENTLY totals;"),
        Example(text="CREATE MATERIALIZED VIEW m AS SELECT 1;\nREFRESH MATERIALIZED VIEW m;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-refreshmaterializedview.html",),
)
