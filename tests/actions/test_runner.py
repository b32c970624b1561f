"""The runner of composite actions behaves like GitHub's, and sees what a hostile input does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.actions import runner
from tests.parts.node import Node

pytestmark = pytest.mark.needs("node")


def run(node: Node, name: str, folder: Path, **inputs: str) -> runner.Result:
    case = runner.Case(
        inputs=inputs, workspace=folder / "work", temp=folder / "temp",
        env={"EXPECTED": str(runner.SAMPLES)},
    )  # fmt: skip
    case.workspace.mkdir()
    case.temp.mkdir()
    report = runner.run(node, runner.SAMPLES / f"{name}.yml", [case])
    assert list(report.diagnostics) == []
    return report.results[0]


def test_an_output_carries_what_the_step_wrote(node: Node, tmp_path: Path) -> None:
    assert run(node, "echoes", tmp_path, said="one\ntwo = 2").outputs["heard"] == "one\ntwo = 2"


def test_a_default_and_an_expression_within_text_are_evaluated(node: Node, tmp_path: Path) -> None:
    assert run(node, "echoes", tmp_path).outputs["summary"] == "loud is false, outcome success"


def test_a_step_whose_condition_is_false_does_not_run(node: Node, tmp_path: Path) -> None:
    assert "LOUD" not in run(node, "echoes", tmp_path, loud="false").stdout


def test_a_step_whose_condition_is_true_runs(node: Node, tmp_path: Path) -> None:
    assert "LOUD" in run(node, "echoes", tmp_path, loud="true").stdout


def test_the_summary_is_kept(node: Node, tmp_path: Path) -> None:
    assert run(node, "echoes", tmp_path, said="x").written["GITHUB_STEP_SUMMARY"] == "# x\n"


def test_a_failed_step_gives_its_code(node: Node, tmp_path: Path) -> None:
    assert run(node, "injected", tmp_path, said='"; exit 7; "').code == 7


def test_an_input_that_travels_through_env_is_inert(node: Node, tmp_path: Path) -> None:
    assert run(node, "echoes", tmp_path, said=runner.HOSTILE).intrusions() == []


def test_an_input_pasted_into_a_script_is_seen_to_run(node: Node, tmp_path: Path) -> None:
    found = run(node, "injected", tmp_path, said=runner.HOSTILE).intrusions()
    assert {"pwned-1", "pwned-2"} <= set(found)


def test_forged_commands_and_outputs_are_seen(node: Node, tmp_path: Path) -> None:
    found = run(node, "forging", tmp_path, said=runner.HOSTILE).intrusions()
    assert [each.split()[0] for each in found] == ["command", "command", "output", "broken:"]


def test_an_action_that_github_refuses_is_diagnosed(node: Node) -> None:
    assert "shell" in str(runner.run(node, runner.SAMPLES / "shell-less.yml").diagnostics)
