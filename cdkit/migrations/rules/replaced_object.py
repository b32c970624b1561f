"""A view or function is another one from now on, under the name that the running version uses.

The server sees to it that a view keeps its columns and a function its signature; whether it still
means the same, only a test of the old queries tells.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import CreateObject
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: CreateObject, context: Context) -> Iterator[Hit]:
    """Say so for what is replaced in place."""
    if not operation.replace or context.schema.is_new_thing(operation.name):
        return
    if context.schema.thing(operation.name) is None and context.schema.things:
        return
    rows = operation.other_rows
    yield Hit(
        message=f"replaces the {operation.kind} {operation.name}: a running version gets "
        f"{'other rows' if rows else 'what the new one says'}",
        about=str(operation.name),
        severity=Severity.MEDIUM if rows else None,
        fix=Fix(summary="see that the running version can live with what it returns now"),
    )


RULE = LintRule(
    severity=Severity.LOW,
    question=COMPATIBLE,
    on=(CreateObject,),
    check=check,
    instead="See that the running version can live with what it returns now.",
    bad=(
        Example(text="CREATE OR REPLACE VIEW v AS SELECT 1 AS a;", line=1),
        Example(
            text="CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';\n-- released\n"
            "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2';",
            line=3,
        ),
    ),
    good=(Example(text="CREATE VIEW v AS SELECT 1 AS a;"),),
    sources=("https://www.postgresql.org/docs/current/sql-createview.html",),
)
