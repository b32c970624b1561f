"""`make bench`: what a step costs, as ratios against a peer measured in the same run.

Each pair of commands runs in turn (A B A B …), so that a machine that slows down slows both. A
budget that is missed is printed as such and makes the exit code 1; nothing here is a test.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench.dora import dora
from tests.bench.dora_spark import dora_spark
from tests.bench.events import events
from tests.bench.facts import facts
from tests.bench.gate import gate
from tests.bench.junit import junit
from tests.bench.measure import EMPTY_CLICK, run, show
from tests.bench.migrations import migrations
from tests.bench.passport import passport
from tests.bench.pins import pins
from tests.bench.scan import scan
from tests.bench.scan_report import scan_report

LINT = ["-m", "cdkit", "lint-migrations", "--records", "none", "0001_new.sql"]
RUNS = 15


def main(names: Sequence[str]) -> int:
    """Print every ratio beside its budget, or those of the parts named; 1 where one is missed."""
    if unknown := sorted({*names} - PARTS.keys()):
        print(f"no such part: {unknown[0]}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    if len(names) == 1:
        with tempfile.TemporaryDirectory(prefix="cdkit-bench-") as folder:
            return 1 if PARTS[names[0]](Path(folder)) else 0
    print(f"{'what':52} {'ratio':>7}  budget", flush=True)
    # Each in a process of its own: what a part holds would count as the memory of what it starts.
    called = [[sys.executable, "-m", "tests.bench", name] for name in names or PARTS]
    return max(subprocess.run(each, check=False).returncode for each in called)


def start(folder: Path) -> int:
    """Compare what every call costs with an empty click program."""
    (folder / "empty.py").write_text(EMPTY_CLICK)
    (folder / "0001_new.sql").write_text("ALTER TABLE orders ADD COLUMN note text;\n")
    missed = versus_click(folder, "cdkit --version", ["-m", "cdkit", "--version"], 1.5)
    return missed + versus_click(folder, "cdkit lint-migrations, one file", LINT, 2.5)


PARTS: dict[str, Callable[[Path], int]] = {
    "start": start,
    "facts": facts,
    "events": events,
    "dora": dora,
    "dora-spark": dora_spark,
    "junit": junit,
    "gate": gate,
    "passport": passport,
    "migrations": migrations,
    "pins": pins,
    "scan": scan,
    "scan-report": lambda _: scan_report(),
}


def versus_click(folder: Path, what: str, arguments: Sequence[str], budget: float) -> int:
    """Compare a call of cdkit with an empty click program."""
    pairs = [
        (run([sys.executable, *arguments], folder), run([sys.executable, "empty.py"], folder))
        for _ in range(RUNS)
    ]
    ratio = statistics.median(ours.seconds / empty.seconds for ours, empty in pairs[1:])
    return show(f"{what} / an empty click program", ratio, budget)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
