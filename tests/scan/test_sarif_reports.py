"""SARIF as a report: of a real Trivy, and of Docker Scout after what it is known to write."""

from __future__ import annotations

from typing import Any

import pytest

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Severity
from cdkit.core.readable import Whole
from cdkit.scan.report import ScanReport
from tests.scan.test_readers import report
from tests.scan.test_scanners import SCANNERS, data

TRIVY = "sarif/2.1.0/trivy.json"


def trivy(change: Any = None) -> ScanReport:  # noqa: ANN401 - what a test changes
    return report("sarif", change, TRIVY)


def test_a_real_trivys_sarif_says_what_its_json_says() -> None:
    json_ = SCANNERS["trivy"].read(Whole(data("trivy/0.68.2/findings.json")), "r.json")

    def facts(made: ScanReport) -> set[tuple[object, ...]]:
        return {
            (one.id, one.package, one.installed, ", ".join(one.fixed), one.severity, one.is_system)
            for one in made.vulnerabilities
        }

    assert facts(trivy()) == facts(json_)
    assert trivy().image_id == json_.image_id


def test_a_note_without_a_score_of_trivys_is_unknown_and_never_low() -> None:
    zipped = next(one for one in trivy().vulnerabilities if one.id == "CVE-2026-91003")

    assert zipped.severity is Severity.UNKNOWN


@pytest.mark.parametrize(
    ("properties", "level", "expected"),
    [
        ({"security-severity": "9.8"}, "note", Severity.CRITICAL),
        ({"security-severity": 5}, "note", Severity.MEDIUM),
        ({"security-severity": "high"}, "note", Severity.UNKNOWN),
        ({"security-severity": "NaN"}, "note", Severity.UNKNOWN),
        ({"security-severity": "11"}, "note", Severity.UNKNOWN),
        ({"security-severity": "0.0", "tags": ["security", "HIGH"]}, "note", Severity.HIGH),
        ({"cvssV3_severity": "MEDIUM"}, "error", Severity.MEDIUM),
        ({"tags": ["UNSPECIFIED"]}, "note", Severity.UNKNOWN),
        ({}, "error", Severity.HIGH),
        ({}, "warning", Severity.MEDIUM),
        ({}, "note", Severity.LOW),
        ({}, "none", Severity.UNKNOWN),
        ({}, "", Severity.UNKNOWN),
        ({}, "grave", Severity.UNKNOWN),
        (None, "note", Severity.LOW),
    ],
)
def test_a_level_is_a_severity_only_where_nothing_is_rated(
    properties: dict[str, Any] | None, level: str, expected: Severity
) -> None:
    def change(document: dict[str, Any]) -> None:
        (run,) = document["runs"]
        run["tool"]["driver"]["rules"] = [{"id": "CVE-2026-1000", "properties": properties}]
        run["results"] = [{"ruleId": "CVE-2026-1000", "level": level, "properties": properties}]

    (one,) = trivy(change).vulnerabilities
    assert one.severity is expected


def test_every_package_that_scout_lists_at_a_rule_counts_by_itself() -> None:
    def two(document: dict[str, Any]) -> None:
        rule = document["runs"][0]["tool"]["driver"]["rules"][0]
        rule["properties"]["purls"].append("pkg:deb/debian/libmade%2B%2B@1.0?os_version=12")

    found = [one for one in report("sarif", two).vulnerabilities if one.id == "CVE-2026-91001"]

    assert [(one.package, one.installed, one.kind) for one in found] == [
        ("made-ssl", "3.5.0-r0", "os/apk"),
        ("libmade++", "1.0", "os/deb"),
    ]


@pytest.mark.parametrize(
    ("said", "fixed", "told"),
    [
        ({"fixed_version": "3.5.1-r1"}, ("3.5.1-r1",), True),
        ({"fixed_version": "not fixed"}, (), True),
        ({"fixed_version": 3}, (), True),
        ({}, (), False),
    ],
)
def test_scout_says_whether_there_is_a_fix(
    said: dict[str, Any],
    fixed: tuple[str, ...],
    told: bool,  # noqa: FBT001 - a case's
) -> None:
    def change(document: dict[str, Any]) -> None:
        rule = document["runs"][0]["tool"]["driver"]["rules"][0]["properties"]
        del rule["fixed_version"]
        rule |= said

    one = next(v for v in report("sarif", change).vulnerabilities if v.id == "CVE-2026-91001")
    assert (one.fixed, one.fix_told) == (fixed, told)


@pytest.mark.parametrize(
    ("kind", "counts"),
    [
        ("pass", False),
        ("notApplicable", False),
        ("open", True),
        ("review", True),
        ("informational", True),
        ("odd", True),
    ],
)
def test_a_result_counts_unless_it_says_that_nothing_was_found(
    kind: str,
    counts: bool,  # noqa: FBT001 - a case's
) -> None:
    made = trivy(lambda d: d["runs"][0]["results"][0].update(kind=kind))

    assert ("CVE-2026-91002" in {one.id for one in made.vulnerabilities}) is counts


def test_what_a_file_calls_suppressed_counts() -> None:
    def suppress(document: dict[str, Any]) -> None:
        for result in document["runs"][0]["results"]:
            result["suppressions"] = [{"kind": "external", "status": "accepted"}]

    assert trivy(suppress).vulnerabilities == trivy().vulnerabilities


@pytest.mark.parametrize(
    ("rule", "index", "expected"),
    [
        ("CVE-2026-1000", 0, Severity.LOW),
        ("CVE-2026-1000/1", 0, Severity.LOW),
        ("", 0, Severity.LOW),
        ("CVE-2026-2000", 0, Severity.CRITICAL),
        ("CVE-2026-2000", -1, Severity.CRITICAL),
        ("CVE-2026-2000", 99, Severity.CRITICAL),
        ("CVE-2026-10001", 0, Severity.UNKNOWN),
    ],
)
def test_an_index_does_not_lend_a_result_another_rules_severity(
    rule: str, index: int, expected: Severity
) -> None:
    def change(document: dict[str, Any]) -> None:
        (run,) = document["runs"]
        run["tool"]["driver"]["rules"] = [
            {"id": "CVE-2026-1000", "properties": {"security-severity": "1.0"}},
            {"id": "CVE-2026-2000", "properties": {"security-severity": "9.9"}},
        ]
        run["results"] = [{"ruleId": rule, "ruleIndex": index, "level": ""}]

    assert [one.severity for one in trivy(change).vulnerabilities] == [expected]


@pytest.mark.parametrize(
    ("rule", "purl", "id_"),
    [
        ("CVE-2026-1000-libssl", "pkg:apk/alpine/libssl@1.0", "CVE-2026-1000"),
        ("GHSA-made-made-made-@acme/web", "pkg:npm/%40acme/web@1.0", "GHSA-made-made-made"),
        ("ALAS2-2026-1-ssl", "pkg:rpm/amzn/ssl@1.0", "ALAS2-2026-1"),
        ("CVE-2026-1000", "pkg:apk/alpine/libssl@1.0", "CVE-2026-1000"),
        ("SNYK-JS-WEB-1", "pkg:npm/1@1.0", "SNYK-JS-WEB-1"),
    ],
)
def test_grype_puts_the_package_behind_the_vulnerability(rule: str, purl: str, id_: str) -> None:
    def change(document: dict[str, Any]) -> None:
        (run,) = document["runs"]
        run["tool"]["driver"]["rules"] = [{"id": rule, "properties": {"purls": [purl]}}]
        run["results"] = [{"ruleId": rule, "level": "error"}]

    (one,) = report("sarif", change).vulnerabilities
    assert one.id == id_


def _snyk(text: str) -> dict[str, Any]:
    rule = {"id": "SNYK-DEBIAN12-SSL-1", "fullDescription": {"text": text}}
    place = {"logicalLocations": [{"fullyQualifiedName": "ssl@1.0"}]}
    return {
        "tool": {"driver": {"name": "Snyk Container", "rules": [rule]}},
        "results": [{"ruleId": rule["id"], "level": "error", "locations": [place]}],
    }


@pytest.mark.parametrize(
    ("text", "aliases"),
    [
        ("(CVE-2026-1000) ssl@1.0", ("CVE-2026-1000",)),
        ("(CVE-2026-1000,CVE-2026-1001) ssl@1.0", ()),
        ("ssl@1.0, unlike (CVE-2026-1000)", ()),
    ],
)
def test_snyk_says_the_cve_in_front_of_the_package(text: str, aliases: tuple[str, ...]) -> None:
    (one,) = report("sarif", lambda d: d.update(runs=[_snyk(text)])).vulnerabilities

    assert (one.id, one.aliases, one.package) == ("SNYK-DEBIAN12-SSL-1", aliases, "ssl")


def test_snyk_writes_a_run_for_the_system_and_for_each_application() -> None:
    first, second = _snyk("(CVE-2026-1000) ssl@1.0"), _snyk("(CVE-2026-1000) ssl@1.0")
    second["results"][0]["ruleId"] = second["tool"]["driver"]["rules"][0]["id"] = "SNYK-JS-WEB-1"

    made = report("sarif", lambda d: d.update(runs=[first, second]))

    assert [one.id for one in made.vulnerabilities] == ["SNYK-DEBIAN12-SSL-1", "SNYK-JS-WEB-1"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tool": {"driver": {"name": "other"}}, "results": []}, "runs of 2 tools"),
        ({"properties": {"imageID": "sha256:1"}}, "about several images"),
        ({"results": None}, "no list of results"),
    ],
)
def test_runs_of_several_tools_or_images_are_no_report(change: dict[str, Any], said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        report("sarif", lambda d: d["runs"].append({**_snyk(""), **d["runs"][0], **change}))
