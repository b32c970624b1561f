"""DROP TABLE deletes rows of other tables, because they refer to it.

Where foreign keys are on, SQLite deletes every row of a table before it drops it: rows that refer
to them ON DELETE CASCADE go too, SET NULL empties them, and without either the DROP fails. That is
so in a rebuild too. `PRAGMA foreign_keys = OFF` helps, but does nothing inside a transaction.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import RebuildTable
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import DropObject
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: DropObject | RebuildTable, context: Context) -> Iterator[Hit]:
    """Flag each table that is dropped while another refers to it and foreign keys may be on."""
    rebuilt = isinstance(operation, RebuildTable)
    if isinstance(operation, DropObject) and operation.kind != "table":
        return
    table = operation.table if isinstance(operation, RebuildTable) else operation.name
    if context.schema.is_new_table(table) or context.session.foreign_keys_off:
        return
    for other, action in _referring(table, context):
        yield Hit(
            message=f"drops {table}{' to rebuild it' if rebuilt else ''}: where foreign keys are "
            f"on, {action} in {other}",
            about=f"{table} {other}",
            confidence=Confidence.MEDIUM,
            fix=Fix(
                summary="switch foreign keys off first, outside of any transaction",
                replacement="PRAGMA foreign_keys = OFF;",
            ),
        )


def _referring(table: Name, context: Context) -> Iterator[tuple[Name, str]]:
    for name, each in context.schema.leading_to(table):
        if name == context.schema.full(table):
            continue
        if "DELETE CASCADE" in each.sql:
            yield name, "rows go too"
        elif "DELETE SET" in each.sql:
            yield name, "references are emptied"


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    engines=("sqlite",),
    on=(DropObject, RebuildTable),
    check=check,
    instead="PRAGMA foreign_keys = OFF first, outside of any transaction.",
    bad=(
        Example(
            text="-- server sqlite\nCREATE TABLE o (id INTEGER PRIMARY KEY);\n"
            "CREATE TABLE l (o int REFERENCES o (id) ON DELETE CASCADE);\n-- released\n"
            "CREATE TABLE n (id INTEGER PRIMARY KEY);\nINSERT INTO n SELECT id FROM o;\n"
            "DROP TABLE o;\nALTER TABLE n RENAME TO o;",
            line=5,
        ),
        Example(
            text="-- server sqlite\nCREATE TABLE o (id INTEGER PRIMARY KEY);\n"
            "CREATE TABLE l (o int REFERENCES o (id) ON DELETE SET NULL);\n-- released\n"
            "BEGIN;\nPRAGMA foreign_keys = OFF;\nDROP TABLE o;\nCOMMIT;",
            line=7,
        ),
    ),
    good=(
        Example(
            text="-- server sqlite\nCREATE TABLE o (id INTEGER PRIMARY KEY);\n"
            "CREATE TABLE l (o int REFERENCES o (id) ON DELETE CASCADE);\n-- released\n"
            "PRAGMA foreign_keys = OFF;\nCREATE TABLE n (id INTEGER PRIMARY KEY);\n"
            "INSERT INTO n SELECT id FROM o;\nDROP TABLE o;\nALTER TABLE n RENAME TO o;"
        ),
    ),
    sources=("https://www.sqlite.org/foreignkeys.html#fk_schemacommands",),
)
