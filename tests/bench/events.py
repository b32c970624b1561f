"""What an event costs: into the outbox for good, out of it in batches, and one step as a whole."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from cdkit.core.doors.clock import SystemClock
from cdkit.events.deliver import deliver
from cdkit.events.opening import open_outbox
from cdkit.events.targets import SinkTable, resolve
from tests.bench.measure import EMPTY_CLICK, ROOT, run, show
from tests.events.places import envelope, world

COUNT = 2000
AT_ONCE = 20
ROUNDS = 3
RATE = 2000.0
RUNS = 15
IMAGE = "ghcr.io/acme/orders@sha256:" + "ab" * 32

RECEIVER = """
import sys
from tests.events.receiver import receiving
with receiving() as receiver:
    print(receiver.url, flush=True)
    sys.stdin.read()
"""


def events(folder: Path) -> int:
    """Print the rates as `wanted / reached`, and the step beside an empty click program."""
    with receiver() as url:
        return rates(folder, url) + step(folder, url)


@contextlib.contextmanager
def receiver() -> Iterator[str]:
    """Run a receiver in a process of its own, as it is in life; give its address."""
    process = subprocess.Popen(
        [sys.executable, "-c", RECEIVER],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdin
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


def rates(folder: Path, url: str) -> int:
    """Compare what the outbox takes with what SQLite does, and say what is given in a second."""
    taken, raw = kept(folder)
    what = f"a durable event ({taken:,.0f}/s) / a raw synced insert ({raw:,.0f}/s)"
    missed = show(what, raw / taken, 1.5)
    given = max(sent(folder / f"bench-{number}.db", url) for number in range(ROUNDS))
    return missed + show(f"2,000 events/s sent in batch / {given:,.0f}", RATE / given, 1.0)


def kept(folder: Path) -> tuple[float, float]:
    """Keep events one by one, each on disk before the next; return how many a second.

    The disk is everybody's, and from one second to the next three times as slow: so SQLite alone
    inserts rows of an event's size into one table in turns with us, a few at a time.
    """
    made = [envelope(str(number)) for number in range(COUNT)]
    ours = raw = 0.0
    outbox, _ = open_outbox(str(folder / "bench.db"), SystemClock())
    with outbox, contextlib.closing(plain(folder / "bench.raw")) as database:
        for first in range(0, COUNT, AT_ONCE):
            events = made[first : first + AT_ONCE]
            start = time.perf_counter()
            for event in events:
                outbox.put(event, ["bus"])
            middle = time.perf_counter()
            for event in events:
                database.execute("INSERT INTO event (data) VALUES (?)", (event.data,))
            ours += middle - start
            raw += time.perf_counter() - middle
    return COUNT / ours, COUNT / raw


def plain(path: Path) -> sqlite3.Connection:
    """Open a database with one table, each insert of which is synced."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE event (number INTEGER PRIMARY KEY, data BLOB)")
    return database


def sent(path: Path, url: str) -> float:
    """Send events in batches; return how many in a second."""
    where = world(path.parent, clock=SystemClock())
    targets = resolve([SinkTable(type="http", name="bus", url=url, mode="batch")])
    outbox, _ = open_outbox(str(path), where.clock)
    with outbox:
        for number in range(COUNT):
            outbox.put(envelope(str(number)), ["bus"])
        start = time.perf_counter()
        (done,) = deliver(outbox, targets, where, budget=600)
        end = time.perf_counter()
    assert (done.arrived, done.waiting) == (COUNT, 0)
    return COUNT / (end - start)


def step(folder: Path, url: str) -> int:
    """Compare a whole `emit-event` to one HTTP sink with an empty click program."""
    (folder / "empty.py").write_text(EMPTY_CLICK)
    command = [sys.executable, "-m", "cdkit", "emit-event", "--environment", "production"]
    command += ["--image", IMAGE, "--records", "none", "--sink", url]
    pairs = [
        (run(command, folder).seconds, run([sys.executable, "empty.py"], folder).seconds)
        for _ in range(RUNS)
    ]
    ours, empty = (sorted(each)[RUNS // 2] for each in zip(*pairs, strict=True))
    return show("cdkit emit-event, one HTTP sink / an empty click program", ours / empty, 4.0)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory(prefix="cdkit-bench-") as name:
        sys.exit(events(Path(name)))
