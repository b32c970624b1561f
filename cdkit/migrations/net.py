"""What is left of a change at the end of its transaction, seen by those who run.

A thing that is dropped and made again is no loss where the new one does what the old one did, for
the same roles. These functions say in words what the new one lacks: an empty text for nothing.
"""

from collections.abc import Callable, Iterator, Mapping

from msgspec import structs

from cdkit.core.finding import Severity
from cdkit.migrations.bodies import does_the_same, writes_of
from cdkit.migrations.enums import type_lacks
from cdkit.migrations.grants import lost
from cdkit.migrations.nouns import Column, Name, Query, Trigger, Type, automatic_name
from cdkit.migrations.rule import Context, Hit
from cdkit.migrations.schema import Routine, Schema, Table, Thing
from cdkit.migrations.stricter import refuses_more


def eased(hit: Hit, context: Context, *, undone: bool) -> Iterator[Hit]:
    """Yield a hit, unless the transaction itself makes good for it.

    Where only the tool may make a transaction of the file, it is said below the usual threshold.
    """
    if not undone:
        yield hit
    elif not context.ahead.sure:
        said = f"{hit.message}; what follows makes good for it, if the file is one transaction"
        yield structs.replace(hit, message=said, severity=Severity.LOW)


def column_is_back(table: Name, column: str, context: Context) -> bool:
    """Whether the end of the transaction has a column that serves as the old one did.

    One that is added anew holds none of the old values, and serves nobody who reads them.
    """
    if context.ahead.is_other(table, column):
        return False
    old, new = context.schema.column(table, column), context.ahead.end.column(table, column)
    if old is None or new is None or not _kept(old, new):
        return False
    return not context.dialect.change(old.type, new.type).breaks


def code_that(does: Callable[[Thing, str], bool], context: Context) -> str:
    """Name a trigger, routine or view of the running version that does something, and stays so.

    `does` is asked with a thing and its body in small letters.
    """
    for at, thing in context.released.things.items():
        if does(thing, thing.body.lower()):
            end = context.ahead.end.thing(at)
            if end is not None and end.body == thing.body:
                return f"{thing.kind.partition(' ')[0]} {at}"
    return ""


def _kept(old: Column, new: Column) -> bool:
    one, other = (
        (x.default and x.default.text, x.identity, x.generated, x.expression, x.not_null)
        for x in (old, new)
    )
    return one == other


def lacks(name: Name, context: Context, *, dropped: bool = False) -> str | None:
    """Return what the relation of this name lacks at the end; None where there is none.

    What is `dropped` was copied before: from what has another name by then it can be copied later.
    """
    old, end = context.released, context.ahead.end
    kind = end.kind_of(name)
    if not kind or kind == "sequence":
        return None
    full = old.full(name)
    if kind == "type":
        return type_lacks(full, old, end)
    if is_same_text(full, old, end):
        return ""
    missing = _missing_columns(full, old, end)
    if missing is None:
        return "nobody can tell from here whether it shows the same columns"
    if missing:
        return f"it lacks {', '.join(missing)}"
    return (
        _other_rows(full, old, end)
        or refuses_more(full, context)
        or _unserved(full, context)
        or rights_lost(full, context)
        or _rows_lost(full, context, dropped=dropped)
        or _counted_anew(full, context)
        or taken_along(full, context)
    )


def _unserved(name: Name, context: Context) -> str:
    """Say which trigger or foreign key stays with the old one, and is not made again."""
    schema, end = context.schema, context.ahead.end
    kept = _triggers(end, name)
    for trigger in _triggers(context.released, name):
        if trigger in _triggers(schema, name) and trigger not in kept:
            return f"the trigger {trigger} is not made on it"
    now = end.table(name)
    if said := _unguarded(name, context.released, end):
        return said
    if now is None or not schema.is_new(now.made):
        return ""
    for other, key in schema.leading_to(name):
        left = end.tables.get(other)
        if left and left.constraints.get(key.name) is key:
            return f"{key.name} of {other} still leads to the old one"
    return ""


def _unguarded(name: Name, old: Schema, end: Schema) -> str:
    """Say which row security, rule or default of its own is not made again."""
    table, now = old.table(name), end.table(name)
    if table and now and table.row_security and not now.row_security:
        return "it has no row security, and shows what that hid"
    before, after = old.thing(name), end.thing(name)
    if before is None or after is None:
        return ""
    if before.ruled and not after.ruled:
        return "its rule for writes is not made on it"
    lost = next((each for each in before.defaults if each not in after.defaults), "")
    return f"it gives {lost} no default of its own" if lost else ""


def _triggers(schema: Schema, name: Name) -> Mapping[str, Trigger]:
    """Return what fires on a table or view."""
    found = schema.table(name) or schema.thing(name)
    return found.triggers if found else {}


def _rows_lost(name: Name, context: Context, *, dropped: bool) -> str:
    """Say where a table was filled while others could still write into the one that it replaces.

    One that is renamed into its place was there before: nothing kept anybody from writing, but a
    lock, or a trigger that writes into both.
    """
    schema, end = context.schema, context.ahead.end
    table, now = schema.table(name), end.table(name)
    if table is None or now is None or context.server.engine == "sqlite":
        return ""
    if context.session.keeps_from_writing(str(name), name.name):
        return ""
    carried = set(_carried(table, schema))
    if dropped and schema.is_new(now.made) and not carried:
        return "what is written while its rows are copied is lost"
    for full, other in schema.tables.items():
        moved = full != name and full not in end.tables and full not in carried
        if moved and other.filled and schema.is_new(other.made):
            return f"what is written while {full} is filled is lost"
    return ""


def _counted_anew(name: Name, context: Context) -> str:
    """Say which column of a table that is filled is numbered from the beginning on."""
    old, now = context.released.table(name), context.ahead.end.table(name)
    if old is None or now is None or not (now.filled and context.schema.is_new(now.made)):
        return ""
    for column in sorted(context.ahead.counts_anew() & old.columns.keys()):
        new = now.columns.get(column)
        if new and (new.identity or new.serial) and context.server.engine == "postgres":
            return f"{column} is counted from the beginning in it, through numbers that are taken"
    return ""


def _carried(table: Table, schema: Schema) -> Iterator[Name]:
    """Yield the tables that a trigger writes into whenever somebody writes into this one."""
    for trigger in table.triggers.values():
        found = schema.thing(trigger.function)
        for routine in found.routines.values() if found else ():
            yield from map(schema.full, writes_of(routine))


def taken_along(name: Name, context: Context) -> str:
    """Say which view shows the one of this name now, and is gone at the end: CASCADE takes it."""
    end = context.ahead.end
    for view in context.schema.showing.get(name, ()):
        if context.schema.thing(view) and not (end.thing(view) or end.table(view)):
            if context.schema.is_new_thing(view):
                continue
            return f"the view {view} goes along with it"
    return ""


def is_same_text(name: Name, old: Schema, end: Schema) -> bool:
    """Whether a view or trigger of SQLite or MySQL is made again as it was, with its triggers."""
    before, after = old.thing(name), end.thing(name)
    if before is None or after is None or before.query or not before.body:
        return False
    on = [each for each, thing in old.things.items() if thing.is_on(name)]
    return (before.kind, before.body) == (after.kind, after.body) and all(
        is_same_text(each, old, end) for each in on
    )


def _missing_columns(name: Name, old: Schema, end: Schema) -> tuple[str, ...] | None:
    before, after = old.shows(name), end.shows(name)
    if before is None or after is None or "*" in before or "*" in after:
        return None
    return tuple(column for column in before if column not in after)


def _other_rows(name: Name, old: Schema, end: Schema) -> str:
    table, view = old.table(name), end.thing(name)
    if table:
        return _table_lacks(table, old, end, name)
    before, made = old.thing(name), end.table(name)
    if before and before.query and made:
        shown = {end.full(each) for each in before.query.sources}
        return "" if made.was in shown else "it is a table, and shows its own rows alone"
    if before is None or before.query is None or view is None or view.query is None:
        return "nobody can tell from here whether it shows the same rows"
    return _refreshed_otherwise(name, old, end) or other_rows(before.query, view.query)


def _refreshed_otherwise(name: Name, old: Schema, end: Schema) -> str:
    """Say why a view is refreshed that was not, or is not any more as it was."""
    was, now, view = old.kind_of(name), end.kind_of(name), end.thing(name)
    if view and view.query and view.query.empty:
        return "it is made WITH NO DATA, and cannot be read before it is refreshed"
    if was != now:
        return (
            "it shows the rows of its last refresh, and nobody can write through it"
            if was == "view"
            else "REFRESH fails where it is no materialized view"
        )
    had = [key for key, index in old.unique_keys(name) if not index.where]
    # Whoever is granted something owns nothing, and only who owns a view refreshes it.
    owned = not old.grants.of("materialized view", name)
    if had and owned and all(index.where for _, index in end.unique_keys(name)):
        return f"it lacks {had[0]}, so that REFRESH CONCURRENTLY fails"
    return ""


def other_rows(old: Query, new: Query) -> str:
    """Return how a view's rows differ; columns that are new do not count.

    What it groups by counts only by its columns: more of them may mean more rows.
    """
    shown = dict(zip(new.columns, new.expressions, strict=False))
    changed = [
        column
        for column, expression in zip(old.columns, old.expressions, strict=False)
        if shown.get(column, expression) != expression
    ]
    if changed:
        return f"it computes {', '.join(changed)} otherwise"
    if old.filters != new.filters:
        return "it filters its rows otherwise"
    if old.order and old.order != new.order:
        return "it sorts its rows otherwise"
    if not {*old.sources} <= {*new.sources} or (
        (old.rest, old.sources) != (new.rest, new.sources) and len(new.columns) == len(old.columns)
    ):
        return "it takes its rows from elsewhere, or filters them otherwise"
    return ""


def _table_lacks(table: Table, old: Schema, end: Schema, name: Name) -> str:
    """What stands in a table's place lacks: writes go through a plain view, its keys do not."""
    kinds = {constraint.kind for constraint in table.constraints.values()}
    if thing := end.thing(name):
        if thing.query is None or not thing.query.plain:
            return "it cannot be written as the table can"
        if kinds & {"unique", "exclusion"}:
            return "ON CONFLICT ON CONSTRAINT does not work through a view"
        return ""
    new = end.table(name)
    if new is None or not (new.was == name or new.filled or _holds_the_old(new, end)):
        return "it is another table, and nothing here fills it"
    return _known_table_lacks(table, new, old, end) if new.known else ""


def _known_table_lacks(table: Table, new: Table, old: Schema, end: Schema) -> str:
    if list(new.columns)[: len(table.columns)] != list(table.columns):
        return "its columns stand in another order, which an INSERT that names none goes by"
    kept = {index.key[1:] for _, index in end.unique_keys(new.name)}
    lost = [key for key, index in old.unique_keys(table.name) if index.key[1:] not in kept]
    if lost:
        return f"it lacks {lost[0]}, so that ON CONFLICT fails, and rows come in twice"
    named = [each for each in _named_keys(table) if each not in new.constraints]
    if named:
        return f"it has no constraint {named[0]}, which ON CONFLICT can name"
    filled = [each.name for each in table.columns.values() if _is_filled(each)]
    bare = [each for each in filled if not _is_filled(new.columns.get(each))]
    return f"nothing fills {', '.join(bare)} in it" if bare else ""


def _named_keys(table: Table) -> Iterator[str]:
    """Yield the names that somebody gave to keys of a table: the server's own, nobody minds."""
    for name, each in table.constraints.items():
        automatic = automatic_name(table.name.name, each)
        if each.kind in {"unique", "primary key", "exclusion"} and name != automatic:
            yield name


def _is_filled(column: Column | None) -> bool:
    return column is not None and bool(
        column.default or column.identity or column.serial or column.generated
    )


def _holds_the_old(new: Table, end: Schema) -> bool:
    """Whether a table that was there before is a partition of it, or inherits from it."""
    children = (end.tables.get(child) for child in end.children.get(new.name, {}))
    return any(
        child is not None and new.name in child.parents and not end.is_new(child.made)
        for child in children
    )


def rights_lost(name: Name, context: Context) -> str:
    """Return what a role may no longer do with the thing of this name; empty for nothing."""
    old, end = context.released, context.ahead.end
    kind = old.kind_of(name) or "function"
    found = [
        (role, word)
        for role, word in lost(old.grants, end.grants, kind, (name, name), end.shows(name) or ())
        if word == "SELECT" or not _is_read_only(name, old)
    ]
    if not found:
        return ""
    role, word = found[0]
    return f"{role} has no {word} on it, as it had on the old one"


def _is_read_only(name: Name, schema: Schema) -> bool:
    """Whether nobody can write it anyway, whatever was granted on all tables and views at once."""
    thing = schema.thing(name)
    return thing is not None and thing.query is not None and not thing.query.plain


def routine_lacks(name: Name, takes: tuple[Type, ...], context: Context) -> str | None:
    """Return what the functions of this name lack at the end, for calls of the old one."""
    old, end = context.released.thing(name), context.ahead.end.thing(name)
    before = old.routines.get(takes) if old else None
    if end is None or not end.routines:
        return None
    if before is None:
        return "nobody can tell from here whether it does the same"
    faults = [_routine_lacks(before, each) for each in end.routines.values()]
    fitting = [fault for fault in faults if fault is not None]
    if not fitting:
        return None
    return min(fitting, key=len) or rights_lost(context.released.full(name), context)


_TAKEN = frozenset({("int2", "int4"), ("int2", "int8"), ("int4", "int8"), ("varchar", "text")})
"""What a value is turned into without a cast, and stays the same (PostgreSQL's pg_cast)."""


def _takes(wanted: Type, given: Type) -> bool:
    """Whether an argument of a function takes what another one took."""
    turned = (given.name, wanted.name) in _TAKEN and not (given.array or wanted.array)
    return wanted == given or turned


def _routine_lacks(old: Routine, new: Routine) -> str | None:  # noqa: PLR0911 - a list
    """Compare one function with the old one; None where no old call can mean it."""
    given, wanted = old.function.arguments, new.function.arguments
    if not all(map(_takes, (each.type for each in wanted), (each.type for each in given))):
        return None
    if len(wanted) < len(given):
        return None
    if [x.name for x in wanted[: len(given)]] != [x.name for x in given]:
        return "its arguments have other names"
    if any(each.optional and not wanted[i].optional for i, each in enumerate(given)):
        return "an argument has lost its default"
    if any(not each.optional for each in wanted[len(given) :]):
        return "it asks for one more argument"
    if "variadic" in old.function.options and "variadic" not in new.function.options:
        return "it takes no list of arguments any more"
    if old.function.returns != new.function.returns and not old.function.gives:
        return f"it returns {new.function.returns} and not {old.function.returns}"
    gone = [each for each in old.function.gives if each not in new.function.gives]
    if gone:
        return f"its result lacks {', '.join(gone)}"
    alike = len(given) == len(wanted) and old.function.gives == new.function.gives
    return "it does something else" if alike and not does_the_same(old, new) else ""
