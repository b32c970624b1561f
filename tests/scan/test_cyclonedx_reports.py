"""CycloneDX documents as reports: of a real Trivy, and of Inspector after its documentation."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Severity
from cdkit.core.readable import Whole
from cdkit.core.verdict import Answer
from cdkit.scan.doubts import ACCEPTABLE, Scan
from cdkit.scan.judge import Facts, judge_scans
from cdkit.scan.policy import Policy
from cdkit.scan.report import ScanReport, Vulnerability
from tests.scan.test_judge import FRESH
from tests.scan.test_readers import report
from tests.scan.test_scanners import SCANNERS, data
from tests.worlds import NOW

TRIVY = "cyclonedx/1.6/trivy.json"
CLEAN = "cyclonedx/1.6/trivy-clean.json"
UNSCANNED = "cyclonedx/1.6/trivy-not-scanned.json"
INSPECTOR = "cyclonedx/1.5/inspector.json"


def read(path: str, change: Any = None) -> ScanReport:  # noqa: ANN401 - what a test changes
    return report("cyclonedx", change, path)


def found(read: ScanReport, id_: str) -> Vulnerability:
    return next(one for one in read.vulnerabilities if id_ in one.names)


def doubts(made: ScanReport) -> set[str]:
    verdict = judge_scans(
        [Scan(report=replace(made, created_at=NOW), database=FRESH)],
        Policy(),
        Facts(),
        now=NOW,
        place=lambda _: None,  # type: ignore[arg-type,return-value]
    ).verdict
    return {r.rule for r in verdict.reasons if r.answer is Answer.CANNOT_TELL}


def test_a_real_trivys_document_says_what_its_json_says() -> None:
    (json_, document) = (
        SCANNERS[name].read(Whole(data(path)), "r.json")
        for name, path in (("trivy", "trivy/0.68.2/findings.json"), ("cyclonedx", TRIVY))
    )

    def facts(made: ScanReport) -> set[tuple[object, ...]]:
        found = made.vulnerabilities
        where = {(one.id, one.package, one.path, one.layer) for one in found}
        return where | {(v.id, v.installed, ", ".join(v.fixed), v.severity, v.kind) for v in found}

    assert facts(document) == facts(json_)
    assert (document.image_id, document.packages) == (json_.image_id, json_.packages)
    assert document.distribution == json_.distribution


def test_an_empty_list_of_trivys_does_not_show_that_anybody_looked() -> None:
    unscanned, clean = read(UNSCANNED), read(CLEAN)

    assert unscanned.vulnerabilities == ()
    assert doubts(unscanned) == {"unscanned-list"}
    assert doubts(clean) == {"unscanned-list"}
    assert "unscanned-list" not in ACCEPTABLE


def test_a_list_of_trivys_with_something_in_it_was_judged() -> None:
    assert read(TRIVY).unjudged == frozenset()


def test_what_trivy_lists_and_has_no_advisories_for_is_not_judged() -> None:
    def conda(document: dict[str, Any]) -> None:
        kind = {"name": "aquasecurity:trivy:PkgType", "value": "conda-pkg"}
        document["components"].append(
            {"bom-ref": "c", "type": "library", "name": "made", "properties": [kind]}
        )

    assert read(TRIVY, conda).unjudged == {"library/conda-pkg"}


def test_a_distribution_that_trivy_has_no_advisories_for_is_not_judged() -> None:
    def fedora(document: dict[str, Any]) -> None:
        system = next(c for c in document["components"] if c["type"] == "operating-system")
        system["name"] = "fedora"
        document["vulnerabilities"] = [
            one for one in document["vulnerabilities"] if one["id"] == "CVE-2026-91004"
        ]

    made = read(TRIVY, fedora)

    assert made.distribution is not None
    assert not made.distribution.judged
    assert doubts(made) == {"unknown-distribution"}


def _by(name: str) -> Any:  # noqa: ANN401
    def change(document: dict[str, Any]) -> None:
        document["metadata"]["tools"] = [{"name": name, "version": "1"}]
        document["vulnerabilities"] = []

    return change


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        ("grype", set()),
        ("syft", {"unscanned-list", "unknown-distribution"}),
        ("Amazon Inspector", {"unscanned-list", "unknown-distribution"}),
        ("inspector", {"unscanned-list", "unknown-distribution"}),
        ("", {"unscanned-list", "unknown-distribution"}),
    ],
)
def test_an_empty_list_counts_by_who_wrote_it(tool: str, expected: set[str]) -> None:
    assert doubts(read(CLEAN, _by(tool))) == expected


def test_inspector_names_the_image_attacks_fixes_and_counts() -> None:
    made = read(INSPECTOR)

    assert made.scanner == "inspector"
    assert made.image_id == f"sha256:{'2' * 64}"
    assert made.packages == {"os/apk": 1, "library/pypi": 1}
    ssl, web = found(made, "CVE-2026-91001"), found(made, "GHSA-made-made-made")
    assert (ssl.severity, ssl.fixed, ssl.cwes) == (Severity.CRITICAL, ("3.5.1-r1",), ("CWE-79",))
    assert ssl.exploitation is not None
    assert (ssl.exploitation.epss, ssl.exploitation.known_exploited) == (0.91, True)
    assert (web.severity, web.fixed, web.fix_told) == (Severity.MEDIUM, (), True)
    assert web.path == "srv/made_web-2.1.0.dist-info/METADATA"
    assert doubts(made) == set()


def test_what_a_document_excuses_itself_counts_all_the_same() -> None:
    assert found(read(INSPECTOR), "CVE-2026-91004").status == "not_affected"


def test_an_answer_of_inspectors_api_is_read_below_its_key() -> None:
    whole = json.dumps(json.loads(data(INSPECTOR))["sbom"]).encode()

    assert SCANNERS["cyclonedx"].read(Whole(whole), "r.json") == read(INSPECTOR)


def test_inspector_leaves_the_list_away_where_it_found_nothing() -> None:
    def clean(document: dict[str, Any]) -> None:
        document["sbom"].pop("vulnerabilities")
        for counted in document["sbom"]["metadata"]["properties"]:
            counted["value"] = "0"

    made = read(INSPECTOR, clean)

    assert made.vulnerabilities == ()
    assert doubts(made) == set()


@pytest.mark.parametrize("held", [0, 1])
def test_inspector_does_not_hold_less_than_it_counts(held: int) -> None:
    def cut(document: dict[str, Any]) -> None:
        document["sbom"]["vulnerabilities"] = document["sbom"]["vulnerabilities"][:held]

    with pytest.raises(Unreadable, match=f"counts 2 vulnerabilities and holds {held}"):
        read(INSPECTOR, cut)


def test_what_inspector_skipped_is_not_judged() -> None:
    def skip(document: dict[str, Any]) -> None:
        said = {
            "name": "amazon:inspector:sbom_scanner:info",
            "value": "Component skipped: no rules found.",
        }
        document["sbom"]["components"][1]["properties"] = [said]

    made = read(INSPECTOR, skip)

    assert made.unjudged == {"os/apk"}
    assert "unjudged-packages" in doubts(made)


def _rated(*ratings: dict[str, Any]) -> Severity:
    made = read(TRIVY, lambda d: d["vulnerabilities"][0].update(ratings=list(ratings)))
    return found(made, "CVE-2026-91001").severity


@pytest.mark.parametrize(
    ("rating", "expected"),
    [
        ({"source": {"name": "EPSS"}, "score": 0.4, "severity": "none", "method": "other"}, None),
        ({"score": 3.0, "method": "OWASP"}, None),
        ({"score": 3.0}, None),
        ({"severity": "unheard-of"}, None),
        ({"score": 0.0, "method": "CVSSv31"}, None),
        ({"score": 11.0, "method": "CVSSv31"}, None),
        ({"score": 3.0, "method": "CVSSv31"}, Severity.LOW),
        ({"severity": "Moderate"}, Severity.MEDIUM),
        ({"severity": "CRITICAL"}, Severity.CRITICAL),
    ],
)
def test_only_a_word_or_a_score_of_cvss_makes_a_severity(
    rating: dict[str, Any], expected: Severity | None
) -> None:
    assert _rated(rating) is (expected or Severity.UNKNOWN)


def test_the_image_itself_and_a_bom_link_can_be_affected() -> None:
    root = json.loads(data(TRIVY))["metadata"]["component"]["bom-ref"]

    def change(document: dict[str, Any]) -> None:
        (web,) = (c for c in document["components"] if c["name"] == "made-zip")
        one, other = document["vulnerabilities"][:2]
        one["affects"] = [{"ref": root}]
        ref = web["bom-ref"].replace("@", "%40")
        other["affects"] = [{"ref": f"urn:cdx:0195c0de-0000-4000-8000-000000000000/1#{ref}"}]
        document["vulnerabilities"] = [one, other]

    assert [one.package for one in read(TRIVY, change).vulnerabilities] == ["image", "made-zip"]


def test_under_fixed_only_a_vulnerability_whose_fix_nobody_tells_counts() -> None:
    def untold(document: dict[str, Any]) -> None:
        document["metadata"]["tools"] = [{"name": "scout"}]
        document["vulnerabilities"] = document["vulnerabilities"][:1]

    made = read(TRIVY, untold)
    (one,) = made.vulnerabilities
    verdict = judge_scans(
        [Scan(report=replace(made, created_at=NOW), database=FRESH)],
        Policy(fixed_only=True),
        Facts(),
        now=NOW,
        place=lambda _: None,  # type: ignore[arg-type,return-value]
    ).verdict

    assert (one.fixed, one.fix_told) == ((), False)
    assert verdict.answer is Answer.NO


def test_a_lock_file_or_a_binary_is_no_package_and_raises_no_doubt() -> None:
    def binary(document: dict[str, Any]) -> None:
        kinds = [{"name": "aquasecurity:trivy:Type", "value": "gobinary"}]
        document["components"].append(
            {"bom-ref": "b", "type": "application", "name": "bin/app", "properties": kinds}
        )

    made = read(TRIVY, binary)

    assert (made.packages, made.unjudged) == (read(TRIVY).packages, frozenset())


@pytest.mark.parametrize(("release", "known"), [("3.22.9", True), ("3.99.1", False)])
def test_a_release_that_trivy_may_not_know_is_told_as_in_its_json(
    release: str,
    known: bool,  # noqa: FBT001 - a case's
) -> None:
    def newer(document: dict[str, Any]) -> None:
        for one in document["components"]:
            if one["type"] == "operating-system":
                one["version"] = release

    distribution = read(TRIVY, newer).distribution
    assert distribution is not None
    assert distribution.known is known
