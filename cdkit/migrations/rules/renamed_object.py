"""A view, function, type, sequence or schema gets another name or another schema.

The running version asks for the old name and gets an error. The name of a constraint matters to
`ON CONFLICT ON CONSTRAINT` and to code that reads it from an error.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.net import eased, lacks
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import RenameObject
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import RELEASE, later, whole

_NOBODYS = frozenset(
    {"trigger", "policy", "rule", "publication", "table", "foreign table", "event trigger"}
)
"""What no query can name, or another rule speaks of."""


def check(operation: RenameObject, context: Context) -> Iterator[Hit]:
    """Flag each thing that was there before the change and that queries name."""
    kind, name = operation.kind, operation.name
    if kind in _NOBODYS or context.schema.is_new_thing(name):
        return
    if context.schema.thing(name) and not context.released.kind_of(name):
        return  # a name that this change gave it, and that it bears no longer
    if operation.table and _is_made_here(operation.table, context):
        return
    if kind == "index" and not _of_constraint(operation, context):
        return
    verb = "moves" if operation.moved else "renames"
    lacking = lacks(name, context) if not operation.table else None
    if (kind == "index" and _serves_again(name, context)) or _is_kept(operation, context):
        lacking = ""
    hit = Hit(
        message=f"{verb} the {kind} {name} to {operation.to}: a running version that uses it fails",
        about=str(name),
        severity=_severity(operation, context),
        fix=Fix(
            summary=f"make a second {kind} with the new name, and drop the old one later",
            replacement=context.sql_of("postgres", _instead(operation)),
        ),
    )
    yield from eased(hit, context, undone=lacking == "")


def _is_made_here(table: Name, context: Context) -> bool:
    """Whether the change makes the table, perhaps for the place of another one."""
    held, schema = context.schema.table(table), context.schema
    return schema.is_new_table(table) or (held is not None and schema.is_new(held.made))


def _is_kept(operation: RenameObject, context: Context) -> bool:
    """Whether what stands in the table's place at the end has a constraint of the old name."""
    table = context.schema.table(operation.table) if operation.table else None
    if table is None or operation.kind != "constraint":
        return False
    served, named = table.was or table.name, operation.name.name
    old, new = (x.constraint(served, named) for x in (context.released, context.ahead.end))
    return bool(old and new and (old.kind, old.columns) == (new.kind, new.columns))


def _instead(operation: RenameObject) -> str:
    """A view can stand behind another one; what else there is has to be written out again."""
    name = operation.name
    to = Name(operation.to, name.name) if operation.moved else Name(name.schema, operation.to)
    if operation.kind != "view":
        return later(operation, "a second one with the new name, and a version that uses it")
    return (
        f"{RELEASE} 1: both names are there\nCREATE VIEW {to.sql} AS SELECT * FROM {name.sql};\n"
        f"{RELEASE} 2: a version that uses the new name alone, running everywhere\n"
        f"{RELEASE} 3: in one transaction\n"
        f"BEGIN;\nDROP VIEW {to.sql};\n{whole(operation)}\nCOMMIT;"
    )


def _of_constraint(operation: RenameObject, context: Context) -> bool:
    """Whether the index is a constraint's, which then takes the new name too.

    Of an unknown one the name tells, if it is what PostgreSQL calls a constraint's.
    """
    index = context.schema.index(operation.name)
    if index is None:
        return operation.name.name.endswith(("_key", "_pkey"))
    return _constraint(index.table, operation.name.name, context) not in {"", *_WITHOUT_INDEX}


def _serves_again(name: Name, context: Context) -> bool:
    """Whether the end has a constraint of this name with the same columns on the table of old."""
    old, new = context.released.index(name), context.ahead.end.index(name)
    return old is not None and new is not None and old.key == new.key and new.unique


def _constraint(table: Name, name: str, context: Context) -> str:
    found = context.schema.constraint(table, name)
    return found.kind if found else ""


def _severity(operation: RenameObject, context: Context) -> Severity | None:
    """ON CONFLICT ON CONSTRAINT can name those alone that keep rows apart (manual, INSERT)."""
    if operation.kind == "index":
        return Severity.MEDIUM
    if operation.kind != "constraint" or operation.table is None:
        return None
    kind = _constraint(operation.table, operation.name.name, context)
    return Severity.LOW if kind in _WITHOUT_INDEX else Severity.MEDIUM


_WITHOUT_INDEX = frozenset({"check", "foreign key", "not null"})
"""Constraints that keep no rows apart, and have no index."""


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(RenameObject,),
    check=check,
    instead="Make a second one with the new name, move over, drop the old one later.",
    bad=(
        Example(text="ALTER VIEW open_orders RENAME TO current_orders;", line=1),
        Example(text="ALTER TYPE order_state RENAME TO state;", line=1),
        Example(text="ALTER FUNCTION total(bigint) SET SCHEMA shop;", line=1),
        Example(text="ALTER TABLE orders RENAME CONSTRAINT orders_ok TO orders_valid;", line=1),
    ),
    good=(
        Example(
            text="CREATE VIEW v AS SELECT a FROM o;\n-- released\nBEGIN;\n"
            "ALTER VIEW v RENAME TO w;\nALTER VIEW w RENAME TO v;\nCOMMIT;"
        ),
        Example(text="ALTER INDEX orders_a RENAME TO orders_b;"),
        Example(
            text="CREATE TABLE o (a int CONSTRAINT o_a REFERENCES p);\nCREATE INDEX o_a ON o (a);\n"
            "-- released\nALTER INDEX o_a RENAME TO o_b;"
        ),
        Example(text="CREATE TYPE s AS ENUM ('a');\nALTER TYPE s RENAME TO t;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
