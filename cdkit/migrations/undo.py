"""The way back of a migration as SQL, made from what it did and from the schema before it."""

from collections.abc import Callable, Sequence

from cdkit.migrations import operation as op
from cdkit.migrations.anew import AlterTable, ChangeColumn
from cdkit.migrations.inverse import Speech, inverse
from cdkit.migrations.operation import Operation
from cdkit.migrations.replay import apply
from cdkit.migrations.schema import Schema

BY_HAND = "-- by hand: what undoes line"
"""What a line begins with that stands for what nobody can make from here."""

_NOTHING = (
    op.Call, op.ChangeTable, op.End, op.Harmless, op.LockTable, op.Refresh, op.Reindex,
    op.RewriteTable, op.SetVariable, op.Standalone, op.Transaction, op.ValidateConstraint,
    AlterTable,
)  # fmt: skip
"""What leaves nothing behind that a way back would take away."""


def way_back(operations: Sequence[Operation], start: Schema, speech: Speech) -> str:
    """Return what undoes operations, the last first; an empty text where nobody can make any.

    What only the author knows (rows that were written over, the old text of a function) stands in
    it as a comment with the line.
    """
    here = start.copy()
    here.begin()
    here.released = None
    here.release()
    lines: list[str] = []
    short = _short_lived(operations)
    for operation in operations:
        if not isinstance(operation, _NOTHING) and not short(operation):
            said = _undone(operation, here, speech)
            lines += [said] if said else []
        apply(here, operation)
    lines.reverse()
    # Of a line that is left to its author it is said once that it is.
    lines = [x for at, x in enumerate(lines) if not x.startswith("--") or x not in lines[:at]]
    return "\n".join(lines) if any(not line.startswith("--") for line in lines) else ""


def _short_lived(operations: Sequence[Operation]) -> Callable[[Operation], bool]:
    """Return what tells an operation that the rest of the migration leaves nothing of.

    So it is with a table that goes again, an index that becomes a constraint, and the parts of a
    MODIFY, which is undone whole.
    """
    made = {each.table for each in operations if isinstance(each, op.CreateTable)}
    dropped = {x.name for x in operations if isinstance(x, op.DropObject) and x.kind == "table"}
    gone = made & dropped
    indexes = {x.constraint.index for x in operations if isinstance(x, op.AddConstraint)} - {""}
    whole = {(x.statement.start, x.at) for x in operations if isinstance(x, ChangeColumn)}

    def short(operation: Operation) -> bool:
        if isinstance(operation, op.CreateIndex) and operation.name in indexes:
            return True
        if isinstance(operation, op.DropObject) and operation.name in gone:
            return True
        if (operation.statement.start, operation.at) in whole:
            return not isinstance(operation, ChangeColumn)
        return getattr(operation, "table", None) in gone

    return short


def _undone(operation: Operation, before: Schema, speech: Speech) -> str:
    """Return what undoes one operation on the schema before it; a comment where nobody can tell."""
    made_here = isinstance(operation, op.OnTable) and before.is_new_table(operation.table)
    if made_here and not isinstance(operation, op.RenameTable):
        # It goes with its table.
        return ""
    said = inverse(operation, before, speech)
    return (said or f"{BY_HAND} {operation.statement.text.place(operation.at).line}").strip()
