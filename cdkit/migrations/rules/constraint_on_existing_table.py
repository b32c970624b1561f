"""A table gets a constraint that the running version was never written for.

Whatever that version writes against it is refused: an order without its customer, a second row
with the same key. `NOT VALID` spares the rows that are there, not the writes to come; a unique
index refuses as a unique constraint does.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import AddConstraint, CreateIndex, Name, OnTable
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: AddConstraint | CreateIndex, context: Context) -> Iterator[Hit]:
    """Flag each constraint that can refuse what the running version writes."""
    if isinstance(operation, CreateIndex):
        if operation.unique and not _is_unknown_to_all(operation, operation.columns, context):
            yield _hit(operation, f"the unique index {operation.name}".strip())
        return
    constraint = operation.constraint
    if constraint.kind == "not null" or not constraint.enforced:
        return
    if constraint.index and _held_already(operation, context):
        return
    if not _is_unknown_to_all(operation, constraint.columns, context):
        yield _hit(operation, f"a {constraint.kind} constraint {constraint.name}".strip())


def _hit(operation: OnTable, what: str) -> Hit:
    return Hit(
        message=f"puts {what} on {operation.table}: what a running version writes may be refused",
        about=str(operation.table),
        confidence=Confidence.MEDIUM,
        fix=Fix(
            summary="release a version that keeps to it, let it run everywhere, and add it in a "
            "later release"
        ),
    )


def _is_unknown_to_all(operation: OnTable, columns: tuple[str, ...], context: Context) -> bool:
    """Whether the running version knows nothing of it: a new table, or nothing but new columns."""
    table = operation.table
    if context.schema.is_new_table(table):
        return True
    return bool(columns) and all(context.schema.is_new_column(table, each) for each in columns)


def _held_already(operation: AddConstraint, context: Context) -> bool:
    """Whether the unique index that it is made from has refused the same all along."""
    schema = context.schema
    table = schema.full(operation.table)
    index = schema.index(Name(table.schema, operation.constraint.index))
    return index is not None and index.unique and not schema.is_new(index.epoch)


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    on=(AddConstraint, CreateIndex),
    check=check,
    instead="Let a version that keeps to it run everywhere first; add it in a later release.",
    bad=(
        Example(
            text="ALTER TABLE o ADD CONSTRAINT c CHECK (total > 0) NOT VALID;",
            line=1,
        ),
        Example(
            text="ALTER TABLE o\n  ADD FOREIGN KEY (customer) REFERENCES customers (id) NOT VALID;",
            line=2,
        ),
        Example(text="CREATE UNIQUE INDEX CONCURRENTLY i ON o (email);", line=1),
        Example(text="ALTER TABLE o ADD UNIQUE (email);", line=1),
    ),
    good=(
        Example(
            text="CREATE TABLE o (a int);\nALTER TABLE o ADD CHECK (a > 0);\n"
            "CREATE UNIQUE INDEX i ON o (a);"
        ),
        Example(
            text="CREATE TABLE o (a int);\n-- released\nALTER TABLE o ADD COLUMN b int;\n"
            "ALTER TABLE o ADD FOREIGN KEY (b) REFERENCES p (id) NOT VALID;"
        ),
        Example(
            text="CREATE TABLE o (a int);\nCREATE UNIQUE INDEX i ON o (a);\n-- released\n"
            "ALTER TABLE o ADD CONSTRAINT u UNIQUE USING INDEX i;"
        ),
        Example(text="CREATE INDEX CONCURRENTLY i ON o (email);"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
