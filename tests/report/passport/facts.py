"""An image with a life: everything that a passport can show, for the tests and the measurement."""

from __future__ import annotations

from datetime import date, timedelta

from cdkit.core.documents.document import Document
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import (
    Answered,
    Approval,
    Counts,
    Coverage,
    Decision,
    Deployment,
    Evidence,
    Findings,
    Identity,
    Metric,
    Platform,
    PolicySource,
    Report,
    Tool,
    Waiver,
)
from cdkit.core.finding import Location
from cdkit.core.subject import Subject
from cdkit.core.verdict import Answer, cannot_tell, judge, no, yes
from cdkit.report.passport.known import Earlier, Known
from tests.evidence.doubles import fact, origin

REPOSITORY = "registry.example.com/acme/orders"
KEY = "sha256:" + "a" * 64
IMAGE = f"{REPOSITORY}@{KEY}"
DAY = date(2026, 11, 23)


def digest(number: int) -> str:
    """Return the digest of a release before."""
    return f"sha256:{number:064x}"


def tested(day: date, tests: int, lines: int, p95: float) -> list[Document]:
    """Return the numbers of a release."""
    at = f"{day.isoformat()}T08:10:00Z"
    more = {"recorded_at": at, "url": "https://ci.example/runs/7", "actor": "ann", "job": "tests"}
    return [
        Evidence(
            origin=origin(**more),
            evidence="unit",
            verdict=judge([yes(f"unit: {tests} tests passed", Location(path="junit.xml"))]),
            reports=(Report(path="junit.xml", digest=digest(9), size=48213, format="junit"),),
            counts=Counts(tests=tests, passed=tests, failed=0, errors=0, skipped=0, flaky=1),
            duration=31.5,
        ),
        Evidence(
            origin=origin(**more),
            evidence="coverage",
            verdict=judge([yes("coverage: measured")]),
            reports=(),
            coverage=Coverage(lines_covered=lines, lines=1000),
        ),
        Evidence(
            origin=origin(**more),
            evidence="load",
            verdict=judge([yes("load: measured")]),
            reports=(),
            metrics=(Metric(name="p95", value=p95, unit="ms", better="lower"),),
        ),
    ]


def deployment(key: str, day: date, environment: str = "production") -> Deployment:
    """Return a deployment on a day."""
    return Deployment(
        origin=origin("emit-event", recorded_at=f"{day.isoformat()}T09:30:00Z", actor="ann"),
        image=f"{REPOSITORY}@{key}",
        environment=environment,
        service="orders",
        status="deployed",
    )


def own() -> list[Document]:
    """Return the documents about the image itself."""
    at = {"recorded_at": "2026-11-23T08:30:00Z"}
    policy = PolicySource(where="origin/main:policy.yaml", digest=digest(5))
    refused = no("openssl has CVE-1", where=Location(path="Dockerfile", line=5), remedy="upgrade")
    requirement = Answered(
        requirement="unit: executed at least 60 (development)",
        answer=Answer.YES,
        reasons=(yes("unit: executed is 72 (at least 60)"),),
    )
    shut = Answered(requirement="vulnerabilities (delivery)", answer=Answer.NO, reasons=(refused,))
    return [
        Identity(
            origin=origin("tag-image", recorded_at="2026-11-23T08:00:00Z"),
            image=IMAGE,
            repository=REPOSITORY,
            digest=KEY,
            commit="c" * 40,
            tree="8" * 40,
            tags=("main", "1.24.0"),
            labels={"org.opencontainers.image.title": "orders"},
            base_name="alpine:3.20",
            base_digest=digest(3),
            platforms=(Platform(platform="linux/amd64", digest=digest(4)),),
        ),
        *tested(DAY, 72, 873, 199.182),
        Findings(
            origin=origin("scan-image", **at),
            evidence="vulnerabilities",
            verdict=judge([refused]),
            tool=Tool(name="Trivy", version="0.68.2"),
            examined={"packages": 42},
            numbers={"high": 1, "medium": 3},
        ),
        Evidence(
            origin=origin(recorded_at="2026-11-23T08:20:00Z"),
            evidence="review",
            verdict=judge([yes("review: bob approved it")]),
            reports=(),
            approvals=(
                Approval(who="bob", at="2026-11-23T07:40:00Z", how="github-review", url=PULL),
            ),
        ),
        Waiver(
            origin=origin("waive", recorded_at="2026-11-23T08:40:00Z", actor="cem"),
            image=IMAGE,
            requirement="vulnerabilities",
            rule="CVE-1",
            reason="not reachable",
            expires="2026-12-31",
        ),
        Decision(
            origin=origin("check-gate", **at),
            image=IMAGE,
            stage="deployment",
            verdict=judge([refused]),
            policy=policy,
            requirements=(requirement, shut),
        ),
        Decision(
            origin=origin("check-gate", recorded_at="2026-11-23T08:45:00Z", actor="dora"),
            image=IMAGE,
            stage="deployment",
            verdict=judge([yes("dora broke the glass")]),
            policy=policy,
            requirements=(requirement, shut),
            incident="INC-7",
            until="2026-11-23T12:45:00Z",
        ),
        deployment(KEY, DAY),
    ]


PULL = "https://git.example/acme/orders/pull/512"


def about(document: Document, key: str = KEY) -> Fact:
    """Return a document as a fact about an image."""
    return fact(document, Subject(name=REPOSITORY, digest={"sha256": key.partition(":")[2]}))


def earlier(count: int) -> tuple[Earlier, ...]:
    """Return releases before, a day apart, the last one the day before."""
    found = []
    for number in range(1, count + 1):
        day = DAY - timedelta(days=count + 1 - number)
        key = digest(number)
        facts = tuple(about(one, key) for one in tested(day, 50 + number, 700 + number, 200.0))
        found.append(Earlier(key=key, deployed_at=f"{day.isoformat()}T09:30:00Z", facts=facts))
    return tuple(found)


def known(count: int = 20, *more: Document, broken: bool = False) -> Known:
    """Return all that is known of the image, after so many releases."""
    reason = cannot_tell("is cut off", where=Location(path="r.json"), remedy="look at it")
    return Known(
        image=IMAGE,
        key=KEY,
        at="2026-11-23T12:00:00Z",
        facts=tuple(about(one) for one in (*own(), *more)),
        runs_in=(deployment(KEY, DAY),),
        earlier=earlier(count),
        unreadable=(reason,) if broken else (),
    )
