"""What a database engine is: its names, its versions, and how its SQL is read."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from cdkit.core.world import Hands, Processes
from cdkit.migrations.fares import TypeChange
from cdkit.migrations.nouns import Constraint, Name, Type, quoted
from cdkit.migrations.operation import Operation
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.schema import Routine, Schema, Table
from cdkit.migrations.statement import Statement
from cdkit.migrations.text import Text

Version = tuple[int, ...]
"""A version as far as somebody said it: `(16,)`, `(8, 0, 29)`; empty where nobody did."""


class Server(Struct, frozen=True, kw_only=True):
    """The server that a migration will run on: its engine's name, and its version if known."""

    engine: str
    version: Version = ()

    def before(self, *version: int) -> bool:
        """Whether the server is known to be older than this version.

        A version unsaid is not, nor is a part of one: `8.0` may be any 8.0.
        """
        return self.version < version[: len(self.version)]

    def __str__(self) -> str:
        """Return it as users write it: `postgres:16`."""
        return ":".join(filter(None, (self.engine, ".".join(map(str, self.version)))))


Jobs = Sequence[tuple[Text, bytes]]
"""Texts, each with the part of it that runs."""


class Parts(Struct, frozen=True, kw_only=True):
    """A large text in parts of whole statements, read one by one; `sizes` are their bytes.

    `read` gives what stands in the parts from one number up to another, and what each statement
    does; the one part that the grammar refuses has a trouble, and is the last.
    """

    sizes: tuple[int, ...]
    read: Callable[[int, int], Iterator[Parsed]]


OtherLocks = Callable[[Operation, Schema, str], Iterable[tuple[str, Name]]]
"""By an operation, the schema before it, and the lock on the table that it names."""


class Dialect(Struct, frozen=True, kw_only=True):
    """How an engine's SQL is read.

    `parse` splits a file (its text, the part of it that runs, the server); `operations` says what
    a statement does, `routine` what a function does that a statement calls; `lock_of` which lock
    that takes, by the engine's own word, on which tables, `other_locks` which it takes besides, and
    on what. `change` compares two types. `refine`
    says what an operation comes to on the schema that is there (MySQL's MODIFY); `quoted` writes a
    name as SQL; `naming` gives a constraint of a table the name that the server gives it;
    `shared_names` says that index names are the schema's, not each table's own; `harmless` whether
    a function is the server's own and changes nothing; `refuses` says why the server refuses an
    operation, and what to do instead; `otherwise` says that as SQL. `atomic` says that
    a transaction holds changes of the schema together: where it is false, each is seen by
    everybody at once. `parse_each` splits many files as `parse` does each, where that can be
    shared out; `parts` are those of a large text, where it is plain. `comments` yields where those
    comments start and end that may hold the word `cdkit:`, in order.
    """

    parse: Callable[[Text, bytes, Server, Processes], Parsed]
    operations: Callable[[Statement], tuple[Operation, ...]]
    routine: Callable[[Routine, Statement], tuple[Operation, ...]] | None = None
    comments: Callable[[bytes], Iterable[tuple[int, int]]]
    lock_of: Callable[[Operation, Schema, Server], tuple[str, tuple[Name, ...]]]
    change: Callable[[Type, Type], TypeChange]
    refine: Callable[[Operation, Schema], tuple[Operation, ...]] | None = None
    quoted: Callable[[str], str] = quoted
    naming: Callable[[Table, Constraint], str] | None = None
    shared_names: bool = True
    harmless: Callable[[str], bool] = lambda _: False
    refuses: Callable[[Operation, Schema, Server], tuple[str, str] | None] = lambda *_: None
    otherwise: Callable[[Operation, Schema, Server], str] = lambda *_: ""
    atomic: bool = True
    other_locks: OtherLocks = lambda *_: ()
    parse_each: Callable[[Jobs, Processes, Hands], Iterator[Parsed]] | None = None
    parts: Callable[[Text, bytes, Processes], Parts | None] | None = None


class Engine(Struct, frozen=True, kw_only=True):
    """An engine, exported as ENGINE by a module of `engines/`, whose name is the engine's.

    `aliases` are other names that users give it; `versions` those that its facts are known of,
    oldest first, `newer` later ones that are out and are judged by the facts of the newest of
    those; `grammar` says what reads its SQL; `path` is the schema that a bare name is of;
    `dialect` loads the reader, since a run needs only one.
    """

    title: str
    aliases: tuple[str, ...] = ()
    versions: tuple[Version, ...]
    newer: tuple[Version, ...] = ()
    grammar: str
    path: str = ""
    dialect: Callable[[], Dialect]
