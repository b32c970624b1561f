"""A default goes away that fills a column which the running version does not write.

Inserts that leave the column out then write null; where it must not be null they are refused. Some
frameworks add a column with a default and drop that in the same migration: the same break.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import ChangeDomain
from cdkit.migrations.net import eased
from cdkit.migrations.operation import DropDefault
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: DropDefault | ChangeDomain, context: Context) -> Iterator[Hit]:
    """Flag each default that inserts of the running version may rely on."""
    if isinstance(operation, ChangeDomain):
        yield from _of_domain(operation, context)
        return
    table, column = operation.table, operation.column
    if context.schema.is_new_relation(table):
        return
    found = context.schema.column(table, column)
    if found and (found.default is None or found.default.null) and not found.serial:
        return
    if found and not found.not_null and context.schema.is_new_column(table, column):
        return
    if _fills_with_the_first(operation, context):
        return
    refused = found is None or found.not_null
    hit = Hit(
        message=f"drops the default of {table}.{column}: "
        + ("inserts that leave it out are refused" if refused else "inserts leave it null"),
        about=f"{table}.{column}",
        severity=None if refused else Severity.MEDIUM,
        confidence=Confidence.HIGH if found else Confidence.MEDIUM,
        fix=Fix(
            summary="keep the default until every running version writes the column",
            replacement=later(operation, "a version that always writes the column"),
        ),
    )
    yield from eased(hit, context, undone=_is_back(operation, context))


def _of_domain(operation: ChangeDomain, context: Context) -> Iterator[Hit]:
    """Flag a domain whose columns were filled where nobody wrote them, as far as is known."""
    domain = context.schema.thing(operation.domain)
    old = context.released.thing(operation.domain)
    if operation.default or (domain and not domain.default) or (domain and not old):
        return
    yield Hit(
        message=f"drops the default of the domain {operation.domain}: inserts that leave out a "
        "column of it leave it null",
        about=str(operation.domain),
        severity=Severity.MEDIUM,
        confidence=Confidence.HIGH if domain else Confidence.MEDIUM,
        fix=Fix(
            summary="keep the default until every running version writes the columns",
            replacement=later(operation, "a version that always writes the columns"),
        ),
    )


def _fills_with_the_first(operation: DropDefault, context: Context) -> bool:
    """Whether an enum that must not be null, whose default was its first value, goes on with that.

    Without a default MySQL and MariaDB write that value (MySQL manual, "Data Type Default Values").
    """
    old = context.schema.column(operation.table, operation.column)
    new = context.ahead.end.column(operation.table, operation.column)
    if not (old and new and old.default and new.type.name == "enum" and new.not_null):
        return False
    return old.default.sql == next(iter(new.type.values), "")


def _is_back(operation: DropDefault, context: Context) -> bool:
    """Whether the end fills the column as the running version knows it."""
    old = context.released.column(operation.table, operation.column)
    new = context.ahead.end.column(operation.table, operation.column)
    if old is None or new is None:
        return False
    same = old.default is not None and new.default is not None
    return new.identity or (same and old.default == new.default)


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(ChangeDomain, DropDefault),
    check=check,
    instead="Keep the default until every running version writes the column.",
    bad=(
        Example(
            text="-- server mariadb:10.11\n"
            "CREATE TABLE o (s enum('a', 'b') NOT NULL DEFAULT 'b');\n"
            "-- released\nALTER TABLE o MODIFY s enum('a', 'b', 'c') NOT NULL;",
            line=4,
        ),
        Example(
            text="CREATE DOMAIN percent AS int DEFAULT 50;\n-- released\n"
            "ALTER DOMAIN percent DROP DEFAULT;",
            line=3,
        ),
        Example(
            text="ALTER TABLE o ADD COLUMN a int NOT NULL DEFAULT 0;\n"
            "ALTER TABLE o ALTER COLUMN a DROP DEFAULT;",
            line=2,
        ),
        Example(text="ALTER TABLE orders ALTER note DROP DEFAULT;", line=1),
        Example(text="ALTER TABLE orders ALTER note SET DEFAULT NULL;", line=1),
    ),
    good=(
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (a int DEFAULT NULL);\n-- released\n"
            "ALTER TABLE o ALTER a SET DEFAULT NULL;"
        ),
        Example(
            text="-- server mariadb:10.11\n"
            "CREATE TABLE o (s enum('a', 'b') NOT NULL DEFAULT 'a');\n"
            "-- released\nALTER TABLE o MODIFY s enum('a', 'b', 'c') NOT NULL;"
        ),
        Example(
            text="CREATE TABLE o (a int);\n-- released\n"
            "ALTER TABLE o ADD COLUMN b int DEFAULT 0;\nALTER TABLE o ALTER b DROP DEFAULT;"
        ),
        Example(text="ALTER TABLE orders ALTER note SET DEFAULT '';"),
        Example(
            text="CREATE VIEW v AS SELECT a FROM o;\nALTER VIEW v ALTER a SET DEFAULT 1;\n"
            "ALTER VIEW v ALTER a DROP DEFAULT;"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
