"""VEX documents. All are made by hand after the specifications."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.errors import CdkitError, Unreadable
from cdkit.core.verdict import Answer
from cdkit.scan.doubts import Scan
from cdkit.scan.judge import Facts, Judgement, judge_scans
from cdkit.scan.policy import Policy
from cdkit.scan.report import Vulnerability
from cdkit.scan.statement import Status, read_vex, words_of
from tests.scan.test_judge import BASE, FRESH, vulnerability
from tests.worlds import NOW

DIGEST = f"sha256:{'5' * 64}"
IMAGE = frozenset({DIGEST})
OCI = f"pkg:oci/orders@{DIGEST}?repository_url=registry.example.com/acme/orders"
SSL = "pkg:apk/alpine/ssl"
FOUND = vulnerability(id_="CVE-2026-1000")


def openvex(*statements: dict[str, Any], **changes: Any) -> bytes:  # noqa: ANN401
    document = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://openvex.dev/docs/made",
        "author": "Acme",
        "timestamp": "2026-11-20T10:00:00Z",
        "version": 1,
        "statements": list(statements),
        **changes,
    }
    return json.dumps(document).encode()


def said(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "vulnerability": {"name": "CVE-2026-1000"},
        "products": [{"@id": OCI}],
        "status": "not_affected",
        "justification": "vulnerable_code_not_present",
        **changes,
    }


def cyclonedx(**analysis: str) -> bytes:
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "metadata": {"timestamp": "2026-11-20T10:00:00Z"},
        "components": [{"bom-ref": "a", "type": "library", "name": "ssl", "purl": f"{SSL}@1.0-r0"}],
        "vulnerabilities": [
            {"id": "CVE-2026-1000", "analysis": analysis, "affects": [{"ref": "a"}]}
        ],
    }
    return json.dumps(document).encode()


def csaf(**status: Any) -> bytes:  # noqa: ANN401
    helper = "product_identification_helper"
    document = {
        "document": {
            "category": "csaf_vex",
            "csaf_version": "2.0",
            "publisher": {"category": "vendor", "name": "Acme", "namespace": "https://acme.test"},
            "title": "made",
            "tracking": {"current_release_date": "2026-11-20T10:00:00Z", "id": "1"},
        },
        "product_tree": {
            "branches": [
                {
                    "category": "vendor",
                    "name": "Acme",
                    "branches": [{"product": {"product_id": "IMAGE", helper: {"purl": OCI}}}],
                }
            ],
            "full_product_names": [
                {"name": "ssl", "product_id": "SSL", helper: {"purl": f"{SSL}@1.0-r0"}}
            ],
            "relationships": [
                {
                    "category": "default_component_of",
                    "full_product_name": {"name": "ssl in it", "product_id": "IN"},
                    "product_reference": "SSL",
                    "relates_to_product_reference": "IMAGE",
                }
            ],
        },
        "vulnerabilities": [
            {
                "cve": "CVE-2026-1000",
                "product_status": {"known_not_affected": ["IN"]},
                "flags": [{"label": "vulnerable_code_not_present", "product_ids": ["IN"]}],
                **status,
            }
        ],
    }
    return json.dumps(document).encode()


def judged(*documents: bytes, found: Vulnerability = FOUND) -> Judgement:
    statements = [one for data in documents for one in read_vex(data, "vex.json")]
    scan = Scan(
        report=BASE.__class__(
            **{f: getattr(BASE, f) for f in BASE.__struct_fields__ if f != "vulnerabilities"},
            vulnerabilities=(found,),
        ),
        database=FRESH,
    )
    return judge_scans(
        [scan],
        Policy(),
        Facts(covers=words_of(statements, IMAGE)),
        now=NOW,
        place=lambda _: None,  # type: ignore[arg-type,return-value]
    )


@pytest.mark.parametrize(
    "document",
    [
        openvex(said()),
        openvex(said(products=[OCI])),
        openvex(said(products=[{"@id": "x", "hashes": {"sha-256": "5" * 64}}])),
        openvex(said(products=[{"@id": OCI, "subcomponents": [{"@id": SSL}]}])),
        openvex(said(products=[{"@id": f"{SSL}@1.0-r0"}])),
        openvex(said(products=[{"@id": "x", "identifiers": {"purl": SSL}}])),
        openvex(said(vulnerability="CVE-2026-1000")),
        openvex(said(vulnerability={"name": "GHSA-x", "aliases": ["CVE-2026-1000"]})),
        openvex(said(status="fixed", justification="")),
        cyclonedx(state="not_affected", justification="code_not_reachable"),
        cyclonedx(state="resolved"),
        csaf(),
        csaf(product_status={"fixed": ["SSL"]}),
    ],
)
def test_a_statement_about_this_image_or_package_covers_and_is_shown(document: bytes) -> None:
    judgement = judged(document)

    assert judgement.verdict.is_yes
    (finding,) = judgement.findings
    assert finding.suppressed is not None
    assert finding.suppressed.source == "vex.json"
    assert finding.suppressed.reason.split(":")[0] in {"not_affected", "fixed"}


@pytest.mark.parametrize(
    "document",
    [
        openvex(said(products=[{"@id": OCI.replace("5", "6")}])),
        openvex(said(products=[{"@id": OCI, "subcomponents": [{"@id": "pkg:apk/alpine/tls"}]}])),
        openvex(said(products=[{"@id": f"{SSL}@0.9-r0"}])),
        openvex(said(products=[{"@id": "pkg:oci/orders"}])),
        openvex(said(vulnerability={"name": "CVE-2026-1001"})),
        openvex(said(status="affected")),
        openvex(said(status="under_investigation")),
        cyclonedx(state="exploitable"),
        cyclonedx(state="in_triage"),
        csaf(product_status={"known_affected": ["IN"]}),
        csaf(product_status={"fixed": ["NOBODY"]}),
    ],
)
def test_a_statement_about_another_or_that_excuses_nothing_covers_nothing(document: bytes) -> None:
    judgement = judged(document)

    assert judgement.verdict.answer is Answer.NO
    assert any("covers nothing" in note for note in judgement.notes)


def test_the_newest_statement_counts_whatever_the_order() -> None:
    old = openvex(said(), timestamp="2026-11-01T00:00:00Z")
    new = openvex(said(status="affected"), timestamp="2026-11-02T00:00:00Z")

    for documents in ((old, new), (new, old)):
        assert judged(*documents).verdict.answer is Answer.NO


def test_of_two_statements_of_one_time_the_one_counts_that_excuses_nothing() -> None:
    both = openvex(said(), said(status="under_investigation"))

    assert judged(both).verdict.answer is Answer.NO


def test_a_doubt_is_not_covered() -> None:
    unknown = vulnerability(id_="CVE-2026-1001")
    judgement = judged(openvex(said()), found=unknown)

    assert judgement.verdict.answer is Answer.NO


@pytest.mark.parametrize(
    "document",
    [
        openvex(),
        openvex(said(justification="")),
        openvex(said(products=[])),
        openvex(said(status="fine")),
        openvex(said(vulnerability={})),
        openvex(said(), timestamp="yesterday"),
        cyclonedx(state="not_affected"),
        cyclonedx(state="sure"),
        csaf(flags=[]),
        csaf(cve=""),
        csaf(product_status={}),
        b"{}",
        b"",
        openvex(said())[:-3],
    ],
)
def test_a_document_that_is_none_or_incomplete_is_unreadable(document: bytes) -> None:
    with pytest.raises(Unreadable):
        read_vex(document, "vex.json")


def test_another_category_of_csaf_is_no_vex() -> None:
    with pytest.raises(Unreadable, match="csaf_security_advisory"):
        read_vex(csaf().replace(b'"csaf_vex"', b'"csaf_security_advisory"'), "vex.json")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.sampled_from([openvex(said()), cyclonedx(state="resolved"), csaf()]), st.data(), _JSON)
def test_any_value_for_a_key_is_read_or_refused(
    document: bytes,
    draw: st.DataObject,
    value: Any,  # noqa: ANN401 - any JSON
) -> None:
    whole = json.loads(document)
    key = draw.draw(st.sampled_from(sorted(whole)))
    whole[key] = value
    try:
        found = read_vex(json.dumps(whole).encode(), "vex.json")
    except CdkitError:
        return
    assert all(one.status in Status for one in found)
