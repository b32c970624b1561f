"""The schema as the migrations so far have made it: what is there, and since which release."""

from msgspec import Struct, structs

from cdkit.migrations.nouns import Column, Constraint, Name


class Table(Struct, frozen=True, kw_only=True):
    """A table. `known` is false where some of its columns come from elsewhere.

    Its dictionaries are the schema's own and change in place: to copy them for each of a thousand
    columns would take the square of that.

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


class Index(Struct, frozen=True, kw_only=True):
    """An index: on which table, whether unique, the release that made it."""

    table: Name
    epoch: int
    unique: bool = False
    columns: tuple[str, ...] = ()


class Thing(Struct, frozen=True, kw_only=True):
    """Anything else with a name: its kind, the release that made it, a function's body."""

    kind: str
    epoch: int
    body: str = ""


class Schema:
    """What is there. Names are looked up as the search path has it: its first schema.

    `indexes_of` says which indexes a table may have (some may be gone), so that nobody looks at
    all. `home` is where a session begins: `public`, or nothing where a database has no schemas.
    """

    def __init__(self, home: str = "public") -> None:
        self.epoch = 0
        self.home = home
        self.path = home
        self.tables: dict[Name, Table] = {}
        self.indexes: dict[Name, Index] = {}
        self.indexes_of: dict[Name, list[Name]] = {}
        self.things: dict[Name, Thing] = {}
        self.enum_values: dict[tuple[Name, str], int] = {}

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

    def put_index(self, name: Name, index: Index) -> None:
        """Put an index under its name, and among those that its table may have."""
        self.indexes[name] = index
        self.indexes_of.setdefault(index.table, []).append(name)

    def change(self, name: Name, **fields: object) -> None:
        """Put other values into the fields of a table; an unknown table stays unknown."""
        full = self.full(name)
        if found := self.tables.get(full):
            self.tables[full] = structs.replace(found, **fields)
