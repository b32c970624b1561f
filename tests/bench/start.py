"""What every call of cdkit costs."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench.measure import EMPTY_CLICK, run, show

LINT = ["-m", "cdkit", "lint-migrations", "--records", "none", "0001_new.sql"]
RUNS = 15


def start(folder: Path) -> int:
    """Compare what every call costs with an empty click program."""
    (folder / "empty.py").write_text(EMPTY_CLICK)
    (folder / "0001_new.sql").write_text("ALTER TABLE orders ADD COLUMN note text;\n")
    missed = versus_click(folder, "cdkit --version", ["-m", "cdkit", "--version"], 1.5)
    return missed + versus_click(folder, "cdkit lint-migrations, one file", LINT, 2.5)


def versus_click(folder: Path, what: str, arguments: Sequence[str], budget: float) -> int:
    """Compare a call of cdkit with an empty click program."""
    pairs = [
        (run([sys.executable, *arguments], folder), run([sys.executable, "empty.py"], folder))
        for _ in range(RUNS)
    ]
    ratio = statistics.median(ours.seconds / empty.seconds for ours, empty in pairs[1:])
    return show(f"{what} / an empty click program", ratio, budget)
