"""What a passport shows: all that the store knows of an image, in the order of its life."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from msgspec import Struct

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import (
    AnyDocument,
    Decision,
    Deployment,
    Evidence,
    Findings,
    Identity,
    Waiver,
)
from cdkit.core.verdict import Reason
from cdkit.report.passport.charts import Series

D = TypeVar("D", bound=AnyDocument)


class Earlier(Struct, frozen=True, kw_only=True):
    """A release before: its digest, when it was deployed, the facts about it."""

    key: str
    deployed_at: str
    facts: tuple[Fact, ...] = ()


class Known(Struct, frozen=True, kw_only=True):
    """All that is known of an image as of a time (RFC 3339).

    `runs_in` are the environments whose newest deployment of a service it is; `earlier` are the
    releases before, oldest first; `unreadable` are records that may have said anything.
    """

    image: str
    key: str
    at: str
    facts: tuple[Fact, ...] = ()
    runs_in: tuple[Deployment, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    unreadable: tuple[Reason, ...] = ()

    def of(self, kind: type[D]) -> list[tuple[Fact, D]]:
        """Return the facts with this kind of document, oldest first."""
        found = [(fact, fact.document) for fact in self.facts if isinstance(fact.document, kind)]
        return sorted(found, key=lambda each: (each[1].origin.recorded_at, each[0].digest))

    @property
    def identity(self) -> Identity | None:
        """What exactly it is, by its newest identity."""
        found = [document for _, document in self.of(Identity) if document.digest == self.key]
        return found[-1] if found else None

    @property
    def decisions(self) -> list[tuple[Fact, Decision]]:
        """Every decision about it, oldest first."""
        return self.of(Decision)

    @property
    def evidence(self) -> list[tuple[Fact, Evidence | Findings]]:
        """Everything that was found out about it, oldest first."""
        found: list[tuple[Fact, Evidence | Findings]] = [*self.of(Evidence), *self.of(Findings)]
        return sorted(found, key=lambda each: (each[1].origin.recorded_at, each[0].digest))

    @property
    def waivers(self) -> list[tuple[Fact, Waiver]]:
        """What people let pass, oldest first."""
        return self.of(Waiver)


_WANTED = (
    ("executed", "Tests that ran", ""),
    ("lines", "Lines covered", "%"),
    ("duration", "Duration of the tests", "s"),
    ("p95", "95th percentile", "ms"),
)


def trends(known: Known) -> Iterator[Series]:
    """Yield what can be drawn: numbers that at least two releases have, this image the last."""
    releases = [*known.earlier, Earlier(key=known.key, deployed_at="", facts=known.facts)]
    for name, title, unit in _WANTED:
        points = []
        for release in releases:
            value = _value(name, release.facts)
            if value is not None:
                day = release.deployed_at[:10] or "this image"
                points.append((f"{release.key.rpartition(':')[2][:12]} ({day})", value))
        if len(points) > 1 and points[-1][0].endswith("(this image)"):
            yield Series(name=name, title=title, unit=unit, points=tuple(points))


def _value(name: str, facts: Iterable[Fact]) -> float | None:
    """Return a number of a release: its kinds' newest facts together, the worst of percentages."""
    newest: dict[str, Fact] = {}
    for fact in sorted(facts, key=lambda one: one.document.origin.recorded_at):
        if isinstance(fact.document, Evidence) and fact.document.origin.replay is None:
            newest[fact.document.evidence] = fact
    values = [fact.numbers[name] for fact in newest.values() if name in fact.numbers]
    if name == "duration":
        values = [value for value in values if value > 0]
    if not values:
        return None
    return min(values) if name == "lines" else max(values) if name == "p95" else sum(values)
