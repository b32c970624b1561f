"""A view, function, type, sequence, schema or extension goes away.

Whatever the running version asks of it fails: a query on the view, a call of the function, a cast
to the type, a default that draws from the sequence. With CASCADE more goes than is named. One that
is made again in the same transaction is no loss where it shows the same and the same roles may use
it: what was granted on the old one is gone with it.
"""

import re
from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.net import eased, is_same_text, lacks, routine_lacks
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import DropObject
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later

_OTHERS = frozenset({"table", "foreign table", "index", "column", "statistics"})
_LOOSE = frozenset({"publication", "subscription", "event trigger", "user mapping", "event"})
_HELD = frozenset(
    {"access method", "foreign server", "foreign-data wrapper", "text search parser"}
    | {"text search template", "transform", "language", "operator class", "operator family"}
    | {"trigger"}
)
"""What queries do not name: still shown, below the usual threshold.

On those of the second kind other things depend, which go with them where CASCADE is said.
"""


_OF_TRIGGERS = frozenset({"trigger", "event_trigger"})


def check(operation: DropObject, context: Context) -> Iterator[Hit]:
    """Flag each thing that was there before the change."""
    kind, name = operation.kind, operation.name
    if kind in _OTHERS or _is_new(operation, context):
        return
    lacking = _lacking(operation, context)
    more = ", and with CASCADE whatever depends on it" if operation.cascade else ""
    known = context.schema.thing(name) is not None
    filled = _filled(operation, context)
    view = _written_through(operation, context)
    room = _makes_room(operation, context)
    fails = (
        "no migration here made one before; where one is there, the next may not be the same"
        if room
        else f"the one that takes its place is not the same: {lacking}"
        if lacking
        else f"nothing fills {filled} any more"
        if filled
        else f"nobody can write through the view {view} any more"
        if view
        else "triggers alone can call it, and where one does, the server refuses this"
        if _is_for_triggers(operation, context)
        else "a running version that uses it fails"
    )
    hit = Hit(
        message=f"drops the {kind} {name}{more}: {fails}",
        about=str(name),
        severity=(
            Severity.MEDIUM
            if filled or view
            else Severity.LOW
            if _is_quiet(operation, context) or room
            else None
        ),
        confidence=Confidence.HIGH if known else Confidence.MEDIUM,
        fix=Fix(
            summary=f"release a version that does not use the {kind}, and drop it in a later one; "
            "to change a view or function, use CREATE OR REPLACE",
            replacement=later(operation, f"a version that does not use the {kind}"),
        ),
    )
    yield from eased(hit, context, undone=lacking == "")


def _makes_room(operation: DropObject, context: Context) -> bool:
    """Whether it is only in case that one is there of those that the file makes next.

    What no earlier migration made is new, as it is for CREATE OR REPLACE. Where there is none at
    all, nobody knows what is there; a procedure is made to be called once and dropped.
    """
    kind, name, released = operation.kind, operation.name, context.released
    if not operation.if_exists or context.schema.thing(name) or released.thing(name):
        return False
    told = kind == "procedure" or bool(released.tables or released.things)
    return told and context.ahead.makes(kind, name)


def _is_quiet(operation: DropObject, context: Context) -> bool:
    kinds = _LOOSE if operation.cascade else _LOOSE | _HELD
    return operation.kind in kinds or _is_for_triggers(operation, context)


def _is_for_triggers(operation: DropObject, context: Context) -> bool:
    """Whether no query can call it (PostgreSQL manual, 39.1); CASCADE takes its triggers along."""
    thing = context.schema.thing(operation.name)
    if operation.cascade or thing is None or operation.kind not in {"function", "routine"}:
        return False
    mine = thing.routines.get(operation.takes) if operation.takes is not None else None
    meant = [mine] if mine else [*thing.routines.values()]
    return bool(meant) and all(each.function.returns in _OF_TRIGGERS for each in meant)


def _filled(operation: DropObject, context: Context) -> str:
    """Return which columns a trigger with code of its own (MySQL, SQLite) has filled."""
    thing = context.schema.thing(operation.name)
    if thing is None or not thing.kind.startswith("trigger"):
        return ""
    return ", ".join(dict.fromkeys(re.findall(r"(?i)\bset\s+new\s*\.\s*`?(\w+)", thing.body)))


def _written_through(operation: DropObject, context: Context) -> str:
    """Return the view of which an INSTEAD OF trigger of SQLite goes; the others are on tables."""
    thing = context.schema.thing(operation.name)
    on = thing.kind.partition("trigger on ")[2] if thing else ""
    return on if on and context.schema.kind_of(Name("", on)) == "view" else ""


def _is_new(operation: DropObject, context: Context) -> bool:
    """Whether nobody who runs can know it: the one of these arguments, where they are said."""
    thing = context.schema.thing(operation.name)
    if thing and operation.takes is not None and (mine := thing.routines.get(operation.takes)):
        return context.schema.is_new(mine.epoch)
    return context.schema.is_new_thing(operation.name)


def _lacking(operation: DropObject, context: Context) -> str | None:
    """What its successor lacks; None where there is none."""
    if operation.kind in {"function", "procedure", "routine"}:
        return _routine_lacking(operation, context)
    if operation.kind == "trigger":
        same = is_same_text(operation.name, context.released, context.ahead.end)
        return "" if same else None
    if operation.kind == "type" and (thing := context.schema.thing(operation.name)):
        again = not operation.cascade and lacks(thing.was or operation.name, context) == ""
        return "" if again else None
    if operation.kind == "sequence":
        return "" if _feeds_an_identity(operation.name, context) else None
    return lacks(operation.name, context)


def _routine_lacking(operation: DropObject, context: Context) -> str | None:
    released = context.released.thing(operation.name)
    takes = operation.takes
    if takes is None and released and len(released.routines) == 1:
        (takes,) = released.routines
    if takes is None:
        return None
    lacking = routine_lacks(operation.name, takes, context)
    return _silenced(operation, context) if lacking == "" and operation.cascade else lacking


def _silenced(operation: DropObject, context: Context) -> str:
    """Say which trigger of the running version calls the function, and is not made again."""
    schema, end = context.schema, context.ahead.end
    for name, table in schema.tables.items() if context.server.engine == "postgres" else ():
        kept = end.tables.get(name)
        for trigger, each in table.triggers.items() if not schema.is_new(table.epoch) else ():
            same = schema.full(each.function) == schema.full(operation.name)
            if same and kept and trigger not in kept.triggers:
                return f"the trigger {trigger} of {name} goes along with it"
    return ""


def _feeds_an_identity(sequence: Name, context: Context) -> bool:
    """Whether it is a serial column's, which is an identity at the end of the transaction."""
    end = context.ahead.end
    for name, table in end.tables.items():
        for column in table.columns.values() if not end.is_new(table.epoch) else ():
            own = Name(name.schema, f"{name.name}_{column.name}_seq")
            if own == end.full(sequence) and column.identity:
                return True
    return False


_MADE = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';\n"
_CALLED = "CREATE TRIGGER t BEFORE INSERT ON o FOR EACH ROW EXECUTE FUNCTION f();\n"
_TRIGGER = f"CREATE TABLE o (a int);\n{_MADE}{_CALLED}"
_AGAIN = f"DROP FUNCTION f() CASCADE;\n{_MADE}"

RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(DropObject,),
    check=check,
    instead="Stop using it in one release, drop it in the next; replace views in place.",
    bad=(
        Example(
            text="-- server mariadb:10.11\nCREATE TABLE o (a int);\nCREATE TRIGGER t BEFORE INSERT "
            "ON o FOR EACH ROW SET NEW.a = 5;\n-- released\nDROP TRIGGER t;",
            line=5,
        ),
        Example(text="DROP VIEW open_orders;", line=1),
        Example(text="SELECT 1;\nDROP FUNCTION total(bigint), tax;", line=2),
        Example(text="DROP TYPE order_state;", line=1),
        Example(text="DROP SCHEMA shop CASCADE;", line=1),
        Example(text="DROP SEQUENCE order_number;", line=1),
        Example(text="DROP MATERIALIZED VIEW totals;", line=1),
        Example(
            text="CREATE VIEW v AS SELECT a FROM o;\nGRANT SELECT ON v TO app;\n-- released\n"
            "BEGIN;\nDROP VIEW v;\nCREATE VIEW v AS SELECT a FROM o;\nCOMMIT;",
            line=5,
        ),
        Example(
            text="CREATE VIEW v AS SELECT a FROM o;\nCREATE VIEW w AS SELECT a FROM v;\n"
            "-- released\nBEGIN;\nDROP VIEW v CASCADE;\nCREATE VIEW v AS SELECT a FROM o;\n"
            "COMMIT;",
            line=5,
        ),
        Example(
            text="CREATE VIEW v AS SELECT a FROM o;\n-- released\nBEGIN;\nDROP VIEW v;\n"
            "CREATE MATERIALIZED VIEW v AS SELECT a FROM o;\nCOMMIT;",
            line=4,
        ),
        Example(text=f"{_TRIGGER}-- released\nBEGIN;\n{_AGAIN}COMMIT;", line=6),
        Example(
            text="CREATE VIEW v AS SELECT a FROM o;\nALTER VIEW v ALTER a SET DEFAULT 5;\n"
            "-- released\nBEGIN;\nDROP VIEW v;\nCREATE VIEW v AS SELECT a FROM o;\nCOMMIT;",
            line=5,
        ),
        Example(
            text="CREATE VIEW v AS SELECT DISTINCT a FROM o;\nCREATE RULE r AS ON INSERT TO v "
            "DO INSTEAD INSERT INTO o VALUES (NEW.a);\n-- released\nBEGIN;\nDROP VIEW v;\n"
            "CREATE VIEW v AS SELECT DISTINCT a FROM o;\nCOMMIT;",
            line=5,
        ),
        Example(
            text=f"{_MADE}CREATE VIEW v AS SELECT count(*) FROM o;\n"
            "CREATE TRIGGER t INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f();\n"
            "-- released\nBEGIN;\nDROP VIEW v;\nCREATE VIEW v AS SELECT count(*) FROM o;\n"
            "COMMIT;",
            line=6,
        ),
    ),
    good=(
        Example(text=f"{_TRIGGER}-- released\nBEGIN;\n{_AGAIN}{_CALLED}COMMIT;"),
        Example(
            text="CREATE VIEW v AS SELECT a FROM o;\nALTER VIEW v ALTER a SET DEFAULT 5;\n"
            "-- released\nBEGIN;\nDROP VIEW v;\nCREATE VIEW v AS SELECT a FROM o;\n"
            "ALTER VIEW v ALTER a SET DEFAULT 5;\nCOMMIT;"
        ),
        Example(text="CREATE VIEW v AS SELECT 1;\nDROP VIEW v;"),
        Example(text="CREATE OR REPLACE VIEW open_orders AS SELECT 1;"),
        Example(
            text="CREATE VIEW v AS SELECT a FROM o;\n-- released\nBEGIN;\nDROP VIEW v;\n"
            "CREATE VIEW v AS SELECT a, b FROM o;\nCOMMIT;"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-dropview.html",),
)
