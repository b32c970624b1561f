"""A unique constraint, a primary key or a unique index goes away.

`INSERT … ON CONFLICT (…)` of the running version finds nothing to match and fails at once;
without one, rows come in twice. Dropping a foreign key or a check breaks no query and is not
flagged.
"""

from collections.abc import Iterator

from msgspec import structs

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import DropConstraint, DropObject
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule

_NAMED_UNIQUE = ("uniq", "_key", "_uk", "uq_", "_uq", "ux_", "_pkey", "pk_", "_pk")


def check(operation: DropConstraint | DropObject, context: Context) -> Iterator[Hit]:
    """Flag what kept rows apart before the change."""
    if isinstance(operation, DropObject):
        if operation.kind == "index":
            yield from _of_index(operation, context)
        return
    table, name = operation.table, operation.constraint
    if context.schema.is_new_table(table) or operation.kind in {"foreign key", "check"}:
        return
    found = context.schema.constraint(table, name)
    if found is None:
        sure = Confidence.MEDIUM if _sounds_unique(name) else Confidence.LOW
        yield _hit(f"the constraint {name} of {table}", f"{table}.{name}", sure, context)
    elif found.kind in {"unique", "primary key", "exclusion"}:
        yield _hit(
            f"the {found.kind} {name} of {table}", f"{table}.{name}", Confidence.HIGH, context
        )


def _of_index(operation: DropObject, context: Context) -> Iterator[Hit]:
    index = context.schema.index(operation.name)
    if index is None:
        sure = Confidence.MEDIUM if _sounds_unique(operation.name.name) else Confidence.LOW
        hit = _hit(f"the index {operation.name}", str(operation.name), sure, context)
        low = Severity.LOW if sure is Confidence.LOW else hit.severity
        yield structs.replace(hit, severity=low)
    elif index.unique and not context.schema.is_new(index.epoch):
        yield _hit(
            f"the unique index {operation.name}", str(operation.name), Confidence.HIGH, context
        )


def _sounds_unique(name: str) -> bool:
    return any(part in name.lower() for part in _NAMED_UNIQUE)


def _hit(what: str, about: str, confidence: Confidence, context: Context) -> Hit:
    mysql = context.server.engine in {"mysql", "mariadb"}
    then = "inserts rows twice" if mysql else "fails"
    clause = "ON DUPLICATE KEY UPDATE" if mysql else "ON CONFLICT"
    unsure = "" if confidence is Confidence.HIGH else ", if it is unique,"
    return Hit(
        message=f"drops {what}: {clause} of a running version{unsure} {then}",
        about=about,
        severity=None if confidence is Confidence.HIGH else Severity.MEDIUM,
        confidence=confidence,
        fix=Fix(
            summary="release a version that does not rely on it, let it run everywhere, and drop "
            "it in a later release; to replace it, make the new one first"
        ),
    )


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(DropConstraint, DropObject),
    check=check,
    instead="Stop relying on it in one release, drop it in the next.",
    bad=(
        Example(
            text="CREATE TABLE o (a int UNIQUE);\n-- released\n"
            "ALTER TABLE o DROP CONSTRAINT o_a_key;",
            line=3,
        ),
        Example(
            text="CREATE TABLE o (a int);\nCREATE UNIQUE INDEX i ON o (a);\n-- released\n"
            "DROP INDEX CONCURRENTLY i;",
            line=4,
        ),
        Example(text="ALTER TABLE orders DROP CONSTRAINT orders_pkey;", line=1),
    ),
    good=(
        Example(
            text="CREATE TABLE o (a int CHECK (a > 0));\n-- released\n"
            "ALTER TABLE o DROP CONSTRAINT o_a_check;"
        ),
        Example(
            text="CREATE TABLE o (a int);\nCREATE INDEX i ON o (a);\n-- released\n"
            "DROP INDEX CONCURRENTLY i;"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-insert.html",),
)
