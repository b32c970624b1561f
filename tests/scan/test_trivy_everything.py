"""All that a Trivy report can hold. The sample is made by hand after Trivy's types."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from cdkit.core.documents.inventory import Component
from cdkit.core.errors import Unreadable
from cdkit.core.finding import Severity
from cdkit.core.readable import Whole
from cdkit.scan.report import IMAGE_CONFIG, Cvss, Excluded, Issue, IssueKind, ScanReport
from cdkit.scan.scanner import TargetKind
from cdkit.scan.scanners.trivy import RUNNER, SCANNER, read
from tests.scan.samples import CASES

DATA = (CASES / "0.74.0" / "everything.json").read_bytes()
LAYER = f"sha256:{'3' * 64}"


def report(data: bytes = DATA) -> ScanReport:
    return read(Whole(data), "r.json")


def test_a_package_becomes_a_component_with_its_licences() -> None:
    assert report().components == (
        Component(
            name="libmade",
            version="2:1.4-1",
            purl="pkg:deb/debian/libmade@1.4-1?arch=amd64&distro=debian-12.9&epoch=2",
            kind="os/debian",
            layer=LAYER,
            licenses=("MIT", "GPL-2.0-only"),
        ),
    )


def test_a_vulnerability_keeps_what_a_judgement_can_ask_for() -> None:
    (found,) = report().vulnerabilities

    assert found.names == {"CVE-2026-91010", "GHSA-made-made-made"}
    assert found.status == "will_not_fix"
    assert found.published == datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
    assert found.cwes == ("CWE-79",)
    assert found.cvss == (
        Cvss(
            source="nvd",
            version="3.1",
            vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
            score=7.5,
        ),
        Cvss(
            source="ghsa",
            version="4.0",
            vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
            score=8.7,
        ),
    )
    assert found.score == 8.7


def test_secrets_failed_checks_and_licences_are_issues() -> None:
    secret, check, license_ = report().issues

    assert secret == Issue(
        kind=IssueKind.SECRET,
        id="aws-access-key-id",
        title="AWS Access Key ID",
        severity=Severity.CRITICAL,
        path="app/.env",
        line=3,
        end_line=3,
        layer=LAYER,
    )
    assert (check.kind, check.id, check.line) == (IssueKind.MISCONFIGURATION, "DS-0002", 7)
    assert check.remedy == "Add 'USER <non root user name>' line to the Dockerfile"
    assert (license_.kind, license_.id, license_.package) == (
        IssueKind.LICENSE,
        "GPL-2.0-only",
        "libmade",
    )


@pytest.mark.parametrize("called", ["image", "reg.example.com/a@sha256:1", "/scan/image"])
def test_what_stands_in_the_images_config_is_placed_the_same_in_every_build(called: str) -> None:
    document = json.loads(DATA)
    document["ArtifactName"] = called
    secrets, checks = (
        next(one for one in document["Results"] if one["Class"] == sort)
        for sort in ("secret", "config")
    )
    secrets["Target"] = checks["Target"] = called

    secret, check, _ = report(json.dumps(document).encode()).issues

    assert (secret.path, check.path) == (IMAGE_CONFIG, IMAGE_CONFIG)
    document["ArtifactType"] = "filesystem"
    read_ = RUNNER.read_scan(Whole(json.dumps(document).encode()), "r.json", TargetKind.ROOTFS, b"")
    assert {one.path for one in read_.issues[:2]} == {called}


def test_the_text_of_a_secret_is_not_kept() -> None:
    assert "*****" not in repr(report())


def test_what_was_left_out_is_kept_with_its_word_and_source() -> None:
    assert report().excluded == (
        Excluded(
            id="CVE-2026-91011",
            package="libmade",
            purl="pkg:deb/debian/libmade@1.4-1",
            status="not_affected",
            statement="vulnerable_code_not_present",
            source="vex.json",
        ),
    )


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_a_report_that_another_tool_sorted_is_read_the_same(separators: tuple[str, str]) -> None:
    data = json.dumps(json.loads(DATA), sort_keys=True, separators=separators).encode()

    sorted_, written = report(data), report()
    assert sorted_.components == written.components
    assert set(sorted_.issues) == set(written.issues)
    assert sorted_.excluded == written.excluded
    (one,), (other,) = sorted_.vulnerabilities, written.vulnerabilities
    assert replace(one, cvss=()) == replace(other, cvss=())
    assert set(one.cvss) == set(other.cvss)
    assert SCANNER.recognises(data)


def test_results_that_come_twice_do_not_hide_what_was_found() -> None:
    data = DATA.rstrip()[:-1] + b', "Results": []}'

    assert report(data).vulnerabilities == report().vulnerabilities


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("Vulnerabilities", [{"VulnerabilityID": 7, "PkgName": "x"}]),
        ("Vulnerabilities", [{"PkgName": "x"}]),
        ("Vulnerabilities", ["CVE-1"]),
        ("Vulnerabilities", {"a": {}}),
        ("Vulnerabilities", [{"VulnerabilityID": "a", "PkgName": "x", "CVSS": []}]),
        ("Vulnerabilities", [{"VulnerabilityID": "a", "PkgName": "x", "PublishedDate": "monday"}]),
        ("Packages", [7]),
        ("Secrets", "none"),
    ],
)
def test_what_is_of_another_type_is_unreadable(place: str, value: Any) -> None:  # noqa: ANN401
    document = json.loads(DATA)
    document["Results"][0][place] = value

    with pytest.raises(Unreadable):
        report(json.dumps(document).encode())


@pytest.mark.parametrize("score", [-1, 11, 1e300])
def test_a_score_that_can_be_none_is_no_score(score: float) -> None:
    document = json.loads(DATA)
    document["Results"][0]["Vulnerabilities"][0]["CVSS"] = {"nvd": {"V3Score": score}}

    assert report(json.dumps(document).encode()).vulnerabilities[0].score is None
