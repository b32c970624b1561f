"""What takes a finding out of the count: somebody's exception, or a VEX statement."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from cdkit.core.finding import Location, Suppression
from cdkit.scan.report import Issue, Vulnerability


class Cover(Protocol):
    """Somebody's word that a finding does not count, until a day or for good."""

    @property
    def name(self) -> str:
        """What it is, for people: `the exception for CVE-1`."""

    @property
    def where(self) -> Location:
        """Where it stands."""

    @property
    def document(self) -> str:
        """The document whose statements are told of as one; empty for what stands alone."""

    def covers(self, thing: Vulnerability | Issue) -> bool:
        """Whether it takes this thing out of the count."""

    def speaks_of(self, thing: Vulnerability | Issue) -> bool:
        """Whether it is about this thing, be it to take it out or to say that it counts."""

    def suppression(self) -> Suppression:
        """Return what a finding says of why it does not count."""

    def ended(self, today: date) -> str:
        """Return how it ended (`of team-a ended on 2026-01-31`), or an empty string."""

    def ending(self, today: date) -> str:
        """Return what is to be said of its near end, or an empty string."""


def find(
    covers: Sequence[Cover], thing: Vulnerability | Issue, today: date
) -> tuple[Cover | None, Cover | None]:
    """Return what covers a thing today, and what did and has ended."""
    covering = [cover for cover in covers if cover.covers(thing)]
    alive = next((cover for cover in covering if not cover.ended(today)), None)
    over = next((cover for cover in covering if cover.ended(today)), None)
    return alive, over
