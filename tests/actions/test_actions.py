"""GitHub accepts every action; an unset input is none; no input of an action can break out."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.actions import runner
from tests.actions.checkout import ROOT
from tests.actions.conftest import Job
from tests.parts.node import Node

FOLDER = ROOT / "actions"
ACTIONS: dict[str, dict[str, Any]] = {
    path.parent.name: yaml.safe_load(path.read_text())
    for path in sorted(FOLDER.glob("*/action.yml"))
}
INPUTS = [(action, name) for action, declared in ACTIONS.items() for name in declared["inputs"]]
VERDICTS = {0: "yes", 1: "no", 2: "cannot-tell", 3: "cannot-tell", 4: "cannot-tell"}
#: What hands a value to the steps that follow: it would be another step's environment.
LATER = ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE")

each_action = pytest.mark.parametrize("action", ACTIONS)
runs = pytest.mark.needs("node", "index")
Runs = Mapping[str, Mapping[str, runner.Result]]


def test_the_six_actions_of_the_main_job_are_there() -> None:
    main_job = {
        "check-gate", "emit-event", "lint-migrations", "record-evidence", "scan-image", "tag-image",
    }  # fmt: skip
    assert main_job <= ACTIONS.keys()


@each_action
def test_no_expression_stands_in_a_script(action: str) -> None:
    assert [each for each in ACTIONS[action]["runs"]["steps"] if "${{" in each["run"]] == []


@each_action
def test_env_takes_inputs_and_the_place_in_a_matrix_and_nothing_else(action: str) -> None:
    values = [v for each in ACTIONS[action]["runs"]["steps"] for v in each.get("env", {}).values()]
    known = re.compile(r"\$\{\{ (inputs\.[\w-]+|strategy\.job-(index|total)) \}\}")
    odd = [v for v in values if "${{" in v and not known.fullmatch(v)]
    assert odd == []


@each_action
def test_every_input_reaches_the_step(action: str) -> None:
    declared = ACTIONS[action]
    text = str([each.get("env") for each in declared["runs"]["steps"]])
    assert [name for name in declared["inputs"] if f"inputs.{name} " not in text] == []


# A runner that cancels a job signals the shell alone: the step must stand in its place, or nothing
# that it started would end.
@pytest.mark.skipif(os.name != "posix", reason="a shell script stands for the step")
@each_action
def test_the_process_that_a_runner_cancels_is_the_step(action: str, tmp_path: Path) -> None:
    (tmp_path / action).mkdir()
    (tmp_path / "run").write_text('#!/bin/sh\necho "$$"\n')
    (tmp_path / "run").chmod(0o755)
    script = tmp_path / "script.sh"
    script.write_text(ACTIONS[action]["runs"]["steps"][-1]["run"])
    environ = {**os.environ, "GITHUB_ACTION_PATH": str(tmp_path / action)}
    # As GitHub starts a step of `shell: bash`.
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]

    with subprocess.Popen(shell, env=environ, stdout=subprocess.PIPE, text=True) as process:
        said, _ = process.communicate(timeout=30)

    assert said == f"{process.pid}\n"


@each_action
def test_no_input_has_a_default(action: str) -> None:
    assert [n for n, given in ACTIONS[action]["inputs"].items() if "default" in given] == []


@each_action
def test_the_three_outputs_of_every_step_are_declared(action: str) -> None:
    assert {"verdict", "reasons", "record"} <= ACTIONS[action]["outputs"].keys()


@each_action
@pytest.mark.parametrize("variable", LATER)
def test_nothing_is_handed_to_later_steps(action: str, variable: str) -> None:
    assert variable not in (FOLDER / action / "action.yml").read_text()


@each_action
@pytest.mark.needs("node")
def test_github_has_nothing_to_say_against_it(action: str, node: Node) -> None:
    assert list(runner.run(node, FOLDER / action / "action.yml").diagnostics) == []


@pytest.fixture(scope="module")
def ran(node: Node, job: Job) -> Runs:
    """Every action, run with nothing, with empty texts, with flags, and hostile in each input.

    One job for all, as one workflow would have it; Node starts once an action.
    """
    found: dict[str, dict[str, runner.Result]] = {}
    for action, declared in ACTIONS.items():
        names = list(declared["inputs"])
        asked = {
            "nothing": {},
            "empty": dict.fromkeys(names, ""),
            "flag": dict.fromkeys(names, "--help"),
            **{name: {name: runner.HOSTILE} for name in names},
        }
        cases = [
            runner.Case(workspace=job.workspace, temp=job.temp, env=job.env, inputs=inputs)
            for inputs in asked.values()
        ]
        results = runner.run(node, FOLDER / action / "action.yml", cases).results
        found[action] = dict(zip(asked, results, strict=True))
    return found


def timeless(result: runner.Result) -> dict[str, str]:
    """The outputs without the second they were made in; a record's name is a hash that holds it."""
    instant = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
    return {k: instant.sub("NOW", v) for k, v in result.outputs.items() if k != "record"}


@runs
@each_action
def test_an_empty_input_is_an_input_not_given(action: str, ran: Runs) -> None:
    nothing, empty = ran[action]["nothing"], ran[action]["empty"]
    assert (empty.code, timeless(empty)) == (nothing.code, timeless(nothing))


@runs
@each_action
def test_with_no_input_it_answers_or_says_what_it_wants(action: str, ran: Runs) -> None:
    nothing = ran[action]["nothing"]
    assert nothing.code in VERDICTS, nothing.stderr
    assert nothing.outputs["verdict"] == VERDICTS[nothing.code]


@runs
@each_action
def test_a_value_that_looks_like_a_flag_is_a_value(action: str, ran: Runs) -> None:
    flag = ran[action]["flag"]
    assert "Usage:" not in flag.stdout + flag.stderr
    assert flag.code in VERDICTS, flag.stderr


@runs
@pytest.mark.parametrize(("action", "name"), INPUTS)
def test_a_hostile_input_stays_inert(action: str, name: str, ran: Runs) -> None:
    assert ran[action][name].intrusions() == []


@runs
@pytest.mark.parametrize(("action", "name"), INPUTS)
def test_a_hostile_input_is_answered_with_a_verdict(action: str, name: str, ran: Runs) -> None:
    hostile = ran[action][name]
    assert hostile.code in VERDICTS, hostile.stderr
    assert hostile.outputs["verdict"] == VERDICTS[hostile.code]
    assert "Traceback" not in hostile.stderr


@runs
@pytest.mark.parametrize(("action", "name"), INPUTS)
def test_a_hostile_input_adds_no_output(action: str, name: str, ran: Runs) -> None:
    assert ran[action][name].given.keys() <= ACTIONS[action]["outputs"].keys()
