"""Grype in a real container, played by a shell script: its report and its list both come out."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cdkit.core.doors.engine import DockerEngine
from cdkit.scan.obtain import Wanted, obtain
from cdkit.scan.target import image_target
from tests.image.layouts import single
from tests.parts import busybox
from tests.scan import samples
from tests.scan.test_grype_running import BUILT, NAME, database
from tests.scan.test_obtain import _image
from tests.worlds import world

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.needs("docker", "busybox")

SCRIPT = r"""#!/bin/sh
set -eu
test -s "$GRYPE_DB_CACHE_DIR/6/vulnerability.db"
for argument; do
  case "$argument" in
    cyclonedx-json=*) list=${argument#*=} ;;
    oci-dir:*) image=${argument#*:} ;;
  esac
done
manifest=$(sed -n 's/.*"digest": "sha256:\([0-9a-f]*\)".*/\1/p' "$image/index.json")
config=$(sed -n 's/.*"config": {[^}]*"digest": "\([^"]*\)".*/\1/p' "$image/blobs/sha256/$manifest")
parts='{"type": "library", "name": "made-ssl", "version": "1", "purl": "pkg:apk/alpine/made-ssl@1"}'
echo "{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.6\", \"components\": [$parts]}" >"$list"
echo "{\"matches\": [], \"source\": {\"target\": {\"imageID\": \"$config\"}},
  \"distro\": {\"name\": \"alpine\", \"version\": \"3.22\"},
  \"descriptor\": {\"name\": \"grype\", \"db\": {\"built\": \"2026-11-23T06:10:00Z\"}}}"
"""


@pytest.fixture(scope="module")
def standin(docker_engine: DockerClient) -> Iterator[str]:
    """An image whose entry point is the script."""
    context = io.BytesIO()
    text = b"FROM scratch\nCOPY busybox /bin/sh\nCOPY busybox /bin/sed\nCOPY busybox /bin/test\n"
    text += b'COPY grype /grype\nENTRYPOINT ["/bin/sh", "/grype"]\n'
    with tarfile.open(fileobj=context, mode="w") as tar:
        tar.add(busybox.BINARY, "busybox")
        files = {"Dockerfile": text, "grype": SCRIPT.encode()}
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    context.seek(0)
    image, _ = docker_engine.images.build(
        fileobj=context, custom_context=True, rm=True, tag="cdkit-parts/grype:standin"
    )
    yield str(image.id)
    docker_engine.images.remove(str(image.id), force=True)


def test_a_container_gives_the_report_and_what_was_looked_at(tmp_path: Path, standin: str) -> None:
    cache = database(tmp_path / "cache")
    layout, _, config = single(tmp_path / "image", samples.SAMPLES["clean"])
    wanted = Wanted(
        target=image_target(_image(layout), name=NAME, layout=str(layout)),
        scanner="grype",
        way="docker",
        scanner_image=standin,
        database=str(cache),
    )

    obtained = obtain(wanted, replace(world(tmp_path), engine=DockerEngine()))

    assert obtained.trouble == []
    (scan,) = obtained.scans
    assert scan.report.image_id == config
    assert scan.report.packages == {"os/apk": 1}
    assert scan.database is not None
    assert scan.database.updated_at == BUILT
