"""What runs where, and what let it in: the deployments of the store with their decisions."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from msgspec import Struct

from cdkit.core.documents.collected import Collected
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Decision, Deployment, Evidence
from cdkit.core.doors.clock import stamp
from cdkit.core.verdict import Answer, Reason
from cdkit.core.world import World
from cdkit.evidence.store import Store, open_store
from cdkit.gate.source import FoundPolicy
from cdkit.steps.deployed import moment_of
from cdkit.steps.signatures import UNSIGNED, Signature, Signing, signing_of

_NONE = "no decision let it in"

REVIEW = "break-glass-review"
"""The kind of evidence that a person looked at a decision which was forced."""


class Audited(Struct, frozen=True, kw_only=True):
    """A deployment, the decision that let it in (if any), and who looked at a forced one.

    `refused_at` is when a gate said no after that, and before the deployment. `invalid` is why
    the last decision that said yes does not count, where none does.
    """

    deployment: Deployment
    decision: Decision | None = None
    digest: str = ""
    reviewed_by: str = ""
    refused_at: str = ""
    signature: Signature = UNSIGNED
    invalid: str = ""

    @property
    def fault(self) -> str:
        """What is wrong with it; empty where a decision said yes, or a forced one was reviewed."""
        if self.decision is None:
            return "no valid decision let it in: " + self.invalid if self.invalid else _NONE
        if self.decision.incident and not self.reviewed_by:
            return "opened by force, not reviewed"
        if self.refused_at:
            return f"the gate said no after that, at {self.refused_at}"
        return ""


class Forced(Struct, frozen=True, kw_only=True):
    """A gate that was opened by force, which no deployment is known to have gone through."""

    decision: Decision
    digest: str
    reviewed_by: str = ""
    signature: Signature = UNSIGNED

    @property
    def fault(self) -> str:
        """What is wrong with it; empty where somebody reviewed it."""
        return "" if self.reviewed_by else "opened by force, not reviewed"


class Audit(Struct, frozen=True, kw_only=True):
    """Every deployment, oldest first, and the records that could not be read.

    `forced` are decisions by force beside those that stand with a deployment.
    """

    deployments: tuple[Audited, ...] = ()
    forced: tuple[Forced, ...] = ()
    unreadable: tuple[Reason, ...] = ()


def audit(
    environment: str,
    since: datetime | None,
    records: str,
    world: World,
    policy: FoundPolicy | None = None,
) -> Audit:
    """Return the deployments to an environment (to all where it is empty) with their decisions.

    With a policy, signatures are checked as facts are read, and a decision or a review that it
    wants signed, and nobody of those signed, is none. Without one nobody checks anything.
    """
    signing = signing_of(policy, world)
    store = open_store(records, world, verifier=signing.verifier)
    told = store.environment(environment) if environment else store.deployments()
    unreadable = list(told.unreadable)
    about: dict[str, Collected] = {}

    def known(image: str) -> tuple[Fact, ...]:
        key = image.rpartition("@")[2]
        if key not in about:
            about[key] = store.about(frozenset({key})) if key else Collected()
            unreadable.extend(about[key].unreadable)
        return about[key].facts

    counting = [fact for fact in told.facts if _counts(fact, since, world)]
    deployments = [fact.document for fact in counting if isinstance(fact.document, Deployment)]

    signatures: dict[str, Signature] = {}

    def signature(fact: Fact) -> Signature:
        if fact.digest not in signatures:
            signatures[fact.digest] = signing.under(fact, store)
        return signatures[fact.digest]

    found = tuple(_audited(one, known(one.image), signing, signature) for one in deployments)
    shown = {one.digest for one in found}
    forced = tuple(
        Forced(
            decision=fact.document,
            digest=fact.digest,
            reviewed_by=_reviewer(fact, known(fact.document.image), signing),
            signature=signature(fact),
        )
        for fact in counting
        if isinstance(fact.document, Decision) and fact.digest not in shown
    )
    return Audit(deployments=found, forced=forced, unreadable=tuple(dict.fromkeys(unreadable)))


def _counts(fact: Fact, since: datetime | None, world: World) -> bool:
    document = fact.document
    if not isinstance(document, Deployment | Decision):
        return False
    if isinstance(document, Deployment) and document.status != "deployed":
        return False
    if document.origin.replay is not None and document.origin.replay != world.replay:
        return False
    moment = moment_of(document.origin.recorded_at)
    return since is None or moment is None or moment >= since


def _audited(
    deployment: Deployment,
    facts: Iterable[Fact],
    signing: Signing,
    signature: Callable[[Fact], Signature],
) -> Audited:
    """Return a deployment with the last decision before it that opened the gate.

    An unsigned one that says no still does: who plants it only raises an alarm.
    """
    known = list(facts)
    said_yes = sorted(_asked(deployment, known, Answer.YES), key=lambda each: each[0])
    opened = [one for one in said_yes if not signing.objection(one[1])]
    if not opened:
        invalid = signing.objection(said_yes[-1][1]) if said_yes else ""
        return Audited(deployment=deployment, invalid=invalid)
    let_in, fact, decision = opened[-1]
    refused = [at for at, _, _ in _asked(deployment, known, Answer.NO) if at > let_in]
    return Audited(
        deployment=deployment,
        decision=decision,
        digest=fact.digest,
        reviewed_by=_reviewer(fact, known, signing),
        signature=signature(fact),
        refused_at="" if decision.incident or not refused else stamp(max(refused)),
    )


def _asked(
    deployment: Deployment, facts: Iterable[Fact], answer: Answer
) -> Iterator[tuple[datetime, Fact, Decision]]:
    """Yield what gates to this environment answered so before the deployment."""
    at = moment_of(deployment.origin.recorded_at)
    for fact in facts:
        document = fact.document
        if not isinstance(document, Decision) or document.verdict.answer is not answer:
            continue
        moment = moment_of(document.origin.recorded_at)
        places = {document.environment, document.stage} - {""}
        if moment is None or at is None or moment > at or deployment.environment not in places:
            continue
        if document.question == "stay" or document.origin.replay != deployment.origin.replay:
            continue
        if document.incident and (end := moment_of(document.until)) is not None and end < at:
            continue
        yield moment, fact, document


def _reviewer(decision: Fact, facts: Iterable[Fact], signing: Signing) -> str:
    """Return who looked at a forced decision: another person than the one who forced it."""
    forced_by = decision.document.origin.actor.casefold()
    for fact in facts:
        document = fact.document
        if not isinstance(document, Evidence) or document.evidence != REVIEW:
            continue
        if signing.objection(fact):
            continue
        if document.said.get("decision") == decision.digest:
            who = document.origin.actor
            if who and who.casefold() != forced_by:
                return who
    return ""


def running(environment: str, records: str, world: World) -> Collected:
    """Return the deployment facts of one environment, or of all."""
    store: Store = open_store(records, world)
    return store.environment(environment) if environment else store.deployments()
