"""What `cdkit passport` costs for an image with 200 releases, beside a budget of one second."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from tests.bench.measure import run, show
from tests.steps.histories import write

RELEASES = 200
TURNS = 5
MOST = 1.0


def passport(folder: Path) -> int:
    """Write the passport of the last of 200 releases, 1,600 facts."""
    room = folder / "passport"
    room.mkdir()
    image = write(room, RELEASES)
    command = [sys.executable, "-m", "cdkit", "passport", image, "--records", "records"]
    seconds = [run(command, room).seconds for _ in range(TURNS)]
    ratio = statistics.median(seconds) / MOST
    return show(f"a passport of {RELEASES} releases / one second", ratio, 1.0)
