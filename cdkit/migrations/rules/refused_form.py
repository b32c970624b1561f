"""PostgreSQL refuses this form of a statement on a thing of this kind.

On a partitioned table no index is made CONCURRENTLY, no constraint from an index, and before 18 no
foreign key NOT VALID; DROP INDEX CONCURRENTLY takes one index and no CASCADE; a materialized view
is refreshed CONCURRENTLY only where a unique index is over all its rows. The migration fails there.
"""

from collections.abc import Iterator

from msgspec import structs

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.lazy import pattern
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import AddConstraint, CreateIndex, DropObject, Refresh
from cdkit.migrations.postgres.constraint_ways import (
    from_index,
    index_by_partition,
    name_of,
    not_valid,
)
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule

_NOT_VALID = pattern(r"(?i)\s+NOT\s+VALID\s*$")
_Form = AddConstraint | CreateIndex | DropObject | Refresh


def check(operation: _Form, context: Context) -> Iterator[Hit]:
    """Flag what the server refuses for sure, as far as the migrations tell."""
    found = (
        _of_drop(operation)
        if isinstance(operation, DropObject)
        else _of_refresh(operation, context)
        if isinstance(operation, Refresh)
        else _of_partitioned(operation, context)
    )
    if found:
        what, summary, replacement = found
        named = operation.view if isinstance(operation, Refresh) else _named(operation)
        fix = Fix(summary=summary, replacement=replacement)
        yield Hit(message=f"{what}: the server refuses it", about=str(named), fix=fix)


def _named(operation: AddConstraint | CreateIndex | DropObject) -> Name:
    return operation.name if isinstance(operation, DropObject) else operation.table


def _of_drop(operation: DropObject) -> tuple[str, str, str] | None:
    if operation.kind != "index" or not operation.concurrently:
        return None
    alone = f"DROP INDEX CONCURRENTLY {operation.name.sql};"
    if operation.cascade:
        return "DROP INDEX CONCURRENTLY with CASCADE", "drop what depends on it first", alone
    if b"," in operation.statement.text.data[operation.statement.start : operation.statement.end]:
        return "DROP INDEX CONCURRENTLY of several at once", "drop each by itself", alone
    return None


def _of_refresh(operation: Refresh, context: Context) -> tuple[str, str, str] | None:
    if not operation.concurrently:
        return None
    view = operation.view
    if operation.empties:
        again = f"REFRESH MATERIALIZED VIEW CONCURRENTLY {view.sql};"
        return "REFRESH CONCURRENTLY WITH NO DATA", "refresh it with its data", again
    schema, full = context.schema, context.schema.full(view)
    known = schema.thing(view)
    if known is None or known.query is None:
        return None
    if any(not index.where and not index.expressions for _, index in schema.unique_keys(full)):
        return None
    made = f"CREATE UNIQUE INDEX ON {view.sql} ({known.query.columns[0]});"
    what = f"REFRESH CONCURRENTLY of {view}, which has no unique index over all its rows"
    return what, "make one over the columns that tell its rows apart", made


def _of_partitioned(
    operation: AddConstraint | CreateIndex, context: Context
) -> tuple[str, str, str] | None:
    table = context.schema.table(operation.table)
    if table is None or not table.partitioned:
        return None
    if isinstance(operation, CreateIndex):
        if not operation.concurrently:
            return None
        what = f"CREATE INDEX CONCURRENTLY on {operation.table}, which is partitioned"
        how = "make it on the parent alone, CONCURRENTLY on each partition, and attach those"
        return what, how, index_by_partition(operation, context.schema)
    made = operation.constraint
    if made.index:
        what = f"a constraint from an index on {operation.table}, which is partitioned"
        return what, "add the constraint itself", _itself(operation, context)
    if made.kind == "foreign key" and not made.valid and context.server.before(18):
        what = f"a foreign key NOT VALID on {operation.table}, which is partitioned"
        how = "add it to each partition NOT VALID, validate those, then add it to the table"
        name = name_of(operation.table, made, context.schema)
        said = structs.replace(made, sql=_NOT_VALID().sub("", made.sql))
        way = not_valid(operation.table, name, said, context.schema, context.server)
        return what, how, way if name else ""
    return None


def _itself(operation: AddConstraint, context: Context) -> str:
    """The constraint over the columns of the index that it was to be made from."""
    made, schema = operation.constraint, context.schema
    index = schema.index(Name(schema.full(operation.table).schema, made.index))
    if index is None or "" in index.columns:
        return ""
    said = structs.replace(made, columns=index.columns, index="", sql="")
    return from_index(operation.table, made.name or made.index, said, schema)


_PARTED = "CREATE TABLE e (a int, d date) PARTITION BY RANGE (d);\n"

RULE = LintRule(
    severity=Severity.HIGH,
    question=SAFE_TO_RUN,
    engines=("postgres",),
    on=(AddConstraint, CreateIndex, DropObject, Refresh),
    check=check,
    by_hand="where the partitions of the table are not in the migrations.",
    instead="Use the form that the server has for it.",
    bad=(
        Example(text=f"{_PARTED}CREATE INDEX CONCURRENTLY i ON e (a);", line=2),
        Example(
            text=f"-- server postgres:16\n{_PARTED}"
            "ALTER TABLE e ADD FOREIGN KEY (a) REFERENCES p (id) NOT VALID;",
            line=3,
        ),
        Example(
            text=f"{_PARTED}CREATE UNIQUE INDEX i ON e (a, d);\n"
            "ALTER TABLE e ADD CONSTRAINT u UNIQUE USING INDEX i;",
            line=3,
        ),
        Example(text="DROP INDEX CONCURRENTLY i, j;", line=1),
        Example(text="DROP INDEX CONCURRENTLY i CASCADE;", line=1),
        Example(
            text="CREATE MATERIALIZED VIEW m AS SELECT a FROM o;\n-- released\n"
            "REFRESH MATERIALIZED VIEW CONCURRENTLY m;",
            line=3,
        ),
    ),
    good=(
        Example(text=f"{_PARTED}CREATE INDEX i ON ONLY e (a);"),
        Example(
            text=f"-- server postgres:18\n{_PARTED}"
            "ALTER TABLE e ADD FOREIGN KEY (a) REFERENCES p (id) NOT VALID;"
        ),
        Example(text="DROP INDEX CONCURRENTLY i;"),
        Example(
            text="CREATE MATERIALIZED VIEW m AS SELECT a FROM o;\n"
            "CREATE UNIQUE INDEX i ON m (a);\n-- released\n"
            "REFRESH MATERIALIZED VIEW CONCURRENTLY m;"
        ),
        Example(text="REFRESH MATERIALIZED VIEW CONCURRENTLY m;"),
    ),
    sources=(
        "https://www.postgresql.org/docs/current/sql-createindex.html",
        "https://www.postgresql.org/docs/current/sql-dropindex.html",
        "https://www.postgresql.org/docs/current/sql-refreshmaterializedview.html",
    ),
)
