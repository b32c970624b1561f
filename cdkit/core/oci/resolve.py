"""Resolving many references at once: each once, few at a time, and no dead registry twice."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cdkit.core.digest import Digest
from cdkit.core.errors import CannotTell
from cdkit.core.oci.reference import Reference
from cdkit.core.oci.registry import Registry
from cdkit.core.world import World

if TYPE_CHECKING:
    from cdkit.core.doors.workers import Crew

AT_ONCE = 8
"""Questions under way at a time, and so the connections to one registry. Eight keep a machine with
two cores busy; more only makes a rate limit come sooner."""

Resolved = Digest | None | CannotTell


def resolve_all(
    references: Iterable[Reference], world: World, *, at_once: int = AT_ONCE, mirrored: bool = True
) -> dict[Reference, Resolved]:
    """Return what each reference names now, in the order in which they came (`resolving`)."""
    with resolving(world, at_once=at_once, mirrored=mirrored) as resolver:
        for reference in references:
            resolver.ask(reference)
        found = dict(resolver.answers())
    return {reference: found[reference] for reference in resolver.asked}


@contextmanager
def resolving(
    world: World, *, at_once: int = AT_ONCE, mirrored: bool = True
) -> Iterator["Resolver"]:
    """Give somebody to ask; leaving the block early leaves what is under way to itself.

    Each reference is asked for by HEAD (`Registry.digest_of`), at most `at_once` at a time. A
    registry that gives no answer at all (unreachable, too slow, asked too often) is not asked
    further: what is left of its references gets the same reason. With `mirrored` mirrors are asked
    first (`mirrors.py`).
    """
    from cdkit.core.doors.workers import Crew

    registry = Registry(world, mirrored=mirrored, give_up=True)

    def resolve(reference: Reference) -> Resolved:
        try:
            return registry.digest_of(reference)
        except CannotTell as fault:
            return fault

    with Crew(resolve, at_once=at_once) as crew:
        yield Resolver(crew)


class Resolver:
    """Asks what references name, while the caller still looks for more of them."""

    def __init__(self, crew: "Crew[Reference, Resolved]") -> None:
        self._crew = crew
        self.asked: dict[Reference, None] = {}

    def ask(self, reference: Reference) -> None:
        """Begin to ask for a reference, unless that was done before."""
        if reference not in self.asked:
            self.asked[reference] = None
            self._crew.begin(reference)

    def answers(self) -> Iterator[tuple[Reference, Resolved]]:
        """Yield what each names now, as it comes: a digest, None for none, or why none can tell.

        Any failure but CannotTell is raised.
        """
        return self._crew.results()
