from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from cdkit.core.doors.engine import PodmanEngine
from cdkit.core.doors.process import SystemProcesses
from cdkit.core.errors import CannotTell

ENDLESS = "while True: print('a' * 4096)"
ENVIRON = {"PATH": os.defpath}


def _run(folder: Path, code: str, timeout: float = 30, most: int = 1024**2) -> tuple[int, bytes]:
    done = SystemProcesses().run_into(
        str(folder / "out"),
        [sys.executable, "-c", code],
        timeout=timeout,
        environ=ENVIRON,
        cwd=str(folder),
        most=most,
    )
    return done.code, done.stderr


def test_what_a_program_writes_goes_to_a_file(tmp_path: Path) -> None:
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"

    assert _run(tmp_path, code) == (3, b"err\n")
    assert (tmp_path / "out").read_bytes() == b"out\n"


def test_a_program_that_wrote_too_much_is_cannot_tell(tmp_path: Path) -> None:
    with pytest.raises(CannotTell, match="wrote over 1 MiB"):
        _run(tmp_path, "print('a' * 2 * 1024**2)")


def test_a_program_that_writes_without_end_is_killed(tmp_path: Path) -> None:
    with pytest.raises(CannotTell, match="wrote over 1 MiB"):
        _run(tmp_path, "import os; open('pid', 'w').write(str(os.getpid()))\n" + ENDLESS)

    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_program_that_does_not_end_is_killed(tmp_path: Path) -> None:
    with pytest.raises(CannotTell, match=r"did not end within 0\.2 s"):
        _run(tmp_path, "import time; time.sleep(600)", timeout=0.2)


def test_a_program_that_is_not_there_is_cannot_tell(tmp_path: Path) -> None:
    with pytest.raises(CannotTell, match="cannot start /not/here"):
        SystemProcesses().run_into(
            str(tmp_path / "out"), ["/not/here"], timeout=1, environ={}, cwd=str(tmp_path)
        )


def test_podman_is_where_it_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTAINER_HOST", "unix:///srv/podman.sock")

    assert PodmanEngine().host() == "unix:///srv/podman.sock"


def test_a_users_own_podman_goes_before_roots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONTAINER_HOST", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    assert PodmanEngine().host() == "unix:///run/podman/podman.sock"
    (tmp_path / "podman").mkdir()
    (tmp_path / "podman/podman.sock").write_text("")
    assert PodmanEngine().host() == f"unix://{tmp_path}/podman/podman.sock"
    assert PodmanEngine().name == "podman"
