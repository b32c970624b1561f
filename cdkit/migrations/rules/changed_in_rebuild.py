"""A table is rebuilt with columns that have the old names and act otherwise.

SQLite takes a new collation or another order of columns only by a rebuild, and says nothing of it:
texts compare and sort otherwise, an INSERT without names writes into other columns. An `INTEGER
PRIMARY KEY` is the number of the row, which SQLite fills in; an `INT PRIMARY KEY` is not, and stays
null; one of a table WITHOUT ROWID is not either, and an INSERT that leaves it out is refused. Such
a table has no `rowid` to ask for. Without AUTOINCREMENT the numbers of rows that are gone come
again. A STRICT table refuses values of another type than its columns'.
"""

from collections.abc import Iterable, Iterator, Mapping

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import RebuildTable
from cdkit.migrations.nouns import Column, Constraint
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.schema import Table
from cdkit.migrations.sqlite.columns import AUTOINCREMENT


def check(operation: RebuildTable, context: Context) -> Iterator[Hit]:
    """Compare what the running version knows with the table that takes its place."""
    old = context.released.table(operation.table)
    if old is None or not old.known or not operation.made.columns_known:
        return
    for column, severity, said in _found(old, operation):
        yield Hit(
            message=f"rebuilds {operation.table} {said}",
            about=f"{operation.table}.{column}" if column else str(operation.table),
            severity=severity,
            fix=Fix(summary="keep it so, or release a version that can live with both first"),
        )


def _found(old: Table, rebuilt: RebuildTable) -> Iterator[tuple[str, Severity, str]]:
    """Yield column, severity and what is other; no column where it is the whole table."""
    made = {each.name: each for each in rebuilt.made.columns}
    both = [name for name in old.columns if name in made]
    for name in both:
        before, after = (x.type.collation or "binary" for x in (old.columns[name], made[name]))
        if before != after:
            said = f"with {name} compared by {after.upper()}, which was by {before.upper()}"
            yield name, Severity.MEDIUM, said
    if [name for name in made if name in old.columns] != both:
        said = "with its columns in another order: who reads or writes by their place meets others"
        yield "", Severity.MEDIUM, said
    if "STRICT" in rebuilt.made.options and "STRICT" not in old.options:
        said = "as STRICT: a value of another type than its column's is refused"
        yield "", Severity.MEDIUM, said
    inside = [each for column in made.values() for each in column.constraints]
    if _counts(old.constraints.values()) and not _counts(inside):
        said = "without AUTOINCREMENT: a new row gets the number of one that was deleted"
        yield "", Severity.MEDIUM, said
    number = _number(old.columns, old.constraints.values(), old.options)
    if number not in made:
        return
    if number != _number(made, (*rebuilt.made.constraints, *inside), rebuilt.made.options):
        said = f"with {number} no longer the row's number, which SQLite fills in"
        yield number, Severity.HIGH, said


def _counts(constraints: Iterable[Constraint]) -> bool:
    return any(x.kind == "primary key" and x.expression == AUTOINCREMENT for x in constraints)


def _number(
    columns: Mapping[str, Column], constraints: Iterable[Constraint], options: Mapping[str, str]
) -> str:
    """Return the column that is the number of the row (SQLite, "CREATE TABLE", 5), or nothing."""
    if "ROWID" in options:
        return ""
    for name, column in columns.items():
        if column.serial:
            return name
    keys = [each.columns for each in constraints if each.kind == "primary key"]
    alone = keys[0][0] if keys and len(keys[0]) == 1 else ""
    found = columns.get(alone)
    if found is None or found.type.name != "integer":
        return ""
    # Written with the column it counts only without DESC, and is `serial` then.
    return "" if any(each.kind == "primary key" for each in found.constraints) else alone


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    engines=("sqlite",),
    on=(RebuildTable,),
    check=check,
    instead="Keep its columns as they were, or release a version that can live with both first.",
    by_hand="the rebuild is right but for the definition that the finding names: say there what "
    "the old table says.",
    bad=(
        Example(
            text="-- server sqlite\nCREATE TABLE o (a integer PRIMARY KEY AUTOINCREMENT);\n"
            "-- released\nCREATE TABLE n (a integer PRIMARY KEY);\n"
            "INSERT INTO n (a) SELECT a FROM o;\nDROP TABLE o;\nALTER TABLE n RENAME TO o;",
            line=4,
        ),
        Example(
            text="-- server sqlite\nCREATE TABLE o (a text COLLATE NOCASE);\n-- released\n"
            "CREATE TABLE n (a text);\nINSERT INTO n (a) SELECT a FROM o;\n"
            "DROP TABLE o;\nALTER TABLE n RENAME TO o;",
            line=4,
        ),
        Example(
            text="-- server sqlite\nCREATE TABLE o (a int, b int);\n-- released\n"
            "CREATE TABLE n (b int, a int);\nINSERT INTO n (a, b) SELECT a, b FROM o;\n"
            "DROP TABLE o;\nALTER TABLE n RENAME TO o;",
            line=4,
        ),
        Example(
            text="-- server sqlite\nCREATE TABLE o (id INTEGER PRIMARY KEY, b int);\n-- released\n"
            "CREATE TABLE n (id INT PRIMARY KEY, b int);\nINSERT INTO n SELECT * FROM o;\n"
            "DROP TABLE o;\nALTER TABLE n RENAME TO o;",
            line=4,
        ),
        Example(
            text="-- server sqlite\nCREATE TABLE o (id INTEGER PRIMARY KEY);\n-- released\n"
            "CREATE TABLE n (id INTEGER PRIMARY KEY) WITHOUT ROWID;\n"
            "INSERT INTO n SELECT * FROM o;\nDROP TABLE o;\nALTER TABLE n RENAME TO o;",
            line=4,
        ),
        Example(
            text="-- server sqlite\nCREATE TABLE o (n INTEGER);\n-- released\n"
            "CREATE TABLE n (n INTEGER) STRICT;\n"
            "INSERT INTO n SELECT * FROM o;\nDROP TABLE o;\nALTER TABLE n RENAME TO o;",
            line=4,
        ),
    ),
    good=(
        Example(
            text="-- server sqlite\nCREATE TABLE o (a integer PRIMARY KEY AUTOINCREMENT);\n"
            "-- released\nCREATE TABLE n (a integer NOT NULL PRIMARY KEY ON CONFLICT ABORT "
            "AUTOINCREMENT, b int);\n"
            "INSERT INTO n (a) SELECT a FROM o;\nDROP TABLE o;\nALTER TABLE n RENAME TO o;"
        ),
        Example(
            text="-- server sqlite\nCREATE TABLE o (id INTEGER PRIMARY KEY, b int);\n-- released\n"
            "CREATE TABLE n (id INTEGER CHECK (id > 0), b int, c int, PRIMARY KEY (id));\n"
            "INSERT INTO n (id, b) SELECT id, b FROM o;\nDROP TABLE o;\n"
            "ALTER TABLE n RENAME TO o;"
        ),
    ),
    sources=(
        "https://www.sqlite.org/datatype3.html",
        "https://www.sqlite.org/lang_createtable.html",
        "https://www.sqlite.org/withoutrowid.html",
    ),
)
