"""A table is rebuilt, and not everything that was in it comes along.

SQLite changes most of a table by making a new one and copying. A column that the copy leaves out
is empty afterwards, one that it fills from another holds other values, a row that its WHERE leaves
out is gone, and so are all rows where nothing is copied. Triggers go with the old table. What
refers to it follows it when it is renamed first. What the new table itself lacks (columns,
indexes) is told by the rules for these.
"""

from collections.abc import Iterator

from msgspec import structs

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import RebuildTable
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: RebuildTable, context: Context) -> Iterator[Hit]:
    """Flag what the copy leaves out of a table that was there before."""
    if context.schema.is_new_table(operation.table):
        return
    fix = Fix(
        summary="copy every column of every row: INSERT INTO new (…) SELECT … FROM old",
        replacement=_copying(operation, context),
    )
    for hit in _found(operation, context):
        yield structs.replace(hit, fix=fix)


def _copying(operation: RebuildTable, context: Context) -> str:
    """The copy of all columns that both tables have; nothing where the old ones are not known."""
    made = [each.name for each in operation.made.columns if not each.generated]
    columns = ", ".join(context.sql(name) for name in made if name in operation.kept)
    old, new = context.sql(operation.table), context.sql(operation.made.table)
    return f"INSERT INTO {new} ({columns}) SELECT {columns} FROM {old};" if columns else ""


def _found(operation: RebuildTable, context: Context) -> Iterator[Hit]:
    table = operation.table
    if not operation.made.columns_known:
        return  # CREATE TABLE AS copies by itself, and is told of as what cannot be read
    if not operation.copied:
        yield _hit(str(table), f"rebuilds {table} and copies nothing into it: its rows are gone")
        return
    if not operation.whole:
        yield _hit(str(table), f"rebuilds {table} with a part of its rows: the others are gone")
    for trigger in operation.lost:
        yield _hit(str(table), f"rebuilds {table} without its trigger {trigger}: it is gone")
    settings = context.schema.settings
    if operation.aside and settings.get("legacy_alter_table") not in {"on", "1", "true", "yes"}:
        said = f"puts {table} aside first: views, triggers and foreign keys follow the old one"
        yield _hit(str(table), said)
    for column in operation.made.columns:
        if (
            column.name in operation.kept
            and column.name not in operation.copied
            and not column.generated
        ):
            about = f"{table}.{column.name}"
            yield _hit(about, f"rebuilds {table} without copying {about}: its values are gone")
    yield from _filled_otherwise(operation)


def _filled_otherwise(operation: RebuildTable) -> Iterator[Hit]:
    """Yield the columns that get other values; what an expression makes, nobody here can tell."""
    for column, source in operation.copied.items():
        if column not in operation.kept or source == column:
            continue
        about = f"{operation.table}.{column}"
        said = f"rebuilds {operation.table} and fills {about} from"
        if source:
            yield _hit(about, f"{said} {source}: its own values are gone")
        else:
            hit = _hit(about, f"{said} an expression: see that it keeps its values")
            yield structs.replace(hit, severity=Severity.LOW)


def _hit(about: str, said: str) -> Hit:
    return Hit(message=said, about=about)


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    engines=("sqlite",),
    on=(RebuildTable,),
    check=check,
    instead="Copy every column of every row.",
    bad=(
        Example(
            text="-- server sqlite\nCREATE TABLE o (a int, b int);\n-- released\n"
            "CREATE TABLE n (a int, b int);\nINSERT INTO n (a) SELECT a FROM o;\n"
            "DROP TABLE o;\nALTER TABLE n RENAME TO o;",
            line=4,
        ),
        Example(
            text="-- server sqlite\nCREATE TABLE o (a int, b int);\n-- released\n"
            "CREATE TABLE n (a int, b int);\nINSERT INTO n (a, b) SELECT b, a FROM o;\n"
            "DROP TABLE o;\nALTER TABLE n RENAME TO o;",
            line=4,
        ),
        Example(
            text="-- server sqlite\nCREATE TABLE o (a int);\n-- released\n"
            "CREATE TABLE n (a int);\nINSERT INTO n SELECT a FROM o WHERE a > 0;\n"
            "DROP TABLE o;\nALTER TABLE n RENAME TO o;",
            line=4,
        ),
    ),
    good=(
        Example(
            text="-- server sqlite\nCREATE TABLE o (a int, b int);\n-- released\n"
            "CREATE TABLE n (a int, b int);\nINSERT INTO n SELECT * FROM o;\n"
            "DROP TABLE o;\nALTER TABLE n RENAME TO o;"
        ),
    ),
    sources=("https://www.sqlite.org/lang_altertable.html",),
)
