"""What a renderer answers, and the migrations made of it: each statement at its line."""

import bisect
from collections.abc import Iterator, Sequence

from msgspec import Struct

from cdkit.core.escape import terminal
from cdkit.migrations.look import Look, join
from cdkit.migrations.source import Down, Migration, Script
from cdkit.migrations.text import Rendered, Spot, Text
from cdkit.migrations.trouble import Trouble

_LOOK = "have somebody look at it and say so with `# cdkit: allow unread-code (reason)`"
_ASKING = {"AsksDatabase": "", "NoInspectionAvailable": "it asks the database what is there"}
"""What is raised where no database answers, by ours and by SQLAlchemy's inspect(), in words."""
_PLAIN = 8
"""Shorter lines of SQL, in bytes, may stand anywhere in a file by chance."""

_AROUND = b" \t\r'\",;\\()"


class Fault(Struct, frozen=True, kw_only=True):
    """What the project's code raised, and the last place in its own files that it came through."""

    kind: str
    said: str = ""
    path: str = ""
    line: int = 0


class Piece(Struct, frozen=True, kw_only=True):
    """A statement as its tool rendered it, and the line that asked for it; 0 where nobody knows."""

    sql: str
    line: int = 0


class Way(Struct, frozen=True, kw_only=True):
    """A migration one way: its SQL, what of it is none, whether a transaction is around it."""

    pieces: tuple[Piece, ...] = ()
    troubles: tuple[Fault, ...] = ()
    transaction: bool = False
    line: int = 0


class Unit(Struct, frozen=True, kw_only=True):
    """A migration as its renderer tells it; `path` is empty where it is not of this project."""

    key: str
    path: str = ""
    module: str = ""
    parents: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    up: Way | None = None
    down: Way | None = None


class Database(Struct, frozen=True, kw_only=True):
    """A whole history on one database, in the order in which it runs; `ran` of it was rendered.

    `name` is what the project calls the database, empty where it has only one; `engine` is the
    dialect by the tool's own name; `prelude` runs in the session before everything else.
    """

    name: str = ""
    engine: str = ""
    units: tuple[Unit, ...] = ()
    ran: int = 0
    prelude: tuple[Piece, ...] = ()

    @property
    def runs(self) -> tuple[object, ...]:
        """What tells whether two databases run the same: their engine and SQL, both ways."""
        ways = [(unit.key, unit.up, unit.down) for unit in self.units]
        return (self.engine, *ways)


class History(Database, frozen=True, kw_only=True):
    """What a tool renders: the history of a database, and `others` that run it otherwise.

    `nothing` says that the tool ran no migration at all; `heads` are the ends of the history: keys,
    or paths; `doubts` are what the tool warns of; `databases` others that the project has, which
    were not rendered.
    """

    version: str
    nothing: bool = False
    others: tuple[Database, ...] = ()
    heads: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    databases: tuple[str, ...] = ()
    down_fault: Fault | None = None

    @property
    def apart(self) -> tuple[Database, ...]:
        """The databases that run something of their own: what two run alike is of the first."""
        found: list[Database] = []
        for each in (self, *self.others):
            if not any(each.runs == other.runs for other in found):
                found.append(each)
        return tuple(found)


class Rendition(Struct, frozen=True, kw_only=True):
    """What is the same for all migrations of a history: the source's name, the root, the look.

    `database` is what the project calls it, where it has several.
    """

    source: str
    root: str
    look: Look
    prelude: tuple[Piece, ...] = ()
    database: str = ""


def migration_of(unit: Unit, number: int, one: Rendition) -> Migration:
    """Return the migration that was rendered, the `number`th to run.

    Raises Missing or Unreadable where its file cannot be read.
    """
    elsewhere = not unit.path
    path = unit.module.replace(".", "/") + ".py" if elsewhere else join(one.root, unit.path)
    written = Text(path, b"" if elsewhere else one.look.read(path))
    way = unit.up or Way()
    text = rendered(written, way, one.prelude)
    return Migration(
        text=text,
        script=Script(
            sql=text.data,
            in_transaction=way.transaction and not _ends(way),
            down=_down(unit, written),
        ),
        source=one.source,
        order=((number, 0, ""),),
        key=one.database,
        written=written,
        troubles=tuple(_troubles(way)),
        no_sql=not way.pieces and not way.troubles,
        elsewhere=elsewhere or bool(unit.replaces),
    )


def _down(unit: Unit, written: Text) -> Down | None:
    """Return the way back as it was rendered; None where it does not come to its end."""
    way = unit.down
    if way is None or way.troubles:
        return None
    text = rendered(written, way)
    return Down(text=text, sql=text.data, in_transaction=way.transaction and not _ends(way))


def rendered(written: Text, way: Way, prelude: Sequence[Piece] = ()) -> Rendered:
    """Return a way's SQL, its places those of the file."""
    pieces = [*prelude, *way.pieces] if way.pieces else []
    if _ends(way):
        # It ends the transaction that is around it, so the transaction must be seen to begin.
        begin, end = Piece(sql="BEGIN;", line=way.line), Piece(sql="COMMIT;", line=way.line)
        pieces = [*prelude, begin, *way.pieces, end]
    source = Source(written)
    spots: list[Spot] = []
    data = bytearray()
    for piece in pieces:
        line = piece.line or way.line
        for start, at in source.places(piece.sql, line):
            spots.append(Spot(len(data) + start, at))
        data += piece.sql.encode("utf-8", "replace").rstrip() + b"\n"
    return Rendered(written.path, bytes(data), spots or [Spot(0, way.line)])


def _ends(way: Way) -> bool:
    """Whether a migration ends the transaction that its tool opened (an autocommit block)."""
    words = (piece.sql.strip().rstrip(";").upper() for piece in way.pieces)
    return way.transaction and any(word == "COMMIT" for word in words)


class Source:
    """The lines of a file, in which SQL that stands there word by word is found again."""

    def __init__(self, written: Text) -> None:
        self._at: dict[bytes, list[int]] = {}
        for number, line in enumerate(written.lines(), start=1):
            plain = line.strip(_AROUND)
            if len(plain) >= _PLAIN:
                self._at.setdefault(plain, []).append(number)

    def places(self, sql: str, line: int) -> Iterator[tuple[int, int]]:
        """Yield where each line of a statement begins in it, and the line in the file.

        That is the next line, below the one that asked for the statement, where the same words
        stand; without one, that of the line before.
        """
        yield 0, line
        offset = 0
        for part in sql.encode("utf-8", "replace").split(b"\n"):
            known = self._at.get(part.strip(_AROUND), [])
            index = bisect.bisect_left(known, line)
            if index < len(known):
                line = known[index]
                yield offset + len(part) - len(part.lstrip()), line
            offset += len(part) + 1


def _troubles(way: Way) -> Iterator[Trouble]:
    """Yield what of a migration is no SQL."""
    for each in way.troubles:
        said = terminal(each.said)[:300]
        what = f"its SQL cannot be rendered to the end: {each.kind}: {said}"
        if each.kind in _ASKING:
            what = f"{_ASKING[each.kind] or said}, and what it does then only a database can tell"
        if each.kind == "code":
            what = f"{said}, and what that does cannot be read"
        yield Trouble(rule="unread-code", what=what, line=each.line or way.line, remedy=_LOOK)
