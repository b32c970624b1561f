"""Telling what a command could not read."""

import sys
from collections.abc import Iterable

from cdkit.cli.exits import Exit
from cdkit.core.escape import terminal
from cdkit.core.verdict import Reason


def unreadable(reasons: Iterable[Reason]) -> int:
    """Say on standard error which records cannot be read; return 4 where there are any, else 0."""
    code = 0
    for reason in reasons:
        code = int(Exit.CANNOT_TELL)
        where = f"{reason.where}: " if reason.where else ""
        print(f"cdkit: {terminal(where + reason.what)}; {terminal(reason.remedy)}", file=sys.stderr)
    return code
