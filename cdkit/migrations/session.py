"""The session that a migration runs in: its transaction, its timeouts, what it did so far."""

from collections.abc import Mapping

from cdkit.migrations import operation as op
from cdkit.migrations.kinds import Kinds
from cdkit.migrations.operation import Operation

_NO = frozenset({"off", "0", "false", "no"})
_OFF = frozenset({"", "0", "0s", "0ms", "default"})
KEEP_WRITERS = frozenset(
    {"SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE", "READ", "WRITE"}
)
"""Locks that no other session writes under (PostgreSQL manual, 13.3.1; READ, WRITE: MySQL's)."""


_FOLLOWED = Kinds(op.Transaction, op.SetVariable, op.LockTable, op.Harmless, op.AddConstraint)
"""What a session is another one after."""
_SAID = frozenset({"warned", "told_statement_timeout", "committed"})


class Session:
    """What a file has set so far.

    `in_transaction` is None where nobody can tell: it depends on the tool that runs the file.
    `single` says that the file holds this one statement and no other, `together` that PostgreSQL
    gets all of it as one query: there another transaction begins where one ends; `locked` are the
    tables that nobody else may use before the transaction ends, and by which lock; `reshaped`
    those of which it was said that their rows look otherwise.
    """

    def __init__(
        self, *, in_transaction: bool | None, single: bool, together: bool = False
    ) -> None:
        self.in_transaction = in_transaction
        self.wrapped = in_transaction
        self.single = single
        self.together = together
        self.lock_timeout = False
        self.warned = False
        self.statement_timeout = False
        self.told_statement_timeout = False
        self.committed = False
        self.foreign_keys_off = False
        self.unvalidated: set[tuple[str, str]] = set()
        self.locked: dict[str, str] = {}
        self._unwritten: set[str] = set()
        self.reshaped: set[str] = set()
        self._local = False

    def follow(self, operation: Operation) -> None:
        """Let the session be what it is after an operation."""
        if not _FOLLOWED[type(operation)]:
            return
        match operation:
            case op.Transaction(opens=opens):
                self._begin_or_end(opens=opens)
            case op.SetVariable(name="foreign_keys", value=value) if not self.in_transaction:
                # SQLite: "This pragma is a no-op within a transaction".
                self.foreign_keys_off = value in _NO
            case op.SetVariable(name="all"):
                self.lock_timeout = self.statement_timeout = False
            case op.SetVariable(name="statement_timeout", value=value):
                self.statement_timeout = value.strip().lower() not in _OFF
            case op.SetVariable(name="lock_timeout", value=value, local=local):
                self.lock_timeout = value.strip().lower() not in _OFF
                self._local = local and self.lock_timeout
            case op.LockTable(table=table, lock=lock) if lock in KEEP_WRITERS:
                self._unwritten.add(str(table))
            case op.Harmless(statement=statement) if statement.kind == "UNLOCK":
                self._unwritten.clear()
            case op.AddConstraint(table=table, constraint=constraint) if not constraint.valid:
                self.unvalidated.add((table.name, constraint.name))
            case _:
                pass

    def kept(self) -> dict[str, object]:
        """Return what a ROLLBACK brings back: all but what it was warned of."""
        return {
            name: value.copy() if isinstance(value, set | dict) else value
            for name, value in vars(self).items()
            if name not in _SAID
        }

    def restore(self, kept: Mapping[str, object]) -> None:
        """Be again what the session was when this was kept."""
        vars(self).update(kept)

    def hold(self, table: str, lock: str) -> None:
        """Keep a lock that stops others until the transaction ends; without one it is gone."""
        if self.in_transaction is not False:
            self.locked.setdefault(table, lock)

    def keeps_from_writing(self, *names: str) -> bool:
        """Whether nobody else can write into a table of one of these names at this time."""
        return any(name in self.locked or name in self._unwritten for name in names)

    def _begin_or_end(self, *, opens: bool) -> None:
        ended = None if self.wrapped else False
        self.in_transaction = True if opens or self.together else ended
        self.unvalidated.clear()
        self.locked.clear()
        self._unwritten.clear()
        if self._local and not opens:
            self.lock_timeout = self._local = False
