"""A column, or a whole table, gets another character set or collation.

Texts compare otherwise: what was unique may not be any more (the migration fails), what was found
may not be, a join with a column of the old collation fails ("Illegal mix of collations"), an index
on a long text may become too long. A character set that holds less refuses what is written.
"""

from collections.abc import Iterator

from msgspec import structs

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import ChangeColumn, ChangeOption
from cdkit.migrations.mysql.types import collated
from cdkit.migrations.nouns import Name, Type
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import whole

_UTF8 = ("utf8", "utf8mb3", "utf8mb4")
_TEXTS = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext"})
_CONVERT = "CONVERT TO CHARACTER SET"


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Flag each on a table that was there before."""
    if isinstance(operation, ChangeColumn):
        yield from _of_column(operation, context)
    elif isinstance(operation, ChangeOption) and operation.option == _CONVERT:
        yield from _of_table(operation, context)


def _of_column(operation: ChangeColumn, context: Context) -> Iterator[Hit]:
    old, new, table = operation.old, operation.new.type, operation.table
    if old is None or context.schema.is_new_column(table, operation.new.name):
        return
    held = context.schema.table(table)
    options = held.options if held else {}
    if old.type.name != new.name or collated(old.type, options) == collated(new, options):
        return
    about = f"{table}.{operation.new.name}"
    hit = _hit(about, _said(old.type), _said(new), Confidence.HIGH)
    looked = _equal_texts(table, operation.new.name, _said(new), context)
    yield _looking(hit, f"{looked}\n{whole(operation)}")


def _said(kind: Type) -> str:
    return kind.collation or kind.charset or "what the table has"


def _of_table(operation: ChangeOption, context: Context) -> Iterator[Hit]:
    table = operation.table
    found = context.schema.table(table)
    if context.schema.is_new_table(table):
        return
    before = found.options.get("CHARACTER SET", "") if found else ""
    if before == operation.value:
        return
    sure = Confidence.HIGH if before else Confidence.MEDIUM
    hit = _hit(str(table), before or "what it has", operation.value, sure)
    columns = found.columns.values() if found and found.known else ()
    texts = [each.name for each in columns if each.type.name in _TEXTS]
    looked = [_equal_texts(table, name, operation.value, context) for name in texts]
    yield _looking(hit, "\n".join([*(looked or [_columns(table)]), whole(operation)]))


def _looking(hit: Hit, sql: str) -> Hit:
    fix = structs.replace(hit.fix, replacement=sql) if hit.fix else None
    return structs.replace(hit, fix=fix)


def _equal_texts(table: Name, column: str, after: str, context: Context) -> str:
    """What finds the texts that are one and the same from then on: to be mended first."""
    name, collation = context.sql(column), after.rpartition(" ")[2]
    charset = collation.partition("_")[0]
    as_it_will_be = f"CONVERT({name} USING {charset})"
    as_it_will_be += f" COLLATE {collation}" if collation != charset else ""
    if not charset.isalnum() or not collation.replace("_", "").isalnum():
        as_it_will_be = name
    return (
        f"SELECT MIN({name}), MAX({name}), COUNT(*) FROM {context.sql(table)}\n"
        f"  GROUP BY {as_it_will_be} HAVING COUNT(DISTINCT BINARY {name}) > 1;"
    )


def _columns(table: Name) -> str:
    """What tells which columns hold texts, where no migration does."""
    name = table.name.replace("\\", "\\\\").replace("'", "''")
    return (
        "SELECT column_name, collation_name FROM information_schema.columns\n"
        f"  WHERE table_schema = DATABASE() AND table_name = '{name}'\n"
        "    AND collation_name IS NOT NULL;"
    )


def _hit(about: str, before: str, after: str, confidence: Confidence) -> Hit:
    narrows = after.split("_", maxsplit=1)[0].split(" ", maxsplit=1)[0] not in (*_UTF8, "what")
    narrows = narrows and before.split("_", maxsplit=1)[0] in _UTF8
    effect = "letters are refused, or lost" if narrows else "texts compare and sort otherwise"
    return Hit(
        message=f"changes {about} from {before} to {after}: {effect}",
        about=about,
        severity=Severity.HIGH if narrows else None,
        confidence=confidence,
        fix=Fix(
            summary="look for texts that are equal in the new one, change the columns of a join "
            "together, and see that the connection of every version speaks it",
        ),
    )


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    engines=("mysql", "mariadb"),
    on=(ChangeColumn, ChangeOption),
    check=check,
    instead="Look for texts that become equal; change the columns of a join together.",
    bad=(
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (a varchar(20) COLLATE utf8mb4_bin);\n"
            "-- released\nALTER TABLE o MODIFY a varchar(20) COLLATE utf8mb4_general_ci;",
            line=4,
        ),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (a varchar(20)) COLLATE utf8mb4_unicode_ci;\n"
            "-- released\nALTER TABLE o MODIFY a varchar(20) CHARACTER SET utf8mb4;",
            line=4,
        ),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (a varchar(20)) CHARSET latin1;\n"
            "-- released\nALTER TABLE o DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci;\n"
            "ALTER TABLE o MODIFY a varchar(20) COLLATE utf8mb4_unicode_ci;",
            line=5,
        ),
        Example(
            text="-- server mariadb:10.11\nALTER TABLE o CONVERT TO CHARACTER SET latin1;", line=2
        ),
    ),
    good=(
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (a varchar(20));\n-- released\n"
            "ALTER TABLE o MODIFY a varchar(40);"
        ),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (a varchar(20), b char(9) COLLATE "
            "utf8mb4_unicode_ci) DEFAULT CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;\n-- released\n"
            "ALTER TABLE o MODIFY a varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,\n"
            "    MODIFY b char(9);"
        ),
        Example(text="-- server mysql:8.0\nALTER TABLE o DEFAULT CHARACTER SET utf8mb4;"),
    ),
    sources=("https://dev.mysql.com/doc/refman/8.4/en/charset-conversion.html",),
)
