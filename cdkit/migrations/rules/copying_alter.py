"""An ALTER TABLE copies the table, or stops its writes for as long as it works on it.

With ALGORITHM=COPY every row goes into a new table while writes wait (reads too, at the end); some
changes are done in place and still let nobody write. On a table of some size that is an outage, and
the replicas repeat it, one behind the other. Several clauses in one ALTER TABLE are done the
slowest way that one of them needs.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import AlterTable, ChangeColumn
from cdkit.migrations.mysql.cost import asked, kinds_of
from cdkit.migrations.mysql.cost import way as best_way
from cdkit.migrations.mysql.tools import online
from cdkit.migrations.mysql.ways import ALGORITHMS, MARIADB_PAGE, MYSQL_PAGE, way_of
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: AlterTable, context: Context) -> Iterator[Hit]:
    """Flag each ALTER TABLE that stops the writes of a table which was there before."""
    table, schema = operation.table, context.schema
    kinds, best = kinds_of(operation, schema), best_way(operation, schema, context.server)
    if not kinds or best is None or schema.is_new_table(table):
        return
    way = asked(operation, best)
    if way.algorithm == "INSTANT" or (way.lock == "NONE" and way.algorithm != "COPY"):
        return
    slow = max(kinds, key=lambda kind: ALGORITHMS.index(way_of(kind, context.server).algorithm))
    sure = all(
        schema.column(table, part.column) is not None
        for part in operation.parts
        if isinstance(part, ChangeColumn)
    )
    copies = way.algorithm == "COPY"
    stops = "no write gets in" if way.lock != "NONE" else "writes go on, replicas fall behind"
    yield Hit(
        message=f"{slow}, which {'copies' if copies else 'works through'} {table}: {stops} ({way})",
        about=str(table),
        severity=_severity(way.lock, copies=copies and sure),
        confidence=Confidence.HIGH if sure else Confidence.LOW,
        fix=Fix(
            summary="let gh-ost or pt-online-schema-change do it, which copy in small steps, or "
            "split off what is instant",
            replacement=online(operation, context.schema),
        ),
    )


def _severity(lock: str, *, copies: bool) -> Severity:
    if lock == "NONE":
        return Severity.LOW
    return Severity.HIGH if copies else Severity.MEDIUM


RULE = LintRule(
    severity=Severity.HIGH,
    question=SAFE_TO_RUN,
    grows=True,
    engines=("mysql", "mariadb"),
    on=(AlterTable,),
    check=check,
    instead="Use gh-ost or pt-online-schema-change, or a change that is instant.",
    bad=(
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (id int) PARTITION BY LINEAR HASH (id);\n"
            "-- released\nALTER TABLE o ADD PARTITION PARTITIONS 2;",
            line=4,
        ),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (id int PRIMARY KEY) ENGINE=MyISAM;\n"
            "-- released\nALTER TABLE o ADD COLUMN a int;",
            line=4,
        ),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (id int PRIMARY KEY, a int);\n-- released\n"
            "ALTER TABLE o MODIFY a bigint;",
            line=4,
        ),
        Example(
            text="-- server mysql:8.0\n"
            "ALTER TABLE o ADD CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id);",
            line=2,
        ),
        Example(
            text="-- server mysql:8.4\nALTER TABLE o CONVERT TO CHARACTER SET utf8mb4;", line=2
        ),
        Example(text="-- server mariadb:10.11\nCREATE FULLTEXT INDEX i ON o (a);", line=2),
        Example(text="-- server mysql:8.0\nALTER TABLE o DROP PRIMARY KEY;", line=2),
        Example(text="-- server mysql:8.0\nALTER TABLE o ADD a int, ALGORITHM=COPY;", line=2),
    ),
    good=(
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (id int) PARTITION BY RANGE (id) "
            "(PARTITION a VALUES LESS THAN (5));\n-- released\n"
            "ALTER TABLE o ADD PARTITION (PARTITION b VALUES LESS THAN (9));\n"
            "ALTER TABLE o ANALYZE PARTITION a;"
        ),
        Example(text="-- server mysql:8.0\nALTER TABLE o ADD COLUMN a int;"),
        Example(text="-- server mysql:8.0\nCREATE INDEX i ON o (a);"),
        Example(
            text="-- server mysql:8.0\nSET foreign_key_checks = 0;\n"
            "ALTER TABLE o ADD CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id);"
        ),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (a int);\nALTER TABLE o MODIFY a bigint;"
        ),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (a varchar(20));\n-- released\n"
            "ALTER TABLE o MODIFY a varchar(60);"
        ),
    ),
    sources=(MYSQL_PAGE, MARIADB_PAGE),
)
