"""Two schemas held against each other: what one has and the other has not, and what is different.

It is total over what the model holds: every field of a table, column, constraint, index and other
thing counts, but for those that only say when and where something was written.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from cdkit.migrations.indexes import Index
from cdkit.migrations.lazy import pattern
from cdkit.migrations.nouns import TEMPORARY, Column, Constraint, Default, Name, Query, Type
from cdkit.migrations.option import DEFAULTS, MIXED
from cdkit.migrations.schema import Schema, Table, Thing

UNKNOWN = Type("?")
"""The type of a column of which only its name is known: nothing else of it is compared."""

_NO_MATTER = frozenset(
    {"at", "sql", "epoch", "born", "index", "wants_value", "proves", "name", "made", "filled"}
    | {"written", "was"}
)
"""Fields that say when, where or how something was written, or that are compared by themselves."""

_APART: dict[type, frozenset[str]] = {
    # Row security, policies, triggers and rules are told by what was done to them (see `back`).
    Table: frozenset({"columns", "constraints", "known", "row_security", "policies", "triggers"})
    | {"options", "bound", "keyed", "resting", "rules"},
    # What is read of a view and of functions: their definition is compared. No enum loses a value.
    # A domain's constraints and a sequence's numbers are told by what was done to them.
    Thing: frozenset({"query", "routines", "triggers", "ruled", "defaults", "labels"})
    | {"rules", "constraints", "numbers"},
    # `fragile`, `null_by`, `bounds` and a CHECK's `always` are read off expressions, which are
    # compared themselves; an identity's `always` is told by what was done to it.
    Column: frozenset({"constraints", "fragile", "null_by", "always"}),
    # `refers` may go without saying.
    Constraint: frozenset({"always", "bounds", "refers"}),
    # The constraint that the index belongs to says it.
    Index: frozenset({"deferrable"}),
}


_QUALIFIERS = pattern(r'"fields":\[(?:\{"String":\{"sval":"(?:[^"\\]|\\.)*"\}\},)+')
"""Before the name of a column in a fingerprint: its table, or what that is called there."""


_LONGEST = 200
"""Characters of two lists of columns that are still told."""


class Difference(Struct, frozen=True, kw_only=True):
    """One thing that two schemas differ in: its kind (`column`, `type`, `index`), which it is.

    `was` and `now` are as people say it; empty where it is not there, the same where they are too
    long to be said.
    """

    kind: str
    about: str
    was: str = ""
    now: str = ""

    def __str__(self) -> str:
        """Return it as a clause about the later schema."""
        if not self.was:
            return f"the {self.kind} {self.about} is left over"
        if not self.now:
            return f"the {self.kind} {self.about} is missing"
        if self.was == self.now:
            return f"the {self.kind} of {self.about} is another"
        return f"the {self.kind} of {self.about} is {self.now}, and was {self.was}"


def differences(before: Schema, after: Schema) -> tuple[Difference, ...]:
    """Return what is different after, in the order of the names within each kind."""
    return (
        *_tables(before, after),
        *_things("index", before.indexes, after.indexes, before, after),
        *_things("", before.things, after.things, before, after),
        *_views(before, after),
        *_privileges(before, after),
    )


def _tables(before: Schema, after: Schema) -> Iterator[Difference]:
    for name in sorted(before.tables.keys() | after.tables.keys()):
        if name.schema == TEMPORARY:
            # It ends with the session.
            continue
        old, new = before.tables.get(name), after.tables.get(name)
        if old is None or new is None:
            yield _presence("table", str(name), old, new)
            continue
        yield from _fields("table", str(name), old, new)
        yield from _options(str(name), old, new)
        if not old.known and new.epoch > before.epoch:
            # A table that nobody knew was made anew: what its columns were cannot be told.
            continue
        yield from _columns(str(name), old, new)
        yield from _constraints(str(name), old, new)


def _options(table: str, old: Table, new: Table) -> Iterator[Difference]:
    for option in sorted((old.options.keys() | new.options.keys()) - {MIXED}):
        usual = DEFAULTS.get(option, "")
        was, now = (each.options.get(option, usual).lower() for each in (old, new))
        if was != now:
            said = (each or "not said" for each in (was, now))
            yield Difference(kind=option, about=table, was=next(said), now=next(said))


def _columns(table: str, old: Table, new: Table) -> Iterator[Difference]:
    for name in sorted(old.columns.keys() | new.columns.keys()):
        was, now = old.columns.get(name), new.columns.get(name)
        about = f"{table}.{name}"
        if was is None or now is None:
            yield _presence("column", about, was, now)
        elif UNKNOWN not in {was.type, now.type}:
            yield from _fields("column", about, was, now)


def _constraints(table: str, old: Table, new: Table) -> Iterator[Difference]:
    for name in sorted(old.constraints.keys() | new.constraints.keys()):
        was, now = old.constraints.get(name), new.constraints.get(name)
        about = f"{name} of {table}"
        if was is None or now is None:
            yield _presence("constraint", about, was, now)
        elif "?" not in {was.kind, now.kind}:
            yield from _fields("constraint", about, was, now)


def _things(
    kind: str,
    old: Mapping[Name, Index] | Mapping[Name, Thing],
    new: Mapping[Name, Index] | Mapping[Name, Thing],
    before: Schema,
    after: Schema,
) -> Iterator[Difference]:
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        if _goes_along(name, was, before, after) or _goes_along(name, now, after, before):
            continue
        known = was or now
        word = known.kind if isinstance(known, Thing) else kind
        if was is None or now is None:
            yield _presence(word, str(name), was, now)
        elif not _is_unknown(was):
            yield from _fields(word, str(name), was, now)


def _goes_along(name: Name, thing: Index | Thing | None, schema: Schema, other: Schema) -> bool:
    """Whether an index is told with another thing: its constraint, or its table that is new."""
    if not isinstance(thing, Index):
        return False
    table = schema.tables.get(thing.table)
    return table is not None and (name.name in table.constraints or thing.table not in other.tables)


def _is_unknown(thing: Index | Thing) -> bool:
    return isinstance(thing, Index) and thing.table.name == "?"


def _views(before: Schema, after: Schema) -> Iterator[Difference]:
    """Yield views that show something else, as far as both can be read.

    Order, groups and how sources are joined are not compared: one query may be written in many
    ways, and what takes back is mostly written anew.
    """
    for name in sorted(before.things.keys() & after.things.keys()):
        was, now = before.things[name].query, after.things[name].query
        if was is None or now is None or was == now:
            continue
        about = f"{before.things[name].kind} {name}"
        if was.columns != now.columns:
            old, new = (", ".join(each.columns) for each in (was, now))
            told = len(old) + len(new) <= _LONGEST
            old, new = (old, new) if told else ("there", "there")
            yield Difference(kind="list of columns", about=about, was=old, now=new)
        elif _shown(was, before) != _shown(now, after):
            yield Difference(kind="definition", about=about, was="there", now="there")


def _shown(query: Query, schema: Schema) -> tuple[object, ...]:
    plain = (_QUALIFIERS().sub('"fields":[', x) for x in (query.filters, *query.expressions))
    return (*plain, frozenset(schema.full(each) for each in query.sources))


def _privileges(before: Schema, after: Schema) -> Iterator[Difference]:
    """Yield what roles may do otherwise with a thing that is there before and after.

    A role that no migration gave anything on it before may have had it all the same.
    """
    there = dict.fromkeys(before.tables.keys() & after.tables.keys(), "table")
    there |= {name: before.things[name].kind for name in before.things.keys() & after.things.keys()}
    for name, kind in sorted(there.items()):
        old, new = (each.grants.of(kind, name) or {} for each in (before, after))
        for role in sorted(old) if old != new else ():
            held = [each.get(role, frozenset()) for each in (old, new)]
            for word in sorted(held[0] ^ held[1]):
                was, now = ("there" if word in each else "" for each in held)
                about = f"{word} on {name} for {role}"
                yield Difference(kind="privilege", about=about, was=was, now=now)


def _presence(kind: str, about: str, old: object, new: object) -> Difference:
    was, now = ("there" if each is not None else "" for each in (old, new))
    return Difference(kind=kind, about=about, was=was, now=now)


def _fields(kind: str, about: str, old: Struct, new: Struct) -> Iterator[Difference]:
    """Yield each field that differs; a field is called what SQL calls it."""
    passed = _NO_MATTER | _APART.get(type(old), frozenset())
    for field in old.__struct_fields__:
        if field in passed:
            continue
        was, now = (_plain(getattr(each, field)) for each in (old, new))
        if was != now:
            what = _WORDS.get(field, field)
            of = f"{kind} {about}" if kind != "column" else about
            yield Difference(kind=what, about=of, was=_said(field, was), now=_said(field, now))


_WORDS = {
    "not_null": "nullability",
    "valid": "validity",
    "body": "definition",
    "unique": "uniqueness",
    "deferrable": "leave to defer",
    "deferred": "deferral",
}


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a field holds
    """Return a value without what makes no difference: DEFAULT NULL is no default."""
    if isinstance(value, Default):
        return None if value.null else value
    return value.strip() if isinstance(value, str) else value


def _said(field: str, value: object) -> str:
    """Return a value as people say it; of a definition only that it is another."""
    if field == "not_null":
        return "NOT NULL" if value else "nullable"
    if field == "body":
        return "a text"
    match value:
        case Default(calls=calls):
            said = f"one that calls {', '.join(calls)}" if calls else "a constant"
        case bool():
            said = "yes" if value else "no"
        case tuple() | frozenset():
            said = ", ".join(
                sorted(map(str, value)) if isinstance(value, frozenset) else map(str, value)
            )
        case _:
            said = "" if value is None else str(value)
    return said or "none"
