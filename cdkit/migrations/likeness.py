"""What CREATE TABLE … LIKE takes over from the table that it copies."""

from collections.abc import Iterator

from msgspec import structs

from cdkit.migrations.nouns import Column, Constraint, Name
from cdkit.migrations.operation import CreateIndex, CreateTable
from cdkit.migrations.schema import Schema, Table

_BY_INDEX = frozenset({"unique", "primary key", "exclusion"})


def columns(copied: Table | None, made: CreateTable) -> dict[str, Column]:
    """Return the columns of the copy: their types and what must not be null, and what is asked."""
    return {name: _column(each, made) for name, each in copied.columns.items()} if copied else {}


def _column(column: Column, made: CreateTable) -> Column:
    return structs.replace(
        column,
        default=column.default if "defaults" in made.takes else None,
        serial=column.serial and "defaults" in made.takes,
        identity=column.identity and "identity" in made.takes,
        generated=column.generated if "generated" in made.takes else "",
    )


def options(copied: Table | None, made: CreateTable) -> dict[str, str]:
    """Return the options that go along: the engine, the character set, the partitions."""
    return dict(copied.options) if copied and "options" in made.takes else {}


def constraints(copied: Table | None, made: CreateTable) -> Iterator[tuple[str, Constraint]]:
    """Yield the constraints that go along, with the names that the server gives; no foreign key."""
    for each in copied.constraints.values() if copied else ():
        asked = "indexes" if each.kind in _BY_INDEX else "constraints"
        if asked in made.takes and each.kind not in {"foreign key", "not null"}:
            yield "", structs.replace(each, name="" if each.kind in _BY_INDEX else each.name)


def indexes(copied: Table | None, made: CreateTable, schema: Schema) -> Iterator[CreateIndex]:
    """Yield the indexes that go along and belong to no constraint, under a name of their own."""
    if copied is None or "indexes" not in made.takes:
        return
    own = {schema.index_name(copied.name, name) for name in copied.constraints}
    for name in schema.indexes.of(copied.name):
        index = schema.indexes[name]
        if name not in own:
            yield CreateIndex(
                statement=made.statement,
                at=made.at,
                table=made.table,
                name=_named(name, copied.name, made.table, schema),
                unique=index.unique,
                columns=index.columns,
                expressions=index.expressions,
                where=index.where,
                form=index.form,
            )


def _named(index: Name, old: Name, new: Name, schema: Schema) -> str:
    """Return a name that no other index has; where they are each table's own, it stays."""
    if not schema.shared_names:
        return index.name.removeprefix(f"{old.name}.")
    return f"{new.name}_{index.name}"
