"""Times that name no zone: which those are in a table, and which moment one is in a zone.

A zone is a name of the IANA's database. Where its clocks change, a local time may be there twice,
or never: such a time is no moment, and nobody takes one for it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from cdkit.core.errors import RequestError, Unreadable
from cdkit.core.spoken import counted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_NAMED = (
    r"[0-9]:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?\s*"
    r"([zZ]|[+-][0-9]{1,2}(:?[0-9]{2}){0,2}|[A-Za-z][A-Za-z0-9_+/-]*)\s*$"
)
"""How a text ends that names its zone, of those that DuckDB takes for a time."""
_SHIFTS = ("30 MINUTE", "1 HOUR", "2 HOUR")
"""By how much clocks are put back: an hour, half of one on Lord Howe Island, two at Troll."""
_REMEDY = "name one of the IANA's, such as Europe/Berlin or UTC"


class Times(Struct, frozen=True, kw_only=True):
    """A column of times in a file: its name, and whether it holds texts or times without a zone."""

    name: str
    is_text: bool

    @property
    def quoted(self) -> str:
        """The column in SQL."""
        return f'"{self.name}"'

    @property
    def zoneless(self) -> str:
        """The condition in SQL under which a value is a time that names no zone."""
        if not self.is_text:
            return f"{self.quoted} IS NOT NULL"
        named = f"(suffix({self.quoted}, 'Z') OR regexp_matches({self.quoted}, '{_NAMED}'))"
        return f"{self.local} IS NOT NULL AND NOT {named}"

    @property
    def local(self) -> str:
        """The local time in SQL, none where it is no time at all."""
        return f"TRY_CAST({self.quoted} AS TIMESTAMP)"

    def moment(self, zone: str) -> str:
        """Return the moment in SQL, with what names no zone taken for a local time of this one."""
        plain = f"CAST({self.quoted} AS TIMESTAMPTZ)"
        local = f"timezone('{zone}', CAST({self.quoted} AS TIMESTAMP))"
        if not self.is_text:
            return local
        return f"CASE WHEN {self.zoneless} THEN {local} ELSE {plain} END"

    def no_moment(self, zone: str) -> str:
        """Return the condition in SQL under which a local time is there twice, or never."""
        moment = f"timezone('{zone}', {self.local})"
        again = [
            f"timezone('{zone}', {moment} {sign} INTERVAL {shift}) = {self.local}"
            for shift in _SHIFTS
            for sign in "+-"
        ]
        never = f"timezone('{zone}', {moment}) <> {self.local}"
        return f"{self.zoneless} AND ({' OR '.join((never, *again))})"


class Unzoned(Struct, frozen=True, kw_only=True):
    """How many times in a column of a table's files name no zone, and in which of the files."""

    column: str
    rows: int
    paths: tuple[str, ...]

    def said(self) -> str:
        """Return what people should know of it."""
        where = ", ".join(self.paths[:3]) + (", …" if len(self.paths) > 3 else "")
        return (
            f"{counted(self.rows, 'time')} of {self.column!r} in {where} name no zone, and are read"
            " as UTC: say where they are of with --zone (Europe/Berlin), or --zone UTC"
        )


def check_zone(connection: "DuckDBPyConnection", zone: str) -> None:
    """Raise RequestError where DuckDB knows no zone of this name."""
    known = "SELECT count(*) FROM pg_timezone_names() WHERE name = ?"
    row = connection.execute(known, [zone]).fetchone()
    if "'" in zone or not (row and row[0]):
        raise _unknown(zone)


def refuse_no_moment(column: str, rows: int, first: object, zone: str, path: str) -> None:
    """Raise Unreadable where local times are there twice, or never, in that zone."""
    if rows:
        raise Unreadable(
            f"{counted(rows, 'time')} of {column!r} are there twice or never in {zone}, as its "
            f"clocks change then: {str(first)[:40]}",
            where=path,
            remedy="write these with their offset, 2026-10-25T02:30:00+02:00; or name another zone",
        )


def in_zone(local: datetime, zone: str) -> datetime:
    """Return the moment that a local time is in a zone, in UTC where none is named.

    Raises RequestError where there is no such zone, or the time is no moment there, or two.
    Source: PEP 495, by which what is there twice, and never, differs in its offset by the fold.
    """
    from zoneinfo import ZoneInfo

    if zone in {"", "UTC"}:
        return local.replace(tzinfo=UTC)
    try:
        there = local.replace(tzinfo=ZoneInfo(zone))
    except (OSError, ValueError, LookupError) as fault:
        raise _unknown(zone) from fault
    if there.utcoffset() != there.replace(fold=1).utcoffset():
        raise RequestError(
            f"{local.isoformat(' ')} is there twice or never in {zone}",
            where="until",
            remedy="write it with its offset: 2026-10-25T02:30:00+02:00",
        )
    return there


def said_of_end(until: str, zone: str) -> Iterator[str]:
    """Yield what is to be said of a window's end that names no zone, where the user named none."""
    if until and not zone and datetime.fromisoformat(until).tzinfo is None:
        yield f"until {until} names no zone, and is read as UTC"


def _unknown(zone: str) -> RequestError:
    return RequestError(f"{zone[:60]!r} is no time zone", where="zone", remedy=_REMEDY)
