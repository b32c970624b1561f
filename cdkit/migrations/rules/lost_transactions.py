"""A table moves to a storage engine without transactions.

Nothing fails: what the running version takes back by ROLLBACK stays, rows that it reads by FOR
UPDATE are not kept from others, and foreign keys are read and forgotten.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import ChangeOption
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule

_WITHOUT = frozenset(
    {"myisam", "memory", "heap", "csv", "archive", "blackhole", "merge", "mrg_myisam", "aria"}
    | {"federated", "s3"}
)
"""MySQL manual, 18 "Alternative Storage Engines", each engine's table of features; MariaDB's Aria,
whose TRANSACTIONAL means that it survives a crash."""


def check(operation: ChangeOption, context: Context) -> Iterator[Hit]:
    """Flag each table that was there before and had transactions, as far as is known."""
    table, engine = operation.table, operation.value.strip("'\"` ").lower()
    if operation.option != "ENGINE" or engine not in _WITHOUT:
        return
    known = context.schema.table(table)
    before = known.options.get("ENGINE", "innodb").strip("'\"` ").lower() if known else "innodb"
    if context.schema.is_new_table(table) or before in _WITHOUT:
        return
    yield Hit(
        message=f"moves {table} to {engine}, which has no transactions: what a running version "
        "rolls back stays",
        about=str(table),
        fix=Fix(
            summary="keep the engine, or make a table of its own and let a later version use it",
            replacement=f"ALTER TABLE {context.sql(table)} ENGINE = InnoDB;",
        ),
    )


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    engines=("mysql", "mariadb"),
    on=(ChangeOption,),
    check=check,
    instead="Keep the engine, or make a new table.",
    bad=(
        Example(text="-- server mysql:8.0\nALTER TABLE o ENGINE=MyISAM;", line=2),
        Example(text="-- server mariadb:10.11\nALTER TABLE o ENGINE = Aria;", line=2),
    ),
    good=(
        Example(text="-- server mysql:8.0\nALTER TABLE o ENGINE=InnoDB;"),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (id int PRIMARY KEY) ENGINE=MyISAM;\n"
            "-- released\nALTER TABLE o ENGINE=MEMORY;"
        ),
    ),
    sources=("https://dev.mysql.com/doc/refman/8.4/en/storage-engines.html",),
)
