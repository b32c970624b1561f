"""Small OCI image layouts for tests, the same bytes each time."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cdkit.core.oci import media

Tree = Mapping[str, bytes]
REF_NAME = "org.opencontainers.image.ref.name"


def layer(files: Tree) -> bytes:
    """A layer as a plain tar file."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


class Layout:
    """A layout under construction. `blobs` maps digests to bytes; `save` writes it.

    `replaced` holds files that stand in it instead of the right ones.
    """

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.roots: list[dict[str, Any]] = []
        self.replaced: dict[str, bytes] = {}

    def put(self, data: bytes, media_type: str, **more: object) -> dict[str, Any]:
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self.blobs[digest] = data
        return {"mediaType": media_type, "digest": digest, "size": len(data), **more}

    def put_json(self, value: object, media_type: str, **more: object) -> dict[str, Any]:
        return self.put(json.dumps(value).encode(), media_type, **more)

    def manifest(
        self,
        layers: Sequence[Tree] = ({"hello": b"hello"},),
        platform: str = "linux/amd64",
        labels: Mapping[str, str] | None = None,
        history: Sequence[Mapping[str, object]] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        os, architecture = platform.split("/")
        packed = [layer(tree) for tree in layers]
        config = self.put_json(
            {
                "architecture": architecture,
                "os": os,
                "config": {"Labels": dict(labels or {})},
                "rootfs": {
                    "type": "layers",
                    "diff_ids": [f"sha256:{hashlib.sha256(p).hexdigest()}" for p in packed],
                },
                "history": list(history or [{"created_by": "COPY"} for _ in packed]),
            },
            "application/vnd.oci.image.config.v1+json",
        )
        kind = "application/vnd.oci.image.layer.v1.tar"
        return self.put_json(
            {
                "schemaVersion": 2,
                "mediaType": media.OCI_MANIFEST,
                "config": config,
                "layers": [self.put(p, kind) for p in packed],
                **({"annotations": dict(annotations)} if annotations else {}),
            },
            media.OCI_MANIFEST,
            platform={"os": os, "architecture": architecture},
        )

    def index(self, *manifests: Mapping[str, Any]) -> dict[str, Any]:
        return self.put_json(
            {"schemaVersion": 2, "mediaType": media.OCI_INDEX, "manifests": list(manifests)},
            media.OCI_INDEX,
        )

    def root(self, descriptor: Mapping[str, Any], name: str = "v1") -> str:
        self.roots.append({**descriptor, "annotations": {REF_NAME: name}})
        return str(descriptor["digest"])

    def files(self) -> dict[str, bytes]:
        blobs = {f"blobs/{d.replace(':', '/')}": data for d, data in self.blobs.items()}
        index = {"schemaVersion": 2, "manifests": self.roots}
        return {
            "oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
            "index.json": json.dumps(index).encode(),
            **blobs,
            **self.replaced,
        }

    def save(self, folder: Path) -> Path:
        for name, content in self.files().items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder

    def pack(self, path: Path, extra: Sequence[tarfile.TarInfo] = ()) -> Path:
        with tarfile.open(path, "w") as tar:
            for name, content in self.files().items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
            for entry in extra:
                tar.addfile(entry, io.BytesIO(b"\0" * entry.size))
        return path


def single(
    folder: Path,
    layers: Sequence[Tree] = ({"hello": b"hello"},),
    *,
    labels: Mapping[str, str] | None = None,
    history: Sequence[Mapping[str, object]] | None = None,
) -> tuple[Path, str, str]:
    """A layout with one manifest: its folder, the manifest's digest and the config's."""
    layout = Layout()
    digest = layout.root(layout.manifest(layers, labels=labels, history=history))
    config = json.loads(layout.blobs[digest])["config"]["digest"]
    return layout.save(folder), digest, config


def two_platforms() -> tuple[Layout, str, list[str]]:
    """A layout with an index of amd64 and arm64: its digest, and those of the manifests."""
    layout = Layout()
    parts = [
        layout.manifest(({"arch": name.encode()},), f"linux/{name}") for name in ("amd64", "arm64")
    ]
    return layout, layout.root(layout.index(*parts)), [str(part["digest"]) for part in parts]


def push(layout: Layout, address: str, repository: str, tag: str) -> None:
    """Push a layout's blobs and its one root to a registry on loopback that wants no login."""
    connection = http.client.HTTPConnection(address, timeout=30)

    def ask(method: str, path: str, body: bytes, kind: str) -> str:
        connection.request(method, path, body, {"Content-Type": kind})
        with connection.getresponse() as answer:
            said = answer.read()
            assert answer.status in {201, 202}, said
            return answer.headers.get("Location", "")

    (root,) = layout.roots
    base = f"/v2/{repository}"
    manifests = {d: data for d, data in layout.blobs.items() if b'"schemaVersion"' in data}
    for digest in layout.blobs.keys() - manifests.keys():
        place = ask("POST", f"{base}/blobs/uploads/", b"", "application/octet-stream")
        place = place.partition(address)[2] or place
        joint = "&" if "?" in place else "?"
        query = f"{joint}digest={digest}"
        ask("PUT", place + query, layout.blobs[digest], "application/octet-stream")
    for digest, data in manifests.items():  # an index comes after what it lists
        name = tag if digest == root["digest"] else digest
        ask("PUT", f"{base}/manifests/{name}", data, json.loads(data)["mediaType"])
    connection.close()
