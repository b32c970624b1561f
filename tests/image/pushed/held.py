"""A registry on loopback that holds what a test says, and can be told to answer otherwise."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from tests.core.serving import Answer, Asked, Script
from tests.image.layouts import Layout

UNKNOWN = json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]})

#: What Distribution 2.8 answers for a tag that exists, to those who do not accept OCI indexes.
CONVERTED = json.dumps(
    {
        "errors": [
            {
                "code": "MANIFEST_UNKNOWN",
                "message": "OCI index found, but accept header does not support OCI indexes",
            }
        ]
    }
)


def holding(*layouts: Layout, **tags: str) -> Script:
    """A registry with the blobs of these layouts, and tags that name digests."""
    blobs: dict[str, bytes] = {}
    for layout in layouts:
        blobs |= layout.blobs

    def script(asked: Asked) -> Answer:
        name = asked.path.rpartition("/")[2]
        data = blobs.get(tags.get(name, name))
        if data is None:
            return Answer(404, {}, UNKNOWN.encode())
        return Answer(200, _headers(data), data)

    return script


def _headers(data: bytes) -> Mapping[str, str]:
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    try:
        kind = json.loads(data).get("mediaType", "application/json")
    except ValueError:
        kind = "application/octet-stream"
    return {"Content-Type": kind, "Docker-Content-Digest": digest}
