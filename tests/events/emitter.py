"""A process that emits events as fast as it can: puts one, says so, delivers; until it is killed.

Its arguments: the outbox, the output file, the first number of its events, how many.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cdkit.core.doors.clock import SystemClock
from cdkit.events.deliver import deliver
from cdkit.events.opening import open_outbox
from cdkit.events.targets import resolve
from tests.events.places import envelope, world


def main(path: str, out: str, first: int, count: int) -> None:
    where = world(Path.cwd(), clock=SystemClock())
    targets = resolve([f"file:{out}"])
    outbox, aside = open_outbox(path, where.clock)
    if aside:
        sys.exit("the outbox was damaged")
    with outbox:
        for number in range(first, first + count):
            outbox.put(envelope(str(number)), [targets[0].name])
            sys.stdout.write(f"{number}\n")  # acknowledged: from here on it may not be lost
            sys.stdout.flush()
            deliver(outbox, targets, where, budget=20)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
