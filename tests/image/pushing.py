"""Building and pushing images for tests, by Docker Engine and by skopeo."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docker import DockerClient

SKOPEO = (
    "skopeo",
    "copy",
    "--all",
    "--preserve-digests",
    "--dest-tls-verify=false",
    "--insecure-policy",
)


def copying(layout: Path, reference: str, name: str = "v1") -> list[str]:
    """Return the command that pushes an index and all its platforms, its digest unchanged."""
    return [*SKOPEO, f"oci:{layout}:{name}", f"docker://{reference}"]


def copy(layout: Path, reference: str, name: str = "v1") -> None:
    """Push an index and all its platforms, its digest unchanged."""
    subprocess.run(copying(layout, reference, name), check=True, capture_output=True)


def build(client: DockerClient, reference: str, text: str, labels: Mapping[str, str]) -> str:
    """Build an image that holds one file, tag it, and return its image ID (the config's digest)."""
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for name, content in (("Dockerfile", "FROM scratch\nCOPY file /file\n"), ("file", text)):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content.encode()))
    context.seek(0)
    image, _ = client.images.build(
        fileobj=context, custom_context=True, rm=True, tag=reference, labels=dict(labels)
    )
    return str(image.id)


def push(client: DockerClient, reference: str) -> str:
    """Push an image, and return the digest that the engine says it pushed."""
    name, _, tag = reference.rpartition(":")
    digest = ""
    for line in client.images.push(name, tag=tag, stream=True, decode=True):
        assert "error" not in line, line
        digest = line.get("aux", {}).get("Digest", digest)
    assert digest
    return digest
