"""What the metrics are made of: deployments, changes, incidents, each from wherever it was told."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

Outcome = Literal["success", "failure"]


class Deployed(Struct, frozen=True, kw_only=True):
    """A deployment: which content of a service came into an environment, when, how it ended.

    `planned` is false for one that was made to mend production, `rollback` true for one that went
    back, whatever ran before as far as anybody told; None where nobody said. `id` is
    what changes and incidents may name it by. `who` made it, and `url` leads to the run that did:
    both are for people, and no engine is told of them.
    """

    service: str
    environment: str
    at: datetime
    digest: str = ""
    commit: str = ""
    outcome: Outcome = "success"
    planned: bool | None = None
    rollback: bool | None = None
    team: str = ""
    id: str = ""
    who: str = ""
    url: str = ""


class Changed(Struct, frozen=True, kw_only=True):
    """A change: when it was committed, when it was merged (None where that is not known).

    `deployment` names the deployment that brought it first; empty where only times tell.
    """

    service: str
    commit: str
    committed_at: datetime
    merged_at: datetime | None = None
    deployment: str = ""


class Incident(Struct, frozen=True, kw_only=True):
    """An incident in an environment: when it began, when it was over, what caused it if known.

    `cause` is the id, the digest or the commit of a deployment, or `none` where it is known that no
    deployment caused it.
    """

    service: str
    environment: str
    opened_at: datetime
    resolved_at: datetime | None = None
    cause: str = ""
    id: str = ""


class Told(Struct, frozen=True, kw_only=True):
    """All of it, with files of the same columns that the engine reads itself.

    `zone` is that of times in files which name none, by its IANA name; UTC where it is empty.
    """

    deployments: tuple[Deployed, ...] = ()
    changes: tuple[Changed, ...] = ()
    incidents: tuple[Incident, ...] = ()
    deployment_files: tuple[str, ...] = ()
    change_files: tuple[str, ...] = ()
    incident_files: tuple[str, ...] = ()
    zone: str = ""


class Asked(Struct, frozen=True, kw_only=True):
    """What is asked: which environment, from when until when, and the rules that are a choice.

    `hours` is how long after a deployment an incident without a known cause may still be its;
    `minimum` how many of a kind it takes before a number is said. `incidents` says that anybody
    told of incidents: without them what is not known to have failed may have failed all the same.
    So it is where deployments are `only_recorded`: of a service at least no failed one is on
    record, and nobody else told of any.
    """

    environment: str
    since: datetime
    until: datetime
    incidents: bool = False
    only_recorded: bool = False
    hours: float = 24.0
    minimum: int = 5

    @property
    def days(self) -> float:
        """The length of the window in days."""
        return (self.until - self.since).total_seconds() / 86400


class Spread(Struct, frozen=True, kw_only=True):
    """How long something took, in seconds: median and percentiles of `n` of them."""

    n: int = 0
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None


class Measured(Struct, frozen=True, kw_only=True):
    """The five metrics of a service, or of several together (`services`), and what they rest on.

    Times are in seconds; shares between 0 and 1. `deployments` are those of a change; those of them
    that failed themselves, and brought none, are `unsuccessful`. Roll-backs and re-deployments of
    what ran already are counted apart. `recovery` is of failed deployments, `restore` of incidents
    that no deployment caused; `incidents_unknown` name a cause that is no change known here.
    """

    service: str
    services: int = 1
    deployments: int = 0
    rollbacks: int = 0
    redeployments: int = 0
    failed: int = 0
    rework: int = 0
    with_changes: int = 0
    unsuccessful: int = 0
    incidents: int = 0
    incidents_linked: int = 0
    still_failing: int = 0
    incidents_unknown: int = 0
    commit_lead: Spread = Spread()
    merge_lead: Spread = Spread()
    between: Spread = Spread()
    recovery: Spread = Spread()
    restore: Spread = Spread()

    @property
    def fail_rate(self) -> float | None:
        """The share of deployments that needed somebody at once."""
        return self.failed / self.deployments if self.deployments else None

    @property
    def rework_rate(self) -> float | None:
        """The share of all deployments that were made to mend production."""
        return self.rework / self.made if self.made else None

    @property
    def made(self) -> int:
        """How many deployments changed what runs, or were to: roll-backs too."""
        return self.deployments + self.rollbacks

    @property
    def succeeded(self) -> int:
        """How many deployments brought a change into production."""
        return self.deployments - self.unsuccessful

    def per_day(self, days: float) -> float:
        """Return deployments a day: what failed deployed nothing, however often it was tried."""
        return self.succeeded / days if days > 0 else 0.0
