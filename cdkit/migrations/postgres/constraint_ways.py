"""Safe ways to the constraints of a PostgreSQL table: from an index, NOT VALID, by partition.

What a unique constraint says besides its columns (INCLUDE, NULLS NOT DISTINCT, WITH, a tablespace)
goes into its index; when it is looked at stays with itself. A partitioned table takes no index
CONCURRENTLY, and before 18 no foreign key NOT VALID; each of its partitions does, and what they
have then is what the table takes over (PostgreSQL manual, ALTER TABLE, CREATE INDEX, "Partition
Maintenance"; seen on 15 and 18).
"""

import re

from msgspec import Struct, structs

from cdkit.migrations.engine import Server
from cdkit.migrations.indexes import usual_name
from cdkit.migrations.lazy import pattern
from cdkit.migrations.nouns import NULLS_ALIKE, Column, Constraint, Name, automatic_name, quoted
from cdkit.migrations.operation import CreateIndex
from cdkit.migrations.postgres.other_locks import below
from cdkit.migrations.postgres.ways import proof
from cdkit.migrations.schema import Schema
from cdkit.migrations.ways import ended

LONGEST = 63
"""Bytes of a name (NAMEDATALEN - 1); the server cuts a longer one."""
_SHOWN = 20
"""Partitions whose statements are written out."""
_ON = pattern(r'(?i)\bon\s+(?:only\s+)?(?:"(?:[^"]|"")*"|[\w$]+|\s*\.\s*)+')
"""ON and the name of the table, in a CREATE INDEX."""
_NAME = r'(?:"(?:[^"]|"")*+"|[\w$]++)'
_GROUP = r"""\((?:"(?:[^"]|"")*+"|'(?:[^']|'')*+'|[^()"'])*+\)"""
_SHAPE = pattern(
    rf"\s*(?:CONSTRAINT\s+{_NAME}\s+)?(?:UNIQUE|PRIMARY\s+KEY)"
    rf"(?P<alike>\s+NULLS\s+(?:NOT\s+)?DISTINCT)?\s*(?:{_GROUP})?"
    rf"(?P<include>\s*INCLUDE\s*{_GROUP})?(?P<options>\s*WITH\s*{_GROUP})?"
    rf"(?P<space>\s+USING\s+INDEX\s+TABLESPACE\s+{_NAME})?"
    r"(?P<when>(?:\s+(?:NOT\s+)?DEFERRABLE|\s+INITIALLY\s+(?:DEFERRED|IMMEDIATE))*)\s*",
    re.IGNORECASE,
)
"""A unique constraint or primary key as it is written."""
_APART = "-- in a migration after it, or outside a transaction"


class _Said(Struct, frozen=True, kw_only=True):
    """What a unique constraint says besides its name and columns, as it is written."""

    alike: str = ""
    include: str = ""
    options: str = ""
    space: str = ""
    when: str = ""


def name_of(table: Name, constraint: Constraint, schema: Schema) -> str:
    """Return the name that a constraint has or gets from the server; empty for a guess."""
    if constraint.name:
        return constraint.name
    name, held = automatic_name(table.name, constraint), schema.table(table)
    taken = held is not None and name in held.constraints
    return "" if taken or len(name.encode()) > LONGEST else name


def from_index(table: Name, name: str, constraint: Constraint, schema: Schema) -> str:
    """Return how a unique constraint or a primary key is made from an index; empty for no way.

    A key over time (WITHOUT OVERLAPS, since 18) is made from none.
    """
    held, said = schema.table(table), _said(constraint)
    if not constraint.columns or said is None:
        return ""
    nulls = [
        column
        for column in constraint.columns
        if constraint.kind == "primary key" and not (held and _is_filled(held.columns.get(column)))
    ]
    if held and held.partitioned:
        return "" if nulls else _by_partition(table, name, constraint, schema)
    proofs = [proof(table, column) for column in nulls]
    return "\n".join(
        (
            *(f"{added}\n{_APART}\n{validated}" for added, validated, _ in proofs),
            *_made(table, name, constraint, said),
            *(dropped for _, _, dropped in proofs),
        )
    )


def index(table: Name, columns: tuple[str, ...], schema: Schema) -> str:
    """Return how an index is built while reads and writes go on; empty for no way."""
    held, listed = schema.table(table), ", ".join(map(quoted, columns))
    if held is None or not held.partitioned:
        return f"CREATE INDEX CONCURRENTLY ON {table.sql} ({listed});"
    name = usual_name(table.name, columns)
    lines = [f"CREATE INDEX {quoted(name)} ON ONLY {table.sql} ({listed});"]
    children = _partitions(table, schema)
    for child in children:
        of_it = structs.replace(child, name=f"{child.name}_{name}")
        lines += [
            f"CREATE INDEX CONCURRENTLY {quoted(of_it.name)} ON {child.sql} ({listed});",
            f"ALTER INDEX {Name(table.schema, name).sql} ATTACH PARTITION {of_it.sql};",
        ]
    return "\n".join(lines) if children else ""


def index_by_partition(operation: CreateIndex, schema: Schema) -> str:
    """Return an index of a partitioned table partition by partition; empty for no way."""
    table, source = operation.table, operation.statement.source
    name = operation.name or usual_name(table.name, operation.columns)
    on, children = _ON().search(source), _partitions(table, schema)
    if not on or not children or (not operation.name and "" in operation.columns):
        return ""
    unique, rest = "UNIQUE " if operation.unique else "", source[on.end() :]
    lines = [ended(f"CREATE {unique}INDEX {quoted(name)} ON ONLY {table.sql}{rest}")]
    for child in children:
        of_it = structs.replace(child, name=f"{child.name}_{name}")
        made = f"CREATE {unique}INDEX CONCURRENTLY {quoted(of_it.name)} ON {child.sql}{rest}"
        attached = f"ALTER INDEX {Name(table.schema, name).sql} ATTACH PARTITION {of_it.sql};"
        lines += [ended(made), attached]
    return "\n".join(lines)


def not_valid(
    table: Name, name: str, constraint: Constraint, schema: Schema, server: Server
) -> str:
    """Return how a CHECK or a foreign key is added NOT VALID and validated; empty for no way."""
    if not constraint.sql:
        return ""
    clause = constraint.sql if constraint.name else f"CONSTRAINT {quoted(name)} {constraint.sql}"
    held = schema.table(table)
    if constraint.kind != "foreign key" or not (held and held.partitioned and server.before(18)):
        return _later(table, clause, name)
    each = [_later(child, clause, name) for child in _partitions(table, schema)]
    return "\n".join((*each, f"ALTER TABLE {table.sql} ADD {clause};")) if each else ""


def _later(table: Name, clause: str, name: str) -> str:
    alter = f"ALTER TABLE {table.sql}"
    return f"{alter} ADD {clause} NOT VALID;\n{_APART}\n{alter} VALIDATE CONSTRAINT {quoted(name)};"


def _made(table: Name, name: str, constraint: Constraint, said: _Said) -> tuple[str, str]:
    columns, shown = ", ".join(map(quoted, constraint.columns)), quoted(name)
    besides = f"{said.include}{said.alike}{said.options}{said.space.removeprefix(' USING INDEX')}"
    alter = f"ALTER TABLE {table.sql} ADD CONSTRAINT {shown} {constraint.kind.upper()}"
    return (
        f"CREATE UNIQUE INDEX CONCURRENTLY {shown} ON {table.sql} ({columns}){besides};",
        f"{alter} USING INDEX {shown}{said.when};",
    )


def _by_partition(table: Name, name: str, constraint: Constraint, schema: Schema) -> str:
    """The table's own constraint holds nothing until each partition's is attached to it."""
    said = _said(constraint) or _Said()
    columns, kind = ", ".join(map(quoted, constraint.columns)), constraint.kind.upper()
    besides = f"{said.include}{said.options}{said.space}{said.when}"
    alter = f"ALTER TABLE ONLY {table.sql} ADD CONSTRAINT {quoted(name)}"
    lines = [f"{alter} {kind}{said.alike} ({columns}){besides};"]
    children = _partitions(table, schema)
    for child in children:
        of_it = structs.replace(child, name=f"{child.name}_{name}")
        lines += _made(child, of_it.name, constraint, said)
        lines += [f"ALTER INDEX {Name(table.schema, name).sql} ATTACH PARTITION {of_it.sql};"]
    return "\n".join(lines) if children else ""


def _partitions(table: Name, schema: Schema) -> list[Name]:
    """Return the partitions of a table, with a schema where it has one; none if they have some."""
    found = list(below(schema.full(table), schema))[:_SHOWN]
    if any(schema.tables[child].partitioned for child, _ in found):
        return []
    return [Name(child.schema if table.schema else "", child.name) for child, _ in found]


def _is_filled(column: Column | None) -> bool:
    return column is not None and column.not_null


def _said(constraint: Constraint) -> _Said | None:
    """Return what a constraint says besides; None where it says what no index can."""
    if not constraint.sql:
        alike = f" {NULLS_ALIKE}" if constraint.expression == NULLS_ALIKE else ""
        when = " DEFERRABLE" * constraint.deferrable + " INITIALLY DEFERRED" * constraint.deferred
        return _Said(alike=alike, when=when)
    found = _SHAPE().fullmatch(constraint.sql)
    if found is None or "overlaps" in constraint.sql.lower():
        return None
    return _Said(**{part: text or "" for part, text in found.groupdict().items()})
