"""Dossiers for the tests of the passport, and a reader of what it says."""

from __future__ import annotations

from pathlib import Path

import msgspec

from cdkit.core.documents.document import Document, Replay
from cdkit.core.documents.dossier import Dossier, Release, Series, Stay
from cdkit.core.documents.kinds import (
    Answered,
    Approval,
    Counts,
    Decision,
    Deployment,
    Evidence,
    Failure,
    Findings,
    Identity,
    PolicySource,
    Tool,
    Waiver,
)
from cdkit.core.finding import Finding, Location, Severity
from cdkit.core.subject import Subject
from cdkit.core.verdict import cannot_tell, judge, no
from cdkit.steps.dossier import gather
from tests.evidence.doubles import IMAGE, IMAGE_KEY, evidence, fact, origin
from tests.steps.histories import REPOSITORY, write
from tests.worlds import NOW, world


def dossier(*documents: Document, **changes: object) -> Dossier:
    """Return a dossier of the usual image with these facts, and with these changes."""
    facts = tuple(fact(document) for document in documents)
    found = [one for one in documents if isinstance(one, Identity)]
    whole = Dossier(
        image=IMAGE,
        digest=IMAGE_KEY,
        at=NOW,
        records="records",
        identity=found[-1] if found else None,
        facts=facts,
    )
    return msgspec.structs.replace(whole, **changes)


def of_history(folder: Path, releases: int) -> Dossier:
    """Return the dossier of the last of so many releases."""
    return gather(write(folder, releases), "records", world(folder))


def everything(folder: Path, releases: int = 14) -> Dossier:
    """Return a dossier in which each part of the page has something to show, a no and a doubt too.

    It is that of a release after which the gate stayed shut twice, and a record was cut off.
    """
    whole = of_history(folder, releases)
    broken = cannot_tell(
        "is cut off", where=Location(path="records/x.json"), remedy="remove it, and record it again"
    )
    approval = Approval(
        who="jo",
        at="2026-11-23T10:00:00Z",
        commit=whole.identity.commit if whole.identity else "",
        how="github-review",
        url="https://ci.example.com/acme/orders/pull/212",
    )
    more = (
        msgspec.structs.replace(evidence("review", counts=None), approvals=(approval,)),
        Waiver(
            origin=origin("waive", actor="maria"),
            image=whole.image,
            requirement="load",
            rule="p95",
            reason="the old disks are replaced on Thursday",
            expires="2026-11-22",
        ),
        evidence("smoke", counts=None),
        decision("cannot-tell", image=whole.image, stage="production"),
        decision("no", image=whole.image, stage="production"),
        decision(
            image=whole.image,
            stage="production",
            incident="INC-417",
            until="2026-11-23T15:00:00Z",
        ),
    )
    subject = Subject(name=REPOSITORY, digest={"sha256": whole.digest[7:]})
    facts = (*whole.facts, *(fact(document, subject) for document in more))
    return msgspec.structs.replace(whole, facts=facts, unreadable=(broken,))


def decision(answer: str = "yes", **changes: object) -> Decision:
    """Return a decision about one requirement."""
    unit = fact(evidence())
    reasons = {
        "yes": evidence().verdict.reasons[0],
        "no": no("2 tests failed", remedy="mend them", where=Location(path="junit.xml", line=3)),
        "cannot-tell": cannot_tell("there is no fact", remedy="run `cdkit record-evidence`"),
    }
    reason = reasons[answer]
    usual: dict[str, object] = {
        "origin": origin("check-gate", actor="maria"),
        "image": IMAGE,
        "stage": "deployment",
        "verdict": judge([reason]),
        "policy": PolicySource(where="policy.yaml", digest="sha256:" + "5" * 64, protected=True),
        "requirements": (
            Answered(
                requirement="unit (development)",
                answer=reason.answer,
                reasons=(reason,),
                facts=(unit.digest,),
            ),
        ),
    }
    return Decision(**(usual | changes))  # type: ignore[arg-type]


def deployment(**changes: object) -> Deployment:
    """Return a deployment to production."""
    usual: dict[str, object] = {
        "origin": origin("emit-event"),
        "image": IMAGE,
        "environment": "production",
        "service": "orders",
        "status": "deployed",
    }
    return Deployment(**(usual | changes))  # type: ignore[arg-type]


def hostile(text: str, url: str = "javascript:alert(3)") -> Dossier:
    """Return a dossier in which this text stands wherever a foreigner can put some."""
    by = origin(
        text, url=url, actor=text, run=text, job=text, system=text, recorded_at=text, tool=text
    )
    reason = no(text, remedy=text, where=Location(path=text))
    answered = Answered(
        requirement=text, answer=reason.answer, reasons=(reason,), facts=(text, text)
    )
    known = Identity(
        origin=by, image=IMAGE, repository=text, digest=IMAGE_KEY, media_type=text, tags=(text,),
        labels={text: text}, base_name=text, base_digest=text, commit=text, tree=text,
    )  # fmt: skip
    finding = Finding(
        rule=text, severity=Severity.HIGH, message=text, fingerprint="1",
        locations=(Location(path=text),),
    )  # fmt: skip
    event = Deployment(
        origin=by, image=text, environment=text, service=text, status=text, decision=text
    )
    documents = (
        known,
        Evidence(
            origin=by, evidence=text, verdict=judge([reason]), reports=(), said={text: text},
            counts=Counts(tests=1, passed=0, failed=1, errors=0, skipped=0),
            failures=(Failure(name=text, message=text, where=text),),
        ),
        Findings(
            origin=by, evidence=text, verdict=judge([reason]), tool=Tool(name=text, version=text),
            examined={text: 1}, findings=(finding,),
        ),
        Decision(
            origin=by, image=text, stage=text, verdict=judge([reason]), requirements=(answered,),
            policy=PolicySource(where=text, digest=text, revision=text),
        ),
        event,
    )  # fmt: skip
    series = Series(evidence=text, what=text, unit=text, values=(None, 1.0), shut=(False, True))
    return dossier(
        *documents,
        records=text.replace("\0", "") or "records",
        unreadable=(reason,),
        stays=(Stay(deployment=event, fact="x", before=text, until=text, after=text),),
        releases=(Release(image=text, at=text, environments=(text,)), Release(image=IMAGE)),
        series=(series,),
    )


REPLAY = Replay(run="r1", at="2026-11-20T00:00:00Z")
