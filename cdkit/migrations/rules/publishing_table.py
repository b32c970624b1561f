"""A table is published that has nothing to tell its rows apart by.

Where a publication sends updates and deletes, the server refuses both on a table without a primary
key and without another replica identity: `cannot update table … because it does not have a replica
identity and publishes updates`. So it does where rows are chosen by a column that is no part of
their replica identity, or where a part of that is not sent. Inserts go on. A primary key that is
made again as a UNIQUE one, or an index that was the replica identity and is made again, is none.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import Publish
from cdkit.migrations.nouns import TEMPORARY, Name
from cdkit.migrations.operation import ChangeTable, DropConstraint, DropObject
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.schema import Table


def check(
    operation: Publish | ChangeTable | DropConstraint | DropObject, context: Context
) -> Iterator[Hit]:
    """Flag each table that was there before, as far as the migrations tell of all its keys."""
    match operation:
        case Publish():
            yield from _published(operation, context)
        case ChangeTable(action="REPLICA IDENTITY", table=table):
            yield from _untold(table, operation.options[0], context)
        case DropConstraint(table=table, constraint=name):
            yield from _loses(table, name, context)
        case DropObject(kind="index", name=name) if index := context.schema.index(name):
            yield from _loses(index.table, name.name, context)
        case _:
            pass


def _published(operation: Publish, context: Context) -> Iterator[Hit]:
    for name in _meant(operation.table, context):
        table = context.ahead.end.table(name)
        if table is None or not table.known or context.schema.is_new_table(name):
            continue
        said = "" if table.name.schema == TEMPORARY else _lacks(table, operation)
        if not said:
            continue
        yield Hit(
            message=f"publishes {name}, {said}: UPDATE and DELETE of a running version are refused",
            about=str(name),
            fix=Fix(
                summary="give it a replica identity first, in the same migration, and send all of "
                "its columns",
                replacement=f"ALTER TABLE {name.sql} REPLICA IDENTITY FULL;",
            ),
        )


def _loses(name: Name, key: str, context: Context) -> Iterator[Hit]:
    """Flag the key that told rows apart, where another one keeps them apart from now on.

    Where none does, that is worse, and another rule says it. What is made again under the name of
    a replica identity is none (PostgreSQL manual, ALTER TABLE, REPLICA IDENTITY).
    """
    table = context.schema.table(name)
    if table is None:
        return
    identity = table.options.get("REPLICA IDENTITY", "d")
    held = table.constraints.get(key)
    primary = identity == "d" and held is not None and held.kind == "primary key"
    if not primary and identity != f"i:{key}":
        return
    columns = held.columns if held else ()
    if index := context.schema.indexes.get(context.schema.index_name(name, key)):
        columns = index.columns
    end = context.ahead.end.table(name)
    again = (x.columns == columns for _, x in context.ahead.end.unique_keys(name))
    if end and any(again):
        yield from _untold(name, end.options.get("REPLICA IDENTITY", "d"), context)


def _untold(name: Name, identity: str, context: Context) -> Iterator[Hit]:
    """Flag a table that loses what tells its rows apart; who publishes it, nobody may know here."""
    table = context.ahead.end.table(name)
    if context.schema.is_new_table(name):
        return
    if identity == "n" or (identity == "d" and table and table.known and not _key(table)):
        yield Hit(
            message=f"leaves {name} without a replica identity: where it is published, UPDATE and "
            "DELETE of a running version are refused",
            about=str(name),
            severity=Severity.MEDIUM,
            confidence=Confidence.MEDIUM,
            fix=Fix(
                summary="take it out of its publications first, or keep its replica identity",
                replacement=f"ALTER TABLE {name.sql} REPLICA IDENTITY FULL;",
            ),
        )


def _key(table: Table) -> tuple[str, ...]:
    keys = (each.columns for each in table.constraints.values() if each.kind == "primary key")
    return next(keys, ())


def _meant(named: Name, context: Context) -> list[Name]:
    """Return the table, or all tables of a schema (or of all schemas) where none is named."""
    if named.name:
        return [named]
    return [
        each for each in context.schema.tables if not named.schema or each.schema == named.schema
    ]


def _lacks(table: Table, published: Publish) -> str:
    """Say what a table lacks to be published so; empty for nothing, or where nobody can tell.

    What rows are chosen by must be part of what tells them apart, and that must be sent.
    """
    identity = table.options.get("REPLICA IDENTITY", "d")
    if identity.startswith("i"):
        return ""
    key = tuple(table.columns) if identity == "f" else _key(table) if identity == "d" else ()
    if not key:
        return "which has no primary key"
    asked = [each for each in published.asks if each not in key]
    if asked:
        return f"chosen by {asked[0]}, which is no part of its replica identity"
    unsent = [each for each in key if published.sends and each not in published.sends]
    return f"without {unsent[0]} of its replica identity" if unsent else ""


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    engines=("postgres",),
    on=(Publish, ChangeTable, DropConstraint, DropObject),
    check=check,
    instead="Give the table a primary key, or REPLICA IDENTITY FULL, first.",
    bad=(
        Example(
            text="CREATE TABLE o (a int PRIMARY KEY);\n-- released\n"
            "ALTER TABLE o DROP CONSTRAINT o_pkey, ADD CONSTRAINT o_pkey UNIQUE (a);",
            line=3,
        ),
        Example(
            text="CREATE TABLE o (a int NOT NULL);\nCREATE UNIQUE INDEX i ON o (a);\n"
            "ALTER TABLE o REPLICA IDENTITY USING INDEX i;\n-- released\n"
            "BEGIN;\nDROP INDEX i;\nCREATE UNIQUE INDEX i ON o (a);\nCOMMIT;",
            line=6,
        ),
        Example(
            text="CREATE TABLE o (a int PRIMARY KEY);\n-- released\n"
            "ALTER TABLE o REPLICA IDENTITY NOTHING;",
            line=3,
        ),
        Example(
            text="CREATE TABLE o (a int PRIMARY KEY, b int);\n-- released\n"
            "CREATE PUBLICATION p FOR TABLE o WHERE (b > 5);",
            line=3,
        ),
        Example(
            text="CREATE TABLE o (a int PRIMARY KEY, b int);\n-- released\n"
            "CREATE PUBLICATION p FOR TABLE o (b);",
            line=3,
        ),
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
            "ALTER TABLE o DROP CONSTRAINT o_pkey, ADD CONSTRAINT o_pkey UNIQUE (a),\n"
            "REPLICA IDENTITY USING INDEX o_pkey;"
        ),
        Example(
            text="CREATE TABLE o (a int PRIMARY KEY);\n-- released\n"
            "ALTER TABLE o DROP CONSTRAINT o_pkey, ADD CONSTRAINT o_pkey PRIMARY KEY (a);"
        ),
        Example(
            text="CREATE TABLE o (a int PRIMARY KEY, b int);\n-- released\n"
            "CREATE PUBLICATION p FOR TABLE o (a) WHERE (a > 5);"
        ),
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
