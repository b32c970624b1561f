"""The schema as the migrations so far have made it: what is there, and since which release."""

from collections.abc import Callable, Iterator, MutableMapping
from typing import Literal

from msgspec import Struct, structs

from cdkit.migrations.grants import Grants
from cdkit.migrations.indexes import Index, Indexes
from cdkit.migrations.layered import shared
from cdkit.migrations.nouns import (
    TEMPORARY,
    Column,
    Constraint,
    Default,
    Function,
    Name,
    Policy,
    Query,
    Trigger,
    Type,
)


class Table(Struct, frozen=True, kw_only=True):
    """A table. `known` is false where some of its columns come from elsewhere.

    `was` is the released name of one that the release renames. `epoch` is the release that made it,
    `born` the release that made each column (as given to
    `Schema.release`); 0 is what was there before the change under judgement. `made` is the
    release that made it even where it stands for a released one, `filled` says that a
    migration of this release wrote rows into it, `written` which of its new columns an UPDATE of
    the release sets. `parents` are the tables that it inherits from,
    or is a partition of; `bound` says which rows a partition takes, `keyed` by which columns it is
    partitioned itself (see `CreateTable`), `rules` are its rewrite rules as fingerprints, `off`
    before one that does not act. `resting` are triggers that are there and do not fire.
    """

    name: Name
    epoch: int
    known: bool = True
    columns: dict[str, Column] = {}
    born: dict[str, int] = {}
    constraints: dict[str, Constraint] = {}
    partition: bool = False
    parents: frozenset[Name] = frozenset()
    row_security: bool = False
    policies: dict[str, Policy] = {}
    triggers: dict[str, Trigger] = {}
    resting: dict[str, Trigger] = {}
    made: int = 0
    filled: bool = False
    written: frozenset[str] = frozenset()
    partitioned: bool = False
    bound: str = ""
    keyed: tuple[str, ...] = ()
    options: dict[str, str] = {}
    was: Name | None = None
    rules: dict[str, str] = {}

    def has_key_of(self, column: str) -> bool:
        """Whether the primary key holds a column, which is NOT NULL then, whatever is said."""
        keys = self.constraints.values()
        return any(each.kind == "primary key" and column in each.columns for each in keys)


Entries = Literal["columns", "born", "constraints"]


class Thing(Struct, frozen=True, kw_only=True):
    """Anything else with a name: its kind, the release that made it, a function's body.

    `query` is what a view shows, `triggers` what its writes go through, `routines` are a function's
    declarations and bodies by the types that it takes, each with the release that made it;
    `default` says that a domain has one, `ruled` that writes into a view go elsewhere by a rule,
    `invoker` that a view asks with the rights of who reads it, `defaults` are what a view gives
    columns itself, `labels` an enum's in order, `constraints` a domain's, `rules` as a
    table's, `numbers` what a sequence is told (`maxvalue`, …); `was` is the released
    name of what was renamed.
    """

    kind: str
    epoch: int
    body: str = ""
    query: Query | None = None
    routines: dict[tuple[Type, ...], "Routine"] = {}
    triggers: dict[str, Trigger] = {}
    default: bool = False
    ruled: bool = False
    invoker: bool = False
    labels: tuple[str, ...] = ()
    was: Name | None = None
    defaults: dict[str, Default] = {}
    constraints: dict[str, Constraint] = {}
    rules: dict[str, str] = {}
    numbers: dict[str, str] = {}

    def is_on(self, name: Name) -> bool:
        """Whether it is a trigger on this table or view, of SQLite: there it says so."""
        return self.kind.lower() == f"trigger on {name.name}".lower()


class Routine(Struct, frozen=True, kw_only=True):
    """One of the functions of a name: its declaration, its body, the release that made it."""

    function: Function
    body: str
    epoch: int


Hints = Literal["children", "referring", "showing"]
"""What tells of a table which others may have to do with it."""


class Schema:
    """What is there. Names are looked up as the search path has it: its first schema.

    `home` is where a session begins: `public`, or nothing where a database has no schemas.
    `children`, `referring` and `showing` tell of a table which others may inherit from it, lead to
    it by a foreign key, or show it, `bearing` of a column's name which tables may have one: what
    they are now, the tables and views themselves say. `named` tells by a bare name in small letters
    which things may have it, of any kind in any schema. `beyond` says that the
    migrations so far did what cannot be read, or used what none of them made, `blank` that there
    was nothing before them. `temporary` are the tables that end with the session, and that
    nobody else sees. `_mine` are the dictionaries that no copy shares, by what they are of: those
    change in place. All copies share `bearing`, which may name tables that only another one has.

    `naming` gives a constraint the name that the server would; without it PostgreSQL's. Where
    index names are each table's own (`shared_names` is false), an index is called `table.index`.
    """

    def __init__(
        self,
        home: str = "public",
        *,
        naming: Callable[[Table, Constraint], str] | None = None,
        shared_names: bool = True,
    ) -> None:
        self.naming = naming
        self.shared_names = shared_names
        self.epoch = 0
        self.home = home
        self.temporary: frozenset[Name] = frozenset()
        self.begin()
        self.tables: MutableMapping[Name, Table] = {}
        self.indexes = Indexes()
        self.things: MutableMapping[Name, Thing] = {}
        self.grants = Grants()
        self.roles: MutableMapping[str, int] = {}
        self.children: MutableMapping[Name, dict[Name, None]] = {}
        self.referring: MutableMapping[Name, dict[Name, None]] = {}
        self.showing: MutableMapping[Name, dict[Name, None]] = {}
        self.bearing: dict[str, dict[Name, None]] = {}
        self.named: MutableMapping[str, tuple[Name, ...]] = {}
        self.beyond = False
        self.blank = False
        self._mine: dict[object, object] = {}
        self.released: Schema | None = None

    def copy(self, *, empty: bool = False) -> "Schema":
        """Return a schema of its own that holds the same; what it holds never changes itself.

        An `empty` one is as this one in all but what it holds: it knows who may do what.
        """
        made = Schema.__new__(Schema)
        vars(made).update(vars(self), settings=dict(self.settings), _mine={})
        made.grants = self.grants.copy()
        self._mine.clear()
        self.roles, made.roles = shared(self.roles)
        self.named, made.named = shared(self.named)
        if empty:
            made.tables, made.indexes, made.things = {}, Indexes(), {}
            made.children, made.referring, made.showing = {}, {}, {}
            return made
        made.indexes = self.indexes.copy()
        self.tables, made.tables = shared(self.tables)
        self.things, made.things = shared(self.things)
        self.children, made.children = shared(self.children)
        self.referring, made.referring = shared(self.referring)
        self.showing, made.showing = shared(self.showing)
        return made

    def become(self, other: "Schema") -> None:
        """Be what a copy is that nobody uses any more."""
        vars(self).update(vars(other))

    def begin(self) -> None:
        """From here on another session speaks: it has set nothing and made no table of its own."""
        self.path = self.home
        self.settings: dict[str, str] = {}
        for name in self.temporary:
            self.tables.pop(name, None)
            for index in self.indexes.of(name):
                del self.indexes[index]
        self.temporary = frozenset()

    def release(self) -> None:
        """From here on everything made so far counts as running already."""
        self.epoch += 1

    def epoch_of(self, name: Name) -> int:
        """Return the release that what is made now under a name belongs to.

        What is made again under the name of something released is no news to those who run.
        """
        known = self.released
        there = known and (known.table(name) or known.thing(name))
        return 0 if there else self.epoch

    def epoch_of_column(self, table: Name, column: str) -> int:
        """Return the release that a column belongs to which is made now, as for `epoch_of`."""
        known = self.released
        return 0 if known and known.column(table, column) else self.epoch

    def full(self, name: Name) -> Name:
        """Return a name with its schema; a temporary table goes before all others."""
        if name.schema:
            if name.schema != "main" or self.home or not self.shared_names:
                return name
            # SQLite's own schema, to which a bare name belongs as well where no other one has it.
            return Name(self.path, name.name)
        if self.temporary and (temporary := Name(TEMPORARY, name.name)) in self.tables:
            return temporary
        return Name(self.path, name.name)

    def table(self, name: Name) -> Table | None:
        """Return a table, or None where no migration here made it."""
        return self.tables.get(self.full(name))

    def column(self, table: Name, column: str) -> Column | None:
        """Return a column, or None where it is unknown."""
        found = self.table(table)
        return found.columns.get(column) if found else None

    def constraint(self, table: Name, constraint: str) -> Constraint | None:
        """Return a constraint of a table by its name, or None where it is unknown."""
        found = self.table(table)
        return found.constraints.get(constraint) if found else None

    def index(self, name: Name) -> Index | None:
        """Return an index, or None where it is unknown."""
        return self.indexes.get(self.full(name))

    def index_name(self, table: Name, name: str) -> Name:
        """Return the name under which an index of a table is kept."""
        schema = self.full(table).schema
        return Name(schema, name if self.shared_names else f"{table.name}.{name.lower()}")

    def thing(self, name: Name) -> Thing | None:
        """Return a view, function, type, sequence …, or None where it is unknown."""
        return self.things.get(self.full(name))

    def kind_of(self, name: Name) -> str:
        """Return what a relation is: table, view, materialized view, sequence; empty if unknown."""
        if self.table(name):
            return "table"
        found = self.thing(name)
        return found.kind if found else ""

    def shows(self, name: Name) -> tuple[str, ...] | None:
        """Return the columns of a table or view in order; None where nobody knows them all."""
        if table := self.table(name):
            return tuple(table.columns) if table.known else None
        found = self.thing(name)
        return found.query.columns if found and found.query else None

    def unique_keys(self, table: Name) -> Iterator[tuple[str, Index]]:
        """Yield the unique indexes of a table, those of its constraints too, by name."""
        full = self.full(table)
        for name in self.indexes.of(full):
            if (index := self.indexes[name]).unique:
                yield name.name, index

    def default_partition(self, parent: Name) -> Table | None:
        """Return the partition that takes what no other one does; None where none is known."""
        full = self.full(parent)
        children = (self.tables.get(each) for each in self.children.get(full, ()))
        held = (each for each in children if each and each.bound == "DEFAULT")
        return next((each for each in held if full in each.parents), None)

    def leading_to(self, table: Name) -> Iterator[tuple[Name, Constraint]]:
        """Yield the foreign keys that lead to a table, each with the table that it is of."""
        full = self.full(table)
        for name in self.referring.get(full, ()):
            held = self.tables.get(name)
            for key in held.constraints.values() if held else ():
                if key.references is not None and self.full(key.references) == full:
                    yield name, key

    def is_new(self, epoch: int) -> bool:
        """Whether what was made in this release is new: nobody who runs can know it."""
        return epoch > 0 and epoch == self.epoch

    def is_new_table(self, name: Name) -> bool:
        """Whether a table is made by the release under judgement. An unknown one is not."""
        if name.schema == TEMPORARY:
            return True
        found = self.table(name)
        return found is not None and self.is_new(found.epoch)

    def is_new_relation(self, name: Name) -> bool:
        """Whether a table or view is made by the release under judgement."""
        if name.schema == TEMPORARY:
            return True
        full = self.full(name)
        table, thing = self.tables.get(full), self.things.get(full)
        if table and self.is_new(table.epoch):
            return True
        return thing is not None and self.is_new(thing.epoch)

    def is_new_column(self, table: Name, column: str) -> bool:
        """Whether a column is made by the release under judgement. An unknown one is not.

        Where a new table has no such column, it was there after all: CREATE TABLE IF NOT EXISTS
        made nothing.
        """
        found = self.table(table)
        if found is None:
            return table.schema == TEMPORARY or self.is_new_thing(table)
        if self.is_new(found.epoch):
            return column in found.columns or not found.known
        return self.is_new(found.born.get(column, 0))

    def is_new_thing(self, name: Name) -> bool:
        """Whether a view, function … is made by the release under judgement."""
        found = self.thing(name)
        return found is not None and self.is_new(found.epoch)

    def put(self, name: Name, field: Entries, key: str, value: object) -> None:
        """Put an entry into a table's columns, births or constraints; an unknown one stays so.

        What a copy of this schema may share is copied first, and only then: to do so for each of
        a thousand columns would take the square of that.
        """
        full = self.full(name)
        held = self.tables.get(full)
        if held is None:
            return
        if self._mine.get(full) is not held.columns:
            held = structs.replace(
                held,
                columns=dict(held.columns),
                born=dict(held.born),
                constraints=dict(held.constraints),
            )
            self.tables[full] = held
            self._mine[full] = held.columns
        getattr(held, field)[key] = value
        if field == "columns":
            self.bearing.setdefault(key, {})[full] = None

    def note(self, hints: Hints, table: Name, other: Name) -> None:
        """Note that another table, or a view, may have to do with a table."""
        held: MutableMapping[Name, dict[Name, None]] = getattr(self, hints)
        known = held.get(table, {})
        if other in known:
            return
        if self._mine.get((hints, table)) is not known:
            known = dict(known)
            held[table] = self._mine[hints, table] = known
        known[other] = None

    def make(self, table: Table) -> None:
        """Put a new table in, whose dictionaries nobody else has."""
        self.hold(table)
        self._mine[table.name] = table.columns

    def hold(self, table: Table) -> None:
        """Put a table in, or in the place of the one of its name."""
        self.tables[table.name] = table
        self.call(table.name)
        for column in table.columns:
            bearing = self.bearing.get(column)
            if bearing is None:
                bearing = self.bearing[column] = {}
            bearing[table.name] = None

    def call(self, name: Name) -> None:
        """Note that something may have this name from now on."""
        bare = name.name.lower() if self.shared_names else name.name.lower().rpartition(".")[2]
        there = self.named.get(bare, ())
        if name not in there:
            self.named[bare] = (*there, name)

    def miss(self) -> None:
        """Note that there is more than the migrations tell of."""
        self.beyond = True

    def change(self, name: Name, **fields: object) -> None:
        """Put other values into the fields of a table; an unknown table stays unknown."""
        full = self.full(name)
        if found := self.tables.get(full):
            changed = structs.replace(found, **fields)
            if "columns" in fields:
                self.hold(changed)
            else:
                self.tables[full] = changed
        elif full not in self.things:
            self.miss()
