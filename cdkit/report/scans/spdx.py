"""SPDX 2.3 (JSON): the packages of an image.

Source: spdx.github.io, SPDX 2.3, and its JSON schema. Licences stand as comments: what a package
manager calls a licence is seldom an SPDX expression.
"""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cdkit.core.documents.inventory import Component
from cdkit.core.escape import terminal
from cdkit.core.names import NAMESPACE, TOOL
from cdkit.report.json_text import json_text
from cdkit.report.report import Report, answer_words
from cdkit.report.scan import ScanFormat, Scanned, written_purl

Json = dict[str, Any]
_NOBODY = "NOASSERTION"


def render(report: Report, scanned: Scanned) -> str:
    """Return one document that describes the image and what it contains."""
    packages = [_image(scanned)]
    packages += [_package(one, number) for number, one in enumerate(scanned.inventory, start=1)]
    contained = [
        {
            "spdxElementId": "SPDXRef-image",
            "relationshipType": "CONTAINS",
            "relatedSpdxElement": one["SPDXID"],
        }
        for one in packages[1:]
    ]
    describes = {
        "spdxElementId": "SPDXRef-DOCUMENT",
        "relationshipType": "DESCRIBES",
        "relatedSpdxElement": "SPDXRef-image",
    }
    document: Json = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": scanned.name or "image",
        "documentNamespace": f"{NAMESPACE}/spdx/{uuid5(NAMESPACE_URL, scanned.key)}",
        "creationInfo": {
            "created": scanned.judged,
            "creators": [f"Tool: {TOOL.replace(' ', '-')}"],
        },
        "comment": _comment(report, scanned),
        "packages": packages,
        "relationships": [describes, *contained],
    }
    return json_text(document)


def _comment(report: Report, scanned: Scanned) -> str:
    """Return the answer, and what may be missing: whoever reads a short list should see why."""
    answer = f"scan-image said {answer_words(report.verdict.answer)}"
    return "; ".join([answer, *(terminal(doubt) for doubt in scanned.doubts)])


def _image(scanned: Scanned) -> Json:
    purl = scanned.purl
    image = _bare("SPDXRef-image", scanned.name or "image", scanned.digest, purl)
    if scanned.digest:
        value = scanned.digest.partition(":")[2]
        image["checksums"] = [{"algorithm": "SHA256", "checksumValue": value}]
    return image | {"primaryPackagePurpose": "CONTAINER"}


def _package(made: Component, number: int) -> Json:
    written = _bare(f"SPDXRef-package-{number}", made.name or "unnamed", made.version, made.purl)
    if made.licenses:
        written["licenseComments"] = ", ".join(made.licenses)
    if made.path:
        written["sourceInfo"] = made.path
    return written


def _bare(id_: str, name: str, version: str, purl: str) -> Json:
    written: Json = {
        "SPDXID": id_,
        "name": name,
        "downloadLocation": _NOBODY,
        "filesAnalyzed": False,
        "licenseConcluded": _NOBODY,
        "licenseDeclared": _NOBODY,
        "copyrightText": _NOBODY,
    }
    if version:
        written["versionInfo"] = version
    if purl := written_purl(purl):
        written["externalRefs"] = [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": purl,
            }
        ]
    return written


FORMAT = ScanFormat(name="spdx", render=render)
