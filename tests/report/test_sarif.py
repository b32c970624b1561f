from __future__ import annotations

import gzip
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from jsonschema.validators import Draft4Validator
from msgspec.structs import replace

from cdkit.core.context import BuildContext
from cdkit.core.finding import Edit, Finding, Fix, Location, Severity
from cdkit.core.rule import Rule
from cdkit.core.verdict import cannot_tell, judge, no, yes
from cdkit.report.formats import sarif
from cdkit.report.report import Report, render
from tests.report.cases import CASES, report

SCHEMAS = Path(
    os.environ.get("CDKIT_SCHEMAS") or Path(__file__).parents[2].parent / "shared/schemas"
)


def finding(**fields: Any) -> Finding:  # noqa: ANN401 - a struct's fields
    given = {"rule": "r", "severity": Severity.HIGH, "message": "m", "fingerprint": "f"} | fields
    return Finding(**given)


def run(*findings: Finding, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - a struct's fields
    given: dict[str, Any] = {"verdict": judge([yes("fine")]), "step": "scan-image"} | fields
    text = render("sarif", Report(findings=findings, **given))
    written: dict[str, Any] = json.loads(text)["runs"][0]
    return written


@pytest.fixture(scope="module")
def official() -> Draft4Validator:
    path = SCHEMAS / "sarif-2.1.0.json"
    if not path.is_file():
        pytest.skip(f"no official SARIF schema here: set CDKIT_SCHEMAS to its folder ({SCHEMAS})")
    return Draft4Validator(json.loads(path.read_bytes()))


@pytest.mark.parametrize("name", CASES)
def test_the_official_schema_accepts_every_case(name: str, official: Draft4Validator) -> None:
    faults = [
        fault.message for fault in official.iter_errors(json.loads(render("sarif", report(name))))
    ]
    assert faults == []


@pytest.mark.parametrize("name", CASES)
def test_no_text_is_empty(name: str) -> None:
    def texts(value: Any) -> list[str]:  # noqa: ANN401 - any JSON
        if isinstance(value, dict):
            own = [held for key, held in value.items() if key in {"text", "id", "name", "uri"}]
            return own + [text for held in value.values() for text in texts(held)]
        return [text for held in value for text in texts(held)] if isinstance(value, list) else []

    assert all(texts(json.loads(render("sarif", report(name)))))


def test_results_beyond_githubs_limit_are_left_out_least_severe_first_and_counted() -> None:
    low = [finding(severity=Severity.LOW, fingerprint=str(n)) for n in range(sarif.MOST_RESULTS)]
    written = run(*low, finding(severity=Severity.CRITICAL, rule="worst"))
    assert len(written["results"]) == 25_000
    assert written["results"][0]["ruleId"] == "worst"
    told = written["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    assert told == "1 results, the least severe, are left out of this file"


def noise(seed: int, words: int) -> str:
    """Text that packs badly."""
    return hashlib.shake_256(str(seed).encode()).hexdigest(words)


def test_what_github_would_not_take_is_cut_short_and_says_so(official: Draft4Validator) -> None:
    large = [
        finding(
            rule=f"CVE-{n}",
            severity=Severity.CRITICAL if n == 1_500 else Severity.LOW,
            message=noise(n, 6_000),
            fingerprint=str(n),
            about=f"pkg:deb/debian/p@{n}",
            locations=(Location(path=f"p{n}"), Location(path="q")),
            properties={"package": "p", "security-severity": "9.9", "said": noise(-n, 900)},
        )
        for n in range(2_000)
    ]
    rules = tuple(
        Rule(id=one.rule, domain="scan", title=one.message, why=one.message, severity=Severity.LOW)
        for one in large
    )
    report_ = Report(findings=tuple(large), rules=rules, verdict=judge([yes("y")]), step="s")
    text = render("sarif", report_)

    assert len(gzip.compress(text.encode())) <= 10_000_000
    (made,) = json.loads(text)["runs"]
    assert len(made["results"]) == 2_000
    assert made["results"][0]["ruleId"] == "CVE-1500"
    assert made["results"][0]["properties"] == {
        "severity": "critical",
        "package": "p",
        "security-severity": "9.9",
        "confidence": "high",
    }
    told = made["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    assert told.startswith("texts and properties are cut short")
    assert [fault.message for fault in official.iter_errors(json.loads(text))] == []


def test_what_is_still_too_large_has_fewer_results_the_worst_first() -> None:
    large = [
        finding(rule=f"C{n}", locations=(Location(path=noise(n, 4_000)),), fingerprint=str(n))
        for n in range(3_000)
    ]
    worst = finding(rule="worst", severity=Severity.CRITICAL)
    text = render("sarif", Report(findings=(*large, worst), verdict=judge([yes("y")]), step="s"))

    (made,) = json.loads(text)["runs"]
    assert len(gzip.compress(text.encode())) <= 10_000_000
    assert len(made["results"]) == len(made["tool"]["driver"]["rules"]) == 1_000
    assert made["results"][0]["ruleId"] == "worst"
    told = [n["message"]["text"] for n in made["invocations"][0]["toolExecutionNotifications"]]
    assert told[0] == "2001 results, the least severe, are left out of this file"


def test_locations_beyond_githubs_limit_are_left_out() -> None:
    places = tuple(Location(path="a", line=n) for n in range(1, 1200))
    assert len(run(finding(locations=places))["results"][0]["locations"]) == 1_000


def test_a_description_is_no_longer_than_github_takes_it() -> None:
    rule = Rule(id="r", domain="d", title="t" * 2000, why="w" * 2000, severity=Severity.LOW)
    (written,) = run(rules=(rule,), verdict=judge([yes("y")]))["tool"]["driver"]["rules"]
    assert len(written["shortDescription"]["text"]) == 1024
    assert len(written["fullDescription"]["text"]) == 1024
    assert written["help"]["text"] == "w" * 2000


def test_a_reason_for_cannot_tell_is_a_notification_of_a_run_that_failed() -> None:
    reason = cannot_tell("the database is old", remedy="update", where=Location(path="a.json"))
    written = run(verdict=judge([yes("fine"), reason]))
    invocation = written["invocations"][0]
    assert invocation["executionSuccessful"] is False
    notice = invocation["toolExecutionNotifications"][0]
    assert notice["level"] == "error"
    assert notice["message"]["text"] == "cannot tell: the database is old\nWhat to do: update"
    assert notice["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a.json"


def test_a_no_that_no_finding_tells_is_a_result() -> None:
    written = run(verdict=judge([no("unit is missing", remedy="run it")]), step="check-gate")
    (result,) = written["results"]
    assert result["ruleId"] == "check-gate-no"
    assert result["level"] == "error"
    assert written["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "check-gate-no"


def test_the_same_fingerprint_twice_stays_two_alerts() -> None:
    results = run(finding(), finding())["results"]
    hashes = [result["partialFingerprints"]["primaryLocationLineHash"] for result in results]
    assert hashes == ["f:1", "f:2"]


def test_the_category_names_the_image_and_not_its_digest() -> None:
    context = BuildContext(system="github", run="7", attempt=2)
    written = run(subject="r.io/acme/orders@sha256:0f", context=context)
    assert written["automationDetails"]["id"] == "scan-image/r.io/acme/orders/7-2"


def test_outside_a_run_the_category_still_ends_with_a_slash() -> None:
    assert run()["automationDetails"]["id"] == "scan-image/"


@pytest.mark.parametrize(
    ("severity", "level", "score"),
    [
        (Severity.CRITICAL, "error", "9.5"),
        (Severity.HIGH, "error", "8.0"),
        (Severity.MEDIUM, "warning", "5.5"),
        (Severity.LOW, "note", "2.0"),
        (Severity.INFO, "note", None),
        (Severity.UNKNOWN, "warning", None),
    ],
)
def test_a_vulnerability_has_a_score_that_github_reads_as_its_severity(
    severity: Severity, level: str, score: str | None
) -> None:
    written = run(finding(severity=severity, about="pkg:apk/alpine/zlib"))
    (rule,) = written["tool"]["driver"]["rules"]
    assert written["results"][0]["level"] == level
    assert rule["defaultConfiguration"]["level"] == level
    assert rule["properties"]["tags"] == ["scan-image", "security"]
    assert rule["properties"].get("security-severity") == score


@pytest.mark.parametrize("score", ["", "nan", "11", "-1", "0", "high"])
def test_a_score_that_is_none_is_not_passed_on(score: str) -> None:
    properties = {"security-severity": score}
    (rule,) = run(finding(about="pkg:x", properties=properties))["tool"]["driver"]["rules"]
    assert rule["properties"]["security-severity"] == "8.0"


@pytest.mark.parametrize(
    ("severity", "score", "told"),
    [
        (Severity.CRITICAL, "9.8", "9.8"),
        (Severity.CRITICAL, "9.0", "9.5"),
        (Severity.HIGH, "9.0", "9.0"),
        (Severity.LOW, "9.8", "2.0"),
        (Severity.MEDIUM, "3.9", "5.5"),
    ],
)
def test_a_score_that_github_reads_as_another_severity_is_not_told(
    severity: Severity, score: str, told: str
) -> None:
    found = finding(severity=severity, about="pkg:x", properties={"security-severity": score})
    (rule,) = run(found)["tool"]["driver"]["rules"]
    assert rule["properties"]["security-severity"] == told


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://example.com:8443/a?b=c#d", "https://example.com:8443/a?b=c#d"),
        ("https://example.com/a b/ü", "https://example.com/a%20b/%C3%BC"),
        ("https://exa mple.com/", ""),
        ("https://example.com/#a#b", ""),
        ("https://[example/", ""),
        ("https://example.com/%zz", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_an_address_that_is_none_is_no_help(url: str, told: str) -> None:
    rule = Rule(id="CVE-1", domain="scan", title="x", severity=Severity.HIGH, sources=(url,))
    (made,) = run(rules=(rule,))["tool"]["driver"]["rules"]
    assert made.get("helpUri", "") == told


def test_a_migration_is_not_a_matter_of_security() -> None:
    rules = json.loads(render("sarif", report("closed-migration")))["runs"][0]["tool"]["driver"][
        "rules"
    ]
    assert all("security" not in rule["properties"]["tags"] for rule in rules)


def test_a_finding_without_a_place_stands_at_its_subject() -> None:
    (result,) = run(finding(about="zlib"), subject="r.io/a@sha256:0f")["results"]
    place = result["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "r.io/a"
    assert place["logicalLocations"] == [{"fullyQualifiedName": "zlib"}]


def test_a_message_holds_no_link_of_its_own() -> None:
    (result,) = run(finding(message="[click](https://evil.example)"))["results"]
    assert "](" not in result["message"]["text"]


def test_an_absolute_path_is_a_file_address_without_a_base() -> None:
    (result,) = run(finding(locations=(Location(path="/etc/a b"),)))["results"]
    artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": "file:///etc/a%20b"}


def test_a_suppressed_finding_is_a_suppressed_result() -> None:
    results = json.loads(render("sarif", report("closed-migration")))["runs"][0]["results"]
    suppressed = {result["ruleId"]: result.get("suppressions") for result in results}
    assert suppressed["drop-column"] is None
    assert suppressed["blocking-index"] == [
        {
            "kind": "inSource",
            "status": "accepted",
            "justification": "the table is empty, by mona, until 2026-12-31",
        }
    ]


def test_a_rule_without_a_finding_is_described_all_the_same() -> None:
    gone = replace(report("closed-migration"), findings=())
    rules = json.loads(render("sarif", gone))["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["drop-column", "lint-migrations-no", "blocking-index"]


def test_edits_are_a_fix_that_a_viewer_can_make(official: Draft4Validator) -> None:
    there = Location(path="m/1.sql", line=2, column=13, end_line=2, end_column=13)
    edit = Edit(location=there, start=18, end=18, text=" CONCURRENTLY")
    fix = Fix(summary="build it CONCURRENTLY", edits=(edit,))
    given = finding(fix=fix, locations=(Location(path="m/1.sql", line=2),))
    (made,) = run(given)["results"][0]["fixes"]
    assert made["description"]["text"] == "build it CONCURRENTLY"
    (change,) = made["artifactChanges"]
    assert change["artifactLocation"] == {"uri": "m/1.sql", "uriBaseId": "%SRCROOT%"}
    (replacement,) = change["replacements"]
    assert replacement["insertedContent"] == {"text": " CONCURRENTLY"}
    assert replacement["deletedRegion"]["byteOffset"] == 18
    assert replacement["deletedRegion"]["byteLength"] == 0
    text = render("sarif", Report(findings=(given,), verdict=judge([yes("y")]), step="s"))
    assert [fault.message for fault in official.iter_errors(json.loads(text))] == []
