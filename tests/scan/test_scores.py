"""CVSS scores and names of CVEs, wherever a format puts them."""

from __future__ import annotations

from typing import Any

import pytest

from cdkit.core.errors import Unreadable
from cdkit.scan.report import Cvss, Vulnerability
from tests.scan.test_readers import report

ENRICHER = "message/vnd.clair.map.vulnerability; enricher=clair.cvss schema=made"
VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


def clairs(id_: str, change: Any = None) -> Vulnerability:  # noqa: ANN401
    return next(one for one in report("clair", change).vulnerabilities if one.id == id_)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            {"version": "3.1", "vectorString": VECTOR, "baseScore": 9.8},
            Cvss(source="clair", version="3.1", vector=VECTOR, score=9.8),
        ),
        ({"baseScore": 99}, Cvss(source="clair")),
    ],
)
def test_clair_puts_scores_beside_the_vulnerabilities(said: object, expected: Cvss) -> None:
    def enrich(document: dict[str, Any]) -> None:
        document["enrichments"] = {ENRICHER: [{"356835": [said]}], "another": ["odd", None]}

    assert clairs("CVE-2026-91001", enrich).cvss == (expected,)


@pytest.mark.parametrize("said", [{"baseScore": "9.8"}, "odd", None])
def test_what_is_no_score_of_clairs_is_none_and_hides_no_vulnerability(said: object) -> None:
    def enrich(document: dict[str, Any]) -> None:
        document["enrichments"] = {ENRICHER: [{"356835": [said]}]}

    assert clairs("CVE-2026-91001", enrich).cvss == ()


@pytest.mark.parametrize(("said", "epss"), [(0.91, 0.91), (9.1, None), (None, None)])
def test_clair_says_how_likely_an_attack_is(said: float | None, epss: float | None) -> None:
    name = "message/vnd.clair.map.vulnerability; enricher=clair.epss schema=none"

    def enrich(document: dict[str, Any]) -> None:
        document["enrichments"] = {name: [{"356835": [{"epss": said, "percentile": 0.99}]}]}

    told = clairs("CVE-2026-91001", enrich).exploitation
    assert (told.epss if told else None) == epss


def test_a_bulletin_of_clairs_is_attacked_under_the_cves_that_it_links_to() -> None:
    def bulletin(document: dict[str, Any]) -> None:
        links = "https://example.com/RHSA-2026:1 https://example.com/security/cve/CVE-2026-1000"
        document["vulnerabilities"]["356835"] |= {"name": "RHSA-2026:1", "links": links}

    found = clairs("RHSA-2026:1", bulletin)
    assert found.attacked_as == {"RHSA-2026:1", "CVE-2026-1000"}
    assert found.names == {"RHSA-2026:1"}


def test_a_vulnerability_of_clairs_that_no_package_has_shows_a_report_that_is_cut() -> None:
    with pytest.raises(Unreadable, match="holds the vulnerability '356835' of no package"):
        report("clair", lambda d: d["package_vulnerabilities"].pop("10"))


def test_basic_scanning_puts_scores_among_the_attributes() -> None:
    found = report("inspector", None, "inspector/ecr/basic.json").vulnerabilities

    assert [one.score for one in found if one.id == "CVE-2026-91001"] == [7.5]
