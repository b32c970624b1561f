"""Metadata files as buildx writes them, hand-made: buildx itself is not among the parts.

The shapes are those of docs.docker.com, `docker buildx build` and `docker buildx bake`,
"--metadata-file"; `image.name` is BuildKit's exporter response (exporter/containerimage/exptypes).
"""

from __future__ import annotations

import json
from typing import Any

INDEX_TYPE = "application/vnd.oci.image.index.v1+json"


def built(digest: str, *names: str, config: str = "") -> dict[str, Any]:
    """What `buildx build` writes: of several platforms there is no config digest."""
    result: dict[str, Any] = {
        "buildx.build.provenance": {
            "buildType": "https://mobyproject.org/buildkit@v1",
            "invocation": {"environment": {"platform": "linux/amd64"}},
        },
        "buildx.build.ref": "mybuilder/mybuilder0/0fjb6ubs52xx3vygf6fgdl611",
        "containerimage.descriptor": {"mediaType": INDEX_TYPE, "digest": digest, "size": 1609},
        "containerimage.digest": digest,
    }
    if config:
        result["containerimage.config.digest"] = config
    if names:
        result["image.name"] = ",".join(names)
    return result


def baked(**targets: object) -> dict[str, Any]:
    """What `buildx bake` writes: one object a target, and warnings beside them."""
    return {"buildx.build.warnings": [], **targets}


def text(value: object) -> str:
    """Return the file's text, indented as buildx writes it."""
    return json.dumps(value, indent=2)
