"""An image of the engine under its pushed name: only a registry that has it gives it a digest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cdkit.core.doors.engine import DockerEngine
from cdkit.core.doors.http import RequestsHttp
from cdkit.core.step import Outcome
from cdkit.core.world import World
from cdkit.steps.scan_image import run
from tests.parts.registry import Registry as RealRegistry
from tests.scan import samples
from tests.scan.test_obtain import _outside
from tests.steps.test_scan_targets import FOUND, _archive, _found, _options
from tests.worlds import NOW

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.needs("docker", "registry", "trivy")


def _asking(folder: Path) -> World:
    outside = _outside(folder, DockerEngine())
    return replace(outside, http=RequestsHttp(outside.clock))


def _scan(folder: Path, name: str, image: str) -> Outcome:
    return run(_options(local=name, scanner_image=image, by="docker"), _asking(folder))


def test_an_image_is_known_by_the_digest_that_its_registry_confirms(
    tmp_path: Path, trivy_image: str, docker_engine: DockerClient, registry: RealRegistry
) -> None:
    _archive(tmp_path)
    samples.database(tmp_path, NOW)
    name = f"{registry.address}/scan/local"
    (image,) = docker_engine.images.load((tmp_path / "a.tar").read_bytes())
    image.tag(name, "v1")
    try:
        docker_engine.images.push(name, tag="v1")
        image.reload()
        digest = image.attrs["RepoDigests"][0].partition("@")[2]
        outcome = _scan(tmp_path, f"{name}:v1", trivy_image)
    finally:
        docker_engine.images.remove(str(image.id), force=True)

    assert _found(outcome) == FOUND
    assert outcome.subjects[0].keys() == {digest}
    assert outcome.subjects[0].name == name
    assert not any("no registry confirms" in note for note in outcome.notes)
