"""Why a way back cannot work on the schema that it meets, as far as the model tells."""

from collections.abc import Collection, Iterator

from cdkit.migrations import operation as op
from cdkit.migrations.operation import Operation
from cdkit.migrations.schema import Schema


def unable(
    operation: Operation, there: Schema, at_once: Collection[Operation], engine: str
) -> Iterator[str]:
    """Yield why an operation fails; `at_once` are those of its statement, done in one."""
    match operation:
        case op.DropColumn(table=name, column=column, if_exists=False):
            table = there.table(name)
            if table and table.known and column not in table.columns:
                yield f"it drops {name}.{column}, which is not there"
        case op.AddColumn(table=name, column=column, if_not_exists=False):
            table = there.table(name)
            if table and column.name in table.columns:
                yield f"it adds {name}.{column.name}, which is there"
        case op.CreateTable(table=name, if_not_exists=False):
            if there.table(name):
                yield f"it makes the table {name}, which is there"
        case op.DropObject(cascade=False) if engine == "postgres":
            yield from _dropped(operation, there, at_once)
        case _:
            pass


def _dropped(
    operation: op.DropObject, there: Schema, at_once: Collection[Operation]
) -> Iterator[str]:
    """Yield what PostgreSQL asks a CASCADE for; MySQL can be told not to look."""
    name = operation.name
    if operation.kind == "table":
        gone = {there.full(each.name) for each in at_once if isinstance(each, op.DropObject)}
        others = {other for other, _ in there.leading_to(name)} - gone - {there.full(name)}
        for other in sorted(others):
            yield f"it drops the table {name} before {other}, which refers to it"
    held = next((each for each in there.tables if each.schema == name.name), None)
    if held and operation.kind == "schema":
        yield f"it drops the schema {name}, which holds {held}, without CASCADE"
