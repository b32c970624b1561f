"""Engines and registries for tests of local images, which answer as a test says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from cdkit.core.container import Container, Ended, LocalImage
from cdkit.core.errors import CannotTell
from cdkit.core.secret import Secret
from cdkit.core.world import MIB, Response
from tests.image.layouts import Layout

UNKNOWN = b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}'


@dataclass
class LookingEngine:
    """An engine that holds images by name, and runs nothing."""

    images: Mapping[str, LocalImage] = field(default_factory=dict)
    why_missing: str = ""
    asked: list[str] = field(default_factory=list)

    def missing(self) -> str:
        return self.why_missing

    def obtain(self, image: str) -> LocalImage:
        raise CannotTell(f"cannot pull {image}", remedy="check the network")

    def inspect(self, image: str) -> LocalImage | None:
        self.asked.append(image)
        return self.images.get(image)

    def save(self, image: str, path: str, limit: int) -> None:  # noqa: ARG002
        raise CannotTell(f"cannot save {image}", remedy="check the engine")

    def run(self, container: Container) -> Ended:
        raise CannotTell(f"cannot run {container.image}", remedy="check the engine")


@dataclass
class LayoutHttp:
    """A registry that serves a layout's blobs, except for those that it never got.

    `status` is what it answers to everything, where that is not 200.
    """

    layout: Layout
    repository: str
    without: frozenset[str] = frozenset()
    status: int = 200
    asked: list[str] = field(default_factory=list)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str | Secret] | None = None,  # noqa: ARG002
        body: bytes = b"",  # noqa: ARG002
        timeout: float = 30,  # noqa: ARG002
        limit: int = 8 * MIB,  # noqa: ARG002
    ) -> Response:
        path = url.partition("/v2/")[2]
        self.asked.append(f"{method} {path}")
        if self.status != 200:
            return Response(status=self.status, headers={}, body=b"")
        repository, _, digest = path.replace("/blobs/", "/manifests/").partition("/manifests/")
        data = self.layout.blobs.get(digest)
        if data is None or repository != self.repository or digest in self.without:
            return Response(status=404, headers={}, body=UNKNOWN)
        kind = json.loads(data).get("mediaType", "application/octet-stream")
        found = {"content-type": kind, "docker-content-digest": digest}
        return Response(status=200, headers=found, body=b"" if method == "HEAD" else data)
