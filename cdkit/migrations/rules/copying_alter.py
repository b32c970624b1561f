"""An ALTER TABLE copies the table, or stops its writes for as long as it works on it.

With ALGORITHM=COPY every row goes into a new table while writes wait (reads too, at the end); some
changes are done in place and still let nobody write. On a table of some size that is an outage, and
the replicas repeat it, one behind the other. Several clauses in one ALTER TABLE are done the
slowest way that one of them needs.
"""

import re
import shlex
from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import AlterTable, ChangeColumn
from cdkit.migrations.mysql.cost import asked, kinds_of
from cdkit.migrations.mysql.ways import ALGORITHMS, MARIADB_PAGE, MYSQL_PAGE, way_of, worst
from cdkit.migrations.operation import MovePartition
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule

_LONGEST = 1000
"""Letters of a statement that are still given back as a command."""

_ASKED = re.compile(r",?\s*\b(?:ALGORITHM|LOCK)\s*=?\s*[A-Z]+\b", re.IGNORECASE)
_DROPS_KEY = re.compile(r"\bDROP\s+FOREIGN\s+KEY\b", re.IGNORECASE)
"""pt-online-schema-change wants an underscore before the key's name then, or two."""
_FOREIGN = re.compile(r"\bFOREIGN\s+KEY\b", re.IGNORECASE)


def check(operation: AlterTable, context: Context) -> Iterator[Hit]:
    """Flag each ALTER TABLE that stops the writes of a table which was there before."""
    table, schema = operation.table, context.schema
    kinds = kinds_of(operation, schema)
    if not kinds or schema.is_new_table(table):
        return
    way = asked(operation, worst(kinds, context.server))
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
            replacement=_command(operation),
        ),
    )


def _severity(lock: str, *, copies: bool) -> Severity:
    if lock == "NONE":
        return Severity.LOW
    return Severity.HIGH if copies else Severity.MEDIUM


def _command(operation: AlterTable) -> str:
    """Return the command of a tool that does the same; it wants the clauses of change alone."""
    source = " ".join(operation.statement.source.split())
    start = source.upper().find(" TABLE ")
    commented = any(mark in source for mark in ("--", "#", "/*"))
    if len(source) > _LONGEST or commented or start < 0 or source[:5].upper() != "ALTER":
        return ""
    clauses = _ASKED.sub("", source[start + 7 :].strip().partition(" ")[2]).strip(" ,")
    parts = any(isinstance(part, MovePartition) for part in operation.parts)
    if not clauses or parts or _DROPS_KEY.search(clauses):
        return ""
    table, alter = shlex.quote(operation.table.name), shlex.quote(clauses)
    if _FOREIGN.search(clauses):
        # gh-ost takes no foreign keys ("Requirements and limitations").
        there = shlex.quote(f"D=…,t={operation.table.name}")
        return f"pt-online-schema-change --alter {alter} {there} --execute"
    return f"gh-ost --database=… --table={table} --alter={alter} --execute"


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
