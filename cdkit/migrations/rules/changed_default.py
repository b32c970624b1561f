"""A column that the running version leaves out is filled with another value than before.

No insert fails; what it wrote reads otherwise than that version expects. Where there was no default
and a null was written, it is said below the usual threshold: to set a default first is what a later
NOT NULL asks for. A column that must not be null and had none is always written, and is left alone.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import ChangeColumn, ChangeDomain
from cdkit.migrations.defaults import is_same_default
from cdkit.migrations.net import eased
from cdkit.migrations.operation import SetDefault
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: SetDefault | ChangeDomain | ChangeColumn, context: Context) -> Iterator[Hit]:
    """Flag each default of an old column that is another one than the running version knows."""
    if isinstance(operation, ChangeDomain):
        yield from _of_domain(operation, context)
        return
    if isinstance(operation, ChangeColumn):
        yield from _on_update(operation, context)
        return
    table, column = operation.table, operation.column
    if operation.view or context.schema.kind_of(table) == "view":
        yield from _of_view(operation, context)
        return
    if context.schema.is_new_column(table, column):
        yield from _of_new(operation, context)
        return
    old = context.released.column(table, column)
    if old is None:
        return
    before = old.default is not None and not old.default.null
    if is_same_default(operation.default, old.default, old.type) or (not before and old.not_null):
        return
    hit = Hit(
        message=f"gives {table}.{column} another default: what a running version leaves out is "
        "filled otherwise",
        about=f"{table}.{column}",
        severity=None if before else Severity.LOW,
        confidence=Confidence.MEDIUM,
        fix=Fix(
            summary="let the new version write the value itself, and change the default later",
            replacement=later(operation, "code that writes the value itself"),
        ),
    )
    end = context.ahead.end.column(table, column)
    undone = end is not None and is_same_default(end.default, old.default, old.type)
    yield from eased(hit, context, undone=undone)


def _on_update(operation: ChangeColumn, context: Context) -> Iterator[Hit]:
    """Flag a column that an UPDATE fills by itself from now on (MySQL: ON UPDATE)."""
    old, new, table = operation.old, operation.new, operation.table
    if old is None or context.schema.is_new_column(table, new.name):
        return
    if new.on_update and not old.on_update:
        yield Hit(
            message=f"lets each UPDATE of a row set {table}.{new.name}: one of a running version "
            "that leaves it out changes it",
            about=f"{table}.{new.name}",
            fix=Fix(
                summary="let the new version write the time itself, or to a column of its own",
                replacement=later(operation, "code that does not read what it held"),
            ),
        )


def _of_new(operation: SetDefault, context: Context) -> Iterator[Hit]:
    """Flag a default that leads to a row of a new table into which nothing writes.

    With ADD COLUMN the server looks for it, since the rows that are there get it as well.
    """
    table, end = operation.table, context.ahead.end
    made, column = end.table(table), end.column(table, operation.column)
    if made is None or context.schema.is_new_table(table) or column is None:
        return
    if column.default is None or not column.default.constant or column.default.null:
        return
    for key in made.constraints.values():
        to = key.references if key.columns == (operation.column,) and key.enforced else None
        there = end.table(to) if to else None
        if to is None or there is None or not end.is_new(there.made):
            continue
        if not there.filled and not context.ahead.writes_into(to):
            yield Hit(
                message=f"gives {table}.{operation.column} a default that leads to a row of {to}: "
                "where that is not there, every insert of a running version fails",
                about=f"{table}.{operation.column}",
                confidence=Confidence.MEDIUM,
                fix=Fix(
                    summary=f"write the row of {to} in the same migration, or set no default",
                    replacement=later(operation, f"the row of {to} is there"),
                ),
            )


def _of_view(operation: SetDefault, context: Context) -> Iterator[Hit]:
    """Flag a default of a view's column: it counts, and no longer that of the table behind it."""
    view = context.released.thing(operation.table)
    if context.schema.is_new_thing(operation.table):
        return
    if view and is_same_default(operation.default, view.defaults.get(operation.column)):
        return
    table = context.released.column(operation.table, operation.column)
    if table and is_same_default(operation.default, table.default, table.type):
        return  # the view stands in the place of a table, and gives what that gave
    said = f"{operation.table}.{operation.column}"
    yield Hit(
        message=f"gives {said} a default of its own: what a running version leaves out when it "
        "inserts into the view is filled otherwise",
        about=said,
        confidence=Confidence.MEDIUM,
        fix=Fix(
            summary="let the new version write the value itself, and set the default later",
            replacement=later(operation, "code that writes the value itself"),
        ),
    )


def _of_domain(operation: ChangeDomain, context: Context) -> Iterator[Hit]:
    """Flag another default for all columns of a domain; a first one is said as low."""
    old = context.released.thing(operation.domain)
    if operation.default is None or (old is None and context.schema.thing(operation.domain)):
        return
    yield Hit(
        message=f"gives the domain {operation.domain} another default: what a running version "
        "leaves out is filled otherwise",
        about=str(operation.domain),
        severity=None if old and old.default else Severity.LOW,
        confidence=Confidence.MEDIUM,
        fix=Fix(
            summary="let the new version write the value itself, and change the default later",
            replacement=later(operation, "code that writes the value itself"),
        ),
    )


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    on=(ChangeDomain, SetDefault, ChangeColumn),
    check=check,
    instead="Let the new version write the value itself, and change the default later.",
    bad=(
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (a int, t datetime);\n-- released\n"
            "ALTER TABLE o MODIFY t datetime ON UPDATE CURRENT_TIMESTAMP;",
            line=4,
        ),
        Example(
            text="CREATE TABLE o (a int);\n-- released\nCREATE TABLE p (a int PRIMARY KEY);\n"
            "ALTER TABLE o ADD COLUMN b int REFERENCES p;\n"
            "ALTER TABLE o ALTER COLUMN b SET DEFAULT 7;",
            line=5,
        ),
        Example(
            text="CREATE TABLE o (a text DEFAULT 'f', b bool DEFAULT 'f');\n-- released\n"
            "ALTER TABLE o ALTER a SET DEFAULT 'false';",
            line=3,
        ),
        Example(
            text="CREATE TABLE o (a boolean DEFAULT false);\n-- released\n"
            "ALTER TABLE o ALTER a SET DEFAULT 'on';",
            line=3,
        ),
        Example(
            text="CREATE DOMAIN percent AS int DEFAULT 50;\n-- released\n"
            "ALTER DOMAIN percent SET DEFAULT 60;",
            line=3,
        ),
        Example(
            text="CREATE TABLE o (a text DEFAULT 'web');\n-- released\n"
            "ALTER TABLE o ALTER a SET DEFAULT 'site';",
            line=3,
        ),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (a int DEFAULT '1', b char(3) DEFAULT '1');\n"
            "-- released\nALTER TABLE o MODIFY a int DEFAULT 2;",
            line=4,
        ),
        Example(text="ALTER VIEW v ALTER a SET DEFAULT 'site';", line=1),
        Example(
            text="CREATE VIEW v AS SELECT a FROM o;\n-- released\n"
            "ALTER TABLE v ALTER a SET DEFAULT 'site';",
            line=3,
        ),
    ),
    good=(
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (a int DEFAULT 0, b char(3) DEFAULT ('x'));\n"
            "-- released\nALTER TABLE o MODIFY a int DEFAULT (0), MODIFY b char(3) DEFAULT 'x';"
        ),
        Example(
            text="-- server mysql:8.0\n"
            "CREATE TABLE o (a int, t datetime ON UPDATE CURRENT_TIMESTAMP);\n-- released\n"
            "ALTER TABLE o MODIFY t datetime NULL ON UPDATE now();"
        ),
        Example(
            text="CREATE VIEW v AS SELECT a FROM o;\nALTER VIEW v ALTER a SET DEFAULT 'site';\n"
            "-- released\nALTER VIEW v ALTER a SET DEFAULT 'site';"
        ),
        Example(text="CREATE VIEW v AS SELECT a FROM o;\nALTER VIEW v ALTER a SET DEFAULT 'site';"),
        Example(
            text="CREATE TABLE o (a text DEFAULT 'web');\n-- released\n"
            "ALTER TABLE o ALTER a SET DEFAULT 'web';"
        ),
        Example(
            text="CREATE TABLE o (a boolean DEFAULT false);\n-- released\n"
            "ALTER TABLE o ALTER a SET DEFAULT 'f';"
        ),
        Example(
            text="-- server mysql:8.0\n"
            "CREATE TABLE o (a int DEFAULT '1', b tinyint(1) DEFAULT 0);\n"
            "-- released\nALTER TABLE o ALTER a SET DEFAULT 1, MODIFY b boolean DEFAULT false;"
        ),
        Example(
            text="CREATE TABLE o (a text DEFAULT 'web', b timestamptz DEFAULT now());\n"
            "-- released\nALTER TABLE o ALTER a SET DEFAULT 'web'::text,\n"
            "    ALTER b SET DEFAULT CURRENT_TIMESTAMP;"
        ),
        Example(
            text="CREATE TABLE o (a int);\n-- released\nALTER TABLE o ADD COLUMN b int;\n"
            "ALTER TABLE o ALTER b SET DEFAULT 1;"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
