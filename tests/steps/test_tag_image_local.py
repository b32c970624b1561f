"""`tag-image --local`: an image of the local engine, told apart from what the registry holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace as replace_struct

from cdkit.core.container import LocalImage
from cdkit.core.context import BuildContext
from cdkit.core.doors.engine import DockerEngine
from cdkit.core.doors.http import RequestsHttp
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.step import Outcome
from cdkit.core.world import World
from cdkit.steps.tag_image import TagImageOptions, TagImageOutputs, run
from tests.image.engines import LayoutHttp, LookingEngine
from tests.image.layouts import Layout, push, two_platforms
from tests.parts.podman import Podman
from tests.parts.registry import Registry
from tests.worlds import StandingClock, world

if TYPE_CHECKING:
    from docker import DockerClient

REPOSITORY = "registry.example.com/acme/orders"
CI = BuildContext(system="azure", run="77", attempt=1)
GIVEN = TagImageOptions(repository=REPOSITORY, local="orders:dev")


def _world(folder: Path, **changes: object) -> World:
    from dataclasses import replace

    return replace(world(folder, context=CI), **changes)  # type: ignore[arg-type]


def _real(folder: Path) -> World:
    return _world(folder, http=RequestsHttp(StandingClock()), engine=DockerEngine())


def _outputs(outcome: Outcome) -> TagImageOutputs:
    assert isinstance(outcome.outputs, TagImageOutputs)
    return outcome.outputs


def _single(name: str) -> tuple[Layout, str, str]:
    layout = Layout()
    digest = layout.root(layout.manifest(({"name": name.encode()},)))
    return layout, digest, json.loads(layout.blobs[digest])["config"]["digest"]


def test_a_local_image_that_was_pushed_gives_its_digests_and_leaves_the_identity(
    tmp_path: Path,
) -> None:
    layout, digest, config = _single("pushed")
    held = LocalImage(id=config, repo_digests=(f"{REPOSITORY}@{digest}",))
    outside = _world(
        tmp_path,
        engine=LookingEngine(images={"orders:dev": held}),
        http=LayoutHttp(layout, "acme/orders"),
    )
    outcome = run(GIVEN, outside)
    outputs = _outputs(outcome)
    assert outcome.verdict.is_yes
    assert (outputs.image, outputs.config_digest) == (f"{REPOSITORY}@{digest}", config)
    assert outputs.reference == f"{REPOSITORY}:build-77-1"
    assert outcome.subjects[0].keys() == {digest}


@pytest.mark.parametrize("engine", [None, LookingEngine(why_missing="no Docker engine: none")])
def test_without_an_engine_there_is_no_answer(tmp_path: Path, engine: LookingEngine | None) -> None:
    with pytest.raises(CannotTell, match="engine") as caught:
        run(GIVEN, _world(tmp_path, engine=engine))
    assert "DOCKER_HOST" in caught.value.remedy


@pytest.mark.parametrize(
    "more",
    [{"layout": "image"}, {"digest": f"sha256:{'0' * 64}"}, {"reference": f"{REPOSITORY}:a"}],
)
def test_a_local_image_beside_another_way_to_name_one_is_refused(
    tmp_path: Path, more: dict[str, str]
) -> None:
    with pytest.raises(RequestError, match="a local image is given"):
        run(replace_struct(GIVEN, **more), _world(tmp_path, engine=LookingEngine()))


def test_a_name_without_a_registry_does_not_say_where_the_image_was_pushed(
    tmp_path: Path,
) -> None:
    with pytest.raises(RequestError, match="no repository is named"):
        run(TagImageOptions(local="orders:dev"), _world(tmp_path, engine=LookingEngine()))


@pytest.fixture
def built(docker_engine: DockerClient, tmp_path: Path) -> Iterator[str]:
    """The ID of an image that was built here; every name of it is removed again."""
    (tmp_path / "file").write_text("built here")
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY file /file\n")
    image, _ = docker_engine.images.build(path=str(tmp_path), rm=True, nocache=True)
    yield str(image.id)
    docker_engine.images.remove(str(image.id), force=True)


@pytest.mark.needs("docker", "registry")
def test_an_image_that_docker_built_has_no_digest_until_it_is_pushed(
    built: str, docker_engine: DockerClient, registry: Registry, tmp_path: Path
) -> None:
    name = f"{registry.address}/local/built"
    docker_engine.images.get(built).tag(name, "v1")
    options = TagImageOptions(local=f"{name}:v1")
    with pytest.raises(CannotTell, match=f"never pushed to {name}"):
        run(options, _real(tmp_path))

    docker_engine.images.push(name, "v1")

    outputs = _outputs(run(options, _real(tmp_path)))
    said = docker_engine.images.get(built).attrs["RepoDigests"]
    assert outputs.image in said
    assert outputs.platforms.startswith("linux/")


@pytest.mark.needs("docker", "registry")
def test_an_image_that_docker_pushed_elsewhere_is_not_in_this_repository(
    built: str, docker_engine: DockerClient, registry: Registry, tmp_path: Path
) -> None:
    docker_engine.images.get(built).tag(f"{registry.address}/local/elsewhere", "v1")
    docker_engine.images.push(f"{registry.address}/local/elsewhere", "v1")
    options = TagImageOptions(local=built, repository=f"{registry.address}/local/here")
    with pytest.raises(CannotTell, match="never pushed"):
        run(options, _real(tmp_path))


@pytest.mark.needs("docker", "registry")
def test_an_image_that_docker_pulled_by_its_index_is_that_index(
    docker_engine: DockerClient, registry: Registry, tmp_path: Path
) -> None:
    layout, index, _ = two_platforms()
    name = f"{registry.address}/local/pulled"
    push(layout, registry.address, "local/pulled", "v1")
    image = docker_engine.images.pull(name, tag="v1")
    try:
        outputs = _outputs(run(TagImageOptions(local=f"{name}:v1"), _real(tmp_path)))
    finally:
        docker_engine.images.remove(str(image.id), force=True)
    assert outputs.image == f"{name}@{index}"


@pytest.mark.needs("docker")
def test_docker_holds_no_image_of_a_name_that_nobody_gave(tmp_path: Path) -> None:
    options = TagImageOptions(local="127.0.0.1:1/nothing/here:v1")
    with pytest.raises(CannotTell, match="the engine holds no image"):
        run(options, _real(tmp_path))


@pytest.fixture
def pulled(
    podman: Podman, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, str]]:
    """The name of an image that podman pulled by its index, and the index's digest."""
    layout, index, _ = two_platforms()
    name = f"{registry.address}/local/podman"
    push(layout, registry.address, "local/podman", "v1")
    image = podman.run("pull", "--quiet", "--tls-verify=false", f"{name}:v1")
    monkeypatch.setenv("DOCKER_HOST", podman.host)
    yield name, index
    podman.run("rmi", "--force", image)  # with every name that a test gave it


@pytest.mark.needs("podman", "registry")
def test_podman_has_two_digests_of_a_pulled_image_and_the_index_counts(
    pulled: tuple[str, str], tmp_path: Path
) -> None:
    name, index = pulled
    held = DockerEngine().inspect(f"{name}:v1")
    assert held is not None
    _, _, (part, _) = two_platforms()
    assert set(held.repo_digests) == {f"{name}@{index}", f"{name}@{part}"}
    outputs = _outputs(run(TagImageOptions(local=f"{name}:v1"), _real(tmp_path)))
    assert outputs.image == f"{name}@{index}"


@pytest.mark.needs("podman", "registry")
def test_a_digest_that_podman_made_up_for_a_tag_never_passes(
    pulled: tuple[str, str], podman: Podman, registry: Registry, tmp_path: Path
) -> None:
    name, index = pulled
    never = f"{registry.address}/never/pushed"
    podman.run("tag", f"{name}:v1", f"{never}:v9")
    held = DockerEngine().inspect(f"{never}:v9")
    assert held is not None
    assert f"{never}@{index}" in held.repo_digests
    with pytest.raises(CannotTell, match=f"never pushed to {never}: .* is not in the registry"):
        run(TagImageOptions(local=f"{never}:v9"), _real(tmp_path))


@pytest.mark.needs("podman")
def test_podman_holds_no_image_of_a_name_that_nobody_gave(
    podman: Podman, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", podman.host)
    options = TagImageOptions(local="127.0.0.1:1/nothing/here:v1")
    with pytest.raises(CannotTell, match="the engine holds no image"):
        run(options, _real(tmp_path))
