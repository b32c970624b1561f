"""Two schemas held against each other: what one has and the other has not, and what is different.

It is total over what the model holds: every field of a table, column, constraint, index and other
thing counts, but for those that only say when and where something was written.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from msgspec import Struct

from cdkit.migrations.indexes import Index
from cdkit.migrations.lazy import pattern
from cdkit.migrations.nouns import TEMPORARY, Column, Constraint, Default, Name, Query, Type
from cdkit.migrations.option import DEFAULTS, MIXED
from cdkit.migrations.schema import Schema, Table, Thing

K = TypeVar("K", str, Name)

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


_HASHED = pattern(r"_[0-9a-f]{8}(?:_|$)")
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

    @property
    def by_hash(self) -> bool:
        """Whether it is but another name, one with the hash that Django makes names with."""
        return self.kind == NAME and any(map(_HASHED().search, (self.was, self.now)))

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
        if _is_made_anew(name, before, after):
            # What the columns were of a table that nobody knew cannot be told.
            continue
        yield from _columns(str(name), old, new)
        yield from _constraints(str(name), old, new)


def _is_made_anew(name: Name, before: Schema, after: Schema) -> bool:
    """Whether a table that nobody knew was dropped and is there again."""
    old, new = before.tables.get(name), after.tables.get(name)
    return old is not None and new is not None and not old.known and new.epoch > before.epoch


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
    named = _renamed(old.constraints, new.constraints)
    for name, other in sorted(named.items()):
        yield Difference(kind=NAME, about=f"constraint {name} of {table}", was=name, now=other)
    there = old.constraints.keys() | new.constraints.keys()
    for name in sorted(there - {*named, *named.values()}):
        was, now = old.constraints.get(name), new.constraints.get(name)
        about = f"{name} of {table}"
        if was is None or now is None:
            yield _presence("constraint", about, was, now)
        elif "?" not in {was.kind, now.kind}:
            yield from _fields("constraint", about, was, now)


NAME = "name"
"""The kind of what has another name, and is else as it was."""


def _renamed(old: Mapping[K, Struct], new: Mapping[K, Struct]) -> dict[K, K]:
    """Return by their old names the new ones of what differs in nothing but the name."""
    come = {_all_but_its_name(each): name for name, each in new.items() if name not in old}
    gone = {_all_but_its_name(each): name for name, each in old.items() if name not in new}
    return {name: come[key] for key, name in gone.items() if key in come}


def _all_but_its_name(thing: Struct) -> tuple[str, ...]:
    passed = _NO_MATTER | _APART.get(type(thing), frozenset())
    fields = (each for each in thing.__struct_fields__ if each not in passed)
    return tuple(repr(_plain(getattr(thing, each))) for each in fields)


def _things(
    kind: str,
    old: Mapping[Name, Index | Thing],
    new: Mapping[Name, Index | Thing],
    before: Schema,
    after: Schema,
) -> Iterator[Difference]:
    old = {name: x for name, x in old.items() if not _goes_along(name, x, before, after)}
    new = {name: x for name, x in new.items() if not _goes_along(name, x, after, before)}
    named = _renamed(old, new) if kind else {}
    for name, other in sorted(named.items()):
        yield Difference(kind=NAME, about=f"{kind} {name}", was=str(name), now=str(other))
    for name in sorted((old.keys() | new.keys()) - {*named, *named.values()}):
        was, now = old.get(name), new.get(name)
        known = was or now
        word = known.kind if isinstance(known, Thing) else kind
        if was is None or now is None:
            yield _presence(word, str(name), was, now)
        elif not _is_unknown(was):
            yield from _fields(word, str(name), was, now)


def _goes_along(name: Name, thing: Index | Thing, schema: Schema, other: Schema) -> bool:
    """Whether it is told with another thing: an index with its constraint, or a table that is new.

    What a table had that nobody knew is not told where that is made anew, nor is its sequence.
    """
    if not isinstance(thing, Index):
        return thing.kind == "sequence" and _is_of_anew(name, other, schema)
    if _is_made_anew(thing.table, other, schema):
        return True
    table = schema.tables.get(thing.table)
    return table is not None and (name.name in table.constraints or thing.table not in other.tables)


def _is_of_anew(sequence: Name, before: Schema, after: Schema) -> bool:
    """Whether a sequence is that of a column of a table that is made anew."""
    for name, table in before.tables.items():
        if not table.known and sequence.name.startswith(f"{name.name}_"):
            return sequence.schema == name.schema and _is_made_anew(name, before, after)
    return False


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
