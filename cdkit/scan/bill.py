"""Which image a list of packages is of: what a CycloneDX or an SPDX document says of it.

CycloneDX names it in `metadata.component` (a purl of the type `oci`: purl-spec,
types-doc/oci-definition.md; Trivy adds properties), SPDX in the package that the document
describes, by a purl among its external references.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import msgspec

from cdkit.core.errors import Unreadable
from cdkit.core.world import MIB, Files

_LIMIT = 256 * MIB
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_PROPERTIES = frozenset({"aquasecurity:trivy:RepoDigest", "aquasecurity:trivy:ImageID"})
_REMEDY = "give a CycloneDX or SPDX document in JSON: trivy image --format cyclonedx"


def named_digests(path: str, files: Files) -> tuple[str, ...]:
    """Return the digests of the image (its manifest's or index's first, its config's last).

    Raises Unreadable where it is neither CycloneDX nor SPDX 2 in JSON.
    """
    try:
        tree = msgspec.json.decode(files.read(path, limit=_LIMIT))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Unreadable(f"is no JSON: {fault}", where=path, remedy=_REMEDY) from fault
    if not isinstance(tree, dict):
        raise Unreadable("is no list of packages", where=path, remedy=_REMEDY)
    if tree.get("bomFormat") == "CycloneDX":
        found = _in_cyclonedx(tree)
    elif str(tree.get("spdxVersion", "")).startswith("SPDX-2"):
        found = _in_spdx(tree)
    else:
        raise Unreadable("is neither CycloneDX nor SPDX 2", where=path, remedy=_REMEDY)
    digests = dict.fromkeys(d for text in found for d in _DIGEST.findall(unquote(text)))
    return tuple(digests)


def _in_cyclonedx(tree: dict[str, Any]) -> Iterator[str]:
    component = _dict(_dict(tree.get("metadata")).get("component"))
    if component.get("type") != "container":
        return
    if str(component.get("purl", "")).startswith("pkg:oci/"):
        yield component["purl"]
    properties = [_dict(one) for one in _list(component.get("properties"))]
    for one in sorted(properties, key=lambda one: str(one.get("name")), reverse=True):
        if one.get("name") in _PROPERTIES:
            yield str(one.get("value", ""))


def _in_spdx(tree: dict[str, Any]) -> Iterator[str]:
    related = [_dict(one) for one in _list(tree.get("relationships"))]
    described = {str(one) for one in _list(tree.get("documentDescribes"))} | {
        str(one.get("relatedSpdxElement"))
        for one in related
        if one.get("relationshipType") == "DESCRIBES"
        and one.get("spdxElementId") == "SPDXRef-DOCUMENT"
    }
    for package in (_dict(one) for one in _list(tree.get("packages"))):
        if package.get("SPDXID") not in described:
            continue
        for reference in (_dict(one) for one in _list(package.get("externalRefs"))):
            locator = str(reference.get("referenceLocator", ""))
            if reference.get("referenceType") == "purl" and locator.startswith("pkg:oci/"):
                yield locator


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
