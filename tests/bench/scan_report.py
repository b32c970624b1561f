"""What `scan-image` costs on a large report: memory, and beside a budget of 50 MB a second."""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.measure import MIB, ROOT, run, show
from tests.image.layouts import single
from tests.scan import samples

FINDINGS = 115_000
VULNERABILITIES = 20_000
PACKAGES = 1_500
TURNS = 3
MOST_MEMORY = 200
LEAST_RATE = 50
DIFF_ID = f"sha256:{'b' * 64}"
MEMORY = Path("/dev/shm")
PREPARE = "import sys, pathlib, tests.bench.scan_report as s; s.prepare(pathlib.Path(sys.argv[1]))"


def scan_report(_: Path) -> int:
    """Judge a Trivy report of 115,000 findings (over 300 MB) and write it as SARIF."""
    room = MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="cdkit-bench-", dir=room) as name:
        folder = Path(name)
        # In a process of its own: what this one holds would count as the scan's until it begins.
        subprocess.run([sys.executable, "-c", PREPARE, name], check=True, cwd=ROOT)
        size = (folder / "report.json").stat().st_size / MIB
        command = [sys.executable, "-m", "cdkit", "scan-image", "--layout", "image"]
        command += ["--report", "report.json", "--db", "cache", "--write", "sarif=out.sarif"]
        costs = [run([*command, "--records", "none"], folder) for _ in range(TURNS)]
    rate = size / statistics.median(cost.seconds for cost in costs)
    memory = statistics.median(cost.memory for cost in costs)
    missed = show(f"50 MB/s / a scan of {size:.0f} MB to SARIF", LEAST_RATE / rate, 1.0)
    return missed + show("its memory / 200 MB", memory / MOST_MEMORY, 1.0)


def prepare(folder: Path) -> None:
    """Write an image, its report as Trivy indents it, and a database's date."""
    _, _, config = single(folder / "image", samples.SAMPLES["clean"])
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    (folder / "cache/db").mkdir(parents=True)
    (folder / "cache/db/metadata.json").write_text(f'{{"Version": 2, "UpdatedAt": "{now}"}}')
    with (folder / "report.json").open("w") as stream:
        stream.writelines(json.JSONEncoder(indent=2).iterencode(_report(config, now)))


def _report(config: str, now: str) -> dict[str, Any]:
    chance = random.Random(5)  # noqa: S311 - made-up vulnerabilities, not secrets
    known = [_vulnerability(chance) for _ in range(VULNERABILITIES)]
    packages = [(f"lib{n}", f"{chance.randrange(9)}.{n}-1") for n in range(PACKAGES)]
    return {
        "SchemaVersion": 2,
        "CreatedAt": now,
        "ArtifactName": "registry.example.com/acme/orders",
        "ArtifactType": "container_image",
        "Metadata": {"OS": {"Family": "debian", "Name": "12.9"}, "ImageID": config},
        "Results": [
            {
                "Target": "orders (debian 12.9)",
                "Class": "os-pkgs",
                "Type": "debian",
                "Packages": [{"Name": name, "Version": version} for name, version in packages],
                "Vulnerabilities": [
                    _found(chance, known, packages[n % PACKAGES]) for n in range(FINDINGS)
                ],
            }
        ],
    }


def _vulnerability(chance: random.Random) -> dict[str, Any]:
    words = [f"w{chance.randrange(10**6)}" for _ in range(90)]
    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
    return {
        "VulnerabilityID": f"CVE-20{chance.randrange(15, 27)}-{chance.randrange(1000, 60000)}",
        "PrimaryURL": "https://avd.aquasec.com/nvd/made",
        "Title": " ".join(words[:9]),
        "Description": " ".join(words),
        "Severity": chance.choice(["LOW", "MEDIUM", "HIGH", "CRITICAL"]),
        "CweIDs": [f"CWE-{chance.randrange(900)}"],
        "VendorSeverity": {"nvd": chance.randrange(4), "redhat": 2},
        "CVSS": {
            source: {"V3Vector": vector, "V3Score": round(chance.random() * 10, 1)}
            for source in ("nvd", "redhat")
        },
        "References": [f"https://example.com/{n}/{words[n]}" for n in range(12)],
        "PublishedDate": "2025-03-11T10:00:00Z",
        "LastModifiedDate": "2025-10-10T10:00:00Z",
    }


def _found(
    chance: random.Random, known: list[dict[str, Any]], package: tuple[str, str]
) -> dict[str, Any]:
    name, version = package
    purl = f"pkg:deb/debian/{name}@{version}?arch=amd64&distro=debian-12.9"
    return {
        "PkgID": f"{name}@{version}",
        "PkgName": name,
        "PkgIdentifier": {"PURL": purl, "UID": f"{chance.getrandbits(64):016x}"},
        "InstalledVersion": version,
        "FixedVersion": f"{version}.1",
        "Status": "fixed",
        "Layer": {"Digest": f"sha256:{'a' * 64}", "DiffID": DIFF_ID},
        "SeveritySource": "debian",
        "Fingerprint": f"sha256:{chance.getrandbits(256):064x}",
        "DataSource": {"ID": "debian", "Name": "Debian Security Tracker"},
        **chance.choice(known),
    }
