"""A migration deletes or overwrites rows that the running version reads.

Nothing fails: it finds other values, or nothing. Rows that are deleted do not come back when the
release is taken back. To fill a column that is new is left alone; an UPDATE of some rows of an old
column is said below the usual threshold, and so is what takes the place of rows with the same key
(REPLACE, ON DUPLICATE KEY UPDATE, ON CONFLICT DO UPDATE).
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import WriteRows
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: WriteRows, context: Context) -> Iterator[Hit]:
    """Flag each DELETE, and each UPDATE of a column, of what was there before the change."""
    table, schema = operation.table, context.schema
    if operation.verb not in _CHANGING or schema.is_new_relation(table):
        return
    if operation.verb == "REPLACE":
        yield _replaced(operation, context)
        return
    old = [each for each in operation.columns if not schema.is_new_column(table, each)]
    if operation.verb == "UPDATE" and not old:
        return
    held = context.released.table(table)
    if held and held.parents and context.server.engine == "postgres":
        from cdkit.migrations.postgres.moves import moved_to

        if to := moved_to(operation, context):
            yield _moved(operation, to)
            return
    which = "some rows" if operation.guarded else "every row"
    deletes = operation.verb == "DELETE"
    what = "deletes" if deletes else f"overwrites {', '.join(old)} in"
    some = None if deletes else Severity.LOW
    yield Hit(
        message=f"{what} {which} of {table}, which a running version may read",
        about=str(table),
        severity=some if operation.guarded else Severity.HIGH if deletes else None,
        confidence=Confidence.MEDIUM,
        fix=Fix(
            summary="mark rows as gone and delete them in a later release; write new values to a "
            "new column",
            replacement=later(operation, "code that does not read what this changes"),
        ),
    )


_CHANGING = frozenset({"DELETE", "UPDATE", "REPLACE"})


def _replaced(operation: WriteRows, context: Context) -> Hit:
    """The row that is in the way is deleted, whole, and with it those that a foreign key takes."""
    table = operation.table
    keys = context.schema.leading_to(table)
    others = ", ".join(dict.fromkeys(str(name) for name, key in keys if key.deletes == "c"))
    taken = f", and those of {others} that refer to them" if others else ""
    return Hit(
        message=f"replaces rows of {table} that have the same key{taken}: what a running version "
        "wrote there is gone",
        about=str(table),
        severity=None if others else Severity.LOW,
        confidence=Confidence.MEDIUM,
        fix=Fix(
            summary="say which columns are to change (ON DUPLICATE KEY UPDATE, ON CONFLICT DO "
            "UPDATE), or insert only what is not there",
            replacement=later(operation, "code that does not read what this changes"),
        ),
    )


def _moved(operation: WriteRows, to: Name) -> Hit:
    table = operation.table
    return Hit(
        message=f"moves rows of {table} into {to}: who asks for {table} by its own name does not "
        "find them there any more",
        about=str(table),
        severity=Severity.LOW,
        fix=Fix(
            summary="see that the running version asks for the table that both are a part of",
            replacement=later(operation, f"code that does not name {table}"),
        ),
    )


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    on=(WriteRows,),
    check=check,
    instead="Delete in a later release; write new values to a new column.",
    bad=(
        Example(text="DELETE FROM orders WHERE state = 'old';", line=1),
        Example(text="UPDATE products SET stock = 0;", line=1),
        Example(text="-- server mysql:8.0\nUPDATE products p SET p.stock = 0;", line=2),
        Example(text="-- server sqlite:3\nUPDATE products SET (stock, price) = (0, 1);", line=2),
        Example(text="-- server mysql:8.0\nUPDATE p SET a = f(1, 2), b = 3;", line=2),
        Example(
            text="-- server mariadb:10.11\nALTER IGNORE TABLE p ADD COLUMN c int, ADD UNIQUE (a);",
            line=2,
        ),
        Example(text="-- server mysql:8.0\nLOAD DATA INFILE 'x' REPLACE INTO TABLE p;", line=2),
        Example(text="-- server mysql:8.0\nREPLACE INTO p (a, b) VALUES (1, 2);", line=2),
        Example(text="-- server sqlite:3\nINSERT OR REPLACE INTO p (a, b) VALUES (1, 2);", line=2),
        Example(
            text="-- server mysql:8.0\nINSERT INTO p (a) VALUES (1) ON DUPLICATE KEY UPDATE b = 2;",
            line=2,
        ),
        Example(
            text="-- server sqlite:3\nINSERT INTO p (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET "
            "b = 2 WHERE b IS NULL;",
            line=2,
        ),
        Example(
            text="INSERT INTO p (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = excluded.b;",
            line=1,
        ),
        Example(
            text="MERGE INTO orders o USING gone g ON o.id = g.id WHEN MATCHED THEN DELETE;", line=1
        ),
    ),
    good=(
        Example(
            text="CREATE TABLE o (a int);\n-- released\nALTER TABLE o ADD COLUMN b int;\n"
            "UPDATE o SET b = a WHERE b IS NULL;"
        ),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (a int, c int);\n-- released\n"
            "ALTER TABLE o ADD COLUMN b int;\nUPDATE o SET b = a, b = c WHERE b IS NULL;"
        ),
        Example(text="-- server mariadb:10.11\nALTER IGNORE TABLE p ADD c int, ADD KEY (a);"),
        Example(text="INSERT INTO states VALUES ('paid');"),
        Example(
            text="-- server mysql:8.0\nINSERT INTO p (a) VALUES (1) ON DUPLICATE KEY UPDATE a = a;"
        ),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE p (a int PRIMARY KEY);\n-- released\n"
            "ALTER TABLE p ADD COLUMN b int;\n"
            "INSERT INTO p (a, b) SELECT a, 1 FROM p AS o ON DUPLICATE KEY UPDATE b = VALUES(b);"
        ),
        Example(text="CREATE TABLE o (a int);\nDELETE FROM o;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-delete.html",),
)
