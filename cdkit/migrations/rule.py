"""What a lint rule is: the operations that it looks at, what it says, and what it is sure of."""

from collections.abc import Callable, Iterable
from typing import Any, Final, Literal

from msgspec import Struct, field

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.ahead import Ahead
from cdkit.migrations.engine import Dialect, Server
from cdkit.migrations.mend import Mend
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.schema import Schema
from cdkit.migrations.session import Session

COMPATIBLE: Final = "compatible"
SAFE_TO_RUN: Final = "safe-to-run"

EXCLUSIVE: Final = "ACCESS EXCLUSIVE"
"""The lock that stops reads as well: what is done while it is held, everybody waits for."""

Question = Literal["compatible", "safe-to-run", ""]
"""What a finding is an answer to; empty where it answers neither: there, nobody can tell."""


class Context(Struct, frozen=True, kw_only=True):
    """What a rule may ask: schema and session before the operation, the server, its locks.

    `released` is the schema that the running version was written for, `ahead` knows the one at
    the end of the transaction, `lately` the operation whose locks were asked for last.
    """

    schema: Schema
    released: Schema
    ahead: Ahead
    session: Session
    server: Server
    dialect: Dialect
    lately: list[tuple[Operation, list[tuple[str, Name]]]] = field(default_factory=list)

    def sql(self, name: Name | str) -> str:
        """Return a name as the engine's SQL, quoted where it must be."""
        if isinstance(name, str):
            return self.dialect.quoted(name)
        said = self.dialect.quoted(name.name)
        return said if name.schema in {"", "public"} else f"{self.sql(name.schema)}.{said}"

    def lock_of(self, operation: Operation) -> tuple[str, tuple[Name, ...]]:
        """Return which lock an operation takes (empty for none), and on which tables."""
        return self.dialect.lock_of(operation, self.schema, self.server)

    def follow(self, operation: Operation) -> tuple[str, ...]:
        """Let the session go past an operation before it runs; return the locks that it takes."""
        taken = self.taken(operation)
        self.session.follow(operation)
        for lock, table in taken:
            if lock == EXCLUSIVE:
                self.session.hold(str(table), lock)
        return tuple([f"{lock} on {table}" for lock, table in taken])

    def taken(self, operation: Operation) -> list[tuple[str, Name]]:
        """Return each lock that an operation takes, and on what.

        What the release makes nobody else can wait for. To be asked before the operation is
        applied: the answer is kept until another one is asked about.
        """
        if self.lately and self.lately[0][0] is operation:
            return self.lately[0][1]
        lock, tables = self.lock_of(operation)
        taken = [(lock, table) for table in tables] if lock else []
        taken += self.dialect.other_locks(operation, self.schema, lock)
        seen = [each for each in taken if not self.schema.is_new_relation(each[1])]
        self.lately[:] = [(operation, seen)]
        return seen

    def sql_of(self, engine: str, sql: str, *, other: str = "") -> str:
        """Return SQL that one engine alone takes; `other` where the server is another."""
        return sql if self.server.engine == engine else other


class Hit(Struct, frozen=True, kw_only=True):
    """What a rule has to say of an operation. Without a severity the rule's own counts.

    `mend` is how the file itself can be rewritten where that changes no meaning; `read` the table
    whose rows it costs, where that is not the one that the operation is on.
    """

    message: str
    about: str = ""
    fix: Fix | None = None
    mend: Mend | None = None
    severity: Severity | None = None
    confidence: Confidence = Confidence.HIGH
    read: Name | None = None


class LintRule(Struct, frozen=True, kw_only=True):
    """A rule, exported as RULE by a module of `rules/`; the module's docstring is its page.

    `on` are the operations that it wants to see, `engines` the databases that it is about (all
    where it is empty). `grows` says that the harm grows with the rows of the table, so that one
    which is known to be small is spared; `refuses` that it is about writes that are refused.
    Neither harms where another server keeps the rows. `remembers` says that what it finds depends
    on what it said before, which it keeps in the session; `opinion` that it is a matter of taste,
    looked for only where somebody asks for it. A `bad` example's line is where the finding must be;
    above a line `-- released` stands what runs already, and a first line `-- server mysql:8.0`
    names the server.

    Each finding carries the safe way as SQL that can be pasted; `by_hand` says why one has none.
    """

    severity: Severity
    question: Question
    on: tuple[type[Operation], ...]
    check: Callable[[Any, Context], Iterable[Hit]]
    instead: str
    bad: tuple[Example, ...]
    good: tuple[Example, ...]
    engines: tuple[str, ...] = ()
    grows: bool = False
    refuses: bool = False
    remembers: bool = False
    opinion: bool = False
    by_hand: str = ""
    sources: tuple[str, ...] = ()
