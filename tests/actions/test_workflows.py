"""Our own workflows: accepted by GitHub, pinned, and granted nothing that they need not have."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.actions.checkout import ROOT
from tests.parts.node import Node

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
SCRIPT = Path(__file__).parent / "validate_workflow.mjs"
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
OURS = re.compile(r"\$/actions/[\w-]+")

each_workflow = pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)


def jobs(workflow: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(workflow.read_text())["jobs"]
    return found


@each_workflow
@pytest.mark.needs("node")
def test_github_has_nothing_to_say_against_it(workflow: Path, node: Node) -> None:
    said = node.run(SCRIPT, str(workflow), str(ROOT))
    assert (said.stdout, said.stderr) == ("", "")


@each_workflow
def test_every_action_is_ours_or_pinned_with_its_version(workflow: Path) -> None:
    uses = re.findall(r"uses: (.+)", workflow.read_text())
    assert [each for each in uses if not PINNED.fullmatch(each) and not OURS.fullmatch(each)] == []


@each_workflow
def test_nothing_is_permitted_before_a_job_asks(workflow: Path) -> None:
    assert yaml.safe_load(workflow.read_text())["permissions"] == {}


@each_workflow
def test_a_job_that_may_sign_or_write_checks_nothing_out(workflow: Path) -> None:
    """Code of the change could do there whatever the job may."""
    mighty = [job for job in jobs(workflow).values() if "write" in job["permissions"].values()]
    uses = [step.get("uses", "") for job in mighty for step in job["steps"]]
    assert [each for each in uses if each.startswith(("actions/checkout@", "$/"))] == []


@each_workflow
def test_every_job_has_an_end(workflow: Path) -> None:
    assert [name for name, job in jobs(workflow).items() if "timeout-minutes" not in job] == []
