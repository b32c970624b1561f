"""The example's deploy files run one image, by the digest of the layout in the tree."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from tests.examples.orders import EXAMPLE

DEPLOY = EXAMPLE / "deploy"
REPOSITORY = "registry.example.com/acme/orders"


def image() -> str:
    (manifest,) = json.loads((EXAMPLE / "image" / "index.json").read_bytes())["manifests"]
    return f"{REPOSITORY}@{manifest['digest']}"


def load(name: str) -> Any:  # noqa: ANN401 - a foreign document
    return yaml.safe_load((EXAMPLE / name).read_text(encoding="utf-8"))


def test_the_task_definition_runs_the_image() -> None:
    task = json.loads((DEPLOY / "ecs-task-definition.json").read_bytes())
    assert [each["image"] for each in task["containerDefinitions"]] == [image()]


def test_kubernetes_runs_the_image() -> None:
    pod = load("deploy/kubernetes/deployment.yaml")["spec"]["template"]["spec"]
    assert [each["image"] for each in pod["containers"]] == [image()]


def test_the_chart_runs_the_image() -> None:
    values = load("deploy/helm/values.yaml")["image"]
    assert f"{values['repository']}@{values['digest']}" == image()


def test_the_chart_tells_the_version_of_the_image() -> None:
    (manifest,) = json.loads((EXAMPLE / "image" / "index.json").read_bytes())["manifests"]
    version = manifest["annotations"]["org.opencontainers.image.ref.name"]
    assert load("deploy/helm/Chart.yaml")["appVersion"] == version


def test_compose_runs_the_image() -> None:
    assert load("compose.yaml")["services"]["orders"]["image"] == image()


@pytest.mark.parametrize("name", ["deployment.yaml", "service.yaml"])
def test_each_kubernetes_document_says_what_it_is(name: str) -> None:
    text = (DEPLOY / "kubernetes" / name).read_text(encoding="utf-8")
    kinds = [each["kind"] for each in yaml.safe_load_all(text)]
    expected = {
        "deployment.yaml": ["Deployment"],
        "service.yaml": ["Service", "PodDisruptionBudget"],
    }
    assert kinds == expected[name]
