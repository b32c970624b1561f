"""The end of a process: nothing that was written or asked for is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cdkit.core.doors.leaving import leave

START = "import sys\nfrom cdkit.core.doors.leaving import leave\n"


def left(text: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-W", "error", "-c", START + text, *arguments]
    return subprocess.run(command, capture_output=True, check=False, timeout=60)


def test_what_is_written_is_out_and_the_code_is_kept() -> None:
    done = left("print('x' * 3_000_000)\nsys.stderr.write('told')\nleave(4)")
    assert done.returncode == 4
    assert len(done.stdout) == 3_000_001
    assert done.stderr == b"told"


def test_nothing_is_taken_apart() -> None:
    kept = (
        "class Kept:\n    def __del__(self):\n        print('freed', flush=True)\nkept = Kept()\n"
    )
    assert left(f"{kept}leave(0)").stdout == b""
    assert left(f"{kept}sys.exit(0)").stdout == b"freed\n"


def test_exit_functions_run_and_temporary_folders_go(tmp_path: Path) -> None:
    done = left(
        "import atexit, tempfile\n"
        "folder = tempfile.TemporaryDirectory(dir=sys.argv[1], ignore_cleanup_errors=True)\n"
        "atexit.register(print, 'bye')\n"
        "leave(1)",
        str(tmp_path),
    )
    assert (done.returncode, done.stdout) == (1, b"bye\n")
    assert list(tmp_path.iterdir()) == []


def test_other_threads_are_waited_for() -> None:
    done = left(
        "import threading, time\n"
        "threading.Thread(target=lambda: (time.sleep(0.3), print('done'))).start()\n"
        "leave(3)"
    )
    assert (done.returncode, done.stdout) == (3, b"done\n")


def test_who_measures_sees_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "getprofile", lambda: print)
    monkeypatch.setattr(os, "_exit", lambda _: pytest.fail("it was cut off"))
    with pytest.raises(SystemExit) as end:
        leave(4)
    assert end.value.code == 4


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here is always full")
def test_output_that_cannot_be_written_is_told() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", START + "print('x')\nleave(0)"],
            stdout=full,
            stderr=subprocess.PIPE,
            env={k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"},
            check=False,
            timeout=60,
        )
    assert done.returncode == 120
    assert b"No space left" in done.stderr
