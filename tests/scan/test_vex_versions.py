"""What a VEX says of some versions is not said of others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cdkit.core.verdict import Answer
from tests.scan.test_vex import OCI, SSL, csaf, cyclonedx, judged, openvex, said

Json = dict[str, Any]
INSTALLED = "1.0-r0"


def versioned(*versions: Json, ref: str = SSL, state: str = "not_affected") -> bytes:
    document = json.loads(cyclonedx(ref=ref, state=state, detail="never called"))
    document["vulnerabilities"][0]["affects"][0]["versions"] = list(versions)
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([], Answer.YES),
        ([{"version": INSTALLED}], Answer.YES),
        ([{"version": INSTALLED, "status": "affected"}], Answer.YES),
        ([{"version": INSTALLED, "status": "unaffected"}], Answer.YES),
        ([{"version": INSTALLED, "status": "unknown"}], Answer.NO),
        ([{"version": INSTALLED}, {"version": "2.0", "status": "unaffected"}], Answer.NO),
        ([{"version": "2.0", "status": "unaffected"}], Answer.NO),
        ([{"range": "vers:apk/<2.0", "status": "unaffected"}], Answer.NO),
    ],
)
def test_cyclonedx_excuses_the_versions_that_it_names(
    versions: list[Json], expected: Answer
) -> None:
    assert judged(versioned(*versions)).verdict.answer is expected


def test_a_version_that_contradicts_the_package_url_excuses_nothing() -> None:
    document = versioned({"version": "2.0"}, ref=f"{SSL}@{INSTALLED}")

    assert judged(document).verdict.answer is Answer.NO


def branched(category: str, purl: str) -> bytes:
    document = json.loads(csaf())
    product = {
        "product_id": "RANGE",
        "name": "ssl",
        "product_identification_helper": {"purl": purl},
    }
    branch = {"category": category, "name": "vers:apk/<2.0", "product": product}
    document["product_tree"]["branches"][0]["branches"].append(branch)
    (vulnerability,) = document["vulnerabilities"]
    vulnerability["product_status"] = {"known_not_affected": ["RANGE"]}
    vulnerability["flags"][0]["product_ids"] = ["RANGE"]
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("category", "purl", "expected"),
    [
        ("product_name", SSL, Answer.YES),
        ("product_version_range", SSL, Answer.NO),
        ("product_version", SSL, Answer.NO),
        ("product_version", f"{SSL}@{INSTALLED}", Answer.YES),
        ("product_version", f"{SSL}@2.0", Answer.NO),
    ],
)
def test_a_branch_of_csaf_for_some_versions_does_not_stand_for_all(
    category: str, purl: str, expected: Answer
) -> None:
    assert judged(branched(category, purl)).verdict.answer is expected


@pytest.mark.parametrize(
    ("product", "expected"),
    [
        ({"@id": SSL}, Answer.NO),
        ({"@id": f"{SSL}@{INSTALLED}"}, Answer.YES),
        ({"@id": OCI, "subcomponents": [{"@id": SSL}]}, Answer.YES),
    ],
)
def test_no_package_is_fixed_at_every_version(product: Json, expected: Answer) -> None:
    document = openvex(said(status="fixed", justification="", products=[product]))

    assert judged(document).verdict.answer is expected
