"""Reports that came with the checkout: no test of this run wrote them, whatever they say.

Tests that broke before they wrote anything leave what was there before; and a change could bring a
report of its own along.
"""

import functools
import posixpath
from collections.abc import Callable

from cdkit.core.errors import CannotTell
from cdkit.core.finding import Location
from cdkit.core.protected import is_in_checkout, is_local
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.core.world import World

Stale = Callable[[str], Reason | None]
"""Returns why a report, by its path, is none of this run's; None where it may be."""


def staleness(kind: str, world: World) -> Stale:
    """Return what tells the reports of this run from those that git has just as they are.

    On a laptop nothing is asked: whoever runs it there sees what runs.
    """
    here = world.files.real(".")

    @functools.cache
    def tracked(first: str) -> frozenset[str]:
        try:
            return frozenset(world.git.files("HEAD", first))
        except CannotTell:
            return frozenset()  # no checkout, so that nothing came with it

    def stale(path: str) -> Reason | None:
        if is_local(world) or not is_in_checkout(path, world):
            return None
        inside = posixpath.relpath(world.files.real(path), here)
        first = inside.split("/", maxsplit=1)[0]
        if inside not in tracked(first) or not _is_as_committed(inside, world):
            return None
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
