"""A table gets one more column, and an INSERT that names no columns no longer fits it.

MySQL, MariaDB and SQLite refuse an `INSERT INTO orders VALUES (…)` that has fewer values than the
table has columns; so does every server an `INSERT … SELECT *` or a UNION with a table that did not
grow. Code that reads `SELECT *` by place gets one more. Whether a running version does any of that,
no migration tells, so it is said below the usual threshold, once a file for each table; but what a
trigger or routine that stays as it is does, its body tells. PostgreSQL fills what is left out.
"""

import re
from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.mend import words_of
from cdkit.migrations.net import code_that
from cdkit.migrations.operation import AddColumn
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.schema import Thing
from cdkit.migrations.ways import later


def check(operation: AddColumn, context: Context) -> Iterator[Hit]:
    """Say so once a file for each table that was there before the change."""
    table, column = operation.table, operation.column
    seen = f"columns of {table}"
    if context.schema.is_new_relation(table) or seen in context.session.reshaped:
        return
    if column.invisible or (column.generated and context.server.engine == "sqlite"):
        return
    if operation.if_not_exists and context.schema.column(table, column.name):
        return
    context.session.reshaped.add(seen)
    writer = _writer(operation, context)
    by = f"the {writer}, which writes it and names" if writer else "a running version that names"
    yield Hit(
        message=f"adds {column.name} to {table}: an INSERT of {by} no columns is refused",
        about=str(table),
        severity=Severity.HIGH if writer else None,
        confidence=Confidence.HIGH if writer else Confidence.LOW,
        fix=Fix(
            summary="see that every version names the columns that it writes",
            replacement=_hidden(operation, context)
            or later(operation, "a version that names the columns that it writes"),
        ),
    )


def _writer(operation: AddColumn, context: Context) -> str:
    """Return the trigger or routine that writes the table by place, and stays as it is."""
    name = operation.table.name.lower()
    by_place = re.compile(
        r"\b(?:insert|replace)(?:\s+(?:or\s+)?\w+)?(?:\s+into)?\s+(?:[`\"]?\w+[`\"]?\s*\.\s*)?"
        rf"[`\"\[]?{re.escape(name)}[`\"\]]?\s+(?:values?|select)\b"
    )

    def writes_by_place(thing: Thing, body: str) -> bool:
        return name in body and thing.kind != "view" and bool(by_place.search(body))

    return code_that(writes_by_place, context)


def _hidden(operation: AddColumn, context: Context) -> str:
    """MariaDB and MySQL since 8.0.23 have columns that an INSERT without names passes over.

    One that must not be null needs a default for that. What says more is not said again.
    """
    column, words = operation.column, words_of(operation)
    if column.generated or column.comment or column.constraints or operation.place:
        return ""
    if any(token.text == b"," for token in words):
        return ""
    if context.server.engine == "sqlite" or context.server.before(*_INVISIBLE):
        return ""
    table, name = context.sql(operation.table), context.sql(operation.column.name)
    default = operation.column.default
    bare = operation.column.not_null and default is None
    if bare or None in operation.column.type.modifiers or (default and not default.sql):
        return ""
    given = f" DEFAULT {default.sql}" if default else ""
    null = " NOT NULL" if operation.column.not_null else ""
    return f"ALTER TABLE {table} ADD COLUMN {name} {operation.column.type}{null}{given} INVISIBLE;"


_INVISIBLE = (8, 0, 23)
"""MySQL's; MariaDB has them since 10.3, which is older than all that cdkit knows."""


RULE = LintRule(
    severity=Severity.LOW,
    question=COMPATIBLE,
    engines=("mysql", "mariadb", "sqlite"),
    on=(AddColumn,),
    check=check,
    remembers=True,
    instead="Let every version name the columns that it writes, or add the column INVISIBLE.",
    bad=(
        Example(text="-- server mysql:8.0\nALTER TABLE orders ADD COLUMN note text;", line=2),
        Example(text="-- server mysql:5.7\nALTER TABLE orders ADD COLUMN note text;", line=2),
        Example(text="-- server mariadb:10.11\nALTER TABLE o ADD a int, ADD b int;", line=2),
        Example(text="-- server sqlite\nALTER TABLE orders ADD COLUMN note text;", line=2),
        Example(
            text="-- server mariadb:10.11\nCREATE TABLE log (a int);\n"
            "CREATE PROCEDURE p() INSERT INTO log VALUES (1);\n"
            "-- released\nALTER TABLE log ADD COLUMN b int;",
            line=5,
        ),
    ),
    good=(
        Example(text="ALTER TABLE orders ADD COLUMN note text;"),
        Example(text="-- server mariadb:10.11\nALTER TABLE o ADD COLUMN a int INVISIBLE;"),
        Example(text="-- server sqlite\nCREATE TABLE o (a int);\nALTER TABLE o ADD COLUMN b int;"),
    ),
    sources=(
        "https://dev.mysql.com/doc/refman/8.4/en/insert.html",
        "https://www.sqlite.org/lang_insert.html",
        "https://dev.mysql.com/doc/refman/8.4/en/invisible-columns.html",
    ),
)
