"""Replaying what stands between a statement and its rows: row security, triggers, constraints."""

from collections.abc import Callable
from typing import Any

from msgspec import structs

from cdkit.migrations import operation as op
from cdkit.migrations.operation import Operation
from cdkit.migrations.schema import Schema


def _secure(schema: Schema, changed: op.ChangeRowSecurity) -> None:
    table, policy, action = schema.table(changed.table), changed.policy, changed.action
    if table is None:
        return
    if policy is None:
        if action in {"ENABLE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY"}:
            schema.change(changed.table, row_security=action.startswith("ENABLE"))
        return
    others = {name: each for name, each in table.policies.items() if name != policy.name}
    left = others if action == "DROP POLICY" else {**others, policy.name: policy}
    schema.change(changed.table, policies=left)


def _trigger(schema: Schema, changed: op.ChangeTrigger) -> None:
    table = schema.table(changed.table)
    if table is None:
        return
    if changed.trigger:
        schema.change(changed.table, triggers={**table.triggers, changed.name: changed.trigger})
    elif changed.action in {"DROP TRIGGER", "DISABLE TRIGGER"}:
        left = {name: each for name, each in table.triggers.items() if name != changed.name}
        schema.change(changed.table, triggers=left)


def _constraint(schema: Schema, changed: op.ChangeConstraint) -> None:
    old = schema.constraint(changed.table, changed.constraint)
    if old is None:
        return
    sides = ("deferrable", "deferred", "enforced")
    said = {side: value for side in sides if (value := getattr(changed, side)) is not None}
    schema.put(changed.table, "constraints", old.name, structs.replace(old, **said))


GUARDS: dict[type[Operation], Callable[[Schema, Any], None]] = {
    op.ChangeRowSecurity: _secure,
    op.ChangeTrigger: _trigger,
    op.ChangeConstraint: _constraint,
}
