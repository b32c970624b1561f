"""A new table or view is found in the place of an old one of the same name.

Where a role's or a database's search path names two schemas, a bare name means what stands in the
first of them. A new one there takes the place of the old one: queries of the running version find
an empty table, or other rows, without any error.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import CreateObject, CreateTable
from cdkit.migrations.permit import search_paths
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later

_SHOWN = frozenset({"view", "materialized view"})


def check(operation: CreateTable | CreateObject, context: Context) -> Iterator[Hit]:
    """Flag each, as far as migrations say where roles look for bare names."""
    if isinstance(operation, CreateObject):
        named, kind = operation.name, operation.kind
        if kind not in _SHOWN:
            return
    else:
        named, kind = operation.table, "table"
    full = context.schema.full(named)
    if context.released.kind_of(full):
        return
    for role, path in search_paths(context.released):
        behind = path[path.index(full.schema) + 1 :] if full.schema in path else ()
        old = (Name(schema, full.name) for schema in behind)
        hidden = next((each for each in old if context.released.kind_of(each)), None)
        if hidden:
            yield Hit(
                message=f"the {kind} {full} stands before {hidden.schema}.{hidden.name} on the "
                f"search path of {role}: queries with the bare name find it instead",
                about=str(full),
                confidence=Confidence.MEDIUM,
                fix=Fix(
                    summary="give it a name of its own, or let the running version say the schema",
                    replacement=later(operation, "a version that says which schema it means"),
                ),
            )
            return


_PATH = "CREATE SCHEMA shop;\nCREATE TABLE public.o (a int);\n"
_PATH += "ALTER ROLE app SET search_path = {};\n-- released\n"

RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    engines=("postgres",),
    on=(CreateTable, CreateObject),
    check=check,
    instead="Give it a name of its own, or let every query say the schema first.",
    bad=(
        Example(text=f"{_PATH.format('shop, public')}CREATE TABLE shop.o (a int);", line=5),
        Example(text=f"{_PATH.format('shop, public')}CREATE VIEW shop.o AS SELECT 1 AS a;", line=5),
    ),
    good=(
        Example(text=f"{_PATH.format('public, shop')}CREATE TABLE shop.o (a int);"),
        Example(text=f"{_PATH.format('shop, public')}CREATE TABLE shop.p (a int);"),
        Example(text="CREATE TABLE public.o (a int);\n-- released\nCREATE TABLE shop.o (a int);"),
    ),
    sources=("https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-PATH",),
)
