"""A table gets a constraint that the running version was never written for.

Whatever that version writes against it is refused: an order without its customer, a second row
with the same key. `NOT VALID` spares the rows that are there, not the writes to come; a unique
index refuses as a unique constraint does. REPLACE, ON DUPLICATE KEY UPDATE and INSERT OR REPLACE
are not refused: they take the other row, and nobody is told.

A unique key of old columns and a new one that nothing fills lets all rows of the running version
in: each has a null there. Once the new version writes beside it, that one's rows have none, and an
UPDATE of the old columns in such a row can meet another one. The running version has to work in
every state, so this is said, below the usual threshold: it takes a row that the new version filled.
So it is with a CHECK that asks of new columns to be null, and else for no more than the old ones.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.implied import asks_of_old, refuses_default
from cdkit.migrations.lived_with import held_already, key_of, lived_with
from cdkit.migrations.net import eased
from cdkit.migrations.nouns import NULLS_ALIKE, Column, Constraint, Name
from cdkit.migrations.operation import AddColumn, AddConstraint, CreateIndex, OnTable
from cdkit.migrations.postgres.only import of_parent_alone
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.stricter import is_of_its_bounds, keeps_to
from cdkit.migrations.unfilled import has_nulls
from cdkit.migrations.upserts import taken_by
from cdkit.migrations.ways import later

_KEYS = frozenset({"unique", "primary key", "exclusion"})


def check(operation: AddConstraint | AddColumn | CreateIndex, context: Context) -> Iterator[Hit]:
    """Flag each constraint that can refuse what the running version writes."""
    for constraint, what in _constraints(operation, context):
        if constraint.kind == "not null" or not constraint.enforced:
            continue
        if constraint.index and held_already(operation, constraint, context):
            continue
        if constraint.always or _is_unknown_to_all(operation, constraint, context):
            continue
        if not lived_with(operation, constraint, context):
            key = constraint.kind in _KEYS
            taken = taken_by(operation.table, context) if key else ""
            hit = _hit(operation, what.strip(), taken)
            nulls = constraint.kind == "unique" and has_nulls(operation.table, constraint, context)
            if nulls or keeps_to(operation.table, constraint, context):
                hit = _later(hit, what.strip(), operation.table)
            if is_of_its_bounds(constraint, operation.table, context):
                hit = _but(hit, "if it asks more than its bounds")
            if key and of_parent_alone(operation, context.schema):
                hit = _but(hit, "in partitions that come later, and in others as each has it")
            yield from eased(hit, context, undone=_is_gone(operation, constraint, context))


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
        index = Constraint(kind="unique", columns=operation.columns, expression=key_of(operation))
        yield index, f"the unique index {operation.name}"


def _is_gone(operation: OnTable, constraint: Constraint, context: Context) -> bool:
    """Whether the end of the transaction has no such constraint any more."""
    if not isinstance(operation, AddConstraint) or not constraint.name:
        return False
    if context.ahead.takes_nothing:
        return False
    end = context.ahead.end.table(operation.table)
    return end is not None and constraint.name not in end.constraints


def _but(hit: Hit, where: str) -> Hit:
    return replace(hit, message=f"{hit.message}, {where}", severity=Severity.LOW)


def _hit(operation: OnTable, what: str, taken: str) -> Hit:
    said = f"puts {what} on {operation.table}: what a running version writes may be refused"
    return Hit(
        message=f"{said}{taken}",
        about=str(operation.table),
        confidence=Confidence.MEDIUM,
        fix=Fix(
            summary="release a version that keeps to it, let it run everywhere, and add it in a "
            "later release",
            replacement=later(operation, "a version that keeps to it"),
        ),
    )


def _later(hit: Hit, what: str, table: Name) -> Hit:
    """Say of a key that only rows of the new version can offend against."""
    said = f"puts {what} on {table}: what a running version updates may be refused, in rows that "
    return replace(hit, message=f"{said}the new version filled", severity=Severity.LOW)


def _is_unknown_to_all(operation: OnTable, constraint: Constraint, context: Context) -> bool:
    """Whether what the running version writes passes for sure.

    It does on a new table, and where nothing but new columns is asked for: that version leaves
    them at their default, which is null (and passes but for a CHECK that wants a value), or one
    that is the same for each row (and passes but for a unique one).
    """
    if context.schema.is_new_table(operation.table) or _is_view(operation.table, context):
        return True
    if isinstance(operation, CreateIndex) and operation.only:
        return _never_in(operation, context)
    if isinstance(operation, AddColumn):
        columns = [operation.column]
        table = context.schema.table(operation.table)
        made = table is not None and asks_of_old(constraint, operation.column, table)
    else:
        known = [context.schema.column(operation.table, name) for name in constraint.columns]
        new = [context.schema.is_new_column(operation.table, name) for name in constraint.columns]
        columns = [column for column in known if column]
        if not constraint.columns or not all(new) or len(columns) < len(known):
            return False
        made = False
    filled = [column for column in columns if column.default and not column.default.null]
    # What is generated holds what the running version's own columns make of it.
    made = made or any(each.generated for each in columns)
    if made or (filled and _is_against(constraint, filled, context)):
        return False
    if constraint.kind in _KEYS:
        # Where nulls are alike, whatever it leaves null is the same.
        alike = NULLS_ALIKE in constraint.expression and len(filled) < len(columns)
        return not alike and not any(each.default and each.default.constant for each in filled)
    return not constraint.wants_value or len(filled) == len(columns)


def _is_against(constraint: Constraint, filled: list[Column], context: Context) -> bool:
    """Whether a default is refused for sure: it fails the check, or leads to no row."""
    defaults = [each.default for each in filled if each.default]
    if any(refuses_default(constraint, each) for each in defaults):
        return True
    return constraint.references is not None and _is_empty(constraint.references, context)


def _is_empty(name: Name, context: Context) -> bool:
    """Whether a table is new and gets no rows here."""
    found = context.schema.table(name)
    new = found is not None and context.schema.is_new_table(name) and not found.filled
    return new and not context.ahead.writes_into(name)


def _is_view(name: Name, context: Context) -> bool:
    """Whether it is a materialized view, which REFRESH alone writes."""
    thing = context.schema.thing(name)
    return thing is not None and thing.kind == "materialized view"


def _never_in(index: CreateIndex, context: Context) -> bool:
    """Whether a partial index asks of a new column what no row of the running version has."""
    column = context.schema.column(index.table, index.only)
    if column is None or not context.schema.is_new_column(index.table, index.only):
        return False
    return column.default is None or column.default.null or column.default.value == "false"


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    refuses=True,
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
        Example(
            text="CREATE TABLE p (id int PRIMARY KEY, no int UNIQUE);\n"
            "CREATE TABLE o (a int CONSTRAINT k REFERENCES p);\n-- released\n"
            "ALTER TABLE o DROP CONSTRAINT k;\nALTER TABLE o ADD CONSTRAINT k FOREIGN KEY (a) "
            "REFERENCES p (no) NOT VALID;",
            line=5,
        ),
        Example(text="CREATE UNIQUE INDEX CONCURRENTLY i ON o (email);", line=1),
        Example(
            text="CREATE TABLE o (a int);\n-- released\nALTER TABLE o ADD COLUMN b int;\n"
            "CREATE UNIQUE INDEX CONCURRENTLY i ON o (a, b) NULLS NOT DISTINCT;",
            line=4,
        ),
        Example(
            text="CREATE TABLE o (a int);\n-- released\nALTER TABLE o ADD COLUMN b int;\n"
            "UPDATE o SET b = 0 WHERE a = 1;\nALTER TABLE o ADD UNIQUE (a, b);",
            line=5,
        ),
        Example(
            text="CREATE TABLE o (a int);\n-- released\n"
            "ALTER TABLE o ADD COLUMN b int DEFAULT 0;\nALTER TABLE o ADD UNIQUE (a, b);",
            line=4,
        ),
        Example(
            text="CREATE TABLE o (a int);\n-- released\nALTER TABLE o ADD COLUMN b int;\n"
            "ALTER TABLE o ADD UNIQUE (a, b);",
            line=4,
        ),
        Example(
            text="CREATE TABLE o (kind int CHECK (kind IN (1, 2)), a int);\n-- released\n"
            "ALTER TABLE o ADD CONSTRAINT c CHECK (kind <> 2 OR a IS NULL) NOT VALID;",
            line=3,
        ),
        Example(text="ALTER TABLE o ADD UNIQUE (email);", line=1),
        Example(
            text="CREATE TABLE o (a int);\nCREATE UNIQUE INDEX i ON o (a);\n-- released\n"
            "ALTER TABLE o ADD PRIMARY KEY USING INDEX i;",
            line=4,
        ),
        Example(
            text="CREATE TABLE o (a int UNIQUE, b int);\n-- released\n"
            "CREATE UNIQUE INDEX i ON o (a) NULLS NOT DISTINCT WHERE b > 0;",
            line=3,
        ),
        Example(
            text="-- server mariadb:10.11\nCREATE TABLE o (s text);\n-- released\n"
            "ALTER TABLE o MODIFY s text CHECK (s <> '');",
            line=4,
        ),
        Example(text="-- server mysql:8.0\nALTER TABLE o MODIFY s int UNIQUE;", line=2),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (a varchar(9), UNIQUE (a));\n-- released\n"
            "ALTER TABLE o ADD UNIQUE INDEX i (a(3));",
            line=4,
        ),
        Example(
            text="-- server sqlite:3.40\nCREATE TABLE o (a text UNIQUE);\n-- released\n"
            "CREATE UNIQUE INDEX i ON o (a COLLATE NOCASE);",
            line=4,
        ),
        Example(text="ALTER TABLE o ADD COLUMN a int CHECK (a IS NOT NULL);", line=1),
        Example(text="ALTER TABLE o ADD COLUMN a int DEFAULT 0 UNIQUE;", line=1),
        Example(
            text="CREATE TABLE o (n int);\n-- released\nALTER TABLE o ADD a int CHECK (n > 0);",
            line=3,
        ),
        Example(
            text="ALTER TABLE o ADD COLUMN a int;\n"
            "CREATE UNIQUE INDEX CONCURRENTLY i ON o (a) NULLS NOT DISTINCT;",
            line=2,
        ),
        Example(
            text="CREATE TABLE k (id int PRIMARY KEY);\n"
            "ALTER TABLE o ADD COLUMN k int DEFAULT 1 REFERENCES k (id);",
            line=2,
        ),
        Example(
            text="ALTER TABLE o ADD COLUMN s text DEFAULT 'a';\n"
            "ALTER TABLE o ADD CHECK (s IN ('b', 'c')) NOT VALID;",
            line=2,
        ),
        Example(
            text="CREATE TABLE o (s text CONSTRAINT c CHECK (s IN ('a', 'b')));\n-- released\n"
            "ALTER TABLE o DROP CONSTRAINT c;\n"
            "ALTER TABLE o ADD CONSTRAINT c CHECK (s IN ('b', 'c')) NOT VALID;",
            line=4,
        ),
        Example(
            text="CREATE TABLE o (a int);\n-- released\nALTER TABLE o ADD COLUMN b int DEFAULT 0;\n"
            "CREATE UNIQUE INDEX CONCURRENTLY i ON o (b);",
            line=4,
        ),
    ),
    good=(
        Example(
            text="CREATE MATERIALIZED VIEW m AS SELECT a FROM o;\n-- released\n"
            "CREATE UNIQUE INDEX m_a ON m (a);"
        ),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (a int, CONSTRAINT c CHECK (a >= 0));\n"
            "-- released\nALTER TABLE o DROP CHECK c, ADD CONSTRAINT c CHECK (a >= -5);"
        ),
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
        Example(
            text="CREATE TABLE o (a int, b text, UNIQUE (a, b));\n"
            "CREATE UNIQUE INDEX i ON o (a, lower(b));\n-- released\nBEGIN;\n"
            "CREATE UNIQUE INDEX j ON o (a, lower(b));\nDROP INDEX i;\n"
            "CREATE UNIQUE INDEX k ON o (a, b) INCLUDE (b);\n"
            "ALTER TABLE o DROP CONSTRAINT o_a_b_key;\n"
            "ALTER TABLE o ADD CONSTRAINT o_a_b_key UNIQUE USING INDEX k;\nCOMMIT;"
        ),
        Example(text="CREATE INDEX CONCURRENTLY i ON o (email);"),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (a int, b varchar(9), UNIQUE (a));\n"
            "-- released\nALTER TABLE o ADD UNIQUE INDEX i (a, b(3));"
        ),
        Example(
            text="-- server mariadb:10.11\nCREATE TABLE o (n int CHECK (n > 0));\n-- released\n"
            "ALTER TABLE o MODIFY n bigint CHECK (n > 0);"
        ),
        Example(
            text="CREATE TABLE o (s text CONSTRAINT c CHECK (s IN ('a', 'b')));\n-- released\n"
            "ALTER TABLE o DROP CONSTRAINT c;\n"
            "ALTER TABLE o ADD CONSTRAINT c CHECK (s = ANY (ARRAY['b', 'c', 'a'])) NOT VALID;"
        ),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (s text, CONSTRAINT c CHECK (s IN ('a')));\n"
            "-- released\nALTER TABLE o DROP CHECK c, ADD CONSTRAINT c CHECK (s IN ('a', 'b'));"
        ),
        Example(
            text="CREATE TABLE o (a int, b int, UNIQUE (a), CONSTRAINT c CHECK (a > 0));\n"
            "-- released\nALTER TABLE o DROP CONSTRAINT c;\n"
            "ALTER TABLE o ADD CONSTRAINT c CHECK (a >= 0) NOT VALID;\n"
            "ALTER TABLE o ADD UNIQUE (a, b);"
        ),
        Example(
            text="CREATE TABLE o (a int);\n-- released\n"
            "ALTER TABLE o ADD COLUMN main boolean NOT NULL DEFAULT false;\n"
            "CREATE UNIQUE INDEX CONCURRENTLY i ON o (a) WHERE main;"
        ),
        Example(text="ALTER TABLE o ADD COLUMN p int REFERENCES p (id), ADD q int UNIQUE;"),
        Example(
            text="CREATE TABLE k (id int PRIMARY KEY);\nINSERT INTO k VALUES (1);\n"
            "ALTER TABLE o ADD COLUMN k int DEFAULT 1 REFERENCES k (id);"
        ),
        Example(
            text="CREATE TABLE o (a int CONSTRAINT k REFERENCES p (id));\n-- released\n"
            "ALTER TABLE o DROP CONSTRAINT k;\nALTER TABLE o ADD CONSTRAINT k FOREIGN KEY (a) "
            "REFERENCES public.p (id) NOT VALID;"
        ),
        Example(text="ALTER TABLE o ADD COLUMN s text DEFAULT 'a' CHECK (s IN ('a', 'b'));"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
