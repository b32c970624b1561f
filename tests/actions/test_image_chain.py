"""The chain of docs/github.md: tag-image, a build and a push, verify-image, each as its action."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.actions import runner
from tests.actions.checkout import ROOT
from tests.actions.conftest import Job
from tests.image import pushing
from tests.parts.node import Node
from tests.parts.registry import Registry

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.needs("node", "index", "registry", "docker")


def act(node: Node, job: Job, action: str, **inputs: str) -> runner.Result:
    case = runner.Case(
        workspace=job.workspace,
        temp=job.temp,
        env=job.env,
        inputs={name.replace("_", "-"): value for name, value in inputs.items()},
    )
    (result,) = runner.run(node, ROOT / "actions" / action / "action.yml", [case]).results
    return result


def test_the_outputs_of_each_step_are_the_inputs_of_the_next(
    node: Node, job: Job, registry: Registry, docker_engine: DockerClient
) -> None:
    name = f"{registry.address}/github/orders"
    tag = act(node, job, "tag-image", repository=name).outputs
    assert tag["reference"] == f"{name}:build-1658821493-1"

    free = act(node, job, "verify-image", tag=tag["tags"], before_push="true")
    assert (free.code, free.outputs["action"]) == (0, "push")

    pushing.build(docker_engine, tag["tags"], "github", {})
    digest = pushing.push(docker_engine, tag["tags"])
    verified = act(node, job, "verify-image", tag=tag["reference"], digest=digest)

    assert verified.code == 0, verified.stderr
    assert verified.outputs["image"] == f"{name}@{digest}"
    assert verified.outputs["verdict"] == "yes"
    assert verified.outputs["record"].endswith(".json")
    docker_engine.images.remove(tag["tags"], force=True)


def test_a_push_that_another_one_overtook_hands_on_no_image(
    node: Node, job: Job, registry: Registry, docker_engine: DockerClient
) -> None:
    tag = f"{registry.address}/github/overtaken:v1"
    pushing.build(docker_engine, tag, "mine", {})
    mine = pushing.push(docker_engine, tag)
    pushing.build(docker_engine, tag, "theirs", {})
    theirs = pushing.push(docker_engine, tag)

    verified = act(node, job, "verify-image", tag=tag, digest=mine)

    assert verified.code == 1
    assert (verified.outputs["verdict"], verified.outputs["image"]) == ("no", "")
    assert f"names {theirs}, and not {mine}" in verified.outputs["reasons"]
    docker_engine.images.remove(tag, force=True)


def test_a_build_that_pushed_nothing_has_an_empty_digest_and_no_yes(
    node: Node, job: Job, registry: Registry
) -> None:
    tag = f"{registry.address}/github/none:v1"

    verified = act(node, job, "verify-image", tag=tag, digest="")

    assert verified.code == 2
    assert (verified.outputs["verdict"], verified.outputs["image"]) == ("cannot-tell", "")
    assert "was never pushed" in verified.outputs["reasons"]
