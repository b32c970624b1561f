from __future__ import annotations

import json
from pathlib import Path

import pytest

from cdkit.core.doors.files import DiskFiles
from cdkit.core.errors import Unreadable
from cdkit.scan.bill import named_digests

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def _named(folder: Path, tree: object) -> tuple[str, ...]:
    (folder / "bom.json").write_text(json.dumps(tree))
    return named_digests(str(folder / "bom.json"), DiskFiles())


def _cyclonedx(**component: object) -> dict[str, object]:
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": component}}


def test_cyclonedx_names_its_image_by_purl_then_by_trivys_properties(tmp_path: Path) -> None:
    properties = [{"name": "aquasecurity:trivy:ImageID", "value": B}]
    purl = f"pkg:oci/orders@sha256%3A{'a' * 64}?repository_url=registry.example.com/orders"

    assert _named(tmp_path, _cyclonedx(type="container", purl=purl, properties=properties)) == (
        A,
        B,
    )


def test_what_is_no_container_names_no_image(tmp_path: Path) -> None:
    purl = f"pkg:oci/orders@sha256:{'a' * 64}"

    assert _named(tmp_path, _cyclonedx(type="application", purl=purl)) == ()


def test_an_image_that_is_merely_a_component_is_not_the_subject(tmp_path: Path) -> None:
    tree = _cyclonedx(type="container", name="orders")
    tree["components"] = [{"type": "container", "purl": f"pkg:oci/base@sha256:{'a' * 64}"}]

    assert _named(tmp_path, tree) == ()


def test_spdx_names_its_image_in_the_package_that_it_describes(tmp_path: Path) -> None:
    def package(name: str, digest: str) -> dict[str, object]:
        locator = f"pkg:oci/{name}@{digest}"
        return {
            "SPDXID": f"SPDXRef-{name}",
            "externalRefs": [{"referenceType": "purl", "referenceLocator": locator}],
        }

    tree = {
        "spdxVersion": "SPDX-2.3",
        "packages": [package("base", B), package("orders", A)],
        "relationships": [
            {
                "spdxElementId": "SPDXRef-DOCUMENT",
                "relationshipType": "DESCRIBES",
                "relatedSpdxElement": "SPDXRef-orders",
            }
        ],
    }

    assert _named(tmp_path, tree) == (A,)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"bomFormat": 1}', '{"spdxVersion": null}', "{"])
def test_what_is_no_list_of_packages_is_unreadable(tmp_path: Path, text: str) -> None:
    (tmp_path / "bom.json").write_text(text)

    with pytest.raises(Unreadable):
        named_digests(str(tmp_path / "bom.json"), DiskFiles())


@pytest.mark.parametrize("value", [None, 7, "x", [], {"component": []}])
def test_odd_values_name_no_image(tmp_path: Path, value: object) -> None:
    assert _named(tmp_path, {"bomFormat": "CycloneDX", "metadata": value}) == ()
    assert _named(tmp_path, {"spdxVersion": "SPDX-2.3", "packages": [value]}) == ()
