"""The door to other programs: an argument list, never a shell, and always an end."""

import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cdkit.core.errors import CannotTell
from cdkit.core.world import Completed

if TYPE_CHECKING:
    import subprocess  # loads much, and few runs start a program


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

        try:
            process = subprocess.Popen(
                list(argv),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(environ) if environ is not None else None,
                cwd=cwd,
                start_new_session=True,
            )
        except (OSError, ValueError) as fault:
            raise CannotTell(
                f"cannot start {argv[0]}: {fault}", remedy=f"install {argv[0]}, or mend the PATH"
            ) from fault
        try:
            stdout, stderr = process.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired as fault:
            # A child may hold the pipes open although the program itself has ended.
            _end_group(process.pid)
            _close(process)
            raise CannotTell(
                f"{argv[0]} did not end within {timeout:g} s",
                remedy="give it more time, or less to do",
            ) from fault
        finally:
            _end(process)
        return Completed(code=process.returncode, stdout=stdout, stderr=stderr)


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
