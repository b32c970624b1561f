"""One run of a command and what it cost; a ratio beside its budget."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MIB = 1024 * 1024
EMPTY_CLICK = "import click\n@click.command()\ndef main(): pass\nmain()\n"
"""What any command of this field costs: an interpreter, and click."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one run cost: seconds of wall time, and the most memory it held, in MiB."""

    seconds: float
    memory: float


def run(command: Sequence[str], folder: Path) -> Cost:
    """Run a command to its end; any exit code will do, since a verdict is one."""
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environ["PYTHONPATH"] = str(ROOT)
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
