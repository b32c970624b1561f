"""Amazon ECR's and Inspector's findings. The samples are made by hand after the API's reference."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Severity
from cdkit.scan.report import ScanReport
from tests.scan.test_readers import report

ENHANCED = "inspector/ecr/enhanced.json"
BASIC = "inspector/ecr/basic.json"
LISTED = "inspector/inspector2/findings.json"
DIGEST = f"sha256:{'5' * 64}"


def read(path: str, change: Any = None) -> ScanReport:  # noqa: ANN401 - what a test changes
    return report("inspector", change, path)


def test_ecr_names_the_image_the_time_and_the_age_of_its_data() -> None:
    made = read(ENHANCED)

    assert (made.scanner, made.digests) == ("inspector", (DIGEST,))
    assert made.created_at == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert made.database is not None
    assert made.database.updated_at == "2026-11-23T08:00:00+00:00"
    assert str(made.distribution) == "debian 12"
    assert made.unlisting


def test_every_package_of_a_finding_counts() -> None:
    found = [
        (one.id, one.package, one.installed, one.fixed, one.severity, one.kind, one.path)
        for one in read(ENHANCED).vulnerabilities
    ]

    assert found == [
        (
            "CVE-2026-91001",
            package,
            "1:2.4-3+deb12u1",
            ("1:2.4-3+deb12u2",),
            Severity.CRITICAL,
            "os/unknown",
            "",
        )
        for package in ("libmade", "made-tools")
    ] + [
        ("CVE-2026-91003", "libzip", "1:2.4-3+deb12u1", (), Severity.UNKNOWN, "os/unknown", ""),
        (
            "CVE-2026-91004",
            "made-web",
            "2.1.0",
            ("2.1.4",),
            Severity.MEDIUM,
            "library/pythonpkg",
            "srv/made_web-2.1.0.dist-info/METADATA",
        ),
    ]


def test_inspector_tells_other_names_epss_and_scores() -> None:
    first = read(ENHANCED).vulnerabilities[0]

    assert first.aliases == ("SNYK-DEBIAN12-LIBMADE-1",)
    assert first.score == 9.8
    assert first.exploitation is not None
    assert first.exploitation.epss == 0.91


def test_basic_scanning_is_read_and_its_words_are_known() -> None:
    made = read(BASIC)

    assert [(one.id, one.severity, one.fix_told) for one in made.vulnerabilities] == [
        ("CVE-2026-91001", Severity.HIGH, False),
        ("CVE-2026-91002", Severity.INFO, False),
        ("CVE-2026-91003", Severity.UNKNOWN, False),
    ]
    assert made.created_at == datetime.fromtimestamp(1795428000, UTC)


def test_a_list_of_findings_names_the_image_that_they_are_in_and_tells_what_was_suppressed() -> (
    None
):
    made = read(LISTED)

    assert made.digests == (DIGEST,)
    assert made.database is None
    assert "CVE-2026-91005" not in {one.id for one in made.vulnerabilities}
    assert [(one.id, one.package, one.status) for one in made.excluded] == [
        ("CVE-2026-91005", "made-box", "suppressed")
    ]


def test_a_closed_finding_counts_for_it_closes_when_scanning_ends_too() -> None:
    made = read(LISTED, lambda d: d["findings"][0].update(status="CLOSED"))

    assert "CVE-2026-91001" in {one.id for one in made.vulnerabilities}


def test_an_empty_list_of_findings_names_no_image() -> None:
    assert read(LISTED, lambda d: d.update(findings=[])).digests == ()


def _status(name: str) -> Any:  # noqa: ANN401
    return lambda d: d.update(imageScanStatus={"status": name, "description": "because"})


def _of(hash_: str) -> Any:  # noqa: ANN401
    def change(document: dict[str, Any]) -> None:
        found = (document.get("imageScanFindings") or document).values()
        finding = next(held[0] for held in found if isinstance(held, list))
        finding["resources"][0]["details"]["awsEcrContainerImage"]["imageHash"] = hash_

    return change


def _as_event(document: dict[str, Any]) -> None:
    found = document.pop("findings")[0]
    document |= {"detail-type": "Inspector2 Finding", "source": "aws.inspector2", "detail": found}


def _instance(document: dict[str, Any]) -> None:
    document["findings"][0]["resources"] = [{"id": "i-0", "type": "AWS_EC2_INSTANCE"}]


@pytest.mark.parametrize(
    ("path", "change", "said"),
    [
        *(
            (ENHANCED, _status(name), f"ECR says {name} because")
            for name in (
                "IN_PROGRESS",
                "PENDING",
                "FAILED",
                "UNSUPPORTED_IMAGE",
                "SCAN_ELIGIBILITY_EXPIRED",
                "FINDINGS_UNAVAILABLE",
                "LIMIT_EXCEEDED",
                "IMAGE_ARCHIVED",
                "complete",
            )
        ),
        (ENHANCED, lambda d: d.pop("imageScanStatus"), "ECR says nothing"),
        (ENHANCED, lambda d: d.pop("imageScanFindings"), "no list of findings"),
        (
            ENHANCED,
            lambda d: d["imageScanFindings"].pop("enhancedFindings"),
            "no list of findings",
        ),
        (
            ENHANCED,
            lambda d: d["imageScanFindings"]["enhancedFindings"].pop(),
            "counts 3 findings and holds 2",
        ),
        (ENHANCED, lambda d: d.update(nextToken="x"), "one page of several"),
        (LISTED, lambda d: d.update(NextToken="x"), "one page of several"),
        (LISTED, _as_event, "is an event of EventBridge"),
        (ENHANCED, _of(f"sha256:{'6' * 64}"), "is about 2 images"),
        (LISTED, _of(f"sha256:{'6' * 64}"), "is about 2 images"),
        (LISTED, _instance, "is about 2 images"),
        (
            LISTED,
            lambda d: d["findings"][0].update(
                type="CODE_VULNERABILITY", packageVulnerabilityDetails=None
            ),
            "of the type 'CODE_VULNERABILITY'",
        ),
    ],
)
def test_an_answer_that_proves_nothing_is_unreadable(path: str, change: Any, said: str) -> None:  # noqa: ANN401
    with pytest.raises(Unreadable) as caught:
        read(path, change)

    assert said in caught.value.what
