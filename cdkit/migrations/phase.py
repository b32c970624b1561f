"""Phases: which one an operation belongs to, and what a migration's operations make together.

Expand adds, so that old and new versions both work; migrate writes rows; contract takes away or
refuses what an older version still did (Sato, "ParallelChange", martinfowler.com).
"""

from collections.abc import Sequence

from msgspec import Struct

from cdkit.core.finding import Finding, Severity
from cdkit.migrations import operation as op
from cdkit.migrations.kinds import Kinds
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import COMPATIBLE
from cdkit.migrations.schema import Schema
from cdkit.migrations.unmade import is_unmade

_LEAST = Severity.MEDIUM.rank
EXPAND, MIGRATE, CONTRACT = "expand", "migrate", "contract"

ADDING = (op.CreateTable, op.AddColumn, op.AddEnumValue)
"""What only adds: where it breaks, no release stopped using anything, so no contract excuses it."""


_EXPANDING = Kinds(*ADDING, op.DropNotNull)
_OF_SOME_PHASE = Kinds(
    *(op.CreateIndex, op.CreateObject, op.ChangeType),
    *(op.WriteRows, op.DropObject, op.DropColumn),
)


class Effect(Struct, frozen=True, kw_only=True):
    """The phase that an operation belongs to, and the operation; `breaks` as the rules say."""

    phase: str
    operation: Operation
    breaks: bool = False


def effect_of(operation: Operation, schema: Schema, found: Sequence[Finding]) -> Effect | None:
    """Return the phase of an operation before it runs; None where it belongs to any of them."""
    breaks = False
    for one in found:
        breaks = breaks or (one.question == COMPATIBLE and one.severity.rank >= _LEAST)
    # Who overwrites rows migrates them, whatever a running version makes of it.
    writes = breaks and isinstance(operation, op.WriteRows) and operation.verb != "DELETE"
    phase = CONTRACT if breaks and not writes else _phase(operation, schema)
    return Effect(phase=phase, operation=operation, breaks=breaks) if phase else None


def _phase(operation: Operation, schema: Schema) -> str:
    if _EXPANDING[type(operation)]:
        return EXPAND
    if not _OF_SOME_PHASE[type(operation)]:
        return ""
    match operation:
        case op.CreateIndex(unique=False) | op.CreateObject(replace=False):
            phase = EXPAND
        case op.ChangeType(table=table, column=column):
            # What narrows was found by a rule; the rest widens.
            phase = "" if schema.is_new_column(table, column) else EXPAND
        case op.WriteRows(table=table):
            phase = "" if schema.is_new_table(table) else MIGRATE
        case op.DropObject(kind=kind, name=name) if kind != "index":
            new = schema.is_new_table(name) or schema.is_new_thing(name)
            phase = "" if new or is_unmade(operation, schema) else CONTRACT
        case op.DropColumn(table=table, column=column):
            phase = "" if schema.is_new_column(table, column) else CONTRACT
        case _:
            phase = ""
    return phase


def phases_of(effects: Sequence[Effect]) -> tuple[str, ...]:
    """Return the phases that a migration's operations belong to, in the order of phases."""
    there = {effect.phase for effect in effects}
    return tuple(phase for phase in (EXPAND, MIGRATE, CONTRACT) if phase in there)
