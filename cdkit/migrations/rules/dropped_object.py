"""A view, function, type, sequence, schema or extension goes away.

Whatever the running version asks of it fails: a query on the view, a call of the function, a cast
to the type, a default that draws from the sequence. With CASCADE more goes than is named.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import DropObject
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule

_OTHERS = frozenset({"table", "foreign table", "index", "column", "statistics"})
_QUIET = frozenset(
    {"publication", "subscription", "event trigger", "access method", "foreign server", "fdw"}
    | {"text search parser", "text search template", "cast", "transform", "language", "opclass"}
    | {"opfamily", "user mapping", "trigger", "event"}
)
"""What queries do not name: still shown, below the usual threshold."""


def check(operation: DropObject, context: Context) -> Iterator[Hit]:
    """Flag each thing that was there before the change."""
    kind, name = operation.kind, operation.name
    if kind in _OTHERS or context.schema.is_new_thing(name):
        return
    more = ", and with CASCADE whatever depends on it" if operation.cascade else ""
    known = context.schema.thing(name) is not None
    yield Hit(
        message=f"drops the {kind} {name}{more}: a running version that uses it fails",
        about=str(name),
        severity=Severity.LOW if kind in _QUIET else None,
        confidence=Confidence.HIGH if known else Confidence.MEDIUM,
        fix=Fix(
            summary=f"release a version that does not use the {kind}, and drop it in a later one; "
            "to change a view or function, use CREATE OR REPLACE"
        ),
    )


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(DropObject,),
    check=check,
    instead="Stop using it in one release, drop it in the next; replace views in place.",
    bad=(
        Example(text="DROP VIEW open_orders;", line=1),
        Example(text="SELECT 1;\nDROP FUNCTION total(bigint), tax;", line=2),
        Example(text="DROP TYPE order_state;", line=1),
        Example(text="DROP SCHEMA shop CASCADE;", line=1),
        Example(text="DROP SEQUENCE order_number;", line=1),
        Example(text="DROP MATERIALIZED VIEW totals;", line=1),
    ),
    good=(
        Example(text="CREATE VIEW v AS SELECT 1;\nDROP VIEW v;"),
        Example(text="CREATE OR REPLACE VIEW open_orders AS SELECT 1;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-dropview.html",),
)
