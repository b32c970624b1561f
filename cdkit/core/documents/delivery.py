"""A delivery: how well services were delivered in a time, gathered for people to read.

It is what `report-dora` measured, with the course over time and the deployments behind each number:
more than a table holds, so that a page can be made of it.
"""

from datetime import datetime
from typing import Literal

from msgspec import Struct

Turn = Literal["better", "worse", "same", ""]


class Reading(Struct, frozen=True, kw_only=True):
    """A metric's value in a time: for people, as a number, and of how many (`n`).

    `value` is None where nobody can tell, and `why` says so then, or why it is but a least.
    """

    shown: str
    value: float | None
    n: int
    band: str = ""
    why: str = ""
    more: str = ""


class Part(Struct, frozen=True, kw_only=True):
    """A metric's value in a part of the time, None where nothing is known.

    `few` says that it rests on fewer than it takes to say a number: a hint, no answer.
    """

    value: float | None
    shown: str = ""
    n: int = 0
    few: bool = False


class Metric(Struct, frozen=True, kw_only=True):
    """A metric: now, in the window of the same length before, and part by part, oldest first.

    `unit` is `s`, `1` or `1/d`. `change` compares with the window before, in a word or two, and
    `turn` says whether that is for the better: `same` where it may well be chance. Both are empty
    where there is nothing to compare.
    """

    key: str
    title: str
    unit: str
    now: Reading
    before: Reading | None = None
    change: str = ""
    turn: Turn = ""
    parts: tuple[Part, ...] = ()


class Made(Struct, frozen=True, kw_only=True):
    """A deployment that stands behind numbers.

    `who` made it, and `url` leads to the run, where anybody told.
    `kind` is `change`, `back` (to what ran before) or `again`; `lead` and `merged` are the times in
    seconds from the oldest commit, and the oldest merge, of its `changes` (None where none is
    known). `failed` says why it counts as failed; `incidents` are the names of the first few of
    those that it caused. `recovery` is in seconds, and None while nobody has mended it.
    """

    service: str
    at: datetime
    kind: str
    id: str = ""
    digest: str = ""
    commit: str = ""
    team: str = ""
    who: str = ""
    url: str = ""
    planned: bool | None = None
    changes: int = 0
    lead: float | None = None
    merged: float | None = None
    failed: str = ""
    incidents: tuple[str, ...] = ()
    recovery: float | None = None


class Listing(Struct, frozen=True, kw_only=True):
    """Some of the deployments behind a metric; `of` is how many there are in all."""

    metric: str
    order: str
    made: tuple[Made, ...]
    of: int


class Service(Struct, frozen=True, kw_only=True):
    """A service, or several together (`services`): its metrics, what they rest on, what is behind.

    `coverage` says in words what the numbers rest on; `deployments` counts those of a change.
    """

    name: str
    services: int = 1
    deployments: int = 0
    metrics: tuple[Metric, ...] = ()
    coverage: tuple[str, ...] = ()
    listings: tuple[Listing, ...] = ()


class Definition(Struct, frozen=True, kw_only=True):
    """What a metric means here, in words, and where that comes from."""

    key: str
    title: str
    means: str
    source: str


class Delivery(Struct, frozen=True, kw_only=True):
    """How well services were delivered to an environment from `since` until `until`.

    `together` is a roll-up of all services, None where there is but one. The parts of the time are
    `step` days long, the last one ends at `until`; `step_name` is what people call such a part.
    `minimum` is how many it takes before a number is said, `hours` how long after a deployment an
    incident may be its. `untold` says why there is no course over time, where there is none,
    `unlisted` why no deployments are listed, where none are. `said` are notes for who sees tables
    alone: a page shows what they say. It is `complete` where all that was asked could be read.
    """

    environment: str
    since: datetime
    until: datetime
    services: tuple[Service, ...]
    together: Service | None
    edition: str
    source: str
    minimum: int
    hours: float
    step: float = 7.0
    step_name: str = "week"
    definitions: tuple[Definition, ...] = ()
    untold: str = ""
    unlisted: str = ""
    said: tuple[str, ...] = ()
    complete: bool = False

    @property
    def days(self) -> float:
        """The length of the time in days."""
        return (self.until - self.since).total_seconds() / 86400
