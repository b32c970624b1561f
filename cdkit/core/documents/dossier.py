"""A dossier: all that the records know of one image, gathered for people to read."""

from datetime import datetime

from msgspec import Struct

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Deployment, Identity
from cdkit.core.verdict import Reason


class Stay(Struct, frozen=True, kw_only=True):
    """A time that the image ran somewhere.

    `deployment` began it (`fact` is its digest), `before` is the image that ran there until then.
    `until` (RFC 3339) and `after`, the image that took its place, are empty while it runs; only
    `after` is empty where it was taken out.
    """

    deployment: Deployment
    fact: str
    before: str = ""
    until: str = ""
    after: str = ""


class Release(Struct, frozen=True, kw_only=True):
    """An image of the same repository that was deployed, when first (RFC 3339), and where to.

    `at` is empty for the dossier's own image where it was never deployed.
    """

    image: str
    at: str = ""
    environments: tuple[str, ...] = ()


class Series(Struct, frozen=True, kw_only=True):
    """A number over the releases: of which evidence, what, in which unit, one value a release.

    None stands where a release has no such number; `shut` says of which releases that evidence
    did not say yes.
    """

    evidence: str
    what: str
    unit: str
    values: tuple[float | None, ...]
    shut: tuple[bool, ...]


class Dossier(Struct, frozen=True, kw_only=True):
    """What is known of the image (`repository@digest`, or a bare digest) as of a time.

    `identity` is what the newest fact says of it, `others` counts those that say otherwise; facts
    come oldest first, with those of its source and its platforms. `stays` are in order, `replayed`
    counts the deployments that were only replayed. `releases` are the last ones, oldest first, this
    image among them; `earlier` and `newer` count those before and after them. `later` counts facts
    from after `at`, which are left out.
    """

    image: str
    digest: str
    at: datetime
    records: str
    identity: Identity | None = None
    others: int = 0
    facts: tuple[Fact, ...] = ()
    unreadable: tuple[Reason, ...] = ()
    stays: tuple[Stay, ...] = ()
    replayed: int = 0
    releases: tuple[Release, ...] = ()
    earlier: int = 0
    newer: int = 0
    series: tuple[Series, ...] = ()
    later: int = 0
