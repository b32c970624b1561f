"""What people read when something fails: where, what, what to do; a traceback only for a bug."""

import contextlib
import sys

import click

import cdkit
from cdkit.cli.exits import Exit, exit_of_kind
from cdkit.core.errors import CdkitError, ConfigError


def report(error: Exception, argv: list[str]) -> int:
    """Print one message for a failure and return its exit code."""
    if isinstance(error, ConfigError):
        for fault in error.faults:
            _print(str(fault.where), fault.what, fault.remedy)
        return Exit.REQUEST
    if isinstance(error, CdkitError):
        _print(str(error.where or ""), error.what, error.remedy)
        return exit_of_kind(error.kind)
    if isinstance(error, click.Abort):
        return stopped(KeyboardInterrupt())
    if isinstance(error, click.ClickException):
        hint = (
            error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "cdkit"
        )
        _print("", error.format_message(), f"see `{hint} --help`")
        return Exit.REQUEST
    if isinstance(error, OSError):
        return _output_lost(error)
    return _bug(error, argv)


def stopped(stop: BaseException) -> int:
    """Return the exit code of a run that somebody stopped."""
    if isinstance(stop, SystemExit):
        if stop.code == Exit.TERMINATED:
            _say("cdkit: terminated; what was finished is kept, nothing is half-written")
        return stop.code if isinstance(stop.code, int) else Exit.YES
    _say("cdkit: interrupted; what was finished is kept, nothing is half-written")
    return Exit.INTERRUPTED


def _output_lost(error: OSError) -> int:
    """Standard output is gone or full: nobody heard the answer."""
    from cdkit.cli.perform import quiet_stdout

    quiet_stdout()
    _print(
        "standard output", f"cannot be written: {error.strerror or error}", "make room, run again"
    )
    return Exit.CANNOT_TELL


def _bug(error: Exception, argv: list[str]) -> int:
    """Print a report that can be pasted into an issue."""
    import platform
    import traceback

    _say("cdkit: this is a fault of cdkit's own. Please report what follows:")
    _say(f"  cdkit {cdkit.__version__}, Python {platform.python_version()}, {platform.platform()}")
    _say(f"  command: cdkit {' '.join(argv[:1])} (with {max(len(argv) - 1, 0)} arguments)")
    _say("".join(traceback.format_exception(error)).rstrip())
    return Exit.BUG


def _print(where: str, what: str, remedy: str) -> None:
    _say(f"cdkit: {where}: {what}" if where else f"cdkit: {what}")
    if remedy:
        _say(f"  what to do: {remedy}")


def _say(text: str) -> None:
    """Print a message; foreign text in it reaches neither the terminal nor the CI as a command."""
    from cdkit.core.escape import log_line, terminal_lines

    with contextlib.suppress(OSError, ValueError):
        lines = (log_line(line) for line in terminal_lines(text))
        print("\n".join(lines), file=sys.stderr, flush=True)
