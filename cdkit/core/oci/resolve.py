"""Resolving many references at once: each once, few at a time, and no dead registry twice."""

from collections.abc import Iterable

from cdkit.core.digest import Digest
from cdkit.core.errors import CannotTell
from cdkit.core.oci.reference import Reference
from cdkit.core.oci.registry import Registry
from cdkit.core.world import World

AT_ONCE = 8
"""Questions under way at a time, and so the connections to one registry. Eight keep a machine with
two cores busy; more only makes a rate limit come sooner."""

Resolved = Digest | None | CannotTell


def resolve_all(
    references: Iterable[Reference], world: World, *, at_once: int = AT_ONCE, mirrored: bool = True
) -> dict[Reference, Resolved]:
    """Return what each reference names now: a digest, None for none, or why that cannot be told.

    Every distinct reference is asked for once, by HEAD (`Registry.digest_of`), at most `at_once` at
    a time; the answer keeps the order in which they came. A registry that gives no answer at all
    (unreachable, too slow, asked too often) is not asked further: what is left of its references
    gets the same reason. With `mirrored` mirrors are asked first (`mirrors.py`). Any failure but
    CannotTell is raised.
    """
    from cdkit.core.doors.workers import each

    wanted = tuple(dict.fromkeys(references))
    registry = Registry(world, mirrored=mirrored, give_up=True)

    def resolve(reference: Reference) -> Resolved:
        try:
            return registry.digest_of(reference)
        except CannotTell as fault:
            return fault

    found: dict[Reference, Resolved] = dict.fromkeys(wanted)
    found.update(each(resolve, wanted, at_once=at_once))
    return found
