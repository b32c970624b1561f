"""A table is published that has nothing to tell its rows apart by.

Where a publication sends updates and deletes, the server refuses both on a table without a primary
key and without another replica identity: `cannot update table … because it does not have a replica
identity and publishes updates`. Inserts go on.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import Publish
from cdkit.migrations.nouns import TEMPORARY, Name
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.schema import Table


def check(operation: Publish, context: Context) -> Iterator[Hit]:
    """Flag each table that was there before, as far as the migrations tell of all its keys."""
    for name in _meant(operation.table, context):
        table = context.ahead.end.table(name)
        if table is None or not table.known or context.schema.is_new_table(name):
            continue
        if table.name.schema == TEMPORARY or _is_told_apart(table):
            continue
        yield Hit(
            message=f"publishes {name}, which has no primary key: UPDATE and DELETE of a running "
            "version are refused",
            about=str(name),
            fix=Fix(
                summary="give it a replica identity first, in the same migration",
                replacement=f"ALTER TABLE {name.sql} REPLICA IDENTITY FULL;",
            ),
        )


def _meant(named: Name, context: Context) -> list[Name]:
    """Return the table, or all tables of a schema (or of all schemas) where none is named."""
    if named.name:
        return [named]
    return [
        each for each in context.schema.tables if not named.schema or each.schema == named.schema
    ]


def _is_told_apart(table: Table) -> bool:
    identity = table.options.get("REPLICA IDENTITY", "d")
    keyed = any(each.kind == "primary key" for each in table.constraints.values())
    return keyed if identity == "d" else identity in {"f", "i"}


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    engines=("postgres",),
    on=(Publish,),
    check=check,
    instead="Give the table a primary key, or REPLICA IDENTITY FULL, first.",
    bad=(
        Example(
            text="CREATE TABLE o (a int);\n-- released\nCREATE PUBLICATION p FOR TABLE o;", line=3
        ),
        Example(
            text="CREATE TABLE o (a int);\n-- released\nCREATE PUBLICATION p FOR ALL TABLES;",
            line=3,
        ),
        Example(
            text="CREATE TABLE o (a int PRIMARY KEY);\nALTER TABLE o REPLICA IDENTITY NOTHING;\n"
            "-- released\nALTER PUBLICATION p ADD TABLE o;",
            line=4,
        ),
    ),
    good=(
        Example(
            text="CREATE TABLE o (a int PRIMARY KEY);\n-- released\n"
            "CREATE PUBLICATION p FOR TABLE o;"
        ),
        Example(
            text="CREATE TABLE o (a int);\n-- released\nALTER TABLE o REPLICA IDENTITY FULL;\n"
            "CREATE PUBLICATION p FOR TABLE o;"
        ),
        Example(
            text="CREATE TABLE o (a int);\n-- released\n"
            "CREATE PUBLICATION p FOR TABLE o WITH (publish = 'insert');"
        ),
        Example(text="CREATE PUBLICATION p FOR TABLE o;"),
    ),
    sources=("https://www.postgresql.org/docs/current/logical-replication-publication.html",),
)
