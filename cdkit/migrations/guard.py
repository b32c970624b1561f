"""Replaying what is done to rows, and what stands between: row security, triggers, constraints."""

from collections.abc import Callable
from typing import Any

from msgspec import structs

from cdkit.migrations import operation as op
from cdkit.migrations.anew import ChangeConstraint, ChangeDomain
from cdkit.migrations.domains import DOMAINS
from cdkit.migrations.operation import Operation
from cdkit.migrations.schema import Schema, Table, Thing


def _secure(schema: Schema, changed: op.ChangeRowSecurity) -> None:
    table, policy, action = schema.table(changed.table), changed.policy, changed.action
    if table is None:
        schema.miss()
        return
    if policy is None:
        if action in {"ENABLE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY"}:
            schema.change(changed.table, row_security=action.startswith("ENABLE"))
        return
    others = {name: each for name, each in table.policies.items() if name != policy.name}
    if action == "ALTER POLICY" and (old := table.policies.get(policy.name)):
        policy = old.altered(policy)
    left = others if action == "DROP POLICY" else {**others, policy.name: policy}
    schema.change(changed.table, policies=left)


def _trigger(schema: Schema, changed: op.ChangeTrigger) -> None:
    held = schema.table(changed.table) or schema.thing(changed.table)
    if held is None:
        return
    if changed.action.endswith(" RULE"):
        _rule(schema, held, changed)
        return
    fire, rest = dict(held.triggers), dict(held.resting) if isinstance(held, Table) else {}
    named = {changed.name} if changed.name else {*fire, *rest}
    moved = {name: each for name, each in {**fire, **rest}.items() if name in named}
    fire, rest = ({k: v for k, v in each.items() if k not in named} for each in (fire, rest))
    if changed.trigger:
        fire[changed.name] = changed.trigger
    elif changed.action in _SILENT:
        rest |= moved
    elif changed.action in _LOUD:
        fire |= moved
    elif changed.action != "DROP TRIGGER":
        return
    if not isinstance(held, Table):
        schema.things[schema.full(changed.table)] = structs.replace(held, triggers=fire)
        return
    options = {name: each for name, each in held.options.items() if name != KEYS_REST}
    if changed.action == KEYS_REST:
        options[KEYS_REST] = "on"
    elif changed.action != "ENABLE TRIGGER ALL":
        options = held.options
    schema.change(changed.table, triggers=fire, resting=rest, options=options)


def _rule(schema: Schema, held: Table | Thing, changed: op.ChangeTrigger) -> None:
    old = held.rules.get(changed.name, "")
    rules = {name: each for name, each in held.rules.items() if name != changed.name}
    if changed.action == "CREATE RULE":
        rules |= {changed.name: changed.definition}
    elif old and changed.action != "DROP RULE":
        silent = changed.action in {"DISABLE RULE", "ENABLE REPLICA RULE"}
        rules |= {changed.name: OFF * silent + old.removeprefix(OFF)}
    if isinstance(held, Table):
        schema.change(changed.table, rules=rules)
        return
    made = changed.instead and changed.action == "CREATE RULE"
    left = structs.replace(held, ruled=made, rules=rules)
    schema.things[schema.full(changed.table)] = left


OFF = "off "
"""What stands before a rule that does not act."""
KEYS_REST = "DISABLE TRIGGER ALL"
"""With it foreign keys do nothing either: the server keeps them by triggers of its own."""
_SILENT = frozenset(
    {"DISABLE TRIGGER", KEYS_REST, "DISABLE TRIGGER USER", "ENABLE REPLICA TRIGGER"}
)
"""What keeps a trigger from firing for those who are no replica."""
_LOUD = frozenset(
    {"ENABLE TRIGGER", "ENABLE ALWAYS TRIGGER", "ENABLE TRIGGER ALL", "ENABLE TRIGGER USER"}
)
"""What lets it fire again."""


def _default_domain(schema: Schema, changed: ChangeDomain) -> None:
    if found := schema.thing(changed.domain):
        full, given = schema.full(changed.domain), changed.default is not None
        schema.things[full] = structs.replace(found, default=given)


def _constraint(schema: Schema, changed: ChangeConstraint) -> None:
    old = schema.constraint(changed.table, changed.constraint)
    if old is None:
        return
    sides = ("deferrable", "deferred", "enforced")
    said = {side: value for side in sides if (value := getattr(changed, side)) is not None}
    schema.put(changed.table, "constraints", old.name, structs.replace(old, **said))


def _default(schema: Schema, changed: op.SetDefault | op.DropDefault) -> None:
    """A view's default is its own, whatever the table behind it has."""
    given = changed.default if isinstance(changed, op.SetDefault) else None
    old = schema.column(changed.table, changed.column)
    if old:
        new = structs.replace(old, default=given)
        schema.put(changed.table, "columns", changed.column, new)
    elif (view := schema.thing(changed.table)) and view.kind == "view":
        left = {name: each for name, each in view.defaults.items() if name != changed.column}
        full, more = schema.full(changed.table), {changed.column: given} if given else {}
        schema.things[full] = structs.replace(view, defaults={**left, **more})


def _set_options(schema: Schema, changed: op.ChangeTable) -> None:
    table, thing = schema.table(changed.table), schema.thing(changed.table)
    if thing and "security_invoker" in (*changed.options, *changed.cleared):
        invoker = "security_invoker" in changed.options
        schema.things[schema.full(changed.table)] = structs.replace(thing, invoker=invoker)
    if table and changed.action == "REPLICA IDENTITY":
        others = {name: each for name, each in table.options.items() if name != changed.action}
        said = changed.options[0]
        given = {} if said == "d" else {changed.action: said}
        schema.change(changed.table, options={**others, **given})


_ADDING = frozenset({"INSERT", "REPLACE", "COPY", "MERGE", "LOAD DATA"})


def _write(schema: Schema, written: op.WriteRows) -> None:
    table = schema.table(written.table)
    if table is None:
        if schema.thing(written.table) is None:
            schema.miss()
        return
    filled = schema.is_new(table.made)
    if written.verb in _ADDING and filled != table.filled:
        schema.change(written.table, filled=filled)
    new = {each for each in written.columns if schema.is_new_column(written.table, each)}
    if new - table.written:
        schema.change(written.table, written=table.written | new)


def _sequence(schema: Schema, changed: op.ChangeSequence) -> None:
    if found := schema.thing(changed.sequence):
        full, said = schema.full(changed.sequence), dict(changed.values)
        numbers = {**found.numbers, **{key: said[key] for key in said if key not in MOVES}}
        schema.things[full] = structs.replace(found, numbers=numbers)


MOVES = frozenset({"restart", "setval"})
"""What says where a sequence goes on, and stays no part of it."""


GUARDS: dict[type[Operation], Callable[[Schema, Any], None]] = {
    op.ChangeRowSecurity: _secure,
    ChangeDomain: _default_domain,
    op.ChangeSequence: _sequence,
    op.ChangeTrigger: _trigger,
    op.ChangeTable: _set_options,
    op.SetDefault: _default,
    op.DropDefault: _default,
    ChangeConstraint: _constraint,
    op.WriteRows: _write,
    op.Unread: lambda schema, _: schema.miss(),
    **DOMAINS,
}
