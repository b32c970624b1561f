"""Reports that were made elsewhere keep their own time, in the fact and in what is made of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from cdkit.core.documents.kinds import Findings, Made
from cdkit.core.step import Outcome
from cdkit.report.report import Report, render
from cdkit.steps.scan_image import run
from cdkit.steps.scan_options import ScanImageOptions
from tests.image.layouts import single
from tests.scan import samples
from tests.scan.test_obtain import report_of
from tests.scan.test_scanners import data
from tests.scan.test_vex import openvex, said
from tests.worlds import world

if TYPE_CHECKING:
    from pathlib import Path

LAST_MONTH = "2026-10-20T08:00:00.123456789+02:00"
SARIF = "sarif/2.1.0/scout.json"
ACCEPTED = ("unlisted-packages", "no-distribution", "undated-database", "undated-report")


def scan(folder: Path, *made: str, accept: tuple[str, ...] = ()) -> tuple[Outcome, Findings]:
    options = ScanImageOptions(layout="image", reports=made, accept=accept)
    outcome = run(options, world(folder))
    assert isinstance(outcome.document, Findings)
    return outcome, outcome.document


def trivy(folder: Path, config: str, at: str | None, name: str = "trivy.json") -> str:
    said = json.loads(report_of(config))
    said.pop("CreatedAt")
    (folder / name).write_text(json.dumps(said | ({"CreatedAt": at} if at else {})))
    return name


def sarif(folder: Path, digest: str, *invocations: dict[str, Any]) -> str:
    said = json.loads(data(SARIF))
    named = {"repoDigests": [f"registry.example.com/acme/orders@{digest}"]}
    said["runs"][0] |= {"properties": named, "results": []}
    if invocations:
        ran = [{"executionSuccessful": True, **one} for one in invocations]
        said["runs"][0]["invocations"] = ran
    (folder / "scout.json").write_text(json.dumps(said))
    return "scout.json"


def predicate(outcome: Outcome) -> Any:  # noqa: ANN401
    return json.loads(render("cosign-vuln", told(outcome)))


def told(outcome: Outcome) -> Report:
    return Report(
        step="scan-image",
        verdict=outcome.verdict,
        document=outcome.document,
        subjects=outcome.subjects,
        started_at=datetime(2026, 11, 23, 11, 59, tzinfo=UTC),
    )


def test_the_predicate_has_the_reports_time_and_not_that_of_the_judgement(tmp_path: Path) -> None:
    _, _, config = single(tmp_path / "image", samples.SAMPLES["clean"])

    outcome, document = scan(tmp_path, trivy(tmp_path, config, LAST_MONTH))

    assert document.made == Made(started="2026-10-20T06:00:00Z", ended="2026-10-20T06:00:00Z")
    assert document.found_at == "2026-10-20T06:00:00Z"
    made = predicate(outcome)
    assert made["metadata"] == {
        "scanStartedOn": "2026-10-20T06:00:00Z",
        "scanFinishedOn": "2026-10-20T06:00:00Z",
    }
    assert made["scanner"]["result"]["madeElsewhere"] is True
    assert made["scanner"]["result"]["judgedAt"] == "2026-11-23T12:00:00Z"


@pytest.mark.parametrize(
    ("invocations", "expected"),
    [
        (
            ({"startTimeUtc": "2026-11-22T09:00:00Z", "endTimeUtc": "2026-11-22T09:02:00Z"},),
            Made(started="2026-11-22T09:00:00Z", ended="2026-11-22T09:02:00Z"),
        ),
        (
            ({"startTimeUtc": "2026-11-22T09:00:00.5Z"},),
            Made(started="2026-11-22T09:00:00Z", ended="2026-11-22T09:00:00Z"),
        ),
        (
            ({"startTimeUtc": "2026-11-22T09:05:00Z", "endTimeUtc": "2026-11-22T09:02:00Z"},),
            Made(started="2026-11-22T09:02:00Z", ended="2026-11-22T09:02:00Z"),
        ),
        (({"endTimeUtc": "yesterday"},), Made(undated=1)),
        (({"endTimeUtc": "0001-01-01T00:00:00Z"},), Made(undated=1)),
        (({"endTimeUtc": "0001-01-01T00:00:00+14:00"},), Made(undated=1)),
        ((), Made(undated=1)),
    ],
)
def test_sarif_has_the_times_of_its_invocations(
    tmp_path: Path, invocations: tuple[dict[str, Any], ...], expected: Made
) -> None:
    _, digest, _ = single(tmp_path / "image", samples.SAMPLES["clean"])

    _, document = scan(tmp_path, sarif(tmp_path, digest, *invocations))

    assert document.made == expected


def test_a_report_without_a_time_is_doubted_and_gives_none(tmp_path: Path) -> None:
    _, digest, _ = single(tmp_path / "image", samples.SAMPLES["clean"])
    path = sarif(tmp_path, digest)

    doubted, _ = scan(tmp_path, path)
    accepted, document = scan(tmp_path, path, accept=ACCEPTED)

    assert {one.rule for one in doubted.verdict.reasons} == set(ACCEPTED)
    assert accepted.verdict.is_yes
    assert document.made == Made(undated=1)
    assert predicate(accepted)["metadata"] == {}
    assert predicate(accepted)["scanner"]["uri"] == "pkg:generic/docker%20scout@1.18.3"
    bom = json.loads(render("cyclonedx", told(accepted)))
    assert "timestamp" not in bom["metadata"]
    gitlab = json.loads(render("gitlab", told(accepted)))["scan"]
    assert gitlab["end_time"] == "2026-11-23T12:00:00"
    assert gitlab["messages"][0]["value"] == (
        "the report does not say when it was scanned; the times are those of the judgement"
    )


def test_of_several_reports_the_oldest_counts(tmp_path: Path) -> None:
    _, _, config = single(tmp_path / "image", samples.SAMPLES["clean"])
    old = trivy(tmp_path, config, "2026-11-13T08:00:00Z", "old.json")
    new = trivy(tmp_path, config, "2026-11-23T08:00:00Z", "new.json")

    _, document = scan(tmp_path, new, old)

    assert document.made == Made(started="2026-11-13T08:00:00Z", ended="2026-11-23T08:00:00Z")


def test_a_time_without_a_zone_in_trivys_report_is_none(tmp_path: Path) -> None:
    _, _, config = single(tmp_path / "image", samples.SAMPLES["clean"])
    path = trivy(tmp_path, config, "2026-11-23T08:00:00")

    outcome, document = scan(tmp_path, path)

    assert document.made == Made(undated=1)
    assert "undated-report" in {one.rule for one in outcome.verdict.reasons}


@pytest.mark.parametrize(("day", "covered"), [("2026-11-24", True), ("2062-11-20", False)])
def test_a_vex_statement_of_the_future_excuses_nothing_and_is_told(
    tmp_path: Path,
    day: str,
    covered: bool,  # noqa: FBT001 - a case's
) -> None:
    _, digest, config = single(tmp_path / "image", samples.SAMPLES["findings"])
    (tmp_path / "r.json").write_bytes(report_of(config, "findings"))
    image = f"pkg:oci/orders@{digest}"
    document = openvex(
        said(vulnerability={"name": "CVE-2026-91001"}, products=[{"@id": image}]),
        timestamp=f"{day}T10:00:00Z",
    )
    (tmp_path / "vex.json").write_bytes(document)
    options = ScanImageOptions(layout="image", reports=("r.json",), vex=("vex.json",))

    outcome = run(options, world(tmp_path))

    covers = {one.rule for one in outcome.findings if one.suppressed}
    assert covers == ({"CVE-2026-91001"} if covered else set())
    told = [one.what for one in outcome.verdict.reasons if str(one.where) == "vex.json"]
    said_so = ["its statement on CVE-2026-91001 is of 2062-11-20, in the future"]
    assert told == ([] if covered else said_so)


@pytest.mark.parametrize(
    ("at", "since"),
    [
        ("2026-11-13T08:00:00Z", "2026-11-13"),
        ("2026-11-23T12:30:00Z", "2026-11-23"),
        (None, "2026-11-23"),
    ],
)
def test_what_a_report_shows_is_known_since_it_was_made(
    tmp_path: Path, at: str | None, since: str
) -> None:
    _, _, config = single(tmp_path / "image", samples.SAMPLES["findings"])
    shown = json.loads(report_of(config, "findings"))
    shown.pop("CreatedAt")
    (tmp_path / "r.json").write_text(json.dumps(shown | ({"CreatedAt": at} if at else {})))

    _, document = scan(tmp_path, "r.json")

    assert {one.since for one in document.known} == {since}
