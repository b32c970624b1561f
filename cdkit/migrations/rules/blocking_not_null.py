"""SET NOT NULL reads the whole table while nobody may read or write it.

It does not where a valid CHECK already proves that the column holds no null (since PostgreSQL
12), nor where a NOT NULL constraint was added NOT VALID and validated (since 18). A primary key
that is made from an index does the same for each of its columns that may be null.
"""

from collections.abc import Iterator

from msgspec import structs

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.implied import asks_for
from cdkit.migrations.mend import Mend, after, before, words_of
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import AddConstraint, SetNotNull
from cdkit.migrations.postgres.ways import not_null, proof
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: SetNotNull | AddConstraint, context: Context) -> Iterator[Hit]:
    """Flag each column that nothing proves to be filled."""
    table = operation.table
    if context.schema.is_new_table(table):
        return
    if isinstance(operation, SetNotNull):
        columns: tuple[str, ...] = (operation.column,)
    elif operation.constraint.kind == "not null" and operation.constraint.valid:
        columns = operation.constraint.columns
    elif operation.constraint.kind == "primary key" and operation.constraint.index:
        index = context.schema.index(
            Name(context.schema.full(table).schema, operation.constraint.index)
        )
        columns = index.columns if index else ()
    else:
        return
    for column in columns:
        if not _is_proven(table, column, context):
            hit = _hit(table, column)
            yield structs.replace(hit, mend=_mend(operation, column, context))


def _hit(table: Name, column: str) -> Hit:
    return Hit(
        message=f"reads all of {table} to see that {column} holds no null, while nobody may use it",
        about=f"{table}.{column}",
        fix=Fix(
            summary="prove it by a CHECK that is validated without a long lock, then set NOT NULL",
            replacement=not_null(table, column),
        ),
    )


def _mend(operation: SetNotNull | AddConstraint, column: str, context: Context) -> Mend | None:
    """The proof goes around the statement, which must not do anything else."""
    if not isinstance(operation, SetNotNull):
        return None
    if any(token.text == b"," for token in words_of(operation)):
        return Mend(by_hand="the statement does more than this")
    if context.schema.column(operation.table, column) is None:
        return Mend(by_hand="no migration here tells of the column")
    proved, checked, dropped = proof(operation.table, column)
    put = before(operation, f"{proved}\n{checked}"), after(operation, dropped)
    return Mend(splices=put, apart=True)


def _is_proven(table: Name, column: str, context: Context) -> bool:
    found = context.schema.table(table)
    if found is None:
        return False
    known = found.columns.get(column)
    proofs = (each for each in found.constraints.values() if each.valid and each.enforced)
    return bool(known and known.not_null) or any(asks_for(each, column) for each in proofs)


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=SAFE_TO_RUN,
    grows=True,
    engines=("postgres",),
    on=(SetNotNull, AddConstraint),
    check=check,
    instead="Add CHECK (… IS NOT NULL) NOT VALID, validate it, then set NOT NULL.",
    bad=(
        Example(
            text="CREATE TABLE o (a int, b int, CHECK (a IS NOT NULL OR b > 0));\n-- released\n"
            "ALTER TABLE o ALTER a SET NOT NULL;",
            line=3,
        ),
        Example(
            text="CREATE TABLE o (a int);\nCREATE UNIQUE INDEX i ON o (a);\n-- released\n"
            "ALTER TABLE o ADD PRIMARY KEY USING INDEX i;",
            line=4,
        ),
        Example(text="ALTER TABLE orders ALTER COLUMN note SET NOT NULL;", line=1),
        Example(
            text="CREATE TABLE o (a int);\n-- released\n"
            "ALTER TABLE o ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID;\n"
            "ALTER TABLE o ALTER a SET NOT NULL;",
            line=4,
        ),
    ),
    good=(
        Example(
            text="CREATE TABLE o (a int NOT NULL);\nCREATE UNIQUE INDEX i ON o (a);\n-- released\n"
            "ALTER TABLE o ADD PRIMARY KEY USING INDEX i;"
        ),
        Example(
            text="CREATE TABLE o (a int);\n-- released\n"
            "ALTER TABLE o ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID;\n"
            "ALTER TABLE o VALIDATE CONSTRAINT c;\nALTER TABLE o ALTER a SET NOT NULL;"
        ),
        Example(text="CREATE TABLE o (a int);\nALTER TABLE o ALTER a SET NOT NULL;"),
        Example(
            text="CREATE TABLE o (a int, b int, CHECK (a IS NOT NULL AND b > 0));\n-- released\n"
            "ALTER TABLE o ALTER a SET NOT NULL;"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
