"""What a server reads and passes over: a foreign key that stands with a column, a CHECK.

Sources: MySQL manual, "FOREIGN KEY Constraints" (before 9.0 REFERENCES behind a column is parsed
and ignored) and "CHECK Constraints" (so was every CHECK before 8.0.16).
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

from msgspec import structs

from cdkit.migrations import operation as op
from cdkit.migrations.anew import AlterTable, ChangeColumn
from cdkit.migrations.nouns import Column, Constraint
from cdkit.migrations.operation import Operation

WORDS = {"foreign key": b"references", "check": b"check"}
"""The word that a statement has, in small letters, where it holds such a constraint."""


def heeded(found: Iterable[Operation], over: AbstractSet[str]) -> Iterator[Operation]:
    """Yield operations as they are without what the server passes over.

    `over` are kinds of constraint; a foreign key counts only where it stands with its column.
    """
    for each in found:
        if not isinstance(each, op.AddConstraint) or _is_heeded(each.constraint, over):
            yield _heeded(each, over)


def _is_heeded(constraint: Constraint, over: AbstractSet[str]) -> bool:
    return constraint.kind == "foreign key" or constraint.kind not in over


def _heeded(operation: Operation, over: AbstractSet[str]) -> Operation:
    match operation:
        case op.AddColumn(column=column):
            return structs.replace(operation, column=_plain(column, over))
        case op.CreateTable(columns=columns, constraints=constraints):
            kept = tuple(each for each in constraints if _is_heeded(each, over))
            plain = tuple(_plain(each, over) for each in columns)
            return structs.replace(operation, columns=plain, constraints=kept)
        case ChangeColumn(new=new):
            return structs.replace(operation, new=_plain(new, over))
        case AlterTable(parts=parts):
            return structs.replace(operation, parts=tuple(heeded(parts, over)))
        case _:
            return operation


def _plain(column: Column, over: AbstractSet[str]) -> Column:
    kept = tuple(each for each in column.constraints if each.kind not in over)
    return structs.replace(column, constraints=kept)
