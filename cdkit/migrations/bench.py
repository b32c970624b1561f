"""Whether what a rule would rewrite may be written into the file, and if so as which edits."""

import functools
import re
from collections.abc import Callable
from typing import Final

from msgspec import structs

from cdkit.core.finding import Edit, Fix, Location
from cdkit.migrations import operation as op
from cdkit.migrations.mend import Mend, Splice, rewritten
from cdkit.migrations.operation import Operation
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.session import Session
from cdkit.migrations.source import Migration
from cdkit.migrations.text import Text, line_end

Outside = Callable[[bytes], tuple[int, int, str] | None]
Read = Callable[[Text, bytes], tuple[tuple[Operation, ...], ...]]
"""What each statement of a script does."""

_INSIDE: Final = "the file's own BEGIN holds a transaction open here"
_WRAPPED: Final = (
    "the tool runs this file in a transaction, and nothing in the file can say otherwise"
)
_SEVERAL: Final = (
    "other statements of the file may need the transaction that this one must not be in; put it "
    "into a migration of its own"
)
_STRIKES: Final = (
    "it would hold for what is done CONCURRENTLY as well, which waits long and leaves an invalid "
    "index when it is cut off; set it around the other statements"
)
_LATER: Final = "it takes two transactions, so a later migration has to do the second half"


class Bench:
    """A migration on the bench: what may be done to its file.

    A released file is left as it is, and so is what a tool rendered, and a file that cannot be
    read whole.
    """

    def __init__(
        self,
        migration: Migration,
        parsed: Parsed,
        *,
        released: bool,
        outside: Outside,
        read: Read,
    ) -> None:
        self._migration = migration
        self._tops = {id(each) for each in parsed.statements}
        self._parsed = parsed
        self._outside = outside
        self._read = read
        self._closed = self._why_closed(released=released)

    def fix(self, fix: Fix, mend: Mend | None, operation: Operation, session: Session) -> Fix:
        """Return a fix with the edits that make it, or with why there are none."""
        if mend is None:
            return fix
        why = mend.by_hand or self._closed or self._why_not(mend, operation, session)
        if why:
            return structs.replace(fix, by_hand=why)
        splices = [*mend.splices, *self._header(mend, session)]
        said = fix.replacement or rewritten(mend.splices, operation)
        return structs.replace(fix, edits=tuple(map(self._edit, splices)), replacement=said)

    def _why_closed(self, *, released: bool) -> str:
        if released:
            return "the migration is released already, so its file stays as it is"
        if self._migration.written is not None or type(self._migration.text) is not Text:
            return "the SQL is rendered by the tool; change what it is rendered from"
        if self._migration.key:
            return "the file holds several migrations, and those that are released must stay"
        if self._parsed.troubles:
            return "not all of the file can be read"
        return ""

    def _why_not(self, mend: Mend, operation: Operation, session: Session) -> str:
        if id(operation.statement) not in self._tops:
            return "it stands inside a block of code"
        if mend.late and session.wrapped is not True and self._is_concurrent:
            return _STRIKES
        if session.in_transaction is False:
            return ""
        if mend.apart:
            return _LATER
        return self._why_inside(session) if mend.alone else ""

    def _why_inside(self, session: Session) -> str:
        """Return why the file cannot be run outside a transaction; nothing where it can."""
        if session.in_transaction is None:
            return "" if session.single else _SEVERAL
        if session.wrapped is not True:
            return _INSIDE
        if self._outside(self._migration.text.data) is None:
            return _WRAPPED
        return "" if self._free else _SEVERAL

    def _none_needs_one(self) -> bool:
        """Whether each statement, and the way back, does as well without a transaction."""
        back = self._migration.script.down
        if back is not None and len(self._read(back.text, back.sql)) > 1:
            return False
        done = self._read(self._migration.text, self._migration.script.sql)
        return all(_is_single_minded(each) for operations in done for each in operations)

    @functools.cached_property
    def _is_concurrent(self) -> bool:
        sql = self._migration.script.sql
        found = b"CONCURRENTLY" in sql.upper()  # which is quicker than any pattern to say no
        return found and bool(re.search(rb"\bCONCURRENTLY\b", sql, re.IGNORECASE))

    @functools.cached_property
    def _free(self) -> bool:
        return self._none_needs_one()

    def _header(self, mend: Mend, session: Session) -> tuple[Splice, ...]:
        said = None
        if mend.alone and session.in_transaction is True:
            said = self._outside(self._migration.text.data)
        return (Splice(at=said[0], end=said[1], text=said[2]),) if said else ()

    def _edit(self, splice: Splice) -> Edit:
        text = self._migration.text
        written = splice.text.replace("\r\n", "\n").replace("\n", line_end(text.data))
        start, end = text.place(splice.at), text.place(splice.end)
        return Edit(
            location=Location(
                path=start.path,
                line=start.line,
                column=start.column,
                end_line=end.line,
                end_column=end.column,
            ),
            start=splice.at,
            end=splice.end,
            text=written,
        )


def _is_single_minded(operation: Operation) -> bool:
    """Whether an operation is done whole or not at all, and leaves nothing half to the next."""
    if isinstance(operation, op.DropObject):
        return operation.kind == "index"
    kinds = op.CreateIndex, op.Reindex, op.SetVariable, op.Harmless, op.Standalone
    return isinstance(operation, kinds)
