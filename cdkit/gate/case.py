"""One requirement with all that is needed to answer it, and what was before."""

from datetime import UTC, date, datetime

from msgspec import Struct

from cdkit.core.documents.fact import Fact
from cdkit.core.verdict import Reason
from cdkit.gate.contracts import Ran
from cdkit.gate.explain import opening
from cdkit.gate.policy import GONE, Policy, Requirement, SignerLists, asked_of, looks_back
from cdkit.gate.subject import Known, Request


class Release(Struct, frozen=True, kw_only=True):
    """An image that was deployed before, and every fact about it and its source.

    `deployed_at` is when (RFC 3339); `image` is `repository@digest`, `key` its digest.
    """

    image: str
    key: str
    deployed_at: str
    facts: tuple[Fact, ...] = ()


class Past(Struct, frozen=True, kw_only=True):
    """What was before, fetched before the decision.

    `releases` are the images of the same repository in the policy's baseline environment, the one
    that runs now first, the image under judgement not among them. `since` are those that came into
    the stage's environment after the image under judgement was last put there, for its return;
    `known` says whether any record speaks of that environment. `unreadable` are records that may
    have said anything of them.
    """

    releases: tuple[Release, ...] = ()
    since: tuple[Release, ...] = ()
    known: bool = False
    unreadable: tuple[Reason, ...] = ()


class Case(Struct, frozen=True, kw_only=True):
    """One requirement with all that is needed to answer it.

    `proved` is what is known of the image from identities that somebody known signed.
    """

    wanted: Requirement
    stage: str
    policy: Policy
    request: Request
    known: Known
    proved: Known
    now: datetime
    ran: Ran
    past: Past

    @property
    def opening(self) -> str:
        """What would open it."""
        return opening(self.wanted.evidence, self.request.image)

    @property
    def most_gone(self) -> float:
        """How many percent of the tests may be gone."""
        return GONE if self.wanted.tests_gone is None else self.wanted.tests_gone

    @property
    def looks_back(self) -> bool:
        """Whether the requirement compares with the releases before."""
        return looks_back(self.wanted)

    @property
    def signers(self) -> SignerLists:
        """Of each of these lists somebody must have signed; empty where nobody must.

        A requirement's own list narrows the policy's, and never takes its place.
        """
        return asked_of(self.policy, self.wanted)

    @property
    def today(self) -> date:
        """The day, in UTC; what expires on it still holds."""
        return self.now.astimezone(UTC).date()
