"""`make bench`: what a step costs, as ratios against a peer measured in the same run.

Each pair of commands runs in turn (A B A B …), so that a machine that slows down slows both. A
budget that is missed is printed as such and makes the exit code 1; nothing here is a test.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

PARTS = (
    *("start", "facts", "events", "dora", "dora-spark", "junit"),
    *("gate", "passport", "migrations", "pins", "scan", "scan-report"),
)
"""Each is a function of this name, in a module of this name: it gets an empty folder, and returns
how many budgets were missed."""


def main(names: Sequence[str]) -> int:
    """Print every ratio beside its budget, or those of the parts named; 1 where one is missed."""
    if unknown := sorted({*names}.difference(PARTS)):
        print(f"no such part: {unknown[0]}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    if len(names) == 1:
        return 1 if _missed(names[0]) else 0
    print(f"{'what':52} {'ratio':>7}  budget", flush=True)
    # Each in a process of its own: what one holds would count as the memory of what it starts,
    # since a process begins with as much as the one that it was forked from.
    called = [[sys.executable, "-m", "tests.bench", name] for name in names or PARTS]
    return max(subprocess.run(each, check=False).returncode for each in called)


def _missed(part: str) -> int:
    name = part.replace("-", "_")
    measure = getattr(importlib.import_module(f"tests.bench.{name}"), name)
    with tempfile.TemporaryDirectory(prefix="cdkit-bench-") as folder:
        missed: int = measure(Path(folder))
        return missed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
