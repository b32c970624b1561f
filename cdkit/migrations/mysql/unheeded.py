"""What a server does that passes a REFERENCES behind a column over: all but the foreign key.

Source: MySQL manual, "FOREIGN KEY Constraints": before 9.0 they are parsed and ignored.
"""

from msgspec import structs

from cdkit.migrations import operation as op
from cdkit.migrations.anew import AlterTable, ChangeColumn
from cdkit.migrations.nouns import Column
from cdkit.migrations.operation import Operation


def without_inline_keys(operation: Operation) -> Operation:
    """Return an operation as it is without the foreign keys of its columns."""
    match operation:
        case op.AddColumn(column=column):
            return structs.replace(operation, column=_plain(column))
        case op.CreateTable(columns=columns):
            return structs.replace(operation, columns=tuple(map(_plain, columns)))
        case ChangeColumn(new=new):
            return structs.replace(operation, new=_plain(new))
        case AlterTable(parts=parts):
            return structs.replace(operation, parts=tuple(map(without_inline_keys, parts)))
        case _:
            return operation


def _plain(column: Column) -> Column:
    kept = tuple(each for each in column.constraints if each.kind != "foreign key")
    return structs.replace(column, constraints=kept)
