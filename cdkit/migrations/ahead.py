"""What comes later in the same transaction: nobody outside ever sees what is between.

A view that is dropped and made again, a column renamed there and back, a right that is revoked and
granted: within one transaction only its end counts for those who run. So a rule may ask for the
schema as it will be then.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

from cdkit.core.errors import CannotTell
from cdkit.migrations import operation as op
from cdkit.migrations.kinds import Kinds
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.replay import replay
from cdkit.migrations.rolled_back import TRANSACTION, left_of
from cdkit.migrations.schema import Schema
from cdkit.migrations.statement import Statement

_ADDING = Kinds(
    *(op.CreateTable, op.AddColumn, op.CreateIndex, op.AddConstraint, op.ValidateConstraint),
    *(op.WriteRows, op.SetVariable, op.Transaction, op.Harmless, op.CreateObject),
)
"""What takes away neither a column nor an index nor a constraint, whatever else it does."""


_OF_TYPES = Kinds(op.AddEnumValue, op.CreateObject)


def _says_the_number(operation: Operation) -> bool:
    """Whether it says from which number on a sequence, or what draws from one, goes."""
    if isinstance(operation, op.ChangeSequence):
        return not {"restart", "setval", "start"}.isdisjoint(operation.options)
    return isinstance(operation, op.Call) and "setval" in operation.functions


def _looks_by_column(operation: Operation) -> bool:
    return isinstance(operation, op.Call) and "pg_get_serial_sequence" in operation.functions


def _sets_free(operation: Operation) -> bool:
    return isinstance(operation, op.ChangeSequence) and "owned_by" in operation.options


class Ahead:
    """The transactions of a file, and the schema at the end of the one that is being judged.

    `done` is what each of its statements does. The end is worked out when a rule asks
    for it, once a transaction. Where a server is not `atomic`, each statement is seen by itself,
    whatever transaction is around it. What is `undone` by the file itself counts only within its
    own part. Not `whole` where more of the file comes after: what then becomes of its last
    transaction is not known.
    """

    def __init__(
        self,
        statements: Sequence[Statement],
        done: Sequence[Sequence[Operation]],
        *,
        in_transaction: bool | None,
        atomic: bool = True,
        whole: bool = True,
        undone: Sequence[range] = (),
    ) -> None:
        self._statements = statements
        self._every = done
        self._left = left_of(done, undone)
        self._undone = undone
        self._part: range | None = None
        self._ends: list[int] = []
        self._firsts: list[int] = []
        self._sure: list[bool] = []
        self._at = 0
        self._unknown = -1 if whole else len(statements)
        self._enums: list[tuple[int, op.Operation]] | None = None
        self._schema: Schema | None = None
        self._ahead: Schema | None = None
        if atomic:
            self._split(in_transaction)
        else:
            self._close(len(statements), together=False, sure=True)

    def _split(self, wrapped: bool | None) -> None:  # noqa: FBT001 - as scripts have it
        """Find where each transaction ends. A file with its own BEGIN makes no other one."""
        opened = False
        for index, statement in enumerate(self._statements):
            kind = self._kind(index) if statement.kind in TRANSACTION else ""
            if kind == "opens":
                self._close(index, together=wrapped is not False, sure=wrapped is True)
                opened, wrapped = True, False if wrapped is None else wrapped
            elif kind == "ends":
                self._close(index + 1, together=opened or wrapped is not False, sure=True)
                opened = False
        together = opened or wrapped is not False
        self._close(len(self._statements), together=together, sure=opened or wrapped is True)

    def _close(self, end: int, *, together: bool, sure: bool) -> None:
        first = len(self._ends)
        for index in range(first, end):
            self._firsts.append(first if together else index)
            self._ends.append(end if together else index + 1)
            self._sure.append(sure)

    def _kind(self, index: int) -> str:
        done = next(iter(self._every[index]), None)
        if not isinstance(done, op.Transaction):
            return ""
        return "opens" if done.opens else "ends"

    def begin(self, index: int, schema: Schema) -> None:
        """Judge the statement of this number next; `schema` is what is there before it."""
        part = next((x for x in self._undone if index in x), None) if self._undone else None
        if not index or self._ends[index] != self._ends[self._at] or part != self._part:
            self._ahead = None
        self._schema, self._at, self._part = schema, index, part

    @property
    def undone(self) -> bool:
        """Whether the file itself rolls back the statement that is judged."""
        return self._part is not None

    @property
    def _done(self) -> Sequence[Sequence[Operation]]:
        """What statements do, for the one that is judged: it alone sees what is undone with it."""
        return self._left if self._part is None else self._every

    def transactions(self, count: int) -> list[tuple[int, int, bool]]:
        """Return of the first statements: which begins and ends its transaction, if for sure.

        A transaction that goes on behind them ends with them.
        """
        ends = (min(end, count) for end in self._ends)
        return list(zip(self._firsts[:count], ends, self._sure, strict=False))

    def _last(self) -> int:
        """Return where the transaction ends; raises CannotTell where nobody knows."""
        end = self._ends[self._at]
        if end == self._unknown:
            raise CannotTell(
                "what ends this transaction is not in this part of the file",
                remedy="look at the whole file",
            )
        return end if self._part is None else min(end, self._part.stop)

    @property
    def sure(self) -> bool:
        """Whether this is a transaction for sure, and not only where the tool makes one."""
        return self._sure[self._at]

    def added_values(self) -> list[op.AddEnumValue]:
        """Return the enum values that the transaction has added to types that it did not make."""
        if self._enums is None:
            self._enums = [
                (index, done)
                for index, operations in enumerate(self._done)
                for done in operations
                if _OF_TYPES[type(done)]
                and not (isinstance(done, op.CreateObject) and done.kind != "type")
            ]
        if not self._enums:
            return []
        first = self._firsts[self._at]
        so_far = [done for index, done in self._enums if first <= index < self._at]
        made = {done.name for done in so_far if isinstance(done, op.CreateObject)}
        added = (done for done in so_far if isinstance(done, op.AddEnumValue))
        return [done for done in added if done.type not in made]

    @property
    def end(self) -> Schema:
        """The schema at the end of the transaction, as far as it can be read."""
        if self._ahead is None and self._schema is not None:
            self._ahead = self._schema.copy()
            for operations in self._done[self._at : self._last()]:
                replay(self._ahead, operations)
        return self._ahead or Schema()

    @property
    def takes_nothing(self) -> bool:
        """Whether the transaction from here on only adds, so that what is made stays to its end.

        False wherever that is not certain. Raises CannotTell as `end` does.
        """
        rest = chain.from_iterable(self._done[self._at : self._last()])
        return all(_ADDING[type(each)] for each in rest)

    @property
    def operations(self) -> Iterator[Operation]:
        """What the whole transaction does, from its beginning."""
        first, end = self._firsts[self._at], self._last()
        return chain.from_iterable(self._done[first:end])

    def writes_into(self, table: Name) -> bool:
        """Whether a later statement of the file, in this transaction or not, puts rows in."""
        return any(
            isinstance(each, op.WriteRows) and each.table == table and each.verb != "DELETE"
            for each in chain.from_iterable(self._done[self._at :])
        )

    def makes(self, kind: str, name: Name) -> bool:
        """Whether a later statement of the file makes a thing of this kind and name."""
        return any(
            isinstance(each, op.CreateObject) and (each.kind, each.name) == (kind, name)
            for each in chain.from_iterable(self._done[self._at :])
        )

    def fires_again(self, table: Name, name: str) -> bool:
        """Whether a later statement of the file makes or wakes a trigger of this name, or all."""
        return any(
            isinstance(each, op.ChangeTrigger)
            and (each.table, each.name) == (table, name)
            and each.action.startswith(("CREATE", "ENABLE"))
            for each in chain.from_iterable(self._done[self._at :])
        )

    def counts_anew(self) -> frozenset[str]:
        """Return the columns that tables of the file number by sequences of their own.

        None where it says anywhere from which number on.
        """
        if self.says_the_number():
            return frozenset()
        every = list(chain.from_iterable(self._done))
        made = [each for each in every if isinstance(each, op.CreateTable)]
        taken = (each.like for each in made if each.like and "identity" in each.takes)
        copied = (self._schema.table(each) for each in taken if self._schema)
        columns = [
            *chain.from_iterable(each.columns for each in made),
            *(x for each in copied if each for x in each.columns.values() if x.identity),
        ]
        return frozenset(each.name for each in columns if each.identity or each.serial)

    def says_the_number(self, *, by_column: bool = True) -> bool:
        """Whether the file says anywhere from which number on something goes, or may do so.

        Not `by_column` where a sequence that is looked for by its column is another one.
        """
        every = list(chain.from_iterable(self._done))
        found = by_column or any(map(_sets_free, every))
        return any(
            isinstance(each, op.Unread)
            or (_says_the_number(each) and (found or not _looks_by_column(each)))
            for each in every
        )

    def writes(self, table: Name, column: str) -> bool:
        """Whether any statement of the file, an earlier one too, may put a value into a column."""
        full = self._schema.full if self._schema else lambda name: name
        return any(
            isinstance(each, op.WriteRows)
            and full(each.table) == full(table)
            and (column in each.columns or not each.columns)
            and each.verb != "DELETE"
            for each in chain.from_iterable(self._done)
        )

    def is_other(self, table: Name, column: str) -> bool:
        """Whether the column of this name at the end holds something else than it did.

        So it is with one that the transaction adds and neither fills nor generates, or that had
        another name:
        what the old one held is not in it, whatever it looks like.
        """
        holds: dict[str, str] = {}
        for operation in self.operations:
            match operation:
                case op.AddColumn(table=there, column=added) if there == table:
                    holds[added.name] = added.name if added.generated else ""
                case op.RenameColumn(table=there, column=old, to=new) if there == table:
                    holds[new] = holds.pop(old, old)
                case op.WriteRows(table=there, columns=written) if there == table:
                    holds |= {name: name for name in written}
                case _:
                    pass
        return holds.get(column, column) != column
