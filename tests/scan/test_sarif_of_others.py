"""SARIF as other tools write it: JFrog, Prisma Cloud, OSV-Scanner, Wiz, Defender; and apart."""

from __future__ import annotations

from typing import Any

import pytest

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Severity
from cdkit.scan.report import Vulnerability
from tests.scan.test_readers import report

Json = dict[str, Any]
CVE = "CVE-2026-1000"
RATED = {"security-severity": "9.8"}


def only(rule: Json, result: Json | None = None, **parts: Any) -> Vulnerability:  # noqa: ANN401
    """Read a log of one result under one rule."""

    def change(document: Json) -> None:
        (run,) = document["runs"]
        run["tool"]["driver"] = {"name": "Made", "rules": [rule]}
        run["results"] = [{"ruleId": rule.get("id", ""), "message": {"text": "x"}} | (result or {})]
        run["tool"] |= parts

    (one,) = report("sarif", change).vulnerabilities
    return one


@pytest.mark.parametrize(
    ("rule", "text", "attacked_as"),
    [
        ({"id": f"{CVE}_made-zip_1.2"}, "", {CVE}),
        ({"id": f"{CVE}/made-zip"}, "", {CVE}),
        ({"id": "cve-2026-1000"}, "", {CVE}),
        ({"id": "GHSA-AAAA-bbbb-cccc"}, "", {"GHSA-aaaa-bbbb-cccc"}),
        (
            {"id": "GHSA-aaaa-bbbb-cccc", "deprecatedIds": ["GHSA-aaaa-bbbb-cccc", CVE]},
            "",
            {"GHSA-aaaa-bbbb-cccc", CVE},
        ),
        ({"id": "46", "shortDescription": {"text": f"[Prisma] {CVE}"}}, "", {"46", CVE}),
        ({"id": "XRAY-1"}, f"{CVE} and CVE-2026-1001", {"XRAY-1", CVE, "CVE-2026-1001"}),
        ({"id": CVE}, "unlike CVE-2026-1001", {CVE}),
        ({"id": f"{CVE}1"}, "", {f"{CVE}1"}),
    ],
)
def test_what_is_attacked_is_known_under_its_cve(
    rule: Json, text: str, attacked_as: set[str]
) -> None:
    assert only(rule, {"message": {"text": text}}).attacked_as == attacked_as


def test_a_cve_that_only_a_text_names_excuses_nothing() -> None:
    one = only({"id": "46", "shortDescription": {"text": CVE}})

    assert one.names == {"46"}


def test_a_rule_of_an_extension_lends_its_severity() -> None:
    told = {"id": CVE, "index": 0, "toolComponent": {"index": 0}}
    extension = {"name": "vulnerabilities", "rules": [{"id": CVE, "properties": RATED}]}

    one = only(
        {"id": "other"}, {"ruleId": "", "rule": told, "level": "note"}, extensions=[extension]
    )

    assert (one.id, one.severity, one.score) == (CVE, Severity.CRITICAL, 9.8)


def test_a_rule_may_be_named_by_a_reference_alone() -> None:
    one = only({"id": CVE, "properties": RATED}, {"ruleId": "", "rule": {"index": 0}})

    assert (one.id, one.severity) == (CVE, Severity.CRITICAL)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({}, Severity.HIGH),
        ({"level": "note"}, Severity.LOW),
        ({"level": ""}, Severity.UNKNOWN),
        ({"level": "none"}, Severity.UNKNOWN),
    ],
)
def test_a_result_without_a_level_has_its_rules(result: Json, expected: Severity) -> None:
    assert (
        only({"id": CVE, "defaultConfiguration": {"level": "error"}}, result).severity is expected
    )


def test_a_level_that_neither_names_is_unknown() -> None:
    assert only({"id": CVE}).severity is Severity.UNKNOWN


@pytest.mark.parametrize(
    ("said", "score"),
    [
        ("9.8", 9.8),
        (7, 7.0),
        ("0.0", None),
        (True, None),
        ("NaN", None),
        ("1e999", None),
        (11, None),
    ],
)
def test_what_github_reads_is_a_score(said: object, score: float | None) -> None:
    assert only({"id": CVE, "properties": {"security-severity": said}}).score == score


def test_what_is_only_of_an_earlier_run_does_not_count() -> None:
    def change(document: Json) -> None:
        for result in document["runs"][0]["results"]:
            result["baselineState"] = "absent"

    assert report("sarif", change).vulnerabilities == ()


@pytest.mark.parametrize(
    "apart",
    [
        {"inlineExternalProperties": [{"results": [{"ruleId": CVE}]}]},
        {"elsewhere": {"driver": {"location": {"uri": "d.sarif-external-properties"}}}},
        {"elsewhere": {"results": [{"location": {"uri": "r.sarif-external-properties"}}]}},
    ],
)
def test_a_log_whose_results_stand_apart_is_not_taken_for_empty(apart: Json) -> None:
    def change(document: Json) -> None:
        run = document["runs"][0]
        run["results"] = []
        if elsewhere := apart.get("elsewhere"):
            run["externalPropertyFileReferences"] = elsewhere
        else:
            document |= apart

    with pytest.raises(Unreadable, match="keeps parts of its runs apart"):
        report("sarif", change)


def test_files_that_stand_apart_are_no_results() -> None:
    def change(document: Json) -> None:
        run = document["runs"][0]
        run["externalPropertyFileReferences"] = {"artifacts": [{"location": {"uri": "a.json"}}]}

    assert report("sarif", change).vulnerabilities == report("sarif").vulnerabilities
