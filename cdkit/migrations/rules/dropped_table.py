"""A table goes away that the running version may still use.

Every query on it fails at once, and its rows are lost. A roll back brings the old version back, not
the table.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.net import eased, lacks
from cdkit.migrations.operation import DropObject
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: DropObject, context: Context) -> Iterator[Hit]:
    """Flag each table that was there before the change."""
    if operation.kind not in {"table", "foreign table"}:
        return
    name = operation.name
    if context.schema.is_new_table(name):
        return
    table = context.schema.table(name)
    served = table.was if table and table.was else name
    lacking = lacks(served, context, dropped=served == name)
    known = table is not None
    fails = (
        f"what takes its place is not the same: {lacking}"
        if lacking
        else ("a running version that uses it fails")
    )
    hit = Hit(
        message=f"drops the table {name}: {fails}",
        about=str(name),
        confidence=Confidence.HIGH if known else Confidence.MEDIUM,
        fix=Fix(
            summary="release a version that does not use the table, let it run everywhere, and "
            "drop the table in a later release",
            replacement=later(operation, "a version that does not use the table"),
        ),
    )
    yield from eased(hit, context, undone=lacking == "")


_OLD = "CREATE TABLE o (a text);\n-- released\n"
_TAKES = "DROP TABLE o;\nALTER TABLE n RENAME TO o;\nINSERT INTO o (a) VALUES ('');\nCOMMIT;"

RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(DropObject,),
    check=check,
    instead="Stop using the table in one release, drop it in the next.",
    bad=(
        Example(
            text="CREATE TABLE o (a int, b text);\n-- released\nBEGIN;\n"
            "ALTER TABLE o RENAME TO p;\nCREATE TABLE o (b text, a int);\n"
            "INSERT INTO o (a, b) SELECT a, b FROM p;\nDROP TABLE p;\nCOMMIT;",
            line=7,
        ),
        Example(
            text="CREATE TABLE o (a int, b text);\n-- released\n"
            "ALTER TABLE o RENAME TO p;\nCREATE VIEW o AS SELECT a, b FROM p;\n"
            "DROP TABLE p CASCADE;",
            line=5,
        ),
        Example(text="DROP TABLE orders;", line=1),
        *(
            Example(text=f"{_OLD}BEGIN;\nLOCK TABLE o;\n{made}{_TAKES}", line=6)
            for made in (
                "CREATE TABLE n (a varchar(3));\n",
                "CREATE TABLE n (a text NOT NULL);\n",
                "CREATE TABLE n (a text, b int NOT NULL);\n",
                "CREATE TABLE n (a text CHECK (a <> ''));\n",
                "CREATE TABLE n (a text UNIQUE);\n",
            )
        ),
        Example(
            text=f"{_OLD}BEGIN;\nCREATE TABLE k AS SELECT * FROM o;\nDROP TABLE o;\n"
            "CREATE TABLE o (a text);\nINSERT INTO o SELECT a FROM k;\nCOMMIT;",
            line=5,
        ),
        Example(text="CREATE TABLE a (id int);\n-- released\nDROP TABLE IF EXISTS a;", line=3),
    ),
    good=(
        Example(
            text="CREATE TABLE o (a int PRIMARY KEY, b text);\n-- released\nBEGIN;\n"
            "ALTER TABLE o RENAME TO p;\nALTER INDEX o_pkey RENAME TO p_pkey;\n"
            "CREATE TABLE o (LIKE p INCLUDING ALL);\nINSERT INTO o SELECT * FROM p;\n"
            "DROP TABLE p;\nCOMMIT;"
        ),
        Example(
            text=f"{_OLD}BEGIN;\nLOCK TABLE o;\nCREATE TABLE n (a text, b int CHECK (b > 0));\n"
            f"{_TAKES}"
        ),
        Example(text="CREATE TABLE scratch (id int);\nDROP TABLE scratch;"),
        Example(text="CREATE TEMP TABLE scratch (id int);\nDROP TABLE pg_temp.scratch;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-droptable.html",),
)
