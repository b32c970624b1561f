"""A trigger begins or stops to act on what the running version writes.

One that fires BEFORE (or INSTEAD OF) can refuse or rewrite rows; one that fires AFTER can refuse
them. One that goes away, or does not fire any more, no longer does what somebody relied on. With
DISABLE TRIGGER ALL that is true of foreign keys as well, which take no rows along then.
"""

import re
from collections.abc import Iterator, Mapping

from msgspec import structs

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.bodies import gives_another_row, is_read, refuses, sets, skips, writes_of
from cdkit.migrations.guard import KEYS_REST
from cdkit.migrations.kept_same import kept_same
from cdkit.migrations.net import eased, is_same_text
from cdkit.migrations.nouns import Name, Trigger
from cdkit.migrations.operation import ChangeTrigger
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.schema import Routine, Schema, Table
from cdkit.migrations.ways import later

_UNKNOWN = "what it did to rows is not known from here, and is not done any more"
_ACTS = frozenset({"c", "n", "d"})
"""What a foreign key does where a row goes: CASCADE, SET NULL, SET DEFAULT."""
_REFUSES = ("signal", "raise(", "raise (")
_REWRITES = ("set new", "call ", "delete ", "update ")


def check(operation: ChangeTrigger, context: Context) -> Iterator[Hit]:
    """Flag each change of a trigger on a table that was there before the change."""
    table, action = operation.table, operation.action
    if context.schema.is_new_relation(table) or action.endswith("RULE"):
        return
    held = context.schema.table(table)
    if action.startswith("CREATE"):
        said = _made(operation, context)
    elif action.startswith(("DROP", "DISABLE", "ENABLE REPLICA")):
        if held and operation.name in held.resting:
            return
        said = _gone(operation, context)
    else:
        if held and operation.name in held.triggers:
            return
        said = _woken(operation, held.resting if held else {}, context)
    hit = Hit(
        message=f"{' '.join(filter(None, (action, operation.name)))} on {table}: "
        + (said or "what happens on a write of a running version changes"),
        about=f"{table}.{operation.name}",
        severity=Severity.MEDIUM if said else None,
        confidence=Confidence.MEDIUM,
        fix=Fix(
            summary="see that it takes every row that the running version writes, and say so with "
            "`-- cdkit: allow changed-trigger (reason)`",
            replacement=later(operation, "a version whose writes fare the same either way"),
        ),
    )
    yield from eased(hit, context, undone=_is_back(operation, context))


def _is_back(operation: ChangeTrigger, context: Context) -> bool:
    """Whether the end has the trigger that the running version lives with."""
    if not operation.name:
        old, new = context.released.table(operation.table), context.ahead.end.table(operation.table)
        return bool(old and new and old.triggers == new.triggers and _keeps(old) == _keeps(new))
    before = _triggers(operation.table, context.released).get(operation.name)
    after = _triggers(operation.table, context.ahead.end).get(operation.name)
    if operation.body:
        name = Name(operation.table.schema, operation.name)
        return is_same_text(name, context.released, context.ahead.end)
    return before is not None and after == before


def _keeps(table: Table) -> bool:
    """Whether the foreign keys of a table, and those that lead to it, are kept."""
    return KEYS_REST not in table.options


def _triggers(name: Name, schema: Schema) -> Mapping[str, Trigger]:
    """Return the triggers of a table or a view."""
    found = schema.table(name) or schema.thing(name)
    return found.triggers if found else {}


def _routine(function: Name | None, context: Context) -> Routine | None:
    found = context.schema.thing(function) if function else None
    return next(iter(found.routines.values()), None) if found else None


def _made(operation: ChangeTrigger, context: Context) -> str:  # noqa: PLR0911 - a list
    """Return what a new trigger does to old writes; empty where it does nothing to them."""
    routine = _routine(operation.function, context)
    before = "AFTER" not in operation.action
    if operation.trigger and not operation.trigger.writes:
        return ""
    if operation.body:
        found = _of_body(
            operation.body.lower(), before=before and not _fills_new(operation, context)
        )
        return found or _rewritten(operation, context) or _other_text(operation, context)
    if routine is None or not is_read(routine):
        return "it can refuse or rewrite what a running version writes"
    if refuses(routine):
        return "it can refuse what a running version writes"
    if before and skips(routine):
        return "it can skip what a running version writes"
    if before and gives_another_row(routine, operation.trigger.rows if operation.trigger else ()):
        return "it can put another row in the place of what a running version writes"
    given = sorted(sets(routine)) if before else []
    rewritten = [x for x in given if not context.schema.is_new_column(operation.table, x)]
    if rewritten and rewritten != _left_alone(operation, routine.body, context):
        return f"it gives {', '.join(rewritten)} another value than a running version writes"
    return _forbidden(operation, routine, context)


def _woken(operation: ChangeTrigger, resting: Mapping[str, Trigger], context: Context) -> str:
    """Return what a trigger that fires again does to old writes, as a new one would."""
    for name, each in resting.items():
        if operation.name in {"", name}:
            action = f"CREATE TRIGGER {'BEFORE' if each.before else 'AFTER'}"
            made = structs.replace(
                operation, action=action, name=name, function=each.function, trigger=each
            )
            if said := _made(made, context):
                return said
    return ""


def _fills_new(operation: ChangeTrigger, context: Context) -> bool:
    """Whether all that a trigger of MySQL does is to give columns values that are new."""
    body = operation.body.lower()
    if _left_alone(operation, operation.body, context):
        return True
    given = re.findall(r"\bnew\s*\.\s*`?(\w+)`?\s*:?=", body)
    others = [word for word in _REWRITES if word != "set new" and word in body]
    return (
        bool(given)
        and not others
        and all(context.schema.is_new_column(operation.table, each) for each in given)
    )


def _left_alone(operation: ChangeTrigger, body: str, context: Context) -> list[str]:
    """Return the old column that a trigger keeps like a new one, which no running version fills.

    The new one must hold what the old one may: else a write is refused as it is copied.
    """
    old, new = kept_same(body) or ("", "")
    column, was = context.ahead.end.column(operation.table, new), None
    if column and context.schema.is_new_column(operation.table, new):
        was = context.schema.column(operation.table, old)
    if column is None or was is None or context.dialect.change(was.type, column.type).breaks:
        return []
    filled = column.default or column.generated or column.identity or column.serial
    return [] if filled else [old]


def _of_body(body: str, *, before: bool) -> str:
    """Return what a trigger with code of its own (MySQL, SQLite) does to old writes."""
    if any(word in body for word in _REFUSES):
        return "it can refuse what a running version writes"
    if before and any(word in body for word in _REWRITES):
        return "it can rewrite what a running version writes"
    if re.search(r"\bcall ", body):
        return "what it calls can refuse what a running version writes"
    return ""


def _rewritten(operation: ChangeTrigger, context: Context) -> str:
    """Return what a trigger of SQLite does to rows of its own table after they are written."""
    table = rf"""["`\[]?{re.escape(operation.table.name)}["`\]]?"""
    if re.search(rf"\bdelete\s+from\s+{table}(?!\w)", operation.body, re.IGNORECASE):
        return f"it deletes rows of {operation.table}, which a running version wrote"
    given = rf"\bupdate\s+(?:or\s+\w+\s+)?{table}\s+set\s+(.*?)(?:\bwhere\b|;|$)"
    columns = [
        column
        for text in re.findall(given, operation.body, re.IGNORECASE | re.DOTALL)
        for column in re.findall(r"""(?:^|,)\s*["`\[]?(\w+)["`\]]?\s*=""", text)
        if not context.schema.is_new_column(operation.table, column)
    ]
    if not columns:
        return ""
    return f"it gives {', '.join(columns)} another value than a running version writes"


def _other_text(operation: ChangeTrigger, context: Context) -> str:
    """Return that a trigger with code of its own takes the place of another one."""
    name = Name(operation.table.schema, operation.name)
    old, new = context.released.thing(name), context.ahead.end.thing(name)
    if old is None or new is None or not old.body or old.body == new.body:
        return ""
    return "it does something else than the one that a running version lives with"


def _forbidden(operation: ChangeTrigger, routine: Routine, context: Context) -> str:
    """Return which write of the function a role may not do that may fire the trigger."""
    if routine.function.definer:
        return ""
    grants, schema = context.ahead.end.grants, context.schema
    held = grants.of("table", schema.full(operation.table)) or {}
    writers = [role for role, words in held.items() if words & {"INSERT", "UPDATE", "DELETE"}]
    for role in writers:
        for name in writes_of(routine):
            if not grants.may(role, "table", schema.full(name)) & {"INSERT", "UPDATE", "DELETE"}:
                return f"it writes {name}, which {role} may not"
    return ""


def _gone(operation: ChangeTrigger, context: Context) -> str:
    """Return what no longer happens that readers may rely on; empty where nothing is."""
    triggers = _triggers(operation.table, context.schema)
    if not operation.name:
        stopped = next(filter(None, (_stops(each, context) for each in triggers.values())), "")
        keys = operation.action == KEYS_REST
        unkept = _unkept(operation.table, context.schema) if keys else ""
        return stopped or unkept or _unseen(operation, context)
    old = triggers.get(operation.name)
    if context.schema.kind_of(operation.table) == "view":
        return "nobody can write through the view any more"
    return _stops(old, context) if old else _unseen(operation, context)


def _unseen(operation: ChangeTrigger, context: Context) -> str:
    """Return that nobody knows what stops, where no migration tells of the table's triggers.

    What the file itself makes or wakes again is judged there.
    """
    table = context.schema.table(operation.table)
    known = (table is not None and table.known) or context.server.engine != "postgres"
    if known or context.ahead.fires_again(operation.table, operation.name):
        return ""
    return _UNKNOWN


def _unkept(table: Name, schema: Schema) -> str:
    """Return whose foreign keys do nothing any more where a row goes, or its key changes."""
    for name, key in schema.leading_to(table):
        if key.enforced and (key.deletes in _ACTS or not key.pins):
            return (
                f"rows of {name} that refer to one that goes are no longer taken along or emptied"
            )
    return ""


def _stops(old: Trigger, context: Context) -> str:
    """Return what a trigger no longer fills; empty for nothing that is known."""
    routine = _routine(old.function, context)
    if routine is None or not is_read(routine):
        return _UNKNOWN if old.writes else ""
    filled = sorted(sets(routine)) if old.before else []
    return f"nothing fills {', '.join(filled)} any more" if filled else ""


RULE = LintRule(
    severity=Severity.LOW,
    question=COMPATIBLE,
    on=(ChangeTrigger,),
    check=check,
    instead="See that the trigger takes every row that the running version writes.",
    bad=(
        Example(
            text="CREATE VIEW v AS SELECT 1 AS a;\nCREATE FUNCTION f() RETURNS trigger LANGUAGE "
            "plpgsql AS 'BEGIN RETURN NEW; END';\nCREATE TRIGGER t INSTEAD OF INSERT ON v FOR EACH "
            "ROW EXECUTE FUNCTION f();\n-- released\nDROP TRIGGER t ON v;",
            line=5,
        ),
        Example(
            text="CREATE TRIGGER t BEFORE INSERT ON orders\n"
            "  FOR EACH ROW EXECUTE FUNCTION refuse();",
            line=1,
        ),
        Example(text="DROP TRIGGER t ON orders;", line=1),
        Example(text="ALTER TABLE orders DISABLE TRIGGER t;", line=1),
        Example(
            text="CREATE TABLE o (id int PRIMARY KEY);\nCREATE TABLE l (o int REFERENCES o "
            "ON DELETE CASCADE);\n-- released\nALTER TABLE o DISABLE TRIGGER ALL;",
            line=4,
        ),
        Example(
            text="CREATE TABLE o (a int);\nCREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql\n"
            "AS 'BEGIN RAISE EXCEPTION ''no''; END';\nCREATE TRIGGER t BEFORE INSERT ON o "
            "FOR EACH ROW EXECUTE FUNCTION f();\nALTER TABLE o DISABLE TRIGGER t;\n-- released\n"
            "ALTER TABLE o ENABLE TRIGGER t;",
            line=7,
        ),
    ),
    good=(
        Example(
            text="CREATE TABLE o (a int);\n"
            "CREATE TRIGGER t BEFORE INSERT ON o FOR EACH ROW EXECUTE FUNCTION f();"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-createtrigger.html",),
)
