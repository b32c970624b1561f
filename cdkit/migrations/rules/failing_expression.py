"""A value that the running version writes can make an expression fail, and so the write.

A generated column and an index on an expression are worked out with each write: a division by a
column that is zero in one row, a cast of a text that is no number, and the insert is refused. So
it is with a stored column of MySQL and MariaDB in strict mode, their default.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.bodies import refuses
from cdkit.migrations.lazy import pattern
from cdkit.migrations.nouns import Default, Name
from cdkit.migrations.operation import AddColumn, CreateIndex, SetDefault
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule

_ASKS = pattern(
    r'"current_setting"\}\}\],"args":\[\{"A_Const":\{"sval":\{"sval":"[^"]*\.[^"]*"\}\}\}\]'
)
"""In a fingerprint: current_setting('a.b'), which fails where nobody set it; one of the server's
own, whose name has no dot, is always there (PostgreSQL manual, 9.28.1 and 20.16)."""
_CALLED = pattern(r'"funcname":\[[^\]]*?\{"String":\{"sval":"(\w+)"\}\}\]')
"""In a fingerprint: the last name of each function that is called."""


def check(operation: AddColumn | CreateIndex | SetDefault, context: Context) -> Iterator[Hit]:
    """Flag each such expression on a table that was there before the change."""
    if isinstance(operation, AddColumn):
        column = operation.column
        what, name = column.fragile or _of_default(column.default), column.name
    elif isinstance(operation, SetDefault):
        what, name = _of_default(operation.default), operation.column
    else:
        what, name = operation.fragile, operation.name
    what = what or _refusing(operation, context)
    if not what or context.schema.is_new_table(operation.table):
        return
    yield Hit(
        message=f"{name} holds {what}: a row of a running version that makes it fail is refused",
        about=str(operation.table),
        confidence=Confidence.MEDIUM,
        fix=Fix(summary="write it so that it has a value for every row: NULLIF(…, 0), CASE"),
    )


def _refusing(operation: AddColumn | CreateIndex | SetDefault, context: Context) -> str:
    """Return which function of a migration's own an expression calls that can end in an error."""
    texts: tuple[str, ...] = ()
    if isinstance(operation, CreateIndex):
        texts = (*operation.expressions, operation.where)
    elif isinstance(operation, AddColumn):
        texts = (operation.column.expression,)
    for name in (found for text in filter(None, texts) for found in _CALLED().findall(text)):
        known = context.schema.thing(Name("", name))
        if known and any(refuses(each) for each in known.routines.values()):
            return f"a call of {name}(), which can end in an error"
    return ""


def _of_default(default: Default | None) -> str:
    """Return what in a default can fail for a row that leaves the column out."""
    if default and _ASKS().search(default.text):
        return "a default that asks for a setting which the session may not have"
    return ""


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    engines=("postgres", "mysql", "mariadb"),
    on=(AddColumn, CreateIndex, SetDefault),
    check=check,
    instead="Write it so that it has a value for every row: NULLIF(…, 0), CASE.",
    by_hand="which value a row gets that has none is for its author to say.",
    bad=(
        Example(
            text="ALTER TABLE o ADD COLUMN share int GENERATED ALWAYS AS (100 / a) STORED;", line=1
        ),
        Example(text="CREATE INDEX CONCURRENTLY i ON o ((a::int));", line=1),
        Example(
            text="ALTER TABLE o ADD COLUMN t text DEFAULT current_setting('app.tenant');", line=1
        ),
        Example(
            text="-- server mysql:8.0\nALTER TABLE o ADD COLUMN d date "
            "AS (STR_TO_DATE(s, '%Y-%m-%d')) STORED;",
            line=2,
        ),
        Example(
            text="-- server mariadb:10.11\n"
            "ALTER TABLE o ADD COLUMN n int AS (CAST(s AS SIGNED)) STORED;",
            line=2,
        ),
        Example(
            text="-- server mariadb:10.11\nALTER TABLE o ADD COLUMN n double AS (1 / a) STORED;",
            line=2,
        ),
        Example(
            text="CREATE FUNCTION f(text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'no'; END $$;\n-- released\n"
            "CREATE INDEX CONCURRENTLY i ON o (f(a));",
            line=3,
        ),
    ),
    good=(
        Example(text="CREATE INDEX CONCURRENTLY i ON o ((100 / NULLIF(a, 0)));"),
        Example(
            text="-- server mysql:8.0\nALTER TABLE o ADD COLUMN n int AS (CAST(s AS SIGNED));\n"
            "ALTER TABLE o ADD COLUMN c char(2) AS (CAST(s AS CHAR(2))) STORED;\n"
            "ALTER TABLE o ADD COLUMN h int AS (a / 2) STORED, ADD t text AS ('1/a') STORED;"
        ),
        Example(text="ALTER TABLE o ADD COLUMN half int GENERATED ALWAYS AS (a / 2) STORED;"),
        Example(text="CREATE INDEX CONCURRENTLY i ON o (lower(a));"),
        Example(
            text="ALTER TABLE o ADD COLUMN t text DEFAULT current_setting('app.tenant', true);"
        ),
        Example(text="ALTER TABLE o ADD COLUMN z text DEFAULT current_setting('TimeZone');"),
    ),
    sources=("https://www.postgresql.org/docs/current/ddl-generated-columns.html",),
)
