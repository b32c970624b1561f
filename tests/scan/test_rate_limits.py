"""A registry that wants fewer questions of the scanner itself: a real Trivy meets 429."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cdkit.scan.obtain import Wanted, obtain
from cdkit.scan.target import image_target
from tests.core.serving import Answer, Asked, serving
from tests.image.layouts import single
from tests.scan import samples
from tests.scan.test_fetch import _artifact, _packed
from tests.scan.test_obtain import _image, _RealTrivy
from tests.worlds import NOW, StandingClock, world

_BUSY = Answer(
    status=429,
    headers={"Content-Type": "application/json"},
    body=json.dumps({"errors": [{"code": "TOOMANYREQUESTS", "message": "slow"}]}).encode(),
)
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


# Of an image that it pulls, this build of Trivy swallows the last word, and with it the 429; of its
# database it says it. It takes seconds to start, so it meets one busy answer only.
@pytest.mark.needs("trivy")
def test_a_real_trivy_is_run_again_where_its_databases_registry_was_busy(tmp_path: Path) -> None:
    layout, _, config = single(tmp_path / "image", samples.SAMPLES["findings"])
    held = samples.database(tmp_path, NOW) / "db"
    artifact = _artifact(_packed({path.name: path.read_bytes() for path in held.iterdir()}))
    root = artifact.roots[0]["digest"]
    clock = StandingClock()

    def registry(asked: Asked) -> Answer:
        if not clock.slept:
            return _BUSY
        if asked.path == "/v2/":
            return Answer()
        name = asked.path.rpartition("/")[2]
        digest = name if name.startswith("sha256:") else root
        kind = _MANIFEST if "/manifests/" in asked.path else "application/octet-stream"
        headers = {"Docker-Content-Digest": digest, "Content-Type": kind}
        return Answer(headers=headers, body=artifact.blobs[digest])

    outside = world(tmp_path, processes=_RealTrivy(), environ={"HOME": str(tmp_path)})
    outside = replace(outside, programs=_RealTrivy(), clock=clock)
    with serving(registry) as server:
        wanted = Wanted(
            target=image_target(_image(layout), name=None, layout=str(layout)),
            way="program",
            mirrors=(f"{server.address}/trivy-db:2",),
        )
        obtained = obtain(wanted, outside)

    assert clock.slept == [5]
    assert obtained.trouble == []
    assert [scan.report.image_id for scan in obtained.scans] == [config]
    assert obtained.scans[0].database is not None
    assert obtained.scans[0].database.updated_at == "2026-11-23T12:00:00Z"
