"""An index goes away or gets another name, and a statement that names it in a hint fails.

`FORCE INDEX (…)` and `USE INDEX (…)` of MySQL and MariaDB refuse a key that does not exist (error
1176), one that is INVISIBLE or IGNORED too; so does `INDEXED BY` of SQLite. Whether a running
version hints at an index, no migration tells, so it is said below the usual threshold. PostgreSQL
knows no such hints.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import ChangeOption
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import DropObject, RenameObject
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: DropObject | RenameObject | ChangeOption, context: Context) -> Iterator[Hit]:
    """Say so of each index that was there before, and is not there under its name at the end."""
    if isinstance(operation, ChangeOption):
        if operation.option == "ALTER INDEX" and operation.value.endswith(" unseen"):
            name = operation.value.removesuffix(" unseen")
            yield from _told(operation, context.schema.index_name(operation.table, name), context)
    elif operation.kind == "index" and operation.name not in context.ahead.end.indexes:
        yield from _told(operation, operation.name, context)


def _told(
    operation: DropObject | RenameObject | ChangeOption, name: Name, context: Context
) -> Iterator[Hit]:
    index = context.released.indexes.get(name)
    dropped = isinstance(operation, DropObject)
    if index is None or (dropped and index.unique):
        return  # `dropped-uniqueness` says it of a unique one
    does = "drops" if dropped else "renames" if isinstance(operation, RenameObject) else "hides"
    hint = "INDEXED BY" if context.server.engine == "sqlite" else "FORCE INDEX"
    yield Hit(
        message=f"{does} the index {name}: a statement of a running version that names it in "
        f"{hint} fails",
        about=str(name),
        confidence=Confidence.LOW,
        fix=Fix(
            summary="see that no running version names it in a hint",
            replacement=later(operation, "a version that names the index in no hint"),
        ),
    )


RULE = LintRule(
    severity=Severity.LOW,
    question=COMPATIBLE,
    engines=("mysql", "mariadb", "sqlite"),
    on=(DropObject, RenameObject, ChangeOption),
    check=check,
    instead="See that no running version names the index in a hint; drop it in a later release.",
    bad=(
        Example(
            text="-- server mariadb:10.11\nCREATE TABLE o (a int, KEY k (a));\n-- released\n"
            "ALTER TABLE o RENAME INDEX k TO l;",
            line=4,
        ),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (a int, KEY k (a));\n-- released\n"
            "ALTER TABLE o ALTER INDEX k INVISIBLE;",
            line=4,
        ),
        Example(
            text="-- server sqlite\nCREATE TABLE o (a int);\nCREATE INDEX k ON o (a);\n"
            "-- released\nDROP INDEX k;",
            line=5,
        ),
    ),
    good=(
        Example(
            text="CREATE TABLE o (a int);\nCREATE INDEX k ON o (a);\n-- released\nDROP INDEX k;"
        ),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (a int, KEY k (a));\n-- released\n"
            "ALTER TABLE o DROP INDEX k, ADD INDEX k (a);"
        ),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (a int, KEY k (a));\n-- released\n"
            "ALTER TABLE o ALTER INDEX k VISIBLE;"
        ),
    ),
    sources=(
        "https://dev.mysql.com/doc/refman/8.4/en/index-hints.html",
        "https://dev.mysql.com/doc/refman/8.4/en/invisible-indexes.html",
        "https://mariadb.com/kb/en/ignored-indexes/",
        "https://www.sqlite.org/lang_indexedby.html",
    ),
)
