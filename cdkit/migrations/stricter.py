"""What a new table in the place of an old one, or a new CHECK, refuses of what is written now."""

from collections.abc import Iterator

from cdkit.migrations.implied import implies, is_same_value, lets_in, together, where_null
from cdkit.migrations.indexes import is_kept_apart
from cdkit.migrations.nouns import Column, Constraint, Name
from cdkit.migrations.rule import Context
from cdkit.migrations.schema import Schema, Table
from cdkit.migrations.unfilled import stays_null

_KEYS = frozenset({"unique", "primary key"})
_BOTH = 2
_BY_HASH = '"strategy":"h"'


def refuses_more(name: Name, context: Context) -> str:
    """Say what the table of this name refuses at the end that it took before; empty: nothing.

    A table that is not made anew has been judged change by change.
    """
    old, new = context.released.table(name), context.ahead.end.table(name)
    if old is None or new is None or not (old.known and new.known):
        return ""
    if not context.schema.is_new(new.made):
        return ""
    return next(_found(old, new, context), "")


def _found(old: Table, new: Table, context: Context) -> Iterator[str]:
    for column in new.columns.values():
        if said := _of_column(old.columns.get(column.name), column, context):
            yield said
    yield from _constraints(old, new, context.released)
    if _takes_any_row(old, context.released) and not _takes_any_row(new, context.ahead.end):
        yield "it has no partition for some rows"
    yield from _keys(old, new, context)
    if new.row_security and not old.row_security:
        opens = [x for x in new.policies.values() if x.permissive and x.all_rows and not x.roles]
        if not opens or any(not each.permissive for each in new.policies.values()):
            yield "it has row security"
    for trigger, each in new.triggers.items():
        if each.before and each.writes and trigger not in old.triggers:
            yield f"the trigger {trigger} comes before each write into it"


def _takes_any_row(table: Table, schema: Schema) -> bool:
    """Whether there is a place for every row: no partitions, a DEFAULT one, or some by hash."""
    children = (schema.tables.get(each) for each in schema.children.get(table.name, ()))
    bounds = [each.bound for each in children if each and table.name in each.parents]
    return not table.partitioned or any(x == "DEFAULT" or _BY_HASH in x for x in bounds)


def _of_column(old: Column | None, new: Column, context: Context) -> str:
    if old is None:
        wanted = new.not_null and not _fills_itself(new)
        return f"it wants {new.name}, which a running version does not write" if wanted else ""
    if new.not_null and not old.not_null:
        return f"{new.name} must not be null in it"
    if context.dialect.change(old.type, new.type).breaks:
        return f"{new.name} is {new.type} in it, and was {old.type}"
    if new.generated and not old.generated:
        return f"{new.name} cannot be written in it"
    if new.identity and new.always and not (old.identity and old.always):
        return f"{new.name} takes no value of one's own in it"
    return _filled_otherwise(old, new)


def _filled_otherwise(old: Column, new: Column) -> str:
    """Say of a column that its values count as others, or that what nobody writes is another.

    Which number is no matter.
    """
    if new.collation != old.collation:
        return f"texts of {new.name} compare and sort otherwise in it"
    if old.generated and new.generated and old.expression != new.expression:
        return f"{new.name} is worked out otherwise in it"
    given = [each.default for each in (old, new) if each.default and not each.default.null]
    if len(given) < _BOTH or all("nextval" in each.calls for each in given):
        return ""
    if is_same_value(given[0].text, given[1].text):
        return ""
    return f"{new.name} has another default in it"


def _fills_itself(column: Column) -> bool:
    given = column.default is not None and not column.default.null
    return given or column.identity or column.serial or bool(column.generated)


def _constraints(old: Table, new: Table, released: Schema) -> Iterator[str]:
    for each in new.constraints.values():
        if each.kind in {*_KEYS, "not null"} or not each.enforced or each.always:
            continue
        if each.columns and not old.columns.keys() & set(each.columns) and not each.wants_value:
            continue  # what it leaves at its default passes
        if not any(implies(held, each, released) for held in old.constraints.values()):
            yield f"its {each.kind} {each.name} is new"


def _keys(old: Table, new: Table, context: Context) -> Iterator[str]:
    released, end = context.released, context.ahead.end
    held = [index for _, index in released.unique_keys(old.name)]
    for key, index in end.unique_keys(new.name):
        if index.columns and not old.columns.keys() & set(index.columns):
            continue
        if not is_kept_apart(index, held):
            yield f"{key} keeps rows apart in it that were not before"


def is_of_the_key(constraint: Constraint, parent: Table) -> bool:
    """Whether a CHECK asks for nothing but what the bounds of a table's partitions are about."""
    if constraint.kind != "check" or "" in parent.keyed:
        return False
    return bool(constraint.columns) and set(constraint.columns) <= set(parent.keyed)


def is_of_its_bounds(constraint: Constraint, name: Name, context: Context) -> bool:
    """Whether a CHECK of a partition is about its bounds alone, which keep its rows apart anyway.

    Those of a DEFAULT partition are whatever the others leave: they are others by the end of a
    transaction that makes one more.
    """
    released = context.released
    table = released.table(name)
    parents = [x for x in map(released.table, table.parents) if x] if table and table.bound else []
    if not table or not any(is_of_the_key(constraint, each) for each in parents):
        return False
    if table.bound != "DEFAULT":
        return True
    end = context.ahead.end
    held = (end.tables.get(child) for each in parents for child in end.children.get(each.name, ()))
    return any(each and each.bound and end.is_new(each.made) for each in held)


def keeps_to(name: Name, constraint: Constraint, context: Context) -> bool:
    """Whether what a running version adds passes a CHECK, if not what it updates.

    It leaves new columns null, and all CHECKs that were there together ask for the rest. A row that
    the new version filled is another matter.
    """
    table = context.released.table(name)
    if table is None or constraint.kind != "check":
        return False
    new = [each for each in constraint.columns if stays_null(name, each, context)]
    left = where_null(constraint.expression, new) if new else constraint.expression
    return not left or lets_in(together(table.constraints.values()), left)
