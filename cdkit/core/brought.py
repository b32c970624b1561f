"""What came with the checkout: the change under judgement may have written it, in its own favour.

Records and reports are left by steps and tests of this run; what git has of them was there before.
"""

import functools
import posixpath
from collections.abc import Callable, Iterator

from cdkit.core.errors import Missing
from cdkit.core.protected import is_in_checkout, relative
from cdkit.core.world import World

Brought = Callable[[str], str]
"""Returns a file of git's that is a path, stands below it, or leads to it; empty for none."""


def brought_along(world: World) -> Brought:
    """Return what tells of paths whether they, or a part of them, came with the checkout.

    A link or a submodule that leads to a path did, and so may all have that it leads to. Without a
    checkout nothing came with it. Raises CannotTell where git does not say.
    """

    @functools.cache
    def tracked(first: str) -> dict[str, str]:
        """Return each file that git has there, by its own path and by each folder above it."""
        try:
            files = world.git.files("HEAD", first)
        except Missing:
            return {}
        found: dict[str, str] = {}
        for file in files:
            for path in (file, *_above(file)):
                found.setdefault(path, file)
        return found

    def brought(path: str) -> str:
        if not is_in_checkout(path, world):
            return ""
        inside = relative(path, world)
        if inside.startswith("/"):
            inside = posixpath.relpath(inside, world.files.absolute("."))
        inside = posixpath.normpath(inside)
        known = tracked(inside.split("/", maxsplit=1)[0])
        leading = (each for each in _above(inside) if known.get(each) == each)
        return known.get(inside) or next(leading, "")

    return brought


def _above(path: str) -> Iterator[str]:
    """Yield the folders above a path inside the checkout, the nearest first, and `.` at last."""
    while path := path.rpartition("/")[0]:
        yield path
    yield "."
