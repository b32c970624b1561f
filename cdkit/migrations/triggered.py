"""Whether a trigger fills a column for everybody who writes, so that no write leaves it null.

PostgreSQL looks at NOT NULL and CHECK only after BEFORE triggers have run (manual, 39.1); those
fire in the order of their names, and an inheriting table has none of its parent's.
"""

import re

from cdkit.migrations.bodies import is_read, sets
from cdkit.migrations.nouns import Name, Trigger
from cdkit.migrations.postgres.assigns import gives_value
from cdkit.migrations.rule import Context
from cdkit.migrations.schema import Routine, Schema, Table

_WHOLE = re.compile(r"\bnew\s*:?=|\binto\b.*\bnew\b", re.IGNORECASE | re.DOTALL)


def is_filled(name: Name, column: str, context: Context) -> bool:
    """Whether a BEFORE trigger of PostgreSQL for sure gives the column a value in every write.

    It must be there by now, and at the end of the transaction that asks. Of a new column, which
    the running version leaves alone once a row is there, INSERT is enough.
    """
    if context.server.engine != "postgres":
        return False
    now = context.schema.table(name)
    if now is None or not now.triggers or _is_inherited(now, context.schema):
        return False
    end = context.ahead.end.table(name)
    if end is None:
        return False
    lasting = {key: each for key, each in end.triggers.items() if now.triggers.get(key) == each}
    released = context.released.table(name)
    columns = released.columns.values() if released else ()
    set_ = frozenset(each.name for each in columns if each.not_null)
    new = context.schema.is_new_column(name, column)
    filling = {
        key
        for key, each in lasting.items()
        if _fires(each, column, new=new)
        and (body := _body(each, context.ahead.end))
        and gives_value(body.body, column, set_)
    }
    others = [each for key, each in end.triggers.items() if each.before and key not in filling]
    return bool(filling) and not any(may_set(x, column, context.ahead.end) for x in others)


def _is_inherited(table: Table, schema: Schema) -> bool:
    children = (schema.tables.get(each) for each in schema.children.get(table.name, ()))
    return any(child and not child.partition for child in children)


def _fires(trigger: Trigger, column: str, *, new: bool) -> bool:
    updates = bool(trigger.rows & {"UPDATE", f"UPDATE OF {column}"})
    asked = trigger.only in {"", column}
    return trigger.before and asked and "INSERT" in trigger.rows and (new or updates)


def _body(trigger: Trigger, schema: Schema) -> Routine | None:
    """Return the one function that a trigger calls, in PL/pgSQL."""
    found = schema.thing(trigger.function)
    routines = list(found.routines.values()) if found else []
    one = [each for each in routines if not each.function.arguments]
    return one[0] if one and one[0].function.language.lower() == "plpgsql" else None


def may_set(trigger: Trigger, column: str, schema: Schema) -> bool:
    """Whether a trigger may give a column another value, as far as its text tells."""
    routine = _body(trigger, schema)
    if routine is None or not is_read(routine):
        return True
    return column in sets(routine) or bool(_WHOLE.search(routine.body))
