"""DROP … IF EXISTS of what no migration made: it does nothing, unless somebody made one by hand.

Nobody can rule that out. But a version that uses it would fail in every database that the
migrations alone have made: on the machines of those who write it, and in its tests. So such a
finding is shown, below the usual threshold; where the migrations do not tell all that is there,
it stays what it is.
"""

from msgspec import structs

from cdkit.core.finding import Confidence, Severity
from cdkit.migrations import operation as op
from cdkit.migrations.nouns import TEMPORARY, Name, Type
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import Hit
from cdkit.migrations.schema import Schema

_OF_MIGRATIONS = frozenset(
    {"table", "foreign table", "view", "materialized view", "sequence", "index", "type", "domain"}
    | {"function", "procedure", "routine", "aggregate", "trigger", "event"}
)
"""Kinds that only migrations make; extensions, schemas and roles come from whoever runs the server.
"""


def is_unmade(operation: Operation, schema: Schema) -> bool:
    """Whether no migration made what this drops if it exists, and they tell all that is there."""
    match operation:
        case op.DropObject(kind=kind, if_exists=True) if kind in _OF_MIGRATIONS:
            return not _is_known(operation, schema) and _tells_all(schema)
        case op.DropConstraint(table=table, constraint=name, if_exists=True):
            found = schema.table(table)
            known = found is None or name in found.constraints
            return not known and _tells_all(schema)
        case _:
            return False


def eased(hit: Hit, usual: Severity) -> Hit:
    """Return what is said of it: there may be one, and nothing here tells of it.

    `usual` is how bad it is where the hit does not say.
    """
    if (hit.severity or usual) in {Severity.LOW, Severity.INFO}:
        return hit
    said = f"{hit.message}, if somebody made one by hand: no migration here did"
    return structs.replace(hit, message=said, severity=Severity.LOW, confidence=Confidence.LOW)


def _is_known(dropped: op.DropObject, schema: Schema) -> bool:
    """Whether something has this name, in any schema: which one is meant may be another's setting.

    Of functions only those that take the same count, by the last names of their types.
    """
    stores = schema.tables, schema.indexes, schema.things
    for each in schema.named.get(dropped.name.name.lower(), ()):
        if any(each in store for store in stores) and _is_meant(dropped, each, schema):
            return True
    return dropped.name.schema == TEMPORARY


def _is_meant(dropped: op.DropObject, name: Name, schema: Schema) -> bool:
    thing = schema.things.get(name)
    if thing is None or not thing.routines or dropped.takes is None:
        return True
    return any(_last(takes) == _last(dropped.takes) for takes in thing.routines)


def _last(types: tuple[Type, ...]) -> list[tuple[str, bool]]:
    return [(each.name.rpartition(".")[2], each.array) for each in types]


def _tells_all(schema: Schema) -> bool:
    """Whether earlier migrations made something, and all that they and the change use was made."""
    if schema.beyond:
        return False
    if schema.blank:
        return True
    if schema.released is not None:
        return bool(schema.released.tables)
    return not all(schema.is_new(each.epoch) for each in schema.tables.values())
