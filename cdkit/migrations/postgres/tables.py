"""Reading CREATE TABLE and CREATE INDEX."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct, field, structs

from cdkit.migrations import operation as op
from cdkit.migrations.nouns import NULLS_ALIKE, Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.option import ELSEWHERE
from cdkit.migrations.postgres.names import is_kept, of_column, of_constraint, of_relation
from cdkit.migrations.postgres.objects import at_start, change_sequence
from cdkit.migrations.postgres.prints import fingerprint, fragile, of_bound, required
from cdkit.migrations.postgres.tree import (
    Constraint,
    IndexElem,
    Json,
    Node,
    RangeVar,
    TableElement,
)
from cdkit.migrations.statement import Statement


class _Create(Struct, frozen=True):
    relation: RangeVar
    tableElts: tuple[TableElement, ...] = ()  # noqa: N815 - PostgreSQL's own name
    inhRelations: tuple[Node, ...] = ()  # noqa: N815 - PostgreSQL's own name
    partbound: Json | None = None
    partspec: Json | None = None
    ofTypename: Json | None = None  # noqa: N815 - PostgreSQL's own name
    if_not_exists: bool = False


class _CreateForeign(Struct, frozen=True):
    base: _Create
    servername: str = ""


class _IndexParam(Struct, frozen=True):
    element: IndexElem = field(name="IndexElem")


class _Index(Struct, frozen=True):
    relation: RangeVar
    idxname: str = ""
    indexParams: tuple[_IndexParam, ...] = ()  # noqa: N815 - PostgreSQL's own name
    unique: bool = False
    concurrent: bool = False
    if_not_exists: bool = False
    nulls_not_distinct: bool = False
    whereClause: Json | None = None  # noqa: N815 - PostgreSQL's own name


def create_table(statement: Statement) -> Iterator[Operation]:
    """Read CREATE TABLE, and from which number on an identity of it goes."""
    create = statement.read(_Create)
    yield _created(statement, create)
    columns = [node.column for node in create.tableElts if node.column]
    for column in columns:
        for node in column.constraints:
            if node.constraint.contype == "CONSTR_IDENTITY" and node.constraint.options:
                yield _begun(statement, create.relation, column.colname, node.constraint)


def _begun(
    statement: Statement, relation: RangeVar, column: str, identity: Constraint
) -> Operation:
    table = of_relation(relation)
    sequence = Name(table.schema, f"{table.name}_{column}_seq")
    given = [node.option for node in identity.options if node.option]
    return change_sequence(at_start(statement), sequence, given)


def create_foreign_table(statement: Statement) -> Iterator[Operation]:
    """Read CREATE FOREIGN TABLE."""
    made = statement.read(_CreateForeign)
    yield structs.replace(_created(statement, made.base), options={ELSEWHERE: made.servername})


def _created(statement: Statement, create: _Create) -> op.CreateTable:
    columns = [node.column for node in create.tableElts if node.column]
    constraints = [node.constraint for node in create.tableElts if node.constraint]
    copied = any(node.like for node in create.tableElts) or create.ofTypename
    parents = [node.relation for node in create.inhRelations if node.relation]
    return op.CreateTable(
        statement=statement,
        at=statement.start,
        table=of_relation(create.relation),
        columns=tuple([of_column(column, statement) for column in columns]),
        constraints=tuple([of_constraint(x, statement) for x in constraints if is_kept(x)]),
        if_not_exists=create.if_not_exists,
        parents=tuple(of_relation(parent) for parent in parents),
        partition=create.partbound is not None,
        partitioned=create.partspec is not None,
        bound=of_bound(create.partbound),
        keyed=_keyed(create.partspec),
        columns_known=not copied,
        like=_like(create),
        takes=_taken(create),
    )


def _keyed(spec: Json | None) -> tuple[str, ...]:
    """Return the columns that a table is partitioned by; an expression among them is empty."""
    elements = (spec or {}).get("partParams", [])
    return tuple(each.get("PartitionElem", {}).get("name", "") for each in elements)


_TAKEN = {"constraints": 4, "defaults": 8, "generated": 16, "identity": 32, "indexes": 64}
"""PostgreSQL's TableLikeOption (parsenodes.h)."""


def _taken(create: _Create) -> frozenset[str]:
    """Return what a copy of a table takes over besides its columns: nothing that is not asked."""
    first = create.tableElts[0] if create.tableElts else TableElement()
    if first.like is None:
        return frozenset()
    options = first.like.get("options", 0)
    return frozenset(name for name, bit in _TAKEN.items() if options & bit)


def _like(create: _Create) -> Name | None:
    """Return the table that a table is a copy of, where that is all there is of it."""
    first = create.tableElts[0] if create.tableElts else TableElement()
    if first.like is None or len(create.tableElts) > 1:
        return None
    return of_relation(msgspec.convert(first.like.get("relation", {}), RangeVar))


def create_index(statement: Statement) -> Iterator[Operation]:
    """Read CREATE INDEX."""
    index = statement.read(_Index)
    elements = [node.element for node in index.indexParams]
    computed = [each.expr for each in elements if each.expr]
    yield op.CreateIndex(
        statement=statement,
        at=statement.start,
        table=of_relation(index.relation),
        name=index.idxname,
        unique=index.unique,
        concurrently=index.concurrent,
        if_not_exists=index.if_not_exists,
        columns=tuple([element.name for element in elements]),
        expressions=tuple(map(fingerprint, computed)),
        where=f"{NULLS_ALIKE if index.nulls_not_distinct else ''}{fingerprint(index.whereClause)}",
        only=required(index.whereClause),
        fragile=next(filter(None, map(fragile, computed)), ""),
    )
