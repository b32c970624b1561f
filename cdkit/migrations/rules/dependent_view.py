"""A view shows or asks for what the statement changes or drops, and the server refuses that.

PostgreSQL changes no type of a column that a view names, and drops neither such a column nor such
a table without CASCADE: the migration fails there. CASCADE takes the view along, which is worse.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.mend import words_of
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import ChangeType, DropColumn, DropObject
from cdkit.migrations.postgres.shown import needs, views_on
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule
from cdkit.migrations.ways import whole


def check(operation: ChangeType | DropColumn | DropObject, context: Context) -> Iterator[Hit]:
    """Flag what a view that is there by then depends on, as far as the view could be read."""
    if isinstance(operation, DropObject):
        table, column = operation.name, ""
        if operation.kind not in {"table", "view", "materialized view"}:
            return
    else:
        table, column = operation.table, operation.column
    view = _view_of(context.schema.full(table), column, context)
    if view is None or any(x.text.upper() == b"CASCADE" for x in words_of(operation)):
        return
    what = f"{table}.{column}" if column else str(table)
    kind = context.schema.kind_of(view).upper() or "VIEW"
    verb = "changes the type of" if isinstance(operation, ChangeType) else "drops"
    yield Hit(
        message=f"{verb} {what}, which the view {view} shows: the server refuses that",
        about=what,
        confidence=Confidence.MEDIUM,
        fix=Fix(
            summary=f"drop {view} before it and create it again after it, with its privileges, in "
            "one transaction",
            replacement=f"BEGIN;\nDROP {kind} {view.sql};\n{whole(operation)}\n"
            f"-- CREATE {kind} {view.sql} AS …, and GRANT what it had\nCOMMIT;",
        ),
    )


def _view_of(table: Name, column: str, context: Context) -> Name | None:
    """Return a view that needs a column for sure, or reads the table where none is named."""
    schema = context.schema
    for view, query in views_on(table, schema):
        if query and (not column or needs(query, table, column, schema)):
            return view
    return None


_VIEW = "CREATE TABLE o (a int, b int);\nCREATE VIEW v AS SELECT a FROM o;\n-- released\n"

RULE = LintRule(
    severity=Severity.HIGH,
    question=SAFE_TO_RUN,
    engines=("postgres",),
    on=(ChangeType, DropColumn, DropObject),
    check=check,
    instead="Drop the view before and create it again after, in one transaction.",
    bad=(
        Example(text=f"{_VIEW}ALTER TABLE o ALTER a TYPE bigint;", line=4),
        Example(text=f"{_VIEW}ALTER TABLE o DROP COLUMN a;", line=4),
        Example(text=f"{_VIEW}DROP TABLE o;", line=4),
        Example(
            text="CREATE TABLE o (a int, b int);\nCREATE TABLE p (c int, d int);\n"
            "CREATE VIEW v AS SELECT p.d FROM p JOIN o ON o.a = p.c WHERE o.b > 0;\n-- released\n"
            "ALTER TABLE o ALTER b TYPE bigint;",
            line=5,
        ),
        Example(
            text="CREATE TABLE o (a int);\nCREATE VIEW v AS SELECT a + 1 AS b FROM o;\n"
            "-- released\nALTER TABLE o ALTER a TYPE bigint;",
            line=4,
        ),
    ),
    good=(
        Example(text=f"{_VIEW}ALTER TABLE o ALTER b TYPE bigint;"),
        Example(
            text="CREATE TABLE o (a int, b int);\nCREATE VIEW v AS SELECT a AS b FROM o;\n"
            "-- released\nALTER TABLE o ALTER b TYPE bigint;"
        ),
        Example(
            text="CREATE TABLE o (date text, a int);\n"
            "CREATE VIEW v AS SELECT now()::date AS b, a FROM o WHERE 'date' <> 'x';\n"
            "-- released\nALTER TABLE o ALTER date TYPE varchar;"
        ),
        Example(
            text=f"{_VIEW}DROP VIEW v;\nALTER TABLE o ALTER a TYPE bigint;\n"
            "CREATE VIEW v AS SELECT a FROM o;"
        ),
        Example(text=f"{_VIEW}DROP TABLE o CASCADE;"),
    ),
    sources=(
        "https://www.postgresql.org/docs/current/sql-altertable.html",
        "https://www.postgresql.org/docs/current/ddl-depend.html",
    ),
)
