"""From the tag to the verified image, as a job runs it: cdkit, a build, a push, cdkit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cdkit.core.documents.fact import read_fact
from cdkit.core.documents.kinds import Identity
from tests.actions.conftest import commit
from tests.cli.test_main import call
from tests.image import pushing
from tests.image.layouts import two_platforms
from tests.image.pushed.metadata import baked, built, text
from tests.parts.registry import Registry

if TYPE_CHECKING:
    from docker import DockerClient

CI = {
    "GITLAB_CI": "true",
    "CI_PIPELINE_ID": "81234",
    "CI_JOB_ID": "993321",
    "CDKIT_CI": "gitlab",
    "CDKIT_DOTENV": "cdkit.env",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / ".gitignore").write_text("*.json\n*.env\n.cdkit/\n")
    commit(tmp_path)
    return tmp_path


@pytest.mark.needs("docker", "registry")
def test_a_job_of_gitlab_names_builds_pushes_and_verifies(
    docker_engine: DockerClient, registry: Registry, checkout: Path
) -> None:
    name = f"{registry.address}/chain/orders"
    named = call(checkout, "tag-image", "--repository", name, **CI)
    reference = named.stdout.strip()
    free = call(checkout, "verify-image", "--tag", reference, "--before-push", **CI)
    assert (free.returncode, free.stdout) == (0, "push\n")

    image_id = pushing.build(docker_engine, reference, "orders", {})
    digest = pushing.push(docker_engine, reference)
    (checkout / "meta.json").write_text(text(built(digest, reference, config=image_id)))
    verified = call(
        checkout, "verify-image", "--metadata", "meta.json", "--dotenv", "image.env", **CI
    )

    assert verified.returncode == 0, verified.stderr
    assert verified.stdout == f"{name}@{digest}\n"
    assert (checkout / "image.env").read_text() == f"CDKIT_IMAGE={name}@{digest}\n"
    assert f"CDKIT_IMAGE={name}@{digest}\n" in (checkout / "cdkit.env").read_text()
    (record,) = (checkout / ".cdkit/records").rglob("*.json")
    identity = read_fact(record.read_bytes(), where=str(record)).document
    assert isinstance(identity, Identity)
    assert identity.platforms[0].config_digest == image_id
    docker_engine.images.remove(reference, force=True)


@pytest.mark.needs("docker", "registry")
def test_the_image_id_that_docker_shows_is_no_digest_and_is_named_as_what_it_is(
    docker_engine: DockerClient, registry: Registry, checkout: Path
) -> None:
    tag = f"{registry.address}/chain/image-id:v1"
    image_id = pushing.build(docker_engine, tag, "image id", {})
    digest = pushing.push(docker_engine, tag)

    asked = call(checkout, "verify-image", "--tag", tag, "--digest", image_id)
    (checkout / "meta.json").write_text(text(built(image_id, tag, config=image_id)))
    loaded = call(checkout, "verify-image", "--metadata", "meta.json")

    assert asked.returncode == 1
    assert f"names {digest}" in asked.stdout
    assert "the image ID of linux/amd64 in it" in asked.stdout
    assert loaded.returncode == 4
    assert "nothing was pushed" in loaded.stdout
    docker_engine.images.remove(tag, force=True)


@pytest.mark.needs("docker", "registry")
def test_a_tag_that_another_build_took_is_refused_with_its_labels(
    docker_engine: DockerClient, registry: Registry, checkout: Path
) -> None:
    tag = f"{registry.address}/chain/taken:v1"
    labels = {
        "org.opencontainers.image.created": "2026-11-20T08:00:00Z",
        "org.opencontainers.image.revision": "b" * 40,
    }
    pushing.build(docker_engine, tag, "theirs", labels)
    digest = pushing.push(docker_engine, tag)

    taken = call(checkout, "verify-image", "--tag", tag, "--before-push")
    same = call(checkout, "verify-image", "--tag", tag, "--before-push", "--digest", digest)

    assert taken.returncode == 1
    assert taken.stdout == "refuse\n"
    assert f"created 2026-11-20T08:00:00Z, of revision {'b' * 40}" in taken.stderr
    assert (same.returncode, same.stdout) == (0, "reuse\n")
    docker_engine.images.remove(tag, force=True)


@pytest.mark.needs("registry", "skopeo")
def test_a_bake_of_two_targets_is_verified_target_by_target(
    registry: Registry, checkout: Path
) -> None:
    layout, index, _ = two_platforms()
    layout.save(checkout / "image")
    tags = [f"{registry.address}/chain/bake:{tag}" for tag in ("v1", "latest")]
    for tag in tags:
        pushing.copy(checkout / "image", tag)
    content = baked(orders=built(index, *tags), db=built(f"sha256:{'d' * 64}", f"{tags[0]}-db"))
    (checkout / "meta.json").write_text(text(content))

    def verified(*more: str) -> int:
        return call(checkout, "verify-image", "--metadata", "meta.json", *more).returncode

    assert verified("--target", "orders", "--platform", "linux/amd64,linux/arm64") == 0
    assert verified("--target", "db") == 1
    assert verified() == 2


@pytest.mark.needs("registry", "skopeo")
def test_a_walk_hands_the_tag_and_the_image_from_step_to_step(
    registry: Registry, checkout: Path
) -> None:
    layout, index, _ = two_platforms()
    layout.save(checkout / "image")
    name = f"{registry.address}/chain/walk"
    (checkout / "cdkit.yaml").write_text(
        f"version: 1\ntag-image: {{repository: {json.dumps(name)}, layout: image, tags: [v1], "
        "allow-dirty: true}\nverify-image: {platforms: [linux/amd64, linux/arm64]}\n"
    )
    before = call(checkout, "run")
    pushing.copy(checkout / "image", f"{name}:v1")
    after = call(checkout, "run")

    assert before.returncode == 1
    assert f"{name}:v1: names nothing" in before.stdout
    assert after.returncode == 0, after.stdout + after.stderr
    assert f"{name}:v1: names {index}, which was pushed" in after.stderr
