"""What a scan in a container costs beside a bare `docker run` of the same scanner."""

from __future__ import annotations

import shutil
import statistics
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.measure import run, show
from tests.parts import docker, trivy
from tests.scan import samples

RUNS = 9
ALLOWED = 0.3
"""Seconds that a scan may take longer, where a twentieth is less."""


def scan(folder: Path) -> int:
    """Compare a scan of a small image with the same arguments given to the engine's own program."""
    if reason := docker.missing() or trivy.missing() or _no_program():
        print(f"{'cdkit scan-image / docker run':52} not measured: {reason}")
        return 0
    layout = samples.build("findings", folder)
    cache = samples.database(folder, datetime.now(UTC))
    with docker._client(timeout=120) as client:
        image = trivy.image(client)
    ours = [sys.executable, "-m", "cdkit", "scan-image", "--records", "none", "--by", "docker"]
    ours += ["--scanner-image", image, "--layout", str(layout), "--db", str(cache)]
    bare = ["docker", "run", "--rm", "--network", "none", "--volume", f"{layout}:/scan/image:ro"]
    bare += ["--volume", f"{cache}/db:/cache/db:ro", image, "image", "--format", "json"]
    bare += ["--list-all-pkgs", "--scanners", "vuln", "--exit-code", "0", "--cache-dir", "/cache"]
    bare += ["--cache-backend", "memory", "--skip-db-update", "--skip-java-db-update"]
    bare += ["--offline-scan", "--input", "/scan/image"]
    pairs = [(run(ours, folder).seconds, run(bare, folder).seconds) for _ in range(RUNS)][1:]
    usual = statistics.median(b for _, b in pairs)
    more = statistics.median(a - b for a, b in pairs)
    budget = max(1.05, (usual + ALLOWED) / usual)
    what = f"cdkit scan-image / docker run ({more * 1000:+.0f} ms of {usual:.1f} s)"
    return show(what, 1 + more / usual, budget)


def _no_program() -> str | None:
    return None if shutil.which("docker") else "docker is not on PATH"
