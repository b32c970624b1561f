"""The outbox: an event stands here, synced to disk, before anything is sent, until it arrived."""

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from cdkit.core.errors import RequestError, Unreadable
from cdkit.core.world import Clock
from cdkit.events.cloudevents import CloudEvent
from cdkit.events.sink import Parcel, Receipt
from cdkit.events.sqlite import BusyOutbox, CorruptOutbox, guarded, is_busy
from cdkit.events.stored import Count, Delivery, Put, Undelivered, as_it_stands, unpacked
from cdkit.events.tables import FOREIGN_LEFT, FOREIGN_ROWS, STATEMENTS

_APPLICATION = 0x63646B74  # "cdkt", as SQLite's `PRAGMA application_id` marks a file's owner
_VERSION = 1
_PATIENCE = 10.0
"""Seconds that a statement waits for another process's write, which takes milliseconds."""

_LONGEST_WAIT = 24 * 3600.0
"""Seconds that a sink may ask us to stay away; a later date than that is a clock that jumped."""

_KEPT = 30 * 24 * 3600.0
"""Seconds that a delivered event is remembered, so that a retry is not sent again."""


class Outbox:
    """An open outbox. Every method is one transaction, on disk before it returns.

    One that was `given` may hold anything: all of its rows are looked at, not only what is left.
    """

    def __init__(self, path: str, clock: Clock, *, given: bool = False) -> None:
        self.path = path
        self._given = given
        self._clock = clock
        with guarded(path):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
            # A damaged letter makes one text another, and keeps no other row from being read.
            self._db.text_factory = lambda text: str(text, "utf-8", "replace")
        try:
            with guarded(path):
                self._prepare()
        except BaseException:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._db.close()

    def put(self, event: CloudEvent, sinks: Sequence[str]) -> Put:
        """Keep an event for these sinks; one that is there already stays as it is.

        Only its dead letters wait again: whoever emits it anew wants it delivered.
        """
        now = self._now()
        with self._writing() as db:
            cursor = db.execute(
                "INSERT INTO event (source, id, data, made) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                (event.source, event.id, event.data, now),
            )
            number, kept = cursor.lastrowid, event
            known = not cursor.rowcount
            if known:
                number, kept = self._known(event)
            db.executemany(
                "INSERT INTO delivery (key, event, sink) VALUES (?, ?, ?) ON CONFLICT (key) "
                "DO UPDATE SET state = 'waiting' WHERE state = 'dead'",
                [(key_of(event, sink), number, sink) for sink in sinks],
            )
        return Put(event=kept, known=known)

    def _known(self, event: CloudEvent) -> tuple[int, CloudEvent]:
        """Return an event that is there, with its number; one that is none any more is mended."""
        number, data = self._db.execute(
            "SELECT number, data FROM event WHERE source = ? AND id = ?", (event.source, event.id)
        ).fetchone()
        kept, _ = unpacked(data)
        if kept is None:
            self._db.execute("UPDATE event SET data = ? WHERE number = ?", (event.data, number))
        return int(number), kept or event

    def due(self, sink: str, *, most: int, skip: frozenset[str] = frozenset()) -> list[Parcel]:
        """Return the oldest deliveries to a sink that wait, without those to skip.

        What is no event becomes a dead letter, so that it keeps no other from its turn.
        """
        found, dead = self._due(sink, most, skip)
        while dead and not found:
            skip |= dead.keys()
            found, dead = self._due(sink, most, skip)
        return found

    def _due(
        self, sink: str, most: int, skip: frozenset[str]
    ) -> tuple[list[Parcel], dict[str, str]]:
        """Return some that wait, and why others that did are dead letters now."""
        with guarded(self.path):
            rows = self._db.execute(
                "SELECT delivery.key, delivery.state, event.data FROM delivery "
                "JOIN event ON event.number = delivery.event "
                "WHERE sink = ? AND state IN ('waiting', 'sending') "
                "ORDER BY event.number LIMIT ?",
                (sink, most + len(skip)),
            ).fetchall()
        found: list[Parcel] = []
        dead: dict[str, str] = {}
        for key, state, data in [row for row in rows if row[0] not in skip][:most]:
            event, wrong = unpacked(data)
            if event is None:
                dead[key] = wrong
            else:
                found.append(Parcel(event=event, key=key, doubtful=state == "sending"))
        for key, wrong in dead.items():
            self.mark([key], "dead", wrong)
        return found, dead

    def begin(self, parcels: Sequence[Parcel]) -> None:
        """Note that these are about to be sent: a sender that dies now leaves a doubt."""
        with self._writing() as db:
            db.executemany(
                "UPDATE delivery SET state = 'sending', tries = tries + 1 WHERE key = ?",
                [(parcel.key,) for parcel in parcels],
            )

    def settle(self, receipts: Sequence[Receipt]) -> None:
        """Note what the sink said."""
        now = self._now()
        rows = [
            (
                _STATES.get(receipt.state, "waiting"),
                receipt.said,
                now if receipt.state == "delivered" else None,
                receipt.key,
            )
            for receipt in receipts
        ]
        with self._writing() as db:
            db.executemany(
                "UPDATE delivery SET state = ?, said = ?, settled = ? WHERE key = ?",
                rows,
            )

    def pause(self, sink: str, seconds: float) -> None:
        """Note that a sink asked to be left alone: in later runs and for other events too."""
        until = self._now() + min(seconds, _LONGEST_WAIT)
        with self._writing() as db:
            db.execute("INSERT OR REPLACE INTO pause VALUES (?, ?)", (sink, until))

    def paused(self, sink: str) -> float:
        """Return for how many seconds more a sink is to be left alone."""
        with guarded(self.path):
            row = self._db.execute("SELECT until FROM pause WHERE sink = ?", (sink,)).fetchone()
        left = row[0] - self._now() if row else 0.0
        return left if 0 < left <= _LONGEST_WAIT else 0.0

    def delivery(self, event: CloudEvent, sink: str) -> Delivery | None:
        """Return how the delivery of an event to a sink stands; None where there is none."""
        with guarded(self.path):
            row = self._db.execute(
                "SELECT state, tries, said FROM delivery WHERE key = ?", (key_of(event, sink),)
            ).fetchone()
        return Delivery(state=row[0], tries=row[1], said=row[2]) if row else None

    def undelivered(self) -> list[Undelivered]:
        """Return what no sink has and nobody was handed, dead letters too, oldest first."""
        with guarded(self.path):
            rows = self._db.execute(
                "SELECT source, id, data, sink, key, state, tries, said, settled FROM "
                "(SELECT key FROM delivery WHERE state NOT IN ('delivered', 'handed')) "
                # In this order: few are left, and the index alone tells which.
                "CROSS JOIN delivery USING (key) CROSS JOIN event ON event.number = delivery.event "
                "ORDER BY event.number, sink"
            ).fetchall()
        return [
            Undelivered(
                event=as_it_stands(source, name, data),
                sink=sink,
                key=key,
                delivery=Delivery(
                    state=state,
                    tries=tries,
                    said=said,
                    shared=state == "dead" and settled is not None,
                ),
            )
            for source, name, data, sink, key, state, tries, said, settled in rows
        ]

    def is_at(self, path: str) -> bool:
        """Whether this outbox is the file at a path, by whatever name or link."""
        with guarded(self.path):
            return Path(path).exists() and Path(self.path).samefile(path)

    def adopt(self, given: Sequence[Undelivered]) -> None:
        """Take over deliveries as they stand elsewhere.

        Those that are here already stay; only a dead letter that waits elsewhere waits here too.
        """
        now = self._now()
        with self._writing() as db:
            for one in given:
                db.execute(
                    "INSERT INTO event (source, id, data, made) VALUES (?, ?, ?, ?) "
                    "ON CONFLICT DO NOTHING",
                    (one.event.source, one.event.id, one.event.data, now),
                )
                db.execute(
                    "INSERT INTO delivery (key, event, sink, state, tries, said) "
                    "SELECT ?, number, ?, ?, ?, ? FROM event WHERE source = ? AND id = ? "
                    "ON CONFLICT (key) DO UPDATE SET state = excluded.state "
                    "WHERE state = 'dead' AND excluded.state != 'dead'",
                    (
                        *(one.key, one.sink, one.delivery.state, one.delivery.tries),
                        *(one.delivery.said, one.event.source, one.event.id),
                    ),
                )

    def mark(
        self, keys: Sequence[str], state: Literal["handed", "waiting", "dead"], said: str = ""
    ) -> None:
        """Note that deliveries were handed on, are to be tried again, or never will be."""
        with self._writing() as db:
            db.executemany(
                "UPDATE delivery SET state = ?, said = coalesce(nullif(?, ''), said) WHERE key = ?",
                [(state, said, key) for key in keys],
            )

    def share(self, keys: Sequence[str]) -> None:
        """Note that dead letters are in an outbox that was handed on too."""
        now = self._now()
        with self._writing() as db:
            db.executemany(
                "UPDATE delivery SET settled = ? WHERE key = ? AND state = 'dead'",
                [(now, key) for key in keys],
            )

    def fold(self) -> None:
        """Put everything into the one file, without a log beside it: it is to be carried away.

        Where another process has it open, that one does so when it ends.
        """
        with contextlib.suppress(BusyOutbox), guarded(self.path):
            self._db.execute("PRAGMA journal_mode = DELETE")

    def drop(self, keys: Sequence[str]) -> None:
        """Forget deliveries that somebody gave up."""
        with self._writing() as db:
            db.executemany("DELETE FROM delivery WHERE key = ?", [(key,) for key in keys])

    def counts(self) -> dict[str, Count]:
        """Return what is not delivered, by sink."""
        with guarded(self.path):
            rows = self._db.execute(
                "SELECT sink, sum(state != 'dead'), sum(state = 'dead') FROM delivery "
                "WHERE state NOT IN ('delivered', 'handed') GROUP BY sink ORDER BY sink"
            ).fetchall()
        return {sink: Count(waiting=waiting, dead=dead) for sink, waiting, dead in rows}

    def forget(self) -> None:
        """Drop what was delivered everywhere long ago."""
        limit = (self._now() - _KEPT,)
        old = (
            "SELECT number FROM event WHERE made < ? AND NOT EXISTS (SELECT 1 FROM delivery "
            "WHERE delivery.event = event.number AND state NOT IN ('delivered', 'handed'))"
        )
        with self._writing() as db:
            db.execute(f"DELETE FROM delivery WHERE event IN ({old})", limit)  # noqa: S608 - our text
            db.execute(
                "DELETE FROM event WHERE made < ? AND NOT EXISTS "
                "(SELECT 1 FROM delivery WHERE delivery.event = event.number)",
                limit,
            )

    def _prepare(self) -> None:
        """Make the file ours, or see that it is; a damaged one is CorruptOutbox."""
        version, owner, tables = self._look()
        if owner != _APPLICATION and (tables or version or owner):
            raise RequestError(
                "is a database of something else, not an outbox",
                where=self.path,
                remedy="name another file with the option outbox",
            )
        if version > _VERSION:
            raise Unreadable(
                f"is an outbox of version {version}; this cdkit knows version {_VERSION}",
                where=self.path,
                remedy="use the cdkit that made it, or a newer one",
            )
        if self._db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise CorruptOutbox(self.path)
        self._db.execute("PRAGMA trusted_schema = OFF")
        if tables:
            self._check_schema()
        self._db.execute("PRAGMA synchronous = FULL")
        self._use_wal()
        if version < _VERSION:
            self._create()

    def _look(self) -> tuple[int, int, int]:
        """Return version, owner and number of tables, all as of one moment.

        One after the other, they could come from before and after another process made it.
        """
        self._db.execute("BEGIN")
        try:
            tables = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            return self._pragma("user_version"), self._pragma("application_id"), int(tables)
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def _check_schema(self) -> None:
        """Refuse a file with more in it than an outbox has: a trigger would run as we write.

        One whose rows hold other types than we write is as good as damaged.
        """
        found = self._db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        known = {statement.strip() for statement in STATEMENTS}
        if strange := [sql for (sql,) in found if str(sql).strip() not in known]:
            raise RequestError(
                f"holds what no outbox has: {strange[0][:60]!r}",
                where=self.path,
                remedy="name an outbox that cdkit made",
            )
        if self._db.execute(FOREIGN_ROWS if self._given else FOREIGN_LEFT).fetchone()[0]:
            raise CorruptOutbox(self.path)

    def _use_wal(self) -> None:
        """Write ahead, so that readers do not wait; without it we are as safe, only slower."""
        if self._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
            return
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as fault:
            if not is_busy(fault):
                raise

    def _create(self) -> None:
        with self._writing() as db:
            if db.execute("PRAGMA user_version").fetchone()[0] == _VERSION:
                return  # another process was quicker
            for statement in STATEMENTS:
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {_APPLICATION}")
            db.execute(f"PRAGMA user_version = {_VERSION}")

    def _pragma(self, name: str) -> int:
        return int(self._db.execute(f"PRAGMA {name}").fetchone()[0])

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with guarded(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _now(self) -> float:
        return self._clock.now().timestamp()


_STATES = {"delivered": "delivered", "refused": "dead", "gone": "dead"}


def key_of(event: CloudEvent, sink: str) -> str:
    """Return the name of a delivery: SHA-256 over source, id and sink, in hexadecimal."""
    return hashlib.sha256(f"{event.source}|{event.id}|{sink}".encode()).hexdigest()
