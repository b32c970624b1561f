"""A constraint is checked against all rows while a lock keeps everybody out.

A CHECK, a unique or exclusion constraint and a primary key hold ACCESS EXCLUSIVE meanwhile; a
foreign key holds SHARE ROW EXCLUSIVE, on both tables. With NOT VALID the lock is short, and
VALIDATE CONSTRAINT, in a later transaction, lets reads and writes go on. A unique constraint can
be made from an index that was built CONCURRENTLY. A foreign key that becomes ENFORCED (since 18) is
checked then, and takes no NOT VALID.
"""

from collections.abc import Iterator

from msgspec import structs

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import ChangeConstraint
from cdkit.migrations.inverse import Speech, definition
from cdkit.migrations.mend import Mend, Splice, after
from cdkit.migrations.nouns import Constraint, quoted
from cdkit.migrations.operation import AddColumn, AddConstraint, OnTable
from cdkit.migrations.postgres.constraint_ways import from_index, name_of, not_valid
from cdkit.migrations.postgres.only import of_parent_alone
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule

_PROVEN_BY_INDEX = frozenset({"unique", "primary key"})
_INDEXED = _PROVEN_BY_INDEX | {"exclusion"}


def check(
    operation: AddConstraint | AddColumn | ChangeConstraint, context: Context
) -> Iterator[Hit]:
    """Flag each constraint that reads a table which was there before the change."""
    if context.schema.is_new_table(operation.table):
        return
    if isinstance(operation, ChangeConstraint):
        yield from _enforced(operation, context)
        return
    if isinstance(operation, AddConstraint):
        constraint = operation.constraint
        if constraint.kind in _INDEXED and of_parent_alone(operation, context.schema):
            return
        if constraint.valid and constraint.enforced and not constraint.index:
            yield structs.replace(
                _hit(operation, constraint, context), mend=_mend(operation, constraint, context)
            )
        return
    for constraint in operation.column.constraints:
        if constraint.kind in _PROVEN_BY_INDEX or _fills(operation):
            yield _with_column(operation, constraint, context)
        elif constraint.kind == "check" and not constraint.always:
            hit = _with_column(operation, constraint, context)
            yield structs.replace(hit, severity=Severity.MEDIUM)


def _enforced(operation: ChangeConstraint, context: Context) -> Iterator[Hit]:
    table, name = operation.table, operation.constraint
    old = context.schema.constraint(table, name)
    alter, named = f"ALTER TABLE {table.sql}", quoted(name)
    if operation.enforced and not (old and old.enforced):
        yield Hit(
            message=f"enforces {name}: checks all rows of {table} for a foreign key, under a lock",
            about=f"{table}.{name}",
            fix=Fix(
                summary="drop it and add it again NOT VALID in one transaction, and validate it in "
                "a later one",
                replacement=f"{alter} DROP CONSTRAINT {named}, ADD CONSTRAINT {named} "
                "FOREIGN KEY (…) REFERENCES … NOT VALID;\n"
                f"-- in a migration after it\n{alter} VALIDATE CONSTRAINT {named};",
            ),
        )


def _with_column(operation: AddColumn, constraint: Constraint, context: Context) -> Hit:
    """The column comes first, without the constraint, and that as it would come to an old one."""
    column = operation.column
    hit = _hit(operation, structs.replace(constraint, columns=(column.name,)), context)
    added = definition(column, Speech(dialect=context.dialect, server=context.server))
    if hit.fix is None or not hit.fix.replacement or not added:
        return hit
    first = f"ALTER TABLE {operation.table.sql} ADD COLUMN {added};"
    fix = structs.replace(hit.fix, replacement=f"{first}\n{hit.fix.replacement}")
    return structs.replace(hit, fix=fix)


def _fills(operation: AddColumn) -> bool:
    """Whether the new column holds something to check.

    A foreign key looks at no row whose column is null; a CHECK does, and lets it pass.
    """
    default = operation.column.default
    return bool(default and not default.null) or bool(operation.column.generated)


def _hit(operation: OnTable, constraint: Constraint, context: Context) -> Hit:
    table = operation.table
    return Hit(
        message=f"checks all rows of {table} for a {constraint.kind}, under a lock",
        about=f"{table}.{constraint.name}" if constraint.name else str(table),
        fix=_fix(operation, constraint, context),
    )


def _fix(operation: OnTable, constraint: Constraint, context: Context) -> Fix:
    table, schema = operation.table, context.schema
    name = name_of(table, constraint, schema)
    name = name or f"{table.name}_{'_'.join(constraint.columns) or 'new'}"
    if constraint.kind in _PROVEN_BY_INDEX:
        return Fix(
            summary="build a unique index CONCURRENTLY, and make the constraint from it",
            replacement=from_index(table, name, constraint, schema),
        )
    if constraint.kind == "exclusion":
        return Fix(summary="add it while the table is small, or in a quiet hour with a timeout")
    return Fix(
        summary="add it NOT VALID, and validate it in a later transaction",
        replacement=not_valid(table, name, constraint, schema, context.server),
    )


def _mend(operation: AddConstraint, constraint: Constraint, context: Context) -> Mend | None:
    """NOT VALID and a VALIDATE behind it; a constraint without a name gets the server's own."""
    if constraint.kind not in {"check", "foreign key"} or not constraint.sql:
        return None
    table = context.schema.table(operation.table)
    if table and table.partitioned:
        return Mend(by_hand="servers before 18 take no NOT VALID on a partitioned table")
    name = name_of(operation.table, constraint, context.schema)
    if not name or not (constraint.name or (table and table.known)):
        return Mend(by_hand="it has no name to validate it by; give it one")
    end = constraint.at + len(constraint.sql.encode())
    named = "" if constraint.name else f"CONSTRAINT {quoted(name)} "
    validate = f"ALTER TABLE {operation.table.sql} VALIDATE CONSTRAINT {quoted(name)};"
    splices = (
        *((Splice(at=constraint.at, end=constraint.at, text=named),) if named else ()),
        Splice(at=end, end=end, text=" NOT VALID"),
        after(operation, validate),
    )
    return Mend(splices=splices, apart=True)


RULE = LintRule(
    severity=Severity.HIGH,
    question=SAFE_TO_RUN,
    grows=True,
    engines=("postgres",),
    on=(AddConstraint, AddColumn, ChangeConstraint),
    check=check,
    instead="Add it NOT VALID and validate later; make unique ones from an index.",
    bad=(
        Example(text="ALTER TABLE o ADD CONSTRAINT c CHECK (total > 0);", line=1),
        Example(text="ALTER TABLE o\n  ADD FOREIGN KEY (p) REFERENCES p (id);", line=2),
        Example(text="ALTER TABLE o ADD UNIQUE (email);", line=1),
        Example(text="ALTER TABLE o ADD COLUMN no int UNIQUE;", line=1),
        Example(
            text="-- server postgres:18\nALTER TABLE o ALTER CONSTRAINT o_p_fkey ENFORCED;", line=2
        ),
    ),
    good=(
        Example(text="ALTER TABLE o ADD CONSTRAINT c CHECK (total > 0) NOT VALID;"),
        Example(text="ALTER TABLE o ADD CONSTRAINT u UNIQUE USING INDEX i;"),
        Example(text="CREATE TABLE o (a int);\nALTER TABLE o ADD CHECK (a > 0);"),
        Example(
            text="CREATE TABLE o (a int) PARTITION BY LIST (a);\n"
            "CREATE TABLE p PARTITION OF o FOR VALUES IN (1);\n-- released\n"
            "ALTER TABLE ONLY o ADD UNIQUE (a);"
        ),
        Example(text="ALTER TABLE o VALIDATE CONSTRAINT c;"),
        Example(
            text="-- server postgres:18\nALTER TABLE o ALTER CONSTRAINT o_p_fkey NOT ENFORCED;"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
