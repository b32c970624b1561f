"""Reports that came with the checkout: no test of this run wrote them, whatever they say.

Tests that broke before they wrote anything leave what was there before; and a change could bring a
report of its own along.
"""

import posixpath
from collections.abc import Callable

from cdkit.core.brought import brought_along
from cdkit.core.errors import CannotTell
from cdkit.core.finding import Location
from cdkit.core.protected import is_local
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.core.world import World

Stale = Callable[[str], Reason | None]
"""Returns why a report, by its path, is none of this run's; None where it may be."""


def staleness(kind: str, world: World) -> Stale:
    """Return what tells the reports of this run from those that git has just as they are.

    On a laptop nothing is asked: whoever runs it there sees what runs.
    """
    here = world.files.real(".")
    brought = brought_along(world)

    def stale(path: str) -> Reason | None:
        if is_local(world):
            return None
        inside = posixpath.relpath(world.files.real(path), here)
        try:
            if brought(inside) != inside or not _is_as_committed(inside, world):
                return None
        except CannotTell as fault:
            return cannot_tell(
                f"{kind}: nobody can tell whether it came with the checkout: {fault.what}",
                where=Location(path=path),
                remedy=f"{fault.remedy}; or let git read it: `git config --global --add"
                " safe.directory '*'`",
            )
        return cannot_tell(
            f"{kind}: came with the checkout, and no test of this run wrote it",
            where=Location(path=path),
            remedy="see that the tests ran, and write it here; take it out of git:"
            f" `git rm --cached {inside}`",
        )

    return stale


def _is_as_committed(path: str, world: World) -> bool:
    try:
        return world.git.read("HEAD", path) == world.files.read(path)
    except CannotTell:
        return False  # the reader of reports says what is wrong with it
