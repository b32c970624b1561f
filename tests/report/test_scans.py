"""Formats that are made of a scan's fact, held against independent readers of them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given
from hypothesis import strategies as st
from jsonschema.validators import Draft7Validator
from msgspec.structs import replace
from spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser import JsonLikeDictParser
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from cdkit.core.documents.document import Origin
from cdkit.core.documents.inventory import Component
from cdkit.core.documents.kinds import Database, Findings, Tool
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.finding import Finding, Fix, Location, Severity, Suppression
from cdkit.core.subject import Subject
from cdkit.core.verdict import cannot_tell, judge, no, yes
from cdkit.report.annotation import annotations_of
from cdkit.report.report import Report, render, scan_format_names
from tests.report.cases import report

SSL = "pkg:apk/alpine/made-ssl@3.5.0-r0?arch=x86_64"
INVENTORY = (
    Component(name="made-ssl", version="3.5.0-r0", purl=SSL, kind="os/alpine", licenses=("MIT",)),
    Component(name="made-web", version="2.1.0", purl="pkg:pypi/made-web@2.1.0", kind="library/pip"),
    Component(name="jq", kind="binary/unknown", path="usr/bin/jq"),
)


def finding(**changes: Any) -> Finding:  # noqa: ANN401
    made = Finding(
        rule="CVE-2026-91001",
        severity=Severity.CRITICAL,
        message="made-ssl 3.5.0-r0 has CVE-2026-91001: a made-up hole",
        locations=(Location(path="Dockerfile", line=3),),
        fingerprint="f1",
        about=SSL,
        fix=Fix(summary="upgrade made-ssl to 3.5.1-r1"),
        properties={
            "package": "made-ssl",
            "installed": "3.5.0-r0",
            "aliases": "GHSA-made-made-made",
            "security-severity": "9.8",
            "cvss": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            "url": "https://avd.aquasec.com/nvd/cve-2026-91001",
            "published": "2026-11-20",
        },
    )
    return replace(made, **changes)


EXCEPTED = finding(
    rule="CVE-2026-91004",
    severity=Severity.UNKNOWN,
    fingerprint="f2",
    about="pkg:pypi/made-web@2.1.0",
    suppressed=Suppression(reason="not reachable", owner="team", expires="2027-01-31"),
    properties={"package": "made-web", "installed": "2.1.0", "url": "javascript:alert(1)"},
)


def scan(*findings: Finding, **changes: Any) -> Report:  # noqa: ANN401
    verdict = judge([no("critical: made-ssl", remedy="upgrade", rule="CVE-2026-91001")])
    document = Findings(
        origin=Origin(
            recorded_at="2026-11-23T12:00:09Z",
            tool="cdkit 0.1.0",
            step="scan-image",
            url="https://ci.example.com/run/7",
        ),
        evidence="vulnerabilities",
        verdict=verdict,
        tool=Tool(
            name="trivy",
            version="0.69.3",
            database=Database(updated_at="2026-11-23T06:00:00Z", version="2"),
        ),
        examined={"packages": 3},
        findings=findings,
        numbers={"critical": 1},
        inventory=INVENTORY,
    )
    made = Report(
        step="scan-image",
        verdict=verdict,
        findings=findings,
        document=document,
        subjects=(Subject(name="registry.example.com/acme/orders", digest={"sha256": "5" * 64}),),
        started_at=datetime(2026, 11, 23, 12, 0, 1, tzinfo=UTC),
    )
    return replace(made, **changes)


def written(form: str, made: Report | None = None) -> Any:  # noqa: ANN401
    return json.loads(render(form, made or scan(finding(), EXCEPTED)))


def test_cyclonedx_is_what_the_official_schema_wants() -> None:
    text = render("cyclonedx", scan(finding(), EXCEPTED))

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_cyclonedx_leads_from_a_vulnerability_to_its_package() -> None:
    bom = written("cyclonedx")

    first, second = bom["vulnerabilities"]
    packages = {one["bom-ref"]: one for one in bom["components"]}
    assert first["id"] == "CVE-2026-91001"
    assert [packages[one["ref"]]["purl"] for one in first["affects"]] == [SSL]
    assert first["ratings"][0]["severity"] == "critical"
    assert bom["metadata"]["component"]["version"] == f"sha256:{'5' * 64}"
    assert second["analysis"]["state"] == "exploitable"
    assert "source" not in second


def test_a_vex_becomes_an_analysis() -> None:
    said = Suppression(reason="not_affected: vulnerable_code_not_present")
    (only,) = written("cyclonedx", scan(finding(suppressed=said)))["vulnerabilities"]

    assert only["analysis"]["state"] == "not_affected"


def test_one_vulnerability_in_two_packages_is_one_entry() -> None:
    other = finding(
        fingerprint="f3",
        about="pkg:pypi/made-web@2.1.0",
        properties={"package": "made-web", "installed": "2.1.0"},
    )
    (only,) = written("cyclonedx", scan(finding(), other))["vulnerabilities"]

    assert len(only["affects"]) == 2


def test_spdx_is_what_an_independent_reader_takes() -> None:
    document = JsonLikeDictParser().parse(written("spdx"))  # type: ignore[no-untyped-call]

    assert validate_full_spdx_document(document) == []
    assert [one.name for one in document.packages][1:] == ["made-ssl", "made-web", "jq"]


def test_the_predicate_has_real_times_and_the_databases_date() -> None:
    predicate = written("cosign-vuln")

    assert predicate["metadata"] == {
        "scanStartedOn": "2026-11-23T12:00:01Z",
        "scanFinishedOn": "2026-11-23T12:00:09Z",
    }
    assert predicate["scanner"]["result"]["databaseUpdatedAt"] == "2026-11-23T06:00:00Z"
    assert predicate["scanner"]["version"] == "0.69.3"
    assert predicate["invocation"]["uri"] == "https://ci.example.com/run/7"


def test_gitlab_gets_ids_of_their_own_and_the_right_identifiers() -> None:
    document = written("gitlab", scan(finding(), finding(fingerprint="f9"), EXCEPTED))

    assert document["version"] == "15.0.7"
    ids = [one["id"] for one in document["vulnerabilities"]]
    assert len(set(ids)) == len(ids) == 2
    first = document["vulnerabilities"][0]
    assert [(one["type"], one["value"]) for one in first["identifiers"]] == [
        ("cve", "CVE-2026-91001"),
        ("ghsa", "GHSA-made-made-made"),
    ]
    assert first["severity"] == "Critical"
    assert first["solution"] == "upgrade made-ssl to 3.5.1-r1"
    assert first["location"]["operating_system"] == "alpine"
    assert first["location"]["image"].endswith("5" * 64)
    assert document["scan"]["start_time"] == "2026-11-23T12:00:01"
    assert document["scan"]["status"] == "success"
    assert {"level": "info", "value": "1 findings are excepted and not listed"} in document["scan"][
        "messages"
    ]


def test_gitlab_hears_that_nobody_can_tell() -> None:
    unclear = judge([cannot_tell("the database is stale", remedy="fetch it")])
    document = written("gitlab", scan(verdict=unclear))

    assert document["scan"]["status"] == "failure"
    assert document["scan"]["messages"][0] == {
        "level": "fatal",
        "value": "cannot tell: the database is stale",
    }


def test_gitlab_lists_what_two_platforms_have_in_different_versions() -> None:
    amd = finding(properties={**finding().properties, "platforms": "linux/amd64"})
    arm = finding(
        about="pkg:apk/alpine/made-ssl@3.4.9-r0",
        properties={
            **finding().properties,
            "platforms": "linux/arm64",
            "installed": "3.4.9-r0",
        },
    )
    found = written("gitlab", scan(amd, arm, amd))["vulnerabilities"]

    assert [one["location"]["dependency"]["version"] for one in found] == [
        "3.5.0-r0",
        "3.4.9-r0",
        "3.5.0-r0",
    ]
    assert len({one["id"] for one in found}) == 3


def test_gitlab_keeps_the_ids_of_an_image_from_run_to_run() -> None:
    later = scan(finding())
    assert isinstance(later.document, Findings)
    origin = replace(later.document.origin, recorded_at="2026-11-24T12:00:09Z")
    later = replace(later, document=replace(later.document, origin=origin))

    first, second = (
        [one["id"] for one in written("gitlab", made)["vulnerabilities"]]
        for made in (scan(finding()), later)
    )
    assert first == second


def unscanned(form: str) -> Report:
    """A scan that was not: of no image, or of one that no scanner looked at."""
    verdict = judge(
        [cannot_tell("there is no such file", where=Location(path="image.tar"), remedy="look")]
    )
    made = scan(verdict=verdict)
    assert isinstance(made.document, Findings)
    if form == "no document":
        return replace(made, document=None, subjects=())
    empty = replace(made.document, examined={"platforms": 0, "packages": 0}, inventory=())
    return replace(made, document=empty)


@pytest.mark.parametrize("how", ["no document", "no scan"])
@pytest.mark.parametrize("form", ["cyclonedx", "spdx", "cosign-vuln"])
def test_no_empty_list_is_made_of_an_image_that_nobody_looked_at(form: str, how: str) -> None:
    with pytest.raises(CannotTell, match="would read as clean"):
        render(form, unscanned(how))


@pytest.mark.parametrize("how", ["no document", "no scan"])
def test_gitlab_hears_that_nothing_was_scanned_and_why(how: str) -> None:
    document = written("gitlab", unscanned(how))

    assert document["vulnerabilities"] == []
    assert document["scan"]["status"] == "failure"
    assert document["scan"]["start_time"] == "2026-11-23T12:00:01"
    assert document["scan"]["messages"] == [
        {"level": "fatal", "value": "cannot tell: image.tar: there is no such file"}
    ]


def test_a_list_that_may_lack_something_says_so() -> None:
    unclear = judge([cannot_tell("no scan of linux/arm64", remedy="scan it")])
    made = scan(finding(), verdict=unclear)

    bom = written("cyclonedx", made)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bom)) is None
    assert bom["compositions"] == [{"aggregate": "incomplete", "assemblies": ["image"]}]
    told = {one["name"]: one["value"] for one in bom["metadata"]["properties"]}
    assert told["cdkit:verdict"] == "cannot-tell"
    assert told["cdkit:cannot-tell"] == "no scan of linux/arm64"
    assert written("cosign-vuln", made)["scanner"]["result"]["cannotTell"] == [
        "no scan of linux/arm64"
    ]
    assert written("spdx", made)["comment"].endswith("cannot tell; no scan of linux/arm64")


def test_a_list_without_doubts_claims_no_more_than_its_scanner_saw() -> None:
    assert written("cyclonedx")["compositions"] == [
        {"aggregate": "unknown", "assemblies": ["image"]}
    ]


@pytest.mark.parametrize("form", scan_format_names())
def test_the_report_of_another_step_is_refused(form: str) -> None:
    with pytest.raises(RequestError, match="made of a scan"):
        render(form, report("open-gate"))


@pytest.mark.parametrize("form", scan_format_names())
def test_the_same_scan_gives_the_same_bytes(form: str) -> None:
    assert render(form, scan(finding())) == render(form, scan(finding()))


@pytest.mark.parametrize("form", scan_format_names())
def test_a_scan_without_findings_packages_and_subject_is_written(form: str) -> None:
    bare = scan(verdict=judge([yes("nothing known")]), subjects=())
    assert bare.document is not None
    document = replace(bare.document, inventory=())

    assert json.loads(render(form, replace(bare, document=document)))


STANDINGS = ("fails", "overdue", "unknown", "clocked", "grace", "shown")


def of_each_standing() -> Report:
    made = [
        finding(
            rule=f"CVE-{n}",
            severity=Severity.HIGH,
            fingerprint=standing,
            properties={"package": "p", "standing": standing},
        )
        for n, standing in enumerate(STANDINGS)
    ]
    why = no("high: p", remedy="upgrade", rule="CVE-0", where=made[0].locations[0])
    return scan(*made, verdict=judge([why]))


def test_junit_fails_for_what_counts_and_not_for_what_has_time() -> None:
    text = render("junit", of_each_standing())
    suite = ET.fromstring(text).find("testsuite")  # noqa: S314 - our own
    assert suite is not None
    failed = [case.get("name", "")[:5] for case in suite if case.find("failure") is not None]
    passed = [case.get("name", "")[:5] for case in suite if case.find("system-out") is not None]
    assert failed == ["CVE-0", "CVE-1", "CVE-2"]
    assert passed == ["CVE-3", "CVE-4", "CVE-5"]


def test_what_has_time_is_no_error_in_a_job_that_fails_for_another() -> None:
    levels = {
        annotation.title.rpartition(": ")[2]: annotation.level
        for annotation in annotations_of(of_each_standing())
        if annotation.title.rpartition(": ")[2].startswith("CVE")
    }
    assert levels == {
        "CVE-0": "error",
        "CVE-1": "error",
        "CVE-2": "error",
        "CVE-3": "warning",
        "CVE-4": "warning",
        "CVE-5": "warning",
    }


_NAMED = {"type": "string", "minLength": 1, "maxLength": 255}
_TOOL = {
    "required": ["id", "name", "version", "vendor"],
    "properties": {
        "id": _NAMED,
        "name": _NAMED,
        "version": _NAMED,
        "vendor": {"required": ["name"], "properties": {"name": _NAMED}},
    },
}
_WEB = {"type": "string", "pattern": "^(https?|ftp)://.+"}
_CVSS = (
    "(AV:[NALP]|AC:[LH]|PR:[NLH]|UI:[NR]|S:[UC]|[CIA]:[NLH]|E:[XUPFH]|RL:[XOTWU]|RC:[XURC]|"
    "[CIA]R:[XLMH]|MAV:[XNALP]|MAC:[XLH]|MPR:[XNLH]|MUI:[XNR]|MS:[XUC]|M[CIA]:[XNLH])"
)
_TIME = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"}
GITLAB = Draft7Validator(
    {
        "required": ["version", "scan", "vulnerabilities"],
        "properties": {
            "version": {"pattern": r"^[0-9]+\.[0-9]+\.[0-9]+$"},
            "scan": {
                "required": ["analyzer", "scanner", "start_time", "end_time", "status", "type"],
                "properties": {
                    "analyzer": _TOOL,
                    "scanner": _TOOL,
                    "start_time": _TIME,
                    "end_time": _TIME,
                    "status": {"enum": ["success", "failure"]},
                    "type": {"const": "container_scanning"},
                    "messages": {
                        "items": {
                            "required": ["level", "value"],
                            "properties": {
                                "level": {"enum": ["info", "warn", "fatal"]},
                                "value": {"type": "string", "minLength": 1},
                            },
                        }
                    },
                },
            },
            "vulnerabilities": {
                "items": {
                    "required": ["id", "identifiers", "location"],
                    "properties": {
                        "id": {"type": "string", "pattern": "^[0-9a-f-]{36}$"},
                        "name": _NAMED,
                        "description": {"type": "string", "maxLength": 1_048_576},
                        "solution": {"type": "string", "maxLength": 7_000},
                        "severity": {
                            "enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]
                        },
                        "identifiers": {
                            "minItems": 1,
                            "items": {
                                "required": ["type", "name", "value"],
                                "properties": {
                                    "type": _NAMED,
                                    "name": _NAMED,
                                    "value": _NAMED,
                                    "url": _WEB,
                                },
                            },
                        },
                        "links": {"items": {"required": ["url"], "properties": {"url": _WEB}}},
                        "location": {
                            "required": ["dependency", "operating_system", "image"],
                            "properties": {
                                "dependency": {
                                    "required": ["package", "version"],
                                    "properties": {
                                        "package": {
                                            "required": ["name"],
                                            "properties": {"name": {"type": "string"}},
                                        },
                                        "version": {"type": "string"},
                                    },
                                },
                                "operating_system": {"type": "string", "minLength": 1},
                                "image": {"type": "string", "minLength": 1},
                            },
                        },
                        "cvss_vectors": {
                            "minItems": 1,
                            "maxItems": 10,
                            "items": {
                                "required": ["vendor", "vector"],
                                "properties": {
                                    "vendor": {"type": "string", "minLength": 1},
                                    "vector": {
                                        "type": "string",
                                        "minLength": 32,
                                        "maxLength": 128,
                                        "pattern": rf"^CVSS:3[.][01]/({_CVSS}/)*({_CVSS})$",
                                    },
                                },
                            },
                        },
                    },
                }
            },
        },
    }
)
"""What container-scanning-report-format.json 15.0.7 asks for of what we write, as GitLab's own
validator has it (lib/gitlab/ci/parsers/security/validators/schemas)."""


def gitlab_faults(made: Report) -> list[str]:
    return [fault.message for fault in GITLAB.iter_errors(written("gitlab", made))]


def test_gitlab_gets_what_its_format_asks_for_however_long_it_is() -> None:
    long = finding(
        rule="C" * 300,
        message="m" * 1_050_000,
        fix=Fix(summary="u" * 8_000),
        properties={"package": "p", "aliases": "GHSA-" + "x" * 300, "url": "gopher://x"},
    )
    assert gitlab_faults(scan(finding(), EXCEPTED, long)) == []
    assert gitlab_faults(unscanned("no document")) == []
    assert GITLAB.is_valid({"version": "15.0.7"}) is False


BASE_VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


@pytest.mark.parametrize(
    ("vector", "is_taken"),
    [
        (BASE_VECTOR, True),
        (f"{BASE_VECTOR}/E:P/RL:O/RC:C/MAV:X", True),
        (BASE_VECTOR.replace("3.1", "4.0"), False),
        (BASE_VECTOR.replace("AV:N", "AV:Q"), False),
        (f"{BASE_VECTOR}/XYZ:A", False),
        ("CVSS:3.1/AV:N/AC:L", False),
        (f"{BASE_VECTOR}{'/A:H' * 40}", False),
        (f"{BASE_VECTOR}\n", False),
        ("AV:N/AC:L/Au:N/C:P/I:P/A:P", False),
    ],
)
def test_gitlab_gets_no_vector_for_which_it_would_refuse_the_report(
    vector: str, *, is_taken: bool
) -> None:
    made = scan(finding(properties={"package": "p", "cvss": vector}))

    (found,) = written("gitlab", made)["vulnerabilities"]

    assert gitlab_faults(made) == []
    assert ("cvss_vectors" in found) == is_taken


_TEXT = st.text(max_size=12) | st.sampled_from(["\n::error::x", "]]>", "\ud800", "##[x]", ""])
_URL = re.compile(r"https?://")


@given(_TEXT, _TEXT, _TEXT)
def test_hostile_names_stay_data(rule: str, text: str, url: str) -> None:
    hostile = finding(
        rule=rule,
        message=text,
        about=text,
        properties={"package": text, "installed": rule, "url": url, "aliases": url, "cvss": text},
    )
    part = Component(name=text, version=rule, kind="os/alpine", licenses=(text,), path=url)
    made = scan(hostile)
    assert isinstance(made.document, Findings)
    made = replace(made, document=replace(made.document, inventory=(part,)))

    for form in scan_format_names():
        shown = render(form, made)
        assert not any(line.startswith(("::", "##")) for line in shown.splitlines())
        json.loads(shown)
    assert gitlab_faults(made) == []
    links = [
        link["url"]
        for one in written("gitlab", made)["vulnerabilities"]
        for link in one.get("links", [])
    ]
    assert all(_URL.match(link) for link in links)


@pytest.mark.parametrize("purl", ["pkg:apk/alpine/a\0b@1", "pkg:apk/a b", "pkg:made", "made/ssl"])
def test_what_is_no_package_url_is_not_written_as_one(purl: str) -> None:
    made = scan()
    odd = (Component(name="odd", version="1", purl=purl, kind="library/pip"),)
    assert isinstance(made.document, Findings)
    whole = replace(made, document=replace(made.document, inventory=odd))

    (_, package) = written("spdx", whole)["packages"]
    (component,) = written("cyclonedx", whole)["components"]

    assert "externalRefs" not in package
    assert "purl" not in component
