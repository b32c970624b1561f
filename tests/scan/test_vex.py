"""VEX documents. All are made by hand after the specifications."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given
from hypothesis import strategies as st
from jsonschema.validators import Draft202012Validator
from msgspec.structs import replace

from cdkit.core.errors import CdkitError, Unreadable
from cdkit.core.finding import Location
from cdkit.core.verdict import Answer
from cdkit.scan.doubts import Scan
from cdkit.scan.judge import Facts, Judgement, judge_scans
from cdkit.scan.key import is_package
from cdkit.scan.policy import Policy
from cdkit.scan.report import Vulnerability
from cdkit.scan.statement import Status, read_vex, words_of
from tests.report.test_sarif import SCHEMAS
from tests.scan.test_judge import BASE, FRESH, vulnerability, waiver
from tests.scan.test_scanners import places
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


def attested(*statements: dict[str, Any], digest: str = "5" * 64, **changes: Any) -> bytes:  # noqa: ANN401
    return json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "predicateType": "https://openvex.dev/ns/v0.2.0",
            "subject": [{"name": "registry.example.com/acme/orders", "digest": {"sha256": digest}}],
            "predicate": json.loads(openvex(*statements)),
            **changes,
        }
    ).encode()


def cyclonedx(root: dict[str, Any] | None = None, ref: str = "a", **analysis: str) -> bytes:
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "metadata": {"timestamp": "2026-11-20T10:00:00Z"} | ({"component": root} if root else {}),
        "components": [{"bom-ref": "a", "type": "library", "name": "ssl", "purl": f"{SSL}@1.0-r0"}],
        "vulnerabilities": [
            {"id": "CVE-2026-1000", "analysis": analysis, "affects": [{"ref": ref}]}
        ],
    }
    return json.dumps(document).encode()


def csaf(
    inner: str = f"{SSL}@1.0-r0",
    outer: dict[str, str] | None = None,
    groups: tuple[dict[str, Any], ...] = (),
    **status: Any,  # noqa: ANN401
) -> bytes:
    helper = "product_identification_helper"
    image = {"product_id": "IMAGE", "name": "image", helper: outer or {"purl": OCI}}
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
                    "branches": [{"category": "product_name", "name": "x", "product": image}],
                }
            ],
            "full_product_names": [{"name": "ssl", "product_id": "SSL", helper: {"purl": inner}}],
            "product_groups": list(groups),
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
        digests=IMAGE,
    )
    return judge_scans(
        [scan],
        Policy(),
        Facts(covers=words_of(statements)),
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
        csaf(
            groups=({"group_id": "ALL", "product_ids": ["IN", "IMAGE"]},),
            flags=[{"label": "component_not_present", "group_ids": ["ALL"]}],
        ),
        csaf(outer={"cpe": "cpe:/o:alpine:linux:3.22"}),
        csaf(outer={"cpe": "cpe:2.3:o:alpine:linux:3.22:*:*:*:*:*:*:*"}),
        attested(said()),
        attested(said(products=[])),
        attested(said(products=[{"@id": SSL}])),
        cyclonedx({"bom-ref": "r", "purl": OCI}, state="resolved"),
        cyclonedx({"bom-ref": "r", "version": DIGEST}, state="resolved"),
        cyclonedx(
            {
                "bom-ref": "r",
                "properties": [{"name": "aquasecurity:trivy:ImageID", "value": DIGEST}],
            },
            state="resolved",
        ),
        cyclonedx({"bom-ref": "r", "purl": OCI}, ref="r", state="resolved"),
        cyclonedx(ref=f"{SSL}@1.0-r0", state="resolved"),
        cyclonedx(ref=OCI, state="resolved"),
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
        csaf(outer={"purl": OCI.replace("5", "6")}),
        csaf(outer={"purl": "pkg:generic/appliance@1.0"}),
        csaf(outer={"purl": "pkg:oci/orders", "cpe": "cpe:/o:alpine:linux:3.22"}),
        csaf(outer={"cpe": "cpe:/a:acme:appliance:1.0"}),
        csaf(outer={"cpe": "alpine"}),
        csaf(inner=SSL, outer={"cpe": "cpe:/o:alpine:linux:3.21"}),
        csaf(inner="pkg:pypi/ssl@1.0-r0", outer={"cpe": "cpe:/o:pypi:linux:3.21"}),
        attested(said(products=[]), digest="6" * 64),
        attested(said(products=[{"@id": SSL}]), digest="6" * 64),
        attested(said(products=[{"@id": OCI.replace("5", "6")}])),
        attested(said(products=[{"@id": "pkg:oci/orders"}])),
        cyclonedx({"bom-ref": "r", "purl": OCI.replace("5", "6")}, state="resolved"),
        cyclonedx({"bom-ref": "r", "purl": "pkg:npm/shop@1.0"}, state="resolved"),
        cyclonedx({"bom-ref": "r", "version": "1.0"}, ref="r", state="resolved"),
        cyclonedx({"version": DIGEST}, ref="", state="resolved"),
        cyclonedx(
            {"bom-ref": "r", "properties": [{"name": "base:Digest", "value": DIGEST}]},
            state="resolved",
        ),
        cyclonedx(ref=f"urn:cdx:0195c0de-0000-4000-8000-000000000000/1#{SSL}", state="resolved"),
        cyclonedx(ref="elsewhere", state="resolved"),
    ],
)
def test_a_statement_about_another_or_that_excuses_nothing_covers_nothing(document: bytes) -> None:
    judgement = judged(document)

    assert judgement.verdict.answer is Answer.NO
    assert [found.suppressed for found in judgement.findings] == [None]


def test_a_document_about_other_products_is_told_once() -> None:
    others = [said(products=[{"@id": f"pkg:apk/alpine/other{n}"}]) for n in range(3)]

    assert judged(openvex(*others)).notes == (
        "vex.json: none of its VEX statements is about this image or a package in it.",
    )


@pytest.mark.parametrize("status", ["affected", "under_investigation", "not_affected"])
def test_a_document_that_speaks_of_the_image_is_not_to_be_removed(status: str) -> None:
    other = said(products=[{"@id": "pkg:apk/alpine/other"}])

    assert judged(openvex(other, said(status=status))).notes == ()


def test_a_bulletin_about_several_cves_excuses_none_of_them() -> None:
    document = json.loads(cyclonedx(state="resolved"))
    (one,) = document["vulnerabilities"]
    one |= {"id": "ALAS-2026-1", "references": [{"id": "CVE-2026-1000"}, {"id": "CVE-2026-2000"}]}

    assert judged(json.dumps(document).encode()).verdict.answer is Answer.NO


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
        openvex(said(justification="", impact_statement=" ")),
        openvex(said(products=[])),
        openvex(said(status="fine")),
        openvex(said(vulnerability={})),
        openvex(said(), timestamp="yesterday"),
        openvex(said(justification="trust_me")),
        openvex(said(), **{"@context": "https://openvex.dev/ns/v9.9.9"}),
        openvex(said(), **{"@context": "https://example.com/?https://openvex.dev/ns"}),
        attested(said(), subject=[]),
        attested(said(), subject=[{"name": "x", "digest": {"sha512": "5" * 128}}]),
        attested(said(), predicate=None),
        attested(said(), predicateType="https://example.com/openvex.dev/ns"),
        csaf(flags=[{"label": "component_not_present", "group_ids": ["ALL"]}]),
        csaf(
            flags=[],
            threats=[{"category": "impact", "details": "no", "product_ids": ["SSL"]}],
        ),
        cyclonedx(state="not_affected"),
        cyclonedx(state="not_affected", detail=" "),
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


@pytest.mark.parametrize(
    ("status", "name", "covered"),
    [
        ("affected", "GHSA-x", False),
        ("under_investigation", "GHSA-x", False),
        ("fixed", "GHSA-x", True),
        ("affected", "GHSA-y", True),
        ("affected", "CVE-2026-1001", True),
    ],
)
def test_a_statement_is_taken_back_under_any_name_that_it_gives(
    status: str, name: str, *, covered: bool
) -> None:
    both = {"name": "CVE-2026-1000", "aliases": ["GHSA-x"]}
    first = openvex(said(vulnerability=both, timestamp="2026-11-20T10:00:00Z"))
    later = said(
        vulnerability=name, status=status, justification="", timestamp="2026-11-21T10:00:00Z"
    )

    assert judged(first, openvex(later)).verdict.is_yes is covered


@pytest.mark.parametrize(("status", "read"), [("draft", False), ("interim", True), ("final", True)])
def test_a_draft_of_csaf_is_nobodys_word_yet(status: str, *, read: bool) -> None:
    document = json.loads(csaf())
    document["document"]["tracking"]["status"] = status

    with contextlib.nullcontext() if read else pytest.raises(Unreadable, match="is a draft"):
        assert read_vex(json.dumps(document).encode(), "vex.json")


def test_what_excuses_gives_way_to_a_word_against_it_of_which_nobody_knows_the_time() -> None:
    against = json.loads(cyclonedx(state="exploitable"))
    del against["metadata"]
    excusing = cyclonedx(state="resolved")
    undated = json.loads(excusing)
    del undated["metadata"]

    assert not judged(excusing, json.dumps(against).encode()).verdict.is_yes
    assert not judged(json.dumps(against).encode(), json.dumps(undated).encode()).verdict.is_yes
    assert judged(excusing, json.dumps(undated).encode()).verdict.is_yes


def test_what_is_read_here_is_openvex_by_its_own_schema() -> None:
    path = SCHEMAS / "openvex-0.2.0.json"
    if not path.is_file():
        pytest.skip(f"no official OpenVEX schema here: set CDKIT_SCHEMAS to its folder ({SCHEMAS})")
    official = Draft202012Validator(json.loads(path.read_bytes()))
    good = openvex(said(products=[{"@id": OCI, "subcomponents": [{"@id": SSL}]}]))
    bad = openvex(said(justification="trust_me"))

    assert [fault.message for fault in official.iter_errors(json.loads(good))] == []
    assert not official.is_valid(json.loads(bad))


def test_what_is_read_here_is_cyclonedx_by_its_own_schema() -> None:
    root = {"bom-ref": "r", "type": "container", "name": "acme/orders", "purl": OCI}
    text = cyclonedx(root, state="not_affected", justification="code_not_reachable").decode()

    assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(text) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
_WHOLE = [
    openvex(said(products=[{"@id": OCI, "subcomponents": [{"@id": SSL}]}])),
    attested(said()),
    cyclonedx(
        {"bom-ref": "r", "purl": OCI}, state="not_affected", justification="code_not_present"
    ),
    csaf(),
    csaf(
        outer={"cpe": "cpe:/o:alpine:linux:3.22"},
        groups=({"group_id": "ALL", "product_ids": ["IN"]},),
        flags=[{"label": "component_not_present", "group_ids": ["ALL"]}],
    ),
]


@given(st.sampled_from(_WHOLE), st.data(), _JSON)
def test_any_value_at_any_place_is_read_or_refused(
    document: bytes,
    draw: st.DataObject,
    value: Any,  # noqa: ANN401 - any JSON
) -> None:
    whole = json.loads(document)
    *way, last = draw.draw(st.sampled_from([place for place in places(whole) if place]))
    target = whole
    for key in way:
        target = target[key]
    target[last] = value
    try:
        found = read_vex(json.dumps(whole).encode(), "vex.json")
    except CdkitError:
        return
    assert all(one.status in Status for one in found)


@given(st.sampled_from(_WHOLE), st.data())
def test_a_document_cut_off_anywhere_is_unreadable(document: bytes, draw: st.DataObject) -> None:
    at = draw.draw(st.integers(0, len(document) - 1))

    with pytest.raises(Unreadable):
        read_vex(document[:at], "vex.json")


@pytest.mark.parametrize("opening", [b"[", b'{"branches":[', b'{"components":['])
@pytest.mark.parametrize(
    "start", [b'{"bomFormat":"CycloneDX","components":', b'{"csaf_version":2,"x":']
)
def test_a_document_that_is_nested_beyond_reason_is_unreadable(
    start: bytes, opening: bytes
) -> None:
    with pytest.raises(Unreadable):
        read_vex(start + opening * 50_000, "vex.json")


ARM = f"sha256:{'6' * 64}"


def test_a_statement_about_one_platform_covers_no_other() -> None:
    statements = read_vex(openvex(said()), "vex.json")
    scans = [
        Scan(
            report=replace(BASE, vulnerabilities=(FOUND,)),
            database=FRESH,
            platform=platform,
            digests=frozenset({digest, f"sha256:{'7' * 64}"}),
        )
        for platform, digest in (("linux/amd64", DIGEST), ("linux/arm64", ARM))
    ]
    facts = Facts(covers=words_of(statements))
    found = judge_scans(
        scans, Policy(), facts, now=NOW, place=lambda _: Location(path="Dockerfile")
    )
    open_ = [one.properties["platforms"] for one in found.findings if not one.suppressed]
    assert (found.verdict.answer, open_) == (Answer.NO, ["linux/arm64"])


@pytest.mark.parametrize(
    ("wanted", "held", "same"),
    [
        ("pkg:deb/debian/ssl", "pkg:deb/debian/ssl@1.0?arch=amd64&distro=debian-12", True),
        ("pkg:deb/debian/ssl@1.0", "pkg:deb/debian/ssl@1.0?arch=amd64&distro=debian-12", True),
        ("pkg:deb/debian/ssl?distro=debian-12", "pkg:deb/debian/ssl@1.0?distro=debian-12", True),
        ("pkg:deb/debian/ssl?distro=debian-12", "pkg:deb/debian/ssl@1.0?distro=debian-13", False),
        ("pkg:deb/debian/ssl?distro=debian-12", "pkg:deb/debian/ssl@1.0", False),
        ("pkg:golang/x/y@1.0#cmd", "pkg:golang/x/y@1.0", False),
        ("pkg:golang/x/y@1.0", "pkg:golang/x/y@1.0#cmd", True),
        ("pkg:deb/debian/g%2B%2B@1%3A1.0", "pkg:deb/debian/g++@1:1.0", True),
        ("pkg:deb/debian/ssl@1.0", "pkg:deb/debian/ssl@1.0.1", False),
        ("pkg:deb/debian/ssl", "pkg:deb/ubuntu/ssl@1.0", False),
        ("pkg:deb/debian/s sl@1.0", "pkg:deb/debian/s sl@1.0", True),
        ("pkg:deb/debian/s sl?distro=debian-12", "pkg:deb/debian/s sl@1.0", False),
        ("pkg:pypi/Made_Web", "pkg:pypi/made-web@2.1.0", True),
        ("pkg:npm/Made", "pkg:npm/made@1.0", True),
        ("pkg:maven/a/Made", "pkg:maven/a/made@1.0", False),
        ("", "", False),
    ],
)
def test_what_is_said_of_a_package_counts_where_all_of_it_is_so(
    wanted: str, held: str, *, same: bool
) -> None:
    found = replace(FOUND, purl=held)
    excepted = waiver(id="CVE-2026-1000", purls=(wanted,)).covers(found, IMAGE)
    assert (is_package(wanted, held), excepted) == (same, same)


@pytest.mark.parametrize(
    ("names", "covers"),
    [
        ({"name": "CVE-2026-2000", "aliases": ["GHSA-made-made-made"]}, False),
        ({"name": "CVE-2026-1000", "aliases": ["GHSA-made-made-made"]}, True),
        ({"name": "GHSA-made-made-made"}, True),
        ({"name": "GHSA-made-made-made", "aliases": ["CVE-2026-1000"]}, True),
    ],
)
def test_a_statement_on_another_cve_of_the_same_advisory_covers_nothing(
    names: dict[str, Any], *, covers: bool
) -> None:
    found = replace(FOUND, aliases=("GHSA-made-made-made",))
    judgement = judged(openvex(said(vulnerability=names)), found=found)

    assert [one.suppressed is not None for one in judgement.findings] == [covers]
