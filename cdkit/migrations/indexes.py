"""The indexes of a schema: what each is, and which table has which."""

from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping

from msgspec import Struct

from cdkit.migrations.layered import shared
from cdkit.migrations.nouns import Constraint, Name


class Index(Struct, frozen=True, kw_only=True):
    """An index: on which table, whether unique, the release that made it.

    `expressions` and `where` are fingerprints of what it holds besides columns.
    """

    table: Name
    epoch: int
    unique: bool = False
    columns: tuple[str, ...] = ()
    expressions: tuple[str, ...] = ()
    where: str = ""
    form: str = ""
    deferrable: bool = False

    @property
    def key(self) -> tuple[object, ...]:
        """What ON CONFLICT goes by: two unique indexes with one key stand for each other."""
        return (self.table, frozenset(self.columns), self.expressions, self.where)

    @property
    def whole(self) -> frozenset[str]:
        """The columns that it holds as they are; an empty text for an expression."""
        return whole_columns(self.columns, self.expressions)


def whole_columns(columns: Collection[str], parts: Collection[str]) -> frozenset[str]:
    """Return the columns that a key holds as they are.

    `parts` is what it holds besides: an expression, which has no name among the columns, and what
    is made of a column that has: its beginning (`email(5)`), or it by other rules (`email COLLATE
    NOCASE`). Two rows that differ in such a column may be the same to the key.
    """
    unnamed = sum(not name for name in columns)
    if len(parts) == unnamed:
        return frozenset(columns)
    made = {part.partition("(")[0].partition(" ")[0].strip('`"[]').lower() for part in parts}
    return frozenset(name for name in columns if name.lower() not in made)


def index_of(key: Constraint, table: Name, epoch: int) -> Index:
    """Return the index that a primary key or a unique constraint of a table brings."""
    return Index(
        table=table,
        epoch=epoch,
        unique=True,
        columns=key.columns,
        where=key.expression,
        deferrable=key.deferrable,
    )


def usual_name(table: str, columns: Iterable[str]) -> str:
    """Return the name that PostgreSQL gives an index, unshortened; an expression adds nothing."""
    return "_".join((table, *filter(None, columns), "idx"))


def is_kept_apart(index: Index, held: Iterable[Index]) -> bool:
    """Whether one of these unique indexes refuses whatever another one would.

    It does where it is the same, and where it asks for fewer of the same columns, of every row.
    """
    return any(
        (each.columns, each.expressions, each.where)
        == (index.columns, index.expressions, index.where)
        or (not each.expressions and not each.where and set(each.columns) <= index.whole)
        for each in held
    )


class Indexes(MutableMapping[Name, Index]):
    """Indexes by name, which knows those of each table."""

    def __init__(self, held: Mapping[Name, Index] | None = None) -> None:
        self._held: MutableMapping[Name, Index] = {}
        self._of: MutableMapping[Name, dict[Name, None]] = {}
        self._mine: set[Name] = set()
        for name, index in (held or {}).items():
            self[name] = index

    def copy(self) -> "Indexes":
        """Return others that start from the same."""
        made = Indexes()
        self._held, made._held = shared(self._held)
        self._of, made._of = shared(self._of)
        self._mine.clear()
        return made

    def of(self, table: Name) -> tuple[Name, ...]:
        """Return the names of the indexes of a table."""
        return tuple(self._of.get(table, ()))

    def _names(self, table: Name) -> dict[Name, None]:
        """Return the names of a table's indexes, to be changed: what a copy shares stays."""
        if table not in self._mine:
            self._mine.add(table)
            self._of[table] = dict(self._of.get(table, ()))
        return self._of[table]

    def __getitem__(self, name: Name) -> Index:
        """Return an index; KeyError where there is none."""
        return self._held[name]

    def __setitem__(self, name: Name, index: Index) -> None:
        """Put an index in, or in the place of another."""
        if name in self._held:
            del self[name]
        self._names(index.table)[name] = None
        self._held[name] = index

    def __delitem__(self, name: Name) -> None:
        """Take an index out; KeyError where there is none."""
        del self._names(self._held.pop(name).table)[name]

    def __iter__(self) -> Iterator[Name]:
        """Yield the names, in the order in which they came."""
        return iter(self._held)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._held)
