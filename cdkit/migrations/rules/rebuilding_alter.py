"""An ALTER TABLE writes the whole table anew, while reads and writes go on.

Nobody waits, but for a moment at its end. It takes the disk space of a second copy, the log of the
writes meanwhile can overflow (`innodb_online_alter_log_max_size`), and each replica does it again.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import AlterTable
from cdkit.migrations.mysql.cost import kinds_of
from cdkit.migrations.mysql.cost import way as way_of
from cdkit.migrations.mysql.tools import online
from cdkit.migrations.mysql.ways import MARIADB_PAGE, MYSQL_PAGE
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: AlterTable, context: Context) -> Iterator[Hit]:
    """Flag each ALTER TABLE that rebuilds a table in place which was there before."""
    table = operation.table
    kinds = kinds_of(operation, context.schema)
    if not kinds or context.schema.is_new_table(table):
        return
    way = way_of(operation, context.schema, context.server)
    if way and way.rebuilds and way.algorithm == "INPLACE" and way.lock == "NONE":
        yield Hit(
            message=f"rebuilds {table} in place ({', '.join(kinds)}): writes go on, replicas fall "
            "behind",
            about=str(table),
            fix=Fix(
                summary="run it when little is written, or split off what is instant",
                replacement=online(operation, context.schema),
            ),
        )


RULE = LintRule(
    severity=Severity.LOW,
    question=SAFE_TO_RUN,
    grows=True,
    engines=("mysql", "mariadb"),
    on=(AlterTable,),
    check=check,
    instead="Run it when little is written; split off what is instant.",
    bad=(
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (id int PRIMARY KEY) ROW_FORMAT=COMPRESSED;\n"
            "-- released\nALTER TABLE o ADD COLUMN a int;",
            line=4,
        ),
        Example(text="-- server mysql:5.7\nALTER TABLE o ADD COLUMN a int;", line=2),
        Example(text="-- server mysql:8.0\nALTER TABLE o ADD COLUMN a int, ADD INDEX (b);", line=2),
        Example(text="-- server mariadb:10.11\nOPTIMIZE TABLE o;", line=2),
    ),
    good=(
        Example(text="-- server mysql:8.0\nALTER TABLE o ADD COLUMN a int;"),
        Example(text="-- server mysql:8.0\nALTER TABLE o ADD INDEX (b);"),
    ),
    sources=(MYSQL_PAGE, MARIADB_PAGE),
)
