"""The door to other programs: an argument list, never a shell, and always an end."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence

from cdkit.core.errors import CannotTell
from cdkit.core.world import Completed


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
            raise CannotTell(
                f"{argv[0]} did not end within {timeout:g} s",
                remedy="give it more time, or less to do",
            ) from fault
        finally:
            _end(process)
        return Completed(code=process.returncode, stdout=stdout, stderr=stderr)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a process and its children, on a time-out or on Ctrl-C."""
    if process.poll() is None:
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()
