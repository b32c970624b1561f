"""A statement that is prepared already now has another result, and its connection gets an error.

PostgreSQL refuses it with "cached plan must not change result type": `SELECT *` and `RETURNING *`
when a column comes or goes, any statement that returns a column whose type changes, a query on a
view that has other columns. Nothing is wrong with the query, a new connection runs it: only those
that were open across the migration fail, until they prepare it again. Many do so unasked:
PgBouncer's and the drivers' caches of prepared statements, psycopg after five executions, pgjdbc
after five, Rails and asyncpg always. Within a transaction nobody can retry, so the error is seen.

It is said below the usual threshold, since adding a column is what expand steps are made of, and
once a file for each table.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import (
    AddColumn,
    ChangeType,
    CreateObject,
    DropColumn,
    Operation,
    RenameColumn,
)
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Say so once a file for each relation that was there before, and whose rows look otherwise."""
    about, what = _changed(operation, context)
    if not what or about in context.session.reshaped:
        return
    context.session.reshaped.add(about)
    yield Hit(
        message=f"{what}: a statement that was prepared before ({_FORMS}) fails in connections "
        "that are open across the migration, with `cached plan must not change result type`",
        about=about,
        fix=Fix(
            summary="let the running version name its columns; else restart it (or its pool) right "
            "after the migration, or let its driver prepare nothing"
        ),
    )


_FORMS = "`SELECT *`, `RETURNING *`, one that names a column of another type now"


def _changed(operation: Operation, context: Context) -> tuple[str, str]:
    schema = context.schema
    match operation:
        case AddColumn(table=table, column=column, attribute=False):
            there = schema.column(table, column.name)
            if not schema.is_new_relation(table) and not there:
                return str(table), f"adds {column.name} to {table}"
        case DropColumn(table=table, column=column) | RenameColumn(table=table, column=column):
            if not schema.is_new_relation(table):
                return str(table), f"takes {column} from {table}"
        case ChangeType(table=table, column=name) if not schema.is_new_column(table, name):
            old = schema.column(table, name)
            if old is None or old.type != operation.type or operation.using or operation.collation:
                return str(table), f"changes the type of {table}.{name}"
        case CreateObject():
            return _of_view(operation, context)
        case _:
            pass
    return "", ""


def _of_view(made: CreateObject, context: Context) -> tuple[str, str]:
    """A view or function that has other columns than it had for the running version."""
    old = context.released.thing(made.name)
    if old is None:
        return "", ""
    if made.query and old.query and old.query.columns != made.query.columns:
        return str(made.name), f"gives {made.name} other columns"
    if made.function and made.function.gives:
        before = old.routines.get(made.function.takes)
        if before and before.function.gives != made.function.gives:
            return str(made.name), f"gives {made.name}() other columns"
    return "", ""


RULE = LintRule(
    severity=Severity.LOW,
    question=COMPATIBLE,
    engines=("postgres",),
    on=(AddColumn, DropColumn, RenameColumn, ChangeType, CreateObject),
    check=check,
    remembers=True,
    instead="Let the running version name its columns, or restart its connections.",
    by_hand=(
        "only the connections of the running version can prepare their statements again, and "
        "only they can send what does it (`DEALLOCATE ALL`)."
    ),
    bad=(
        Example(text="ALTER TABLE orders ADD COLUMN note text;", line=1),
        Example(text="ALTER TABLE orders DROP COLUMN note;", line=1),
        Example(
            text="CREATE TABLE o (a varchar(9));\n-- released\n"
            "ALTER TABLE o ALTER a TYPE varchar(20);",
            line=3,
        ),
        Example(
            text="CREATE VIEW v AS SELECT a FROM o;\n-- released\n"
            "CREATE OR REPLACE VIEW v AS SELECT a, b FROM o;",
            line=3,
        ),
    ),
    good=(
        Example(text="CREATE TABLE o (a int);\nALTER TABLE o ADD COLUMN b int;"),
        Example(
            text="CREATE VIEW v AS SELECT a FROM o;\n-- released\n"
            "CREATE OR REPLACE VIEW v AS SELECT a FROM o WHERE b;"
        ),
    ),
    sources=(
        "https://www.postgresql.org/docs/current/sql-prepare.html",
        "https://www.psycopg.org/psycopg3/docs/advanced/prepare.html",
        "https://jdbc.postgresql.org/documentation/server-prepare/",
    ),
)
