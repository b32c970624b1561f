"""Asking the gate in tests: facts, a policy, what was before; and what it says."""

from collections.abc import Iterable
from datetime import datetime

from cdkit.core.documents.collected import Collected
from cdkit.core.documents.document import Replay
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Counts, Evidence, Failure
from cdkit.core.documents.ran import pack
from cdkit.core.finding import Location
from cdkit.core.subject import Subject
from cdkit.core.verdict import Answer, Reason, cannot_tell, judge, no
from cdkit.gate.case import Past, Release
from cdkit.gate.contracts import Ran
from cdkit.gate.decide import Ruling, decide
from cdkit.gate.policy import Policy, Requirement, Stage
from cdkit.gate.subject import Request
from tests.evidence.doubles import IMAGE, IMAGE_KEY, PASSED, REPOSITORY, fact, origin
from tests.worlds import NOW


def policy(*wanted: Requirement, **more: object) -> Policy:
    """Return a policy of one stage that these requirements guard."""
    return Policy(version=1, stages=(Stage(name="deployment", enter=wanted),), **more)  # type: ignore[arg-type]


UNIT = policy(Requirement(evidence="unit"))


def ask(
    *facts: Fact,
    by: Policy = UNIT,
    stage: str = "deployment",
    question: str = "enter",
    unreadable: tuple[str, ...] = (),
    replay: Replay | None = None,
    now: datetime = NOW,
    past: Past | None = None,
    ran: Ran | None = None,
    in_ci: bool = False,
) -> Ruling:
    """Ask about the image of the doubles."""
    request = Request(
        image=IMAGE,
        key=IMAGE_KEY,
        stage=stage,
        question=question,  # type: ignore[arg-type]
        replay=replay,
        in_ci=in_ci,
    )
    broken = tuple(
        cannot_tell("a record is cut off", where=Location(path=p), remedy="remove the file")
        for p in unreadable
    )
    return decide(request, by, Collected(facts=facts, unreadable=broken), now, (), ran, past)


def told(ruling: Ruling) -> list[tuple[str, str]]:
    """Return each reason with its answer."""
    return [(reason.answer.value, reason.what) for reason in ruling.verdict.reasons]


def against(ruling: Ruling) -> list[str]:
    """Return the reasons that keep the gate shut."""
    return [reason.what for reason in ruling.verdict.reasons if reason.answer is not Answer.YES]


def suite(
    *names: str,
    failed: Iterable[str] = (),
    kind: str = "unit",
    subject: Subject | None = None,
    **changes: object,
) -> Fact:
    """Return evidence of tests that ran under these names, of which these failed."""
    bad = tuple(failed)
    document = Evidence(
        origin=origin(**changes),  # type: ignore[arg-type]
        evidence=kind,
        verdict=judge([_failed(kind, name) for name in bad]) if bad else PASSED,
        reports=(),
        counts=Counts(
            tests=len(names), passed=len(names) - len(bad), failed=len(bad), errors=0, skipped=0
        ),
        failures=tuple(Failure(name=name, message="1 != 2") for name in bad),
        ran=pack(sorted(name.encode() for name in names)),
    )
    return fact(document, *((subject,) if subject else ()))


def _failed(kind: str, name: str) -> Reason:
    return no(f"{kind}: {name} failed: 1 != 2", remedy="mend the code or the test")


def release(number: int, *facts: Fact) -> Release:
    """Return a release before, whose digest is made of its number."""
    key = f"sha256:{number:064x}"
    return Release(
        image=f"{REPOSITORY}@{key}",
        key=key,
        deployed_at=f"2026-11-{20 - number:02d}T10:00:00+00:00",
        facts=facts,
    )


def about(number: int) -> Subject:
    """Return the subject of such a release."""
    return Subject(name=REPOSITORY, digest={"sha256": f"{number:064x}"})
