"""A table is kept by another storage engine, or its file is taken away.

BLACKHOLE keeps nothing, MEMORY loses its rows when the server starts again, ARCHIVE refuses UPDATE
and DELETE, CSV and MERGE know no keys that are unique; FEDERATED and a MERGE table show the rows of
others. MyISAM and Aria keep rows, and know neither transactions that can be undone nor foreign
keys: that is said below the usual threshold. A table whose tablespace is discarded has no rows
until another file is imported.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import ChangeOption
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later

_LOSES = {
    "blackhole": "it keeps no rows",
    "example": "it keeps no rows",
    "memory": "its rows are lost when the server starts again",
    "heap": "its rows are lost when the server starts again",
    "archive": "it refuses UPDATE and DELETE",
    "csv": "it knows no keys, so that rows come in twice",
    "federated": "it shows the rows of another server",
    "connect": "it shows what is kept elsewhere",
    "merge": "it shows the rows of other tables",
    "mrg_myisam": "it shows the rows of other tables",
}
_SAME = frozenset({"innodb", "xtradb", "rocksdb"})
_OPTIONS = {
    "DISCARD TABLESPACE": "discards the file of {}: its rows are gone until one is imported",
    "UNION": "changes which tables {} shows the rows of",
    "CONNECTION": "changes from where {} shows rows",
}


def check(operation: ChangeOption, context: Context) -> Iterator[Hit]:
    """Flag each change of a table that was there before."""
    table, option, engine = operation.table, operation.option, operation.value.lower()
    if context.schema.is_new_table(table):
        return
    if option == "ENGINE" and engine not in _SAME:
        does = _LOSES.get(engine, "a ROLLBACK undoes nothing in it, and no foreign key holds")
        said = f"keeps {table} in {operation.value}: {does}"
    elif option in _OPTIONS:
        said = _OPTIONS[option].format(table)
    else:
        return
    yield Hit(
        message=said,
        about=str(table),
        severity=None if engine in _LOSES or option in _OPTIONS else Severity.LOW,
        fix=Fix(
            summary="see that no running version needs what the table loses",
            replacement=later(operation, "a version that does without what the table loses"),
        ),
    )


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    engines=("mysql", "mariadb"),
    on=(ChangeOption,),
    check=check,
    instead="See that no running version needs what the table loses.",
    bad=(
        Example(text="-- server mysql:8.0\nALTER TABLE orders ENGINE=BLACKHOLE;", line=2),
        Example(text="-- server mariadb:10.11\nALTER TABLE orders ENGINE = Aria;", line=2),
        Example(text="-- server mysql:8.0\nALTER TABLE orders DISCARD TABLESPACE;", line=2),
    ),
    good=(
        Example(text="-- server mysql:8.0\nALTER TABLE orders ENGINE=InnoDB;"),
        Example(text="-- server mysql:8.0\nCREATE TABLE o (a int);\nALTER TABLE o ENGINE=MEMORY;"),
    ),
    sources=(
        "https://dev.mysql.com/doc/refman/8.4/en/storage-engines.html",
        "https://dev.mysql.com/doc/refman/8.4/en/innodb-table-import.html",
        "https://mariadb.com/kb/en/choosing-the-right-storage-engine/",
    ),
)
