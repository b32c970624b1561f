"""The recorded scans of the example: of these very images, and what a real Trivy still finds."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.examples.orders import BAD, EXAMPLE
from tests.parts import trivy, vulndb

if TYPE_CHECKING:
    from docker import DockerClient

Json = dict[str, Any]
both = pytest.mark.parametrize("folder", [EXAMPLE, BAD], ids=["good", "bad"])


def load(path: Path) -> Json:
    loaded: Json = json.loads(path.read_bytes())
    return loaded


def recorded(folder: Path) -> tuple[Json, Json]:
    return load(folder / "scan" / "trivy.json"), load(folder / "scan" / "trivy.sidecar.json")


def findings(report: Json) -> dict[tuple[str, str], tuple[str, str, str]]:
    """Each vulnerability and package, with its severity, status and fixed version."""
    return {
        (each["VulnerabilityID"], each["PkgName"]): (
            each["Severity"],
            each["Status"],
            each.get("FixedVersion", ""),
        )
        for result in report["Results"]
        for each in result.get("Vulnerabilities", [])
    }


def packages(report: Json) -> set[tuple[str, str]]:
    return {
        (each["Name"], each["Version"])
        for result in report["Results"]
        for each in result["Packages"]
    }


@both
def test_a_recording_is_of_the_image_beside_it(folder: Path) -> None:
    report, sidecar = recorded(folder)
    (manifest,) = load(folder / "image" / "index.json")["manifests"]
    blob = folder / "image" / "blobs" / "sha256" / manifest["digest"].partition(":")[2]
    assert sidecar["manifest_digest"] == manifest["digest"]
    assert sidecar["config_digest"] == load(blob)["config"]["digest"]
    assert report["Metadata"]["ImageID"] == sidecar["config_digest"]


@both
def test_a_recording_is_the_report_that_its_sidecar_tells_of(folder: Path) -> None:
    content = (folder / "scan" / "trivy.json").read_bytes()
    assert recorded(folder)[1]["report_sha256"] == hashlib.sha256(content).hexdigest()


@both
def test_a_recording_used_a_fresh_database(folder: Path) -> None:
    _, sidecar = recorded(folder)
    made = datetime.fromisoformat(sidecar["database"]["updated_at"])
    used = datetime.fromisoformat(sidecar["recorded_at"])
    assert 0 <= (used - made).total_seconds() < 24 * 3600


def test_the_good_image_has_only_small_findings() -> None:
    assert findings(recorded(EXAMPLE)[0]) == {
        ("CVE-2026-90001", "acme-psycopg"): ("LOW", "fixed", "3.3.10"),
        ("CVE-2026-90002", "acme-busybox"): ("MEDIUM", "affected", ""),
    }


def test_the_bad_image_has_a_critical_and_a_high_finding_too() -> None:
    good, bad = (findings(recorded(folder)[0]) for folder in (EXAMPLE, BAD))
    assert good.items() <= bad.items()
    assert {key: bad[key] for key in bad.keys() - good.keys()} == {
        ("CVE-2026-90003", "acme-imagemagick"): ("CRITICAL", "fixed", "7.2.0-r5"),
        ("CVE-2026-90004", "acme-xml"): ("HIGH", "fixed", "2.15.1-r0"),
    }


@both
def test_a_recording_names_no_folder_of_the_machine_that_made_it(folder: Path) -> None:
    report, _ = recorded(folder)
    assert report["ArtifactName"] == "image"
    assert b"/tmp/" not in (folder / "scan" / "trivy.json").read_bytes()


@pytest.mark.needs("trivy")
@both
def test_a_real_trivy_still_finds_what_was_recorded(folder: Path, tmp_path: Path) -> None:
    report, sidecar = recorded(folder)
    scan = rescan(folder, tmp_path, sidecar, client=None)
    assert findings(scan) == findings(report)
    assert packages(scan) == packages(report)
    assert scan["Metadata"]["ImageID"] == sidecar["config_digest"]


@pytest.mark.needs("docker", "trivy")
def test_a_real_trivy_in_a_container_finds_the_same(
    docker_engine: DockerClient, tmp_path: Path
) -> None:
    report, sidecar = recorded(BAD)
    scan = rescan(BAD, tmp_path, sidecar, client=docker_engine)
    assert findings(scan) == findings(report)
    assert packages(scan) == packages(report)


def rescan(folder: Path, cache: Path, sidecar: Json, client: DockerClient | None) -> Json:
    updated_at = datetime.fromisoformat(sidecar["database"]["updated_at"]).astimezone(UTC)
    vulndb.write(cache, EXAMPLE / "scan" / "advisories.yaml", updated_at)
    loaded: Json = json.loads(trivy.scan_layout(folder / "image", cache, client))
    return loaded
