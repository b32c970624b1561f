"""The door to other programs: an argument list, never a shell, and always an end."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING

from cdkit.core.errors import CannotTell
from cdkit.core.world import Completed

if TYPE_CHECKING:
    import subprocess  # loads much, and few runs start a program

_MOST_OUTPUT = 1024 * 1024 * 1024
_LOOK = 1.0
"""Seconds between two looks at how much a program has written."""


class SystemProcesses:
    """Programs of this machine."""

    def which(self, program: str) -> str | None:
        """Return the full path of a program on the PATH, or None."""
        import shutil

        return shutil.which(program)

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        timeout: float = 60,
        environ: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> Completed:
        """Run a program to its end; its whole process group dies with it when time is up."""
        import subprocess

        process = _start(argv, subprocess.PIPE, environ, cwd)
        with _ending(process, argv[0], timeout):
            stdout, stderr = process.communicate(stdin, timeout=timeout)
        return Completed(code=process.returncode, stdout=stdout, stderr=stderr)

    def run_into(
        self,
        output: str,
        argv: Sequence[str],
        *,
        timeout: float,
        environ: Mapping[str, str],
        cwd: str,
        most: int = _MOST_OUTPUT,
    ) -> Completed:
        """Run a program to its end, what it writes on standard output going to a file."""
        with open(output, "wb") as stream:  # noqa: PTH123 - a path as text
            process = _start(argv, stream, environ, cwd)
            with _ending(process, argv[0], timeout):
                stderr = _watch(process, timeout, output, most)
        return Completed(code=process.returncode, stdout=b"", stderr=stderr)


@contextlib.contextmanager
def _ending(process: "subprocess.Popen[bytes]", program: str, timeout: float) -> Iterator[None]:
    """See that a process is gone at the end, whatever that is."""
    import subprocess

    try:
        yield
    except BaseException as fault:
        # A child may hold the pipes open although the program itself has ended.
        _end_group(process.pid)
        _close(process)
        if not isinstance(fault, subprocess.TimeoutExpired):
            raise
        raise CannotTell(
            f"{program} did not end within {timeout:g} s",
            remedy="give it more time, or less to do",
        ) from fault
    finally:
        _end(process)


def _start(
    argv: Sequence[str],
    out: int | IO[bytes],
    environ: Mapping[str, str] | None,
    cwd: str | None,
) -> "subprocess.Popen[bytes]":
    import subprocess

    try:
        return subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.PIPE,
            env=dict(environ) if environ is not None else None,
            cwd=cwd,
            start_new_session=True,
        )
    except (OSError, ValueError) as fault:
        raise CannotTell(
            f"cannot start {argv[0]}: {fault}", remedy=f"install {argv[0]}, or mend the PATH"
        ) from fault


def _watch(process: "subprocess.Popen[bytes]", timeout: float, output: str, most: int) -> bytes:
    """Read what a process says to its end; how much it has written is looked at every second."""
    import subprocess

    end = time.monotonic() + timeout
    while True:
        left = end - time.monotonic()
        try:
            _, said = process.communicate(timeout=max(0.0, min(_LOOK, left)))
        except subprocess.TimeoutExpired:
            _check_size(output, most)
            if left <= _LOOK:
                raise
            continue
        _check_size(output, most)
        return said


def _check_size(path: str, most: int) -> None:
    if os.stat(path).st_size > most:  # noqa: PTH116 - a path as text
        raise CannotTell(
            f"a program wrote over {most // 1024**2} MiB", remedy="look at what it does"
        )


def _close(process: "subprocess.Popen[bytes]") -> None:
    """Close our ends of a process's pipes, which it left before it was done with them."""
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill what is left of a process and its children, on a time-out or on Ctrl-C."""
    if process.poll() is None:
        if os.name == "posix":
            _end_group(process.pid)
        else:
            process.kill()
        process.wait()


def _end_group(group: int) -> None:
    """Kill all processes of a group; nothing happens where there is none any more."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
