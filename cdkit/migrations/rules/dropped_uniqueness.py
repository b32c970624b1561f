"""A unique constraint, a primary key or a unique index goes away.

`INSERT … ON CONFLICT (…)` of the running version finds nothing to match and fails at once;
without one, rows come in twice. Dropping a foreign key or a check breaks no query and is not
flagged.
"""

from collections.abc import Iterator

from msgspec import structs

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.indexes import Index
from cdkit.migrations.lazy import pattern
from cdkit.migrations.net import eased
from cdkit.migrations.nouns import NULLS_ALIKE
from cdkit.migrations.operation import AddConstraint, DropConstraint, DropObject, Operation
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later

_UNNAMED = frozenset({"mysql", "mariadb"})
_NAMED_OTHERWISE = pattern(r"(?:^|_)(?:fk|fkey|ck|chk|check)(?:_|\d*$)")
"""How servers and frameworks name foreign keys and checks: `o_p_id_fkey`, `fk_rails_1a`, `ck_o_a`.
"""
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
    index = context.schema.indexes.get(context.schema.index_name(table, name))
    if found is None:
        sure = Confidence.MEDIUM if _sounds_unique(name) else Confidence.LOW
        what = f"the constraint {name} of {table}"
        hit = _hit(context, operation, what, f"{table}.{name}", sure)
        other = not _sounds_unique(name) and _sounds_otherwise(name, context)
        yield structs.replace(hit, severity=Severity.LOW if other else hit.severity)
    elif found.kind in {"unique", "primary key", "exclusion"}:
        what = f"the {found.kind} {name} of {table}"
        hit = _hit(context, operation, what, f"{table}.{name}", Confidence.HIGH)
        # ON DUPLICATE KEY UPDATE names no key: any that keeps the same rows apart serves it.
        named = "" if context.server.engine in _UNNAMED else name
        back = index is not None and _is_back(index, context, named=named)
        yield from eased(hit, context, undone=back)


def _of_index(operation: DropObject, context: Context) -> Iterator[Hit]:
    index = context.schema.index(operation.name)
    if index is None:
        sure = Confidence.MEDIUM if _sounds_unique(operation.name.name) else Confidence.LOW
        hit = _hit(context, operation, f"the index {operation.name}", str(operation.name), sure)
        low = Severity.LOW if sure is Confidence.LOW else hit.severity
        yield structs.replace(hit, severity=low)
    elif index.unique and not context.schema.is_new(index.epoch):
        what = f"the unique index {operation.name}"
        hit = _hit(context, operation, what, str(operation.name), Confidence.HIGH)
        twins = [
            each for _, each in context.schema.unique_keys(index.table) if each.key == index.key
        ]
        if len(twins) < 2:
            yield from eased(hit, context, undone=_is_back(index, context, named=""))


def _is_back(index: Index, context: Context, *, named: str) -> bool:
    """Whether the end keeps the same rows apart, under the same name where that counts."""
    end = context.ahead.end
    return any(
        _serves(each, index, context) and named in {"", name}
        for name, each in end.unique_keys(index.table)
        if not named or end.constraint(index.table, name)
    )


def _serves(new: Index, old: Index, context: Context) -> bool:
    """Whether ON CONFLICT finds what it did, and the same rows are kept apart.

    One to which nulls are alike does that too, and one to which they are not where there are none.
    """
    bare = structs.replace(new, where=new.where.removeprefix(NULLS_ALIKE))
    if new.deferrable and not old.deferrable:
        return False
    if old.key in {new.key, bare.key}:
        return True
    columns = [context.schema.column(old.table, name) for name in old.columns]
    plain = structs.replace(old, where=old.where.removeprefix(NULLS_ALIKE))
    return bare.key == plain.key and all(column and column.not_null for column in columns)


def _sounds_unique(name: str) -> bool:
    return any(part in name.lower() for part in _NAMED_UNIQUE)


def _sounds_otherwise(name: str, context: Context) -> bool:
    """Whether its name, or what takes that name, is a foreign key's or a check's."""
    kinds = [
        each.constraint.kind
        for each in context.ahead.operations
        if isinstance(each, AddConstraint) and each.constraint.name == name
    ]
    if kinds:
        return {"foreign key", "check", "not null"}.issuperset(kinds)
    return _NAMED_OTHERWISE().search(name.lower()) is not None


def _hit(
    context: Context, operation: Operation, what: str, about: str, confidence: Confidence
) -> Hit:
    mysql = context.server.engine in _UNNAMED
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
            "it in a later release; to replace it, make the new one first",
            replacement=later(operation, f"a version without {clause} on it"),
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
            text="-- server mysql:8.0\nCREATE TABLE o (k char(9) NOT NULL, PRIMARY KEY (k));\n"
            "-- released\nALTER TABLE o DROP PRIMARY KEY, ADD UNIQUE KEY was (k(3)),\n"
            "    ADD COLUMN id int NOT NULL AUTO_INCREMENT, ADD PRIMARY KEY (id);",
            line=4,
        ),
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
            text="-- server mysql:8.0\nCREATE TABLE o (k char(9) NOT NULL, PRIMARY KEY (k));\n"
            "-- released\nALTER TABLE o DROP PRIMARY KEY, ADD UNIQUE KEY was (k),\n"
            "    ADD COLUMN id int NOT NULL AUTO_INCREMENT, ADD PRIMARY KEY (id);"
        ),
        Example(
            text="-- server sqlite\nCREATE TABLE o (a int, b int);\nCREATE INDEX b_uniq ON o (b);\n"
            "-- released\nCREATE TABLE n (a int);\nINSERT INTO n SELECT a FROM o;\n"
            "DROP TABLE o;\nALTER TABLE n RENAME TO o;"
        ),
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
