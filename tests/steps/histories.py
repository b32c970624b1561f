"""Made-up histories of a service: releases with their facts, decisions and deployments."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cdkit.core.digest import Digest, sha256
from cdkit.core.documents.document import Document, Origin
from cdkit.core.documents.kinds import (
    Answered,
    Counts,
    Coverage,
    Decision,
    Deployment,
    Evidence,
    Failure,
    Findings,
    Identity,
    Metric,
    Platform,
    PolicySource,
    Report,
    Tool,
)
from cdkit.core.documents.statement import encode_statement, state
from cdkit.core.doors.clock import stamp
from cdkit.core.finding import Finding, Fix, Location, Severity
from cdkit.core.subject import image_subject
from cdkit.core.verdict import judge, no, yes
from cdkit.evidence.store import Store, open_store
from tests.worlds import world

REPOSITORY = "registry.example.com/acme/orders"
BEGIN = datetime(2026, 5, 4, 8, 30, tzinfo=UTC)
STEP = timedelta(days=1, hours=2, minutes=7)


def digest_of(number: int) -> str:
    """Return the digest of a release's image."""
    return str(sha256(f"release {number}".encode()))


def image_of(number: int) -> str:
    return f"{REPOSITORY}@{digest_of(number)}"


def write(folder: Path, releases: int, *, records: str = "records") -> str:
    """Write the facts of so many releases; the last is in production. Return its image."""
    store = open_store(records, world(folder))
    for number in range(1, releases + 1):
        _release(store, number)
    return image_of(releases)


def _release(store: Store, number: int) -> None:
    begin = BEGIN + (number - 1) * STEP
    chance = random.Random(number)  # noqa: S311 - made-up numbers

    def origin(step: str, minutes: float, **changes: object) -> Origin:
        told: dict[str, object] = {
            "recorded_at": stamp(begin + timedelta(minutes=minutes)),
            "tool": "cdkit 0.6.0",
            "step": step,
            "system": "github",
            "run": str(4700 + number),
            "attempt": 1,
            "job": step,
            "url": f"https://ci.example.com/acme/orders/runs/{4700 + number}",
            "actor": "maria",
            "commit": f"{number:040x}",
            "tree": f"{number + 1000:040x}",
        }
        return Origin(**(told | changes))  # type: ignore[arg-type]

    unit = _unit(origin("record-evidence", 9, job="evidence"), number, chance)
    put(store, number, _identity(origin("tag-image", 4), number))
    put(store, number, unit)
    put(store, number, _coverage(origin("record-evidence", 9.2), number, chance))
    put(store, number, _load(origin("record-evidence", 14), number, chance))
    put(store, number, _scan(origin("scan-image", 11), number))
    decision = _decision(origin("check-gate", 20), number, unit)
    digest = put(store, number, decision)
    for minutes, environment in ((22, "staging"), (60, "production")):
        event = Deployment(
            origin=origin("emit-event", minutes),
            image=image_of(number),
            environment=environment,
            service="orders",
            status="deployed",
            commit=f"{number:040x}",
            decision=digest,
        )
        put(store, number, event)


def put(store: Store, number: int, document: Document) -> str:
    """Keep a document about a release; return the digest of its statement."""
    subject = image_subject(REPOSITORY, Digest.parse(digest_of(number)))
    statement = state(document, subject)
    store.put(statement)
    return str(sha256(encode_statement(statement)))


def _identity(origin: Origin, number: int) -> Identity:
    parts = (
        Platform(platform="linux/amd64", digest=str(sha256(b"amd%d" % number))),
        Platform(platform="linux/arm64", digest=str(sha256(b"arm%d" % number))),
    )
    return Identity(
        origin=origin,
        image=image_of(number),
        repository=REPOSITORY,
        digest=digest_of(number),
        media_type="application/vnd.oci.image.index.v1+json",
        platforms=parts,
        tags=(f"1.{number}.0", f"sha-{number:07x}", "main"),
        labels={
            "org.opencontainers.image.title": "orders",
            "org.opencontainers.image.version": "1",
        },
        base_name="registry.example.com/base/python:3.13",
        base_digest=str(sha256(b"base")),
        commit=origin.commit,
        tree=origin.tree,
    )


def _unit(origin: Origin, number: int, chance: random.Random) -> Evidence:
    tests = 1_180 + 9 * number + chance.randrange(8)
    failed = 2 if number % 9 == 5 else 0
    said = no("2 tests failed", remedy="mend them", where=Location(path="reports/junit.xml"))
    return Evidence(
        origin=origin,
        evidence="unit",
        verdict=judge([said if failed else yes(f"{tests} tests passed")]),
        reports=(Report(path="junit.xml", digest=str(sha256(b"r")), size=99_412, format="junit"),),
        counts=Counts(
            tests=tests, passed=tests - failed - 3, failed=failed, errors=0, skipped=3, flaky=1
        ),
        duration=64 + 0.4 * number + chance.random() * 9,
        failures=tuple(
            Failure(name=f"tests.test_orders::test_total_{n}", message="assert 12 == 13")
            for n in range(failed)
        ),
    )


def _coverage(origin: Origin, number: int, chance: random.Random) -> Evidence:
    covered = 8_140 + 11 * number + chance.randrange(40)
    return Evidence(
        origin=origin,
        evidence="coverage",
        verdict=judge([yes("coverage was measured")]),
        reports=(
            Report(path="coverage.xml", digest=str(sha256(b"c")), size=44_100, format="cobertura"),
        ),
        coverage=Coverage(
            lines_covered=covered, lines=10_400, branches_covered=covered // 5, branches=2_300
        ),
    )


def _load(origin: Origin, number: int, chance: random.Random) -> Evidence:
    p95 = 212 - 0.2 * number + chance.random() * 24
    return Evidence(
        origin=origin,
        evidence="load",
        verdict=judge([yes("every threshold was kept")]),
        reports=(
            Report(path="k6.json", digest=str(sha256(b"k")), size=8_812, format="k6-summary"),
        ),
        metrics=(
            Metric(name="p95", value=p95, unit="ms", better="lower", samples=12_000),
            Metric(name="rps", value=410 + chance.random() * 20, unit="/s", better="higher"),
        ),
    )


def _scan(origin: Origin, number: int) -> Findings:
    finding = Finding(
        rule="CVE-2026-20413",
        severity=Severity.MEDIUM,
        message="zlib: heap overflow in a rare mode",
        locations=(Location(path="lib/apk/db/installed"),),
        fingerprint=str(number),
        about="pkg:apk/alpine/zlib@1.3.1",
        fix=Fix(summary="upgrade to 1.3.2"),
    )
    return Findings(
        origin=origin,
        evidence="vulnerabilities",
        verdict=judge([yes("nothing at or above high")]),
        tool=Tool(name="trivy", version="0.68.2"),
        examined={"packages": 214},
        findings=(finding,),
    )


def _decision(origin: Origin, number: int, unit: Evidence) -> Decision:
    subject = image_subject(REPOSITORY, Digest.parse(digest_of(number)))
    by = (str(sha256(encode_statement(state(unit, subject)))),)
    requirements = tuple(
        Answered(requirement=kind, answer=reason.answer, reasons=(reason,), facts=facts)
        for kind, reason, facts in (
            ("identity (development)", yes("the image is known"), ()),
            ("unit (development)", unit.verdict.reasons[0], by),
            ("vulnerabilities (delivery)", yes("nothing at or above high"), ()),
        )
    )
    answers = [reason for one in requirements for reason in one.reasons]
    return Decision(
        origin=origin,
        image=image_of(number),
        stage="production",
        verdict=judge(answers),
        policy=PolicySource(
            where="policy.yaml", digest=str(sha256(b"p")), revision="f" * 40, protected=True
        ),
        requirements=requirements,
    )
