"""Images for the scanner's samples, and how a real Trivy recorded them.

PYTHONPATH=. .venv/bin/python -m tests.scan.samples

records all again: it needs Docker, and the Trivy that `.ci/parts trivy` fetches.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tests.image.layouts import Tree, single
from tests.parts import docker as engine
from tests.parts import trivy, vulndb

if TYPE_CHECKING:
    from docker import DockerClient

CASES = Path(__file__).resolve().parent.parent / "cases" / "scan" / "trivy"
FOLDER = CASES / trivy.VERSION
ADVISORIES = CASES / "advisories.yaml"


def _alpine(release: str) -> dict[str, bytes]:
    text = f'ID=alpine\nVERSION_ID={release}\nNAME="Alpine Linux"\n'
    return {"etc/alpine-release": f"{release}\n".encode(), "etc/os-release": text.encode()}


def _apk(**versions: str) -> dict[str, bytes]:
    entries = (f"P:{n}\nV:{v}\nA:x86_64\nL:MIT\no:{n}\n\n" for n, v in versions.items())
    return {"lib/apk/db/installed": "".join(entries).replace("_", "-").encode()}


def _python(folder: str, name: str, version: str) -> dict[str, bytes]:
    path = f"{folder}/{name.replace('-', '_')}-{version}.dist-info/METADATA"
    return {path: f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()}


_SITE = "usr/lib/python3.12/site-packages"
_FEDORA = {
    "etc/fedora-release": b"Fedora release 42 (Adams)\n",
    "etc/os-release": b"ID=fedora\nVERSION_ID=42\n",
}

#: What is in each sample's image, layer by layer.
SAMPLES: dict[str, tuple[Tree, ...]] = {
    "findings": (
        {**_alpine("3.22.2"), **_apk(made_ssl="3.5.0-r0", made_box="1.0-r0", made_zip="1.2-r0")},
        _python(_SITE, "made-web", "2.1.0"),
        _python("srv/vendor", "made-web", "2.1.0"),
    ),
    "clean": ({**_alpine("3.22.2"), **_apk(made_ssl="3.5.1-r1", made_tools="1.0-r0")},),
    "scratch": ({"hello": b"hello"},),
    "no-distribution": (_python(_SITE, "made-web", "3.0.2"),),
    "ended": ({**_alpine("3.9.4"), **_apk(made_ssl="3.5.1-r1")},),
    "fedora": ({**_FEDORA, **_python(_SITE, "made-web", "3.0.2")},),
    "no-package-database": ({**_alpine("3.22.2"), **_python(_SITE, "made-web", "3.0.2")},),
}


def build(name: str, folder: Path) -> Path:
    """Make a sample's image below a folder; return its layout."""
    path, _, _ = single(folder / name, SAMPLES[name])
    return path


def database(folder: Path, updated_at: datetime) -> Path:
    """Make the database of our advisories; return the cache folder that holds it."""
    vulndb.write(folder / "cache", ADVISORIES, updated_at)
    return folder / "cache"


#: Reports of the same Trivy in formats of others: the sample, the format, what is looked for.
FOREIGN: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "cyclonedx/1.6/trivy.json": ("findings", "cyclonedx", ("--scanners", "vuln")),
    "cyclonedx/1.6/trivy-not-scanned.json": ("findings", "cyclonedx", ()),
    "cyclonedx/1.6/trivy-clean.json": ("clean", "cyclonedx", ("--scanners", "vuln")),
    "sarif/2.1.0/trivy.json": ("findings", "sarif", ("--scanners", "vuln")),
}


def record(client: DockerClient | None) -> None:
    """Scan every sample and keep Trivy's reports, byte for byte."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        cache = database(Path(folder), datetime.now(UTC))
        for name in SAMPLES:
            layout = build(name, Path(folder))
            (FOLDER / f"{name}.json").write_bytes(trivy.scan_layout(layout, cache, client))
        record_foreign(Path(folder), cache, client)


def record_foreign(folder: Path, cache: Path, client: DockerClient | None) -> None:
    """Scan again what is wanted in another format."""
    for path, (name, form, look) in FOREIGN.items():
        layout = build(name, folder / form)
        kept = CASES.parent / path
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(trivy.scan_layout(layout, cache, client, form=form, look=look))


if __name__ == "__main__":
    with engine._client(timeout=120) as running:
        record(running)
