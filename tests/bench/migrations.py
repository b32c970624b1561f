"""What `lint-migrations` costs, beside squawk (of the lock file) where it is installed.

Squawk reports as JSON: its report for terminals takes the square of the findings. The start of a
process (an empty click program; `squawk --version`) is taken off where the budget says so.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench.measure import EMPTY_CLICK, MIB, Cost, run, show
from tests.bench.migrations_sql import write_many, write_one

FILES = 1_000
HISTORY = 10_000
TURNS = 7
SQUAWK = Path(sys.executable).with_name("squawk")
EMPTY = [sys.executable, "empty.py"]


def lint(*arguments: str, cache: str = "none") -> list[str]:
    """Return the command that lints what is named, and writes no record."""
    step = [sys.executable, "-m", "cdkit", "lint-migrations"]
    return [*step, "--records", "none", "--cache", cache, *arguments]


def migrations(folder: Path) -> int:
    """Print every ratio of lint-migrations; 1 more for each budget that is missed."""
    missed = one_large(folder / "large") + linear(folder / "linear")
    missed += many(folder / "many") + history(folder / "history")
    return missed


def one_large(folder: Path) -> int:
    """Compare one file of 5 MB with squawk, in time and memory."""
    folder.mkdir()
    write_one(folder / "1.sql", 5 * MIB)
    what = "lint one file of 5 MB / squawk"
    if not squawk(what):
        return 0
    pairs = pairs_of(folder, lint("1.sql"), [str(SQUAWK), "--reporter", "json", "1.sql"])
    missed = show(what, statistics.median(a.seconds / b.seconds for a, b in pairs), 1.0)
    more = statistics.median(a.memory - b.memory for a, b in pairs)
    return missed + show("its memory - squawk's, in 100 MB", more / 100, 1.0)


def linear(folder: Path) -> int:
    """Compare files of 1, 2 and 4 MB: time must not grow faster than they do."""
    for size in (1, 2, 4):
        (folder / str(size)).mkdir(parents=True)
        write_one(folder / str(size) / "1.sql", size * MIB)
    empty = start(folder)
    seconds = [
        min(run(lint("1.sql"), folder / size).seconds for _ in range(3)) - empty
        for size in ("1", "2", "4")
    ]
    missed = show("lint 2 MB / twice 1 MB", seconds[1] / (2 * seconds[0]), 1.15)
    return missed + show("lint 4 MB / four times 1 MB", seconds[2] / (4 * seconds[0]), 1.15)


def many(folder: Path) -> int:
    """Compare 1,000 small files with squawk, without a cache and with one that knows them."""
    write_many(folder / "migrations", FILES, 5)
    names = sorted(f"migrations/{path.name}" for path in (folder / "migrations").iterdir())
    what = "lint 1,000 files / squawk, starts taken off"
    if not squawk(what):
        return 0
    empty = start(folder)
    other = min(run([str(SQUAWK), "--version"], folder).seconds for _ in range(TURNS))
    theirs = [str(SQUAWK), "--reporter", "json", *names]
    missed = 0
    for says, cache, budget in (("cold", "none", 3.0), ("from the cache", "cache", 2.0)):
        pairs = pairs_of(folder, lint("migrations", cache=cache), theirs)
        ratios = [(a.seconds - empty) / (b.seconds - other) for a, b in pairs]
        missed += show(f"{what}, {says}", statistics.median(ratios), budget)
    return missed


def history(folder: Path) -> int:
    """Model 10,000 migrations, to judge one that comes after them; then from the cache."""
    write_many(folder / "migrations", HISTORY, 3)
    (folder / "migrations" / "99999_new.sql").write_text(
        "ALTER TABLE app.orders_1 ADD COLUMN note text;\n"
    )
    empty = start(folder)
    command = "migrations/99999_new.sql"
    cold = min(run(lint(command), folder).seconds for _ in range(3)) - empty
    run(lint(command, cache="cache"), folder)
    warm = min(run(lint(command, cache="cache"), folder).seconds for _ in range(3)) - empty
    missed = show("model 10,000 migrations, in 2 s", cold / 2, 1.0)
    return missed + show("the same from the cache / without it", warm / cold, 0.5)


def start(folder: Path) -> float:
    """Return the seconds that an empty click program takes."""
    (folder / "empty.py").write_text(EMPTY_CLICK)
    return min(run(EMPTY, folder).seconds for _ in range(TURNS))


def squawk(what: str) -> bool:
    """Say what is not measured where there is no squawk."""
    if SQUAWK.exists():
        return True
    print(f"{what:52}      -  not measured: no squawk-cli in {sys.prefix}: make dev")
    return False


def pairs_of(folder: Path, ours: Sequence[str], theirs: Sequence[str]) -> list[tuple[Cost, Cost]]:
    """Run both in turn; the first pair warms up."""
    return [(run(ours, folder), run(theirs, folder)) for _ in range(TURNS)][1:]
