"""A constraint that stays is looked at at another time, or does another thing when a row goes.

One that was DEFERRABLE and is no longer makes SET CONSTRAINTS fail, and refuses at once what a
transaction of the running version puts right by its end. One that becomes DEFERRABLE by being made
from a unique index is no arbiter of ON CONFLICT any more. A foreign key that is made anew with
another ON DELETE lets rows go that stayed, or refuses to let them go.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import ChangeConstraint
from cdkit.migrations.implied import same_key
from cdkit.migrations.nouns import Constraint, Name
from cdkit.migrations.operation import AddConstraint, OnTable
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.schema import Schema, Table
from cdkit.migrations.ways import later

_KEYS = frozenset({"unique", "primary key"})
_PUT_OFF = "SET CONSTRAINTS of a running version fails, and what its transactions put right by "
_PUT_OFF += "their end is refused at once"


def check(operation: ChangeConstraint | AddConstraint, context: Context) -> Iterator[Hit]:
    """Flag what the running version meets differently, on tables that were there before."""
    if context.schema.is_new_table(operation.table):
        return
    if isinstance(operation, ChangeConstraint):
        yield from _altered(operation, context)
        return
    yield from _no_arbiter(operation, context)
    table = context.released.table(operation.table)
    if table and (old := _same(table, operation.constraint, context.released)):
        yield from _replaced(operation, old, context)


def _altered(operation: ChangeConstraint, context: Context) -> Iterator[Hit]:
    old = context.released.constraint(operation.table, operation.constraint)
    made = context.schema.constraint(operation.table, operation.constraint)
    name = operation.constraint
    if operation.enforced and not any(each and each.enforced for each in (old, made)):
        said = f"enforces {name} on {operation.table}: what a running version writes may be refused"
        yield _hit(operation, said, Severity.MEDIUM, known=made is not None)
    if old is None and made:
        return  # made by this release
    if operation.deferrable is False and (old is None or old.deferrable):
        said = f"{name} on {operation.table} is no longer deferrable: {_PUT_OFF}"
        yield _hit(operation, said, None if old else Severity.MEDIUM, known=old is not None)
    elif old and old.deferred and operation.deferred is False:
        said = f"{name} on {operation.table} is looked at at once: what a transaction of a running "
        yield _hit(operation, f"{said}version puts right by its end is refused", None, known=True)
    elif operation.deferred and (old is None or not old.deferred):
        yield _late(operation, name, known=old is not None)


def _late(operation: OnTable, name: str, *, known: bool) -> Hit:
    said = f"{name} on {operation.table} is looked at when a transaction ends: a running version "
    said += "that expects to be refused at the statement is refused at COMMIT"
    return _hit(operation, said, Severity.LOW, known=known)


def _no_arbiter(operation: AddConstraint, context: Context) -> Iterator[Hit]:
    made = operation.constraint
    if not (made.index and made.deferrable):
        return
    index = context.schema.index(Name(context.schema.full(operation.table).schema, made.index))
    if index is None or not context.schema.is_new(index.epoch):
        said = f"makes the index {made.index} deferrable: ON CONFLICT of a running version fails"
        yield _hit(operation, said, None, known=index is not None)


def _replaced(operation: AddConstraint, old: Constraint, context: Context) -> Iterator[Hit]:
    """Compare what stood there with all that stands there when the transaction ends."""
    end = context.ahead.end
    table = end.table(operation.table)
    left = [each for each in table.constraints.values() if _alike(each, old, end)] if table else []
    what = f"the {old.kind} on {', '.join(old.columns)} of {operation.table}"
    if old.deferrable and not all(each.deferrable for each in left):
        yield _hit(operation, f"{what} is no longer deferrable: {_PUT_OFF}", None, known=True)
    elif old.deferred and not all(each.deferred for each in left):
        said = f"{what} is looked at at once: what a transaction of a running version puts right "
        yield _hit(operation, f"{said}by its end is refused", None, known=True)
    if old.kind == "foreign key" and left:
        yield from _acts_otherwise(operation, old, left, what)


def _acts_otherwise(
    operation: AddConstraint, old: Constraint, left: list[Constraint], what: str
) -> Iterator[Hit]:
    """Compare what a foreign key does, or did, to rows that refer to one that goes or changes."""
    keeps = any(each.keeps for each in left)
    if keeps and not old.keeps:
        said = f"{what} keeps rows that others refer to: a DELETE of a running version is refused"
        yield _hit(operation, said, None, known=True)
    elif old.keeps and not keeps:
        said = f"{what} lets rows go: a DELETE of a running version that was refused takes others "
        yield _hit(operation, f"{said}along", Severity.LOW, known=True)
    elif old.deletes not in {each.deletes for each in left}:
        said = f"{what} does to rows that refer to a deleted one what it did not before"
        yield _hit(operation, said, Severity.MEDIUM, known=True)
    if not old.pins and any(each.pins for each in left):
        said = f"{what} pins the key that it refers to: an UPDATE of it by a running version is "
        yield _hit(operation, f"{said}refused", Severity.MEDIUM, known=True)


def _same(table: Table, made: Constraint, schema: Schema) -> Constraint | None:
    """Return what the running version knows in the place of a constraint."""
    alike = (each for each in table.constraints.values() if _alike(each, made, schema))
    return next(alike, None)


def _alike(one: Constraint, other: Constraint, schema: Schema) -> bool:
    """Whether two constraints are about the same: these columns, and whom they refer to."""
    if one.kind != other.kind and not {one.kind, other.kind} <= _KEYS:
        return False
    if one.kind not in {*_KEYS, "foreign key"} or not one.columns:
        return False
    return same_key(one, other, schema)


def _hit(operation: OnTable, message: str, severity: Severity | None, *, known: bool) -> Hit:
    return Hit(
        message=message,
        about=str(operation.table),
        severity=severity,
        confidence=Confidence.HIGH if known else Confidence.MEDIUM,
        fix=Fix(
            summary="release a version that can live with it, let it run everywhere, and change "
            "the constraint in a later release",
            replacement=later(operation, "a version that can live with it"),
        ),
    )


_OLD = "CREATE TABLE p (id int PRIMARY KEY, a int CONSTRAINT u UNIQUE);\nCREATE TABLE o (\n  p int "
_LATER = "CONSTRAINT k REFERENCES p DEFERRABLE INITIALLY DEFERRED"

RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(ChangeConstraint, AddConstraint),
    check=check,
    instead="Release a version that can live with it first, and change the constraint later.",
    bad=(
        Example(text="ALTER TABLE o ALTER CONSTRAINT k NOT DEFERRABLE;", line=1),
        Example(
            text=f"{_OLD}{_LATER});\n-- released\nALTER TABLE o ALTER CONSTRAINT k NOT DEFERRABLE;",
            line=5,
        ),
        Example(
            text=f"{_OLD}{_LATER});\n-- released\n"
            "ALTER TABLE o ALTER CONSTRAINT k DEFERRABLE INITIALLY IMMEDIATE;",
            line=5,
        ),
        Example(
            text=f"{_OLD}{_LATER});\n-- released\nBEGIN;\nALTER TABLE o DROP CONSTRAINT k;\n"
            "ALTER TABLE o ADD CONSTRAINT k FOREIGN KEY (p) REFERENCES p NOT VALID;\nCOMMIT;",
            line=7,
        ),
        Example(
            text=f"{_OLD}CONSTRAINT k REFERENCES p ON DELETE CASCADE);\n-- released\nBEGIN;\n"
            "ALTER TABLE o DROP CONSTRAINT k;\n"
            "ALTER TABLE o ADD CONSTRAINT k FOREIGN KEY (p) REFERENCES p NOT VALID;\nCOMMIT;",
            line=7,
        ),
        Example(
            text=f"{_OLD}CONSTRAINT k REFERENCES p ON DELETE CASCADE);\n-- released\nBEGIN;\n"
            "ALTER TABLE o DROP CONSTRAINT k;\nALTER TABLE o ADD CONSTRAINT k FOREIGN KEY (p) "
            "REFERENCES p ON DELETE SET NULL NOT VALID;\nCOMMIT;",
            line=7,
        ),
        Example(
            text=f"{_OLD}CONSTRAINT k REFERENCES p ON UPDATE CASCADE);\n-- released\nBEGIN;\n"
            "ALTER TABLE o DROP CONSTRAINT k;\n"
            "ALTER TABLE o ADD CONSTRAINT k FOREIGN KEY (p) REFERENCES p NOT VALID;\nCOMMIT;",
            line=7,
        ),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE p (id int PRIMARY KEY);\n"
            "CREATE TABLE o (p int, CONSTRAINT k FOREIGN KEY (p) REFERENCES p (id));\n-- released\n"
            "ALTER TABLE o DROP FOREIGN KEY k;\n"
            "ALTER TABLE o ADD CONSTRAINT k FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE;",
            line=6,
        ),
        Example(
            text="CREATE TABLE o (a int);\nCREATE UNIQUE INDEX i ON o (a);\n-- released\n"
            "ALTER TABLE o ADD CONSTRAINT u UNIQUE USING INDEX i DEFERRABLE;",
            line=4,
        ),
    ),
    good=(
        Example(
            text=f"{_OLD}CONSTRAINT k REFERENCES p);\n-- released\n"
            "ALTER TABLE o ALTER CONSTRAINT k NOT DEFERRABLE;"
        ),
        Example(
            text=f"{_OLD}CONSTRAINT k REFERENCES p);\n-- released\n"
            "ALTER TABLE o ALTER CONSTRAINT k DEFERRABLE;"
        ),
        Example(
            text=f"{_OLD}{_LATER});\n-- released\nBEGIN;\nALTER TABLE o DROP CONSTRAINT k;\n"
            "ALTER TABLE o ADD CONSTRAINT k FOREIGN KEY (p) REFERENCES p DEFERRABLE INITIALLY "
            "DEFERRED NOT VALID;\nCOMMIT;"
        ),
        Example(
            text=f"{_OLD}CONSTRAINT k REFERENCES p ON DELETE CASCADE);\n-- released\n"
            "ALTER TABLE o ADD CONSTRAINT l FOREIGN KEY (p) REFERENCES p ON DELETE CASCADE "
            "NOT VALID;"
        ),
    ),
    sources=(
        "https://www.postgresql.org/docs/current/sql-set-constraints.html",
        "https://www.postgresql.org/docs/current/sql-insert.html",
        "https://www.postgresql.org/docs/current/sql-altertable.html",
    ),
)
