"""A new column has a name that a query may use bare for the column of another table.

A join of the two tables that says `email` where only one of them had an `email` fails with "column
reference is ambiguous", and so does a function whose body says it. Views are not hit: they were
understood when they were made. Two tables are taken for joined where a foreign key leads from one
to the other, or a view or function reads both. A name that several tables share already is rarely
used bare, and is said below the usual threshold; but not where it is certain: a NATURAL JOIN in
code joins by the new column as well, and SQLite reads the text of a view each time.
"""

import re
from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.net import code_that
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import AddColumn
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.schema import Schema, Thing
from cdkit.migrations.ways import later


def check(operation: AddColumn, context: Context) -> Iterator[Hit]:
    """Flag each column whose name a table has that is joined with this one."""
    schema, table = context.schema, context.schema.full(operation.table)
    name = operation.column.name
    if operation.attribute or schema.is_new_relation(table) or schema.column(table, name):
        return
    bearing = schema.bearing.get(name, ())
    having = [each for each in bearing if schema.column(each, name)]
    joined = [each for each in having if each != table and _are_joined(table, each, schema)]
    if not joined:
        return
    reader = _reader(name, table, joined, context)
    what = f"the {reader} joins both, by it or saying it bare, and no longer does what it did"
    guess = "a query of a running version that joins both and says it bare fails"
    yield Hit(
        message=f"adds {table}.{name}, and {joined[0]} has a column of that name: "
        f"{what if reader else guess}",
        about=f"{table}.{name}",
        severity=Severity.HIGH if reader else Severity.LOW if len(having) > 1 else None,
        confidence=Confidence.HIGH if reader else Confidence.LOW,
        fix=Fix(
            summary="choose another name, or release a version first that says which one",
            replacement=later(operation, "code that says of which table it means a column"),
        ),
    )


def _reader(column: str, table: Name, joined: list[Name], context: Context) -> str:
    """Return the code of the running version that such a column changes for sure.

    A view is such code to SQLite alone; others understood it when it was made.
    """
    bare = re.compile(rf"(?<![\w.`\"\[])(?<!\bas )[`\"\[]?{re.escape(column.lower())}\b")

    def reads_both(thing: Thing, body: str) -> bool:
        is_view = thing.kind == "view"
        if column.lower() not in body and "natural" not in body:
            return False
        words = set(re.findall(r"\w+", body))
        both = table.name.lower() in words and any(x.name.lower() in words for x in joined)
        if not both or (is_view and context.server.engine != "sqlite"):
            return False
        return "natural" in words or (is_view and bool(bare.search(body)))

    return code_that(reads_both, context)


def _are_joined(one: Name, other: Name, schema: Schema) -> bool:
    pairs = ((one, other), (other, one))
    if any(_refers(child, parent, schema) for child, parent in pairs):
        return True
    named = {one.name, other.name}
    for thing in schema.things.values():
        sources = {each.name for each in thing.query.sources} if thing.query else set()
        if named <= sources:
            return True
        body = thing.body.lower()
        if one.name in body and other.name in body and named <= set(re.findall(r"\w+", body)):
            return True
    return False


def _refers(child: Name, parent: Name, schema: Schema) -> bool:
    table = schema.table(child)
    held = table.constraints.values() if table else ()
    return any(each.references and schema.full(each.references) == parent for each in held)


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    on=(AddColumn,),
    check=check,
    instead="Choose another name, or qualify the old one in a release before.",
    bad=(
        Example(
            text="CREATE TABLE c (id int PRIMARY KEY, email text);\n"
            "CREATE TABLE o (c int REFERENCES c (id));\n-- released\n"
            "ALTER TABLE o ADD COLUMN email text;",
            line=4,
        ),
        Example(
            text="-- server sqlite:3.40\nCREATE TABLE c (i int, email text);\n"
            "CREATE TABLE o (i int, n int);\nCREATE TABLE more (email text);\n"
            "CREATE VIEW v AS SELECT n, email FROM o JOIN c ON o.i = c.i;\n"
            "-- released\nALTER TABLE o ADD COLUMN email text;",
            line=7,
        ),
        Example(
            text="-- server mariadb:10.11\nCREATE TABLE c (i int, email text);\n"
            "CREATE TABLE o (i int, n int);\n"
            "CREATE PROCEDURE p() SELECT n FROM o NATURAL JOIN c;\n"
            "-- released\nALTER TABLE o ADD COLUMN email text;",
            line=6,
        ),
    ),
    good=(
        Example(
            text="-- server mariadb:10.11\nCREATE TABLE c (i int, email text);\n"
            "CREATE TABLE o (i int);\n-- released\nALTER TABLE o ADD COLUMN email text;"
        ),
        Example(
            text="CREATE TABLE c (id int PRIMARY KEY, email text);\nCREATE TABLE o (c int);\n"
            "-- released\nALTER TABLE o ADD COLUMN email text;"
        ),
        Example(
            text="CREATE TABLE c (id int PRIMARY KEY);\nCREATE TABLE o (c int REFERENCES c (id));\n"
            "-- released\nALTER TABLE o ADD COLUMN email text;"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/queries-table-expressions.html",),
)
