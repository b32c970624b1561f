"""A table gets a constraint that the running version was never written for.

Whatever that version writes against it is refused: an order without its customer, a second row
with the same key. `NOT VALID` spares the rows that are there, not the writes to come; a unique
index refuses as a unique constraint does.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import Constraint, Name
from cdkit.migrations.operation import AddColumn, AddConstraint, CreateIndex, OnTable
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: AddConstraint | AddColumn | CreateIndex, context: Context) -> Iterator[Hit]:
    """Flag each constraint that can refuse what the running version writes."""
    for constraint, what in _constraints(operation, context):
        if constraint.kind == "not null" or not constraint.enforced:
            continue
        if constraint.index and _held_already(operation, constraint, context):
            continue
        if not _is_unknown_to_all(operation, constraint, context):
            yield _hit(operation, what.strip())


def _constraints(
    operation: AddConstraint | AddColumn | CreateIndex, context: Context
) -> Iterator[tuple[Constraint, str]]:
    if isinstance(operation, AddConstraint):
        constraint = operation.constraint
        if constraint.proves and context.schema.table(operation.table):
            return  # `not-null-added` says it
        yield constraint, f"a {constraint.kind} constraint {constraint.name}"
    elif isinstance(operation, AddColumn):
        for constraint in operation.column.constraints:
            yield constraint, f"a {constraint.kind} constraint on {operation.column.name}"
    elif operation.unique:
        index = Constraint(kind="unique", columns=operation.columns)
        yield index, f"the unique index {operation.name}"


def _hit(operation: OnTable, what: str) -> Hit:
    return Hit(
        message=f"puts {what} on {operation.table}: what a running version writes may be refused",
        about=str(operation.table),
        confidence=Confidence.MEDIUM,
        fix=Fix(
            summary="release a version that keeps to it, let it run everywhere, and add it in a "
            "later release",
            replacement=later(operation, "a version that keeps to it"),
        ),
    )


def _is_unknown_to_all(operation: OnTable, constraint: Constraint, context: Context) -> bool:
    """Whether what the running version writes passes for sure.

    It does on a new table, and where nothing but new columns is asked for: that version leaves
    them at their default, which is null (and passes but for a CHECK that wants a value), or one
    that is the same for each row (and passes but for a unique one).
    """
    if context.schema.is_new_table(operation.table):
        return True
    if isinstance(operation, AddColumn):
        columns = [operation.column]
    else:
        known = [context.schema.column(operation.table, name) for name in constraint.columns]
        new = [context.schema.is_new_column(operation.table, name) for name in constraint.columns]
        columns = [column for column in known if column]
        if not constraint.columns or not all(new) or len(columns) < len(known):
            return False
    filled = [column for column in columns if column.default and not column.default.null]
    if constraint.kind in {"unique", "primary key", "exclusion"}:
        return not any(column.default and column.default.constant for column in filled)
    return not constraint.wants_value or len(filled) == len(columns)


def _held_already(operation: OnTable, constraint: Constraint, context: Context) -> bool:
    """Whether the unique index that it is made from has refused the same all along."""
    schema = context.schema
    table = schema.full(operation.table)
    index = schema.index(Name(table.schema, constraint.index))
    return index is not None and index.unique and not schema.is_new(index.epoch)


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    on=(AddConstraint, AddColumn, CreateIndex),
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
        Example(text="ALTER TABLE o ADD COLUMN a int CHECK (a IS NOT NULL);", line=1),
        Example(text="ALTER TABLE o ADD COLUMN a int DEFAULT 0 UNIQUE;", line=1),
        Example(
            text="CREATE TABLE o (a int);\n-- released\nALTER TABLE o ADD COLUMN b int DEFAULT 0;\n"
            "CREATE UNIQUE INDEX CONCURRENTLY i ON o (b);",
            line=4,
        ),
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
        Example(text="ALTER TABLE o ADD COLUMN p int REFERENCES p (id), ADD q int UNIQUE;"),
        Example(text="ALTER TABLE o ADD COLUMN s text DEFAULT 'a' CHECK (s IN ('a', 'b'));"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
