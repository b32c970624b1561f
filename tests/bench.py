"""`make bench`: what a step costs, as ratios against a peer measured in the same run.

Each pair of commands runs in turn (A B A B …), so that a machine that slows down slows both. A
budget that is missed is printed as such and makes the exit code 1; nothing here is a test.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EMPTY_CLICK = "import click\n@click.command()\ndef main(): pass\nmain()\n"
LINT = ["-m", "cdkit", "lint-migrations", "--records", "none", "0001_new.sql"]
RUNS = 15
MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one run cost: seconds of wall time, and the most memory it held, in MiB."""

    seconds: float
    memory: float


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
        missed += junit(folder)
    return 1 if missed else 0


def versus_click(folder: Path, what: str, arguments: Sequence[str], budget: float) -> int:
    """Compare a call of cdkit with an empty click program."""
    pairs = [
        (run([sys.executable, *arguments], folder), run([sys.executable, "empty.py"], folder))
        for _ in range(RUNS)
    ]
    ratio = statistics.median(ours.seconds / empty.seconds for ours, empty in pairs[1:])
    return show(f"{what} / an empty click program", ratio, budget)


def junit(folder: Path) -> int:
    """Compare reading a JUnit report of 200 MB with one of 20 MB, and with junitparser."""
    small, large = folder / "small.xml", folder / "large.xml"
    write_junit(small, 20 * MIB)
    write_junit(large, 200 * MIB)
    ours = {path: run([sys.executable, "-c", READ, str(path)], folder) for path in (small, large)}
    peer = run([sys.executable, "-c", PEER, str(small)], folder)
    again = run([sys.executable, "-c", READ, str(small)], folder)
    missed = show(
        "memory for 200 MB of JUnit / for 20 MB", ours[large].memory / ours[small].memory, 1.1
    )
    missed += show(
        "seconds for 20 MB of JUnit / junitparser", again.seconds / peer.seconds, 1 / 1.5
    )
    missed += show("memory for 20 MB of JUnit / junitparser", again.memory / peer.memory, 1 / 2)
    return missed


READ = """
import sys
from cdkit.core.doors.files import DiskFiles
from cdkit.evidence.formats.junit import FORMAT
with DiskFiles().open(sys.argv[1]) as stream:
    assert FORMAT.read(stream, sys.argv[1]).counts.tests
"""
PEER = """
import sys
from junitparser import JUnitXml
report = JUnitXml.fromfile(sys.argv[1])
assert sum(len(list(suite)) for suite in report)
"""


def write_junit(path: Path, size: int) -> None:
    """Write a report of about this size, with a failure now and then; always the same one."""
    chance = random.Random(7)  # noqa: S311 - made-up tests, not secrets
    with path.open("w", encoding="utf-8") as stream:
        stream.write('<?xml version="1.0" encoding="utf-8"?>\n<testsuites><testsuite name="big">\n')
        number = 0
        while stream.tell() < size if number % 1000 == 0 else True:
            number += 1
            name = f'classname="tests.test_{number // 500}" name="test_{number}"'
            stream.write(f'<testcase {name} time="{chance.random():.3f}">')
            if chance.random() < 0.001:
                stream.write('<failure message="assert 1 == 2">E   assert 1 == 2</failure>')
            stream.write("<system-out>some output of the test, as tests have it</system-out>")
            stream.write("</testcase>\n")
        stream.write("</testsuite></testsuites>\n")


def run(command: Sequence[str], folder: Path) -> Cost:
    """Run a command to its end; any exit code will do, since a verdict is one."""
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environ["PYTHONPATH"] = str(ROOT)
    import time

    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode not in {0, 1}:
        msg = f"{' '.join(command[:6])} exited with {process.returncode}"
        raise RuntimeError(msg)
    return Cost(seconds=seconds, memory=usage.ru_maxrss / 1024)


def show(what: str, ratio: float, budget: float) -> int:
    """Print a ratio beside its budget, and say whether it was missed."""
    missed = ratio > budget
    print(f"{what:52} {ratio:7.2f}  {budget:.2f}{'  MISSED' if missed else ''}", flush=True)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
