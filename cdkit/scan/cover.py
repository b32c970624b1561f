"""What takes a finding out of the count: somebody's exception, or a VEX statement."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Protocol

from cdkit.core.finding import Location, Suppression
from cdkit.scan.key import rule_of
from cdkit.scan.report import Issue, Vulnerability


class Cover(Protocol):
    """Somebody's word that a finding does not count, until a day or for good."""

    @property
    def name(self) -> str:
        """What it is, for people: `the exception for CVE-1`."""

    @property
    def names(self) -> frozenset[str]:
        """The names of what it is about, as `names_of` gives them."""

    @property
    def where(self) -> Location:
        """Where it stands."""

    @property
    def document(self) -> str:
        """The document whose statements are told of as one; empty for what stands alone."""

    def covers(self, thing: Vulnerability | Issue, image: frozenset[str]) -> bool:
        """Whether it takes this thing out of the count, in the image of these digests."""

    def speaks_of(self, thing: Vulnerability | Issue, image: frozenset[str]) -> bool:
        """Whether it is about this thing, be it to take it out or to say that it counts."""

    def suppression(self) -> Suppression:
        """Return what a finding says of why it does not count."""

    def ended(self, today: date) -> str:
        """Return how it ended (`of team-a ended on 2026-01-31`), or an empty string."""

    def ending(self, today: date) -> str:
        """Return what is to be said of its near end, or an empty string."""


class Covers:
    """Covers by what they name: a vendor's document may hold ten thousand, and an image as many."""

    def __init__(self, covers: Sequence[Cover]) -> None:
        self._by_name: dict[str, list[tuple[int, Cover]]] = {}
        for place, cover in enumerate(covers):
            for name in cover.names:
                self._by_name.setdefault(name, []).append((place, cover))

    def naming(self, thing: Vulnerability | Issue) -> list[Cover]:
        """Return those that name a thing, in the order that they were given in."""
        found = {
            place: cover for name in names_of(thing) for place, cover in self._by_name.get(name, ())
        }
        return [found[place] for place in sorted(found)]

    def find(
        self, thing: Vulnerability | Issue, image: frozenset[str], today: date
    ) -> tuple[Cover | None, Cover | None]:
        """Return what covers a thing in an image today, and what did and has ended."""
        covering = [cover for cover in self.naming(thing) if cover.covers(thing, image)]
        alive = next((cover for cover in covering if not cover.ended(today)), None)
        over = next((cover for cover in covering if cover.ended(today)), None)
        return alive, over

    def speaking(self, things: Iterable[tuple[Vulnerability | Issue, frozenset[str]]]) -> set[int]:
        """Return the `id` of each cover that is about any of these things in its image."""
        return {
            id(cover)
            for thing, image in things
            for cover in self.naming(thing)
            if cover.speaks_of(thing, image)
        }


def names_of(thing: Vulnerability | Issue) -> frozenset[str]:
    """Return the names that a cover may call a thing by."""
    return thing.names if isinstance(thing, Vulnerability) else frozenset({rule_of(thing.id)})
