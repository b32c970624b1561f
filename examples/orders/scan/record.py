"""Builds the example's two images and records what a real Trivy finds in them.

    PYTHONPATH=. .venv/bin/python examples/orders/scan/record.py [--database-date 2026-11-23]

Run it from cdkit's own folder after a change to the service, its Dockerfile or the advisories. It
needs the Trivy that `.ci/parts trivy` fetches, and uses Docker when an engine is there. It writes
Trivy's report byte for byte, and beside it a sidecar that says over which image, when, and with
which database: for machines that have no scanner. The files that deploy the good image get its new
digest.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.parts import docker as engine
from tests.parts import trivy, vulndb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docker import DockerClient

EXAMPLE = Path(__file__).resolve().parent.parent
ADVISORIES = EXAMPLE / "scan" / "advisories.yaml"
#: Each folder holds an image layout in image/ and gets its recording in scan/.
FOLDERS = (EXAMPLE, EXAMPLE / "demo" / "bad")


def sidecar(layout: Path, report: bytes, database: Mapping[str, Any]) -> dict[str, object]:
    """Say what a report is a recording of; refuse one that is of another image."""
    manifest = _manifest(layout)
    config = json.loads(_blob(layout, manifest))["config"]["digest"]
    said = json.loads(report)
    if said["Metadata"]["ImageID"] != config:
        raise SystemExit(f"{layout}: Trivy read {said['Metadata']['ImageID']}, not {config}")
    return {
        "kind": "recorded-scan",
        "version": 1,
        "manifest_digest": manifest,
        "config_digest": config,
        "report_sha256": hashlib.sha256(report).hexdigest(),
        "recorded_at": said["CreatedAt"].partition(".")[0].removesuffix("Z") + "Z",
        "scanner": {"name": "trivy", "version": trivy.VERSION},
        "database": {"updated_at": database["UpdatedAt"], "version": database["Version"]},
    }


def _manifest(layout: Path) -> str:
    manifests = json.loads((layout / "index.json").read_bytes())["manifests"]
    if len(manifests) != 1:
        raise SystemExit(f"{layout}: an index of {len(manifests)} manifests, not of one")
    digest: str = manifests[0]["digest"]
    return digest


def _blob(layout: Path, digest: str) -> bytes:
    return (layout / "blobs" / "sha256" / digest.removeprefix("sha256:")).read_bytes()


def build(folder: Path) -> None:
    """Build a folder's image: the example's own, or with the folder's files over the example's.

    Whatever in the folder named the image before it was built anew names the new one.
    """
    before = _manifest(folder / "image")
    overlay = [] if folder == EXAMPLE else ["--overlay", str(folder)]
    builder = [sys.executable, "-B", str(EXAMPLE / "build_image.py")]
    subprocess.run([*builder, "--out", str(folder / "image"), *overlay], check=True)
    for path in [*folder.glob("compose.yaml"), *folder.glob("deploy/**/*.*")]:
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(before, _manifest(folder / "image")), encoding="utf-8")


def record(folder: Path, cache: Path, client: DockerClient | None) -> None:
    """Write the two files of one recording."""
    report = trivy.scan_layout(folder / "image", cache, client)
    database = json.loads((cache / "db" / "metadata.json").read_bytes())
    said = sidecar(folder / "image", report, database)
    out = folder / "scan"
    out.mkdir(exist_ok=True)
    (out / "trivy.json").write_bytes(report)
    (out / "trivy.sidecar.json").write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Record every folder again."""
    parser = argparse.ArgumentParser(description="Record the example's scans again.")
    parser.add_argument("--database-date", default="2026-11-23", help="the day, in UTC")
    day = datetime.fromisoformat(parser.parse_args().database_date).replace(tzinfo=UTC)
    if reason := trivy.missing():
        raise SystemExit(f"cannot record: {reason}")
    client = None
    if engine.missing() is None:
        import docker

        client = docker.from_env()
    with tempfile.TemporaryDirectory(prefix="cdkit-record-") as folder:
        vulndb.write(Path(folder), ADVISORIES, day)
        for each in FOLDERS:
            build(each)
            record(each, Path(folder), client)


if __name__ == "__main__":
    main()
