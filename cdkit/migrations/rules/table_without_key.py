"""A new table has no primary key.

A replica looks for each changed row by reading the whole table; Galera refuses to delete from it,
group replication to write to it; InnoDB keeps a hidden number for each row all the same.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import CreateTable
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: CreateTable, context: Context) -> Iterator[Hit]:
    """Flag each whose columns are known and that has neither a primary nor a unique key."""
    del context
    if not operation.columns_known or "TEMPORARY" in operation.options:
        return
    written = [each for column in operation.columns for each in column.constraints]
    kinds = {each.kind for each in (*written, *operation.constraints)}
    if kinds & {"primary key", "unique"} or any(index.unique for index in operation.indexes):
        return
    yield Hit(
        message=f"makes {operation.table} without a primary key: replicas read all of it for "
        "each changed row",
        about=str(operation.table),
        fix=Fix(
            summary="give it a key",
            replacement="id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY",
        ),
    )


RULE = LintRule(
    severity=Severity.LOW,
    question=SAFE_TO_RUN,
    engines=("mysql", "mariadb"),
    on=(CreateTable,),
    check=check,
    instead="Give every table a primary key.",
    bad=(Example(text="-- server mysql:8.0\nCREATE TABLE o (a int, KEY k (a));", line=2),),
    good=(
        Example(text="-- server mysql:8.0\nCREATE TABLE o (a int PRIMARY KEY);"),
        Example(text="-- server mysql:8.0\nCREATE TEMPORARY TABLE o (a int);"),
        Example(text="-- server mysql:8.0\nCREATE TABLE o (a int NOT NULL, UNIQUE KEY (a));"),
    ),
    sources=("https://dev.mysql.com/doc/refman/8.4/en/replication-features-differing-tables.html",),
)
