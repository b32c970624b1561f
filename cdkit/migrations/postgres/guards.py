"""Reading what stands between a statement and its rows: policies, triggers and rules."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from cdkit.migrations import operation as op
from cdkit.migrations.anew import ChangeEventTrigger
from cdkit.migrations.nouns import Policy, Trigger
from cdkit.migrations.operation import Operation
from cdkit.migrations.postgres.assigns import asks_null
from cdkit.migrations.postgres.names import of_relation, of_words
from cdkit.migrations.postgres.objects import at_start
from cdkit.migrations.postgres.prints import fingerprint, unwrapped
from cdkit.migrations.postgres.tree import Json, Node, RangeVar, literal, words
from cdkit.migrations.statement import Statement


class _Policy(Struct, frozen=True):
    table: RangeVar
    policy_name: str = ""
    cmd_name: str = ""
    roles: tuple[Json, ...] = ()
    qual: Json | None = None
    with_check: Json | None = None
    permissive: bool = False


class _Trigger(Struct, frozen=True):
    trigname: str
    relation: RangeVar
    funcname: tuple[Node, ...] = ()
    timing: int = 0
    row: bool = False
    events: int = 0
    columns: tuple[Json, ...] = ()
    args: tuple[Json, ...] = ()
    condition: Json | None = msgspec.field(name="whenClause", default=None)


class _Rule(Struct, frozen=True):
    rulename: str
    relation: RangeVar
    event: str = ""
    instead: bool = False


def policy(statement: Statement) -> Iterator[Operation]:
    """Read CREATE and ALTER POLICY."""
    verb = "CREATE" if statement.kind == "CreatePolicyStmt" else "ALTER"
    said = statement.read(_Policy)
    to_all = all(each["RoleSpec"].get("roletype") == "ROLESPEC_PUBLIC" for each in said.roles)
    open_to_all = said.cmd_name == "all" and literal(said.qual) == "true"
    quals = (unwrapped(said.qual), unwrapped(said.with_check))
    parts = (said.cmd_name, said.roles, *quals, verb == "CREATE" and str(said.permissive))
    yield op.ChangeRowSecurity(
        **at_start(statement),
        table=of_relation(said.table),
        action=f"{verb} POLICY",
        policy=Policy(
            name=said.policy_name,
            roles=() if to_all else tuple(x["RoleSpec"].get("rolename", "") for x in said.roles),
            permissive=said.permissive,
            all_rows=open_to_all and literal(said.with_check) in {None, "true"},
            parts=tuple(map(fingerprint, parts)),
        ),
    )


_BEFORE = 2
_INSERT, _UPDATE, _TRUNCATE = 4, 16, 32
_TIMINGS = {_BEFORE: "BEFORE", 64: "INSTEAD OF"}
"""PostgreSQL's TRIGGER_TYPE_BEFORE, _INSERT, _UPDATE, _TRUNCATE and _INSTEAD (pg_trigger.h).

AFTER is 0."""


def create_trigger(statement: Statement) -> Iterator[Operation]:
    """Read CREATE TRIGGER."""
    made = statement.read(_Trigger)
    function = of_words(words(made.funcname))
    parts = (made.timing, made.row, made.events, made.columns, made.args, made.condition)
    trigger = Trigger(
        function=function,
        before=made.timing == _BEFORE,
        definition=fingerprint(list(parts)),
        writes=made.events != _TRUNCATE,
        rows=frozenset(_rows(made)),
        only=asks_null(made.condition),
    )
    yield op.ChangeTrigger(
        **at_start(statement),
        trigger=trigger,
        table=of_relation(made.relation),
        action=f"CREATE {_TIMINGS.get(made.timing, 'AFTER')} TRIGGER",
        name=made.trigname,
        function=function,
    )


def _rows(made: _Trigger) -> Iterator[str]:
    """Yield the events for each row of which it fires, if its WHEN asks for a null alone."""
    if not made.row or (made.condition and not asks_null(made.condition)):
        return
    if made.events & _INSERT:
        yield "INSERT"
    if made.events & _UPDATE:
        named = [each.get("String", {}).get("sval", "") for each in made.columns]
        yield from (f"UPDATE OF {name}" for name in named) if named else ("UPDATE",)


def create_rule(statement: Statement) -> Iterator[Operation]:
    """Read CREATE RULE."""
    made = statement.read(_Rule)
    yield op.ChangeTrigger(
        **at_start(statement),
        table=of_relation(made.relation),
        action="CREATE RULE",
        name=made.rulename,
        instead=made.instead,
        definition=fingerprint(_all_but_its_place(statement)),
        event=made.event.removeprefix("CMD_"),
    )


def _all_but_its_place(statement: Statement) -> Json:
    tree: Json = msgspec.json.decode(statement.node)
    return {key: each for key, each in tree.items() if key not in {"replace", "relation"}}


class _EventTrigger(Struct, frozen=True):
    name: str = msgspec.field(name="trigname")
    event: str = msgspec.field(name="eventname", default="")
    function: tuple[Node, ...] = msgspec.field(name="funcname", default=())
    enabled: str = msgspec.field(name="tgenabled", default="")


_ENABLED = {"D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}


def event_trigger(statement: Statement) -> Iterator[Operation]:
    """Read CREATE and ALTER EVENT TRIGGER (`tgenabled` as in PostgreSQL's event_trigger.h)."""
    made = statement.read(_EventTrigger)
    created = statement.kind == "CreateEventTrigStmt"
    yield ChangeEventTrigger(
        **at_start(statement),
        action="CREATE" if created else _ENABLED.get(made.enabled, "ENABLE"),
        name=made.name,
        event=made.event,
        function=of_words(words(made.function)) if created else None,
    )
