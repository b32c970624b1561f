"""`make bench`: what a step costs, as ratios against a peer measured in the same run.

Each pair of commands runs in turn (A B A B …), so that a machine that slows down slows both. A
budget that is missed is printed as such and makes the exit code 1; nothing here is a test.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.dora import dora
from tests.bench.dora_spark import dora_spark
from tests.bench.events import events
from tests.bench.facts import facts
from tests.bench.gate import gate
from tests.bench.junit import junit
from tests.bench.measure import run, show
from tests.bench.migrations import migrations
from tests.bench.passport import passport
from tests.bench.pins import pins
from tests.bench.scan import scan
from tests.bench.scan_report import scan_report

EMPTY_CLICK = "import click\n@click.command()\ndef main(): pass\nmain()\n"
LINT = ["-m", "cdkit", "lint-migrations", "--records", "none", "0001_new.sql"]
RUNS = 15


def main() -> int:
    """Print every ratio beside its budget; 1 where one is missed."""
    missed = 0
    with tempfile.TemporaryDirectory(prefix="cdkit-bench-") as name:
        folder = Path(name)
        (folder / "empty.py").write_text(EMPTY_CLICK)
        (folder / "0001_new.sql").write_text("ALTER TABLE orders ADD COLUMN note text;\n")
        print(f"{'what':52} {'ratio':>7}  budget")
        missed += versus_click(folder, "cdkit --version", ["-m", "cdkit", "--version"], 1.5)
        missed += versus_click(folder, "cdkit lint-migrations, one file", LINT, 2.5)
        missed += facts(folder)
        missed += events(folder)
        missed += dora(folder) + dora_spark(folder)
        missed += junit(folder)
        missed += gate(folder) + passport(folder)
        missed += migrations(folder)
        missed += pins(folder)
        missed += scan(folder) + scan_report()
    return 1 if missed else 0


def versus_click(folder: Path, what: str, arguments: Sequence[str], budget: float) -> int:
    """Compare a call of cdkit with an empty click program."""
    pairs = [
        (run([sys.executable, *arguments], folder), run([sys.executable, "empty.py"], folder))
        for _ in range(RUNS)
    ]
    ratio = statistics.median(ours.seconds / empty.seconds for ours, empty in pairs[1:])
    return show(f"{what} / an empty click program", ratio, budget)


if __name__ == "__main__":
    sys.exit(main())
