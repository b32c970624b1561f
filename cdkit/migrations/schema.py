"""The schema as the migrations so far have made it: what is there, and since which release."""

from collections.abc import Callable

from msgspec import Struct, structs

from cdkit.migrations.nouns import Column, Constraint, Name


class Table(Struct, frozen=True, kw_only=True):
    """A table. `known` is false where some of its columns come from elsewhere.

    `epoch` is the release that made it, `born` the release that made each column (as given to
    `Schema.release`); 0 is what was there before the change under judgement.
    """

    name: Name
    epoch: int
    known: bool = True
    columns: dict[str, Column] = {}
    born: dict[str, int] = {}
    constraints: dict[str, Constraint] = {}
    partition: bool = False
    options: dict[str, str] = {}


class Index(Struct, frozen=True, kw_only=True):
    """An index: on which table, whether unique, the release that made it."""

    table: Name
    epoch: int
    unique: bool = False
    columns: tuple[str, ...] = ()
    form: str = ""


class Thing(Struct, frozen=True, kw_only=True):
    """Anything else with a name: its kind, the release that made it, a function's body."""

    kind: str
    epoch: int
    body: str = ""


class Schema:
    """What is there. Names are looked up as the search path has it: its first schema.

    `home` is where a session begins: `public`, or nothing where a database has no schemas.
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
        self.begin()
        self.tables: dict[Name, Table] = {}
        self.indexes: dict[Name, Index] = {}
        self.things: dict[Name, Thing] = {}
        self.enum_values: dict[tuple[Name, str], int] = {}

    def begin(self) -> None:
        """From here on another session speaks: nothing is set in it yet."""
        self.path = self.home
        self.settings: dict[str, str] = {}

    def release(self) -> None:
        """From here on everything made so far counts as running already."""
        self.epoch += 1

    def full(self, name: Name) -> Name:
        """Return a name with its schema."""
        return name if name.schema else Name(self.path, name.name)

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

    def is_new(self, epoch: int) -> bool:
        """Whether what was made in this release is new: nobody who runs can know it."""
        return epoch > 0 and epoch == self.epoch

    def is_new_table(self, name: Name) -> bool:
        """Whether a table is made by the release under judgement. An unknown one is not."""
        if name.schema == "pg_temp":
            return True
        found = self.table(name)
        return found is not None and self.is_new(found.epoch)

    def is_new_column(self, table: Name, column: str) -> bool:
        """Whether a column is made by the release under judgement. An unknown one is not.

        Where a new table has no such column, it was there after all: CREATE TABLE IF NOT EXISTS
        made nothing.
        """
        found = self.table(table)
        if found is None:
            return table.schema == "pg_temp" or self.is_new_thing(table)
        if self.is_new(found.epoch):
            return column in found.columns or not found.known
        return self.is_new(found.born.get(column, 0))

    def is_new_thing(self, name: Name) -> bool:
        """Whether a view, function … is made by the release under judgement."""
        found = self.thing(name)
        return found is not None and self.is_new(found.epoch)

    def change(self, name: Name, **fields: object) -> None:
        """Put other values into the fields of a table; an unknown table stays unknown."""
        full = self.full(name)
        if found := self.tables.get(full):
            self.tables[full] = structs.replace(found, **fields)
