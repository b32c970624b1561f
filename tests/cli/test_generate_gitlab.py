"""The GitLab components: what they hold, and what becomes of their inputs in a real pipeline."""

from __future__ import annotations

import dataclasses
import importlib
import json
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest
import yaml

from cdkit.cli.generate.actions import outputs_of
from cdkit.cli.generate.gitlab import base, component
from cdkit.cli.generate.gitlab import gitlab as components
from cdkit.cli.inputs import inputs_of, variable
from cdkit.cli.table import STEP_NAMES, STEPS
from cdkit.core.step import AnyStep, option
from tests.actions.checkout import ROOT
from tests.actions.conftest import commit
from tests.cli.gitlab_project import Project, include, lay
from tests.cli.steps import ASK, AskOptions
from tests.parts.gitlab import Gitlab, Pipeline

NAMES = ("ask", *STEP_NAMES)
HOSTILE = (ROOT / "tests/actions/samples/hostile.txt").read_text() + "$CI_COMMIT_SHA ${HOME} $$\n"
#: What a component has besides the step's options.
OWN = {"job-image", "job-prefix", "job-stage", "job-artifacts", "config"}
#: Options that GitLab itself holds to a list of values.
LISTED = {one.name for one in inputs_of(ASK.options) if one.choices or one.shape == "switch"}
OPEN = [one.name for one in inputs_of(ASK.options) if one.name not in LISTED | {"write"}]

runs = pytest.mark.needs("gitlab-ci-local")
each_step = pytest.mark.parametrize("name", NAMES)


def step_of(name: str) -> AnyStep:
    found = [entry.module for entry in STEPS if entry.name == name]
    step: AnyStep = importlib.import_module(found[0]).STEP if found else ASK
    return step


def parts(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the inputs that a component declares, and its job."""
    header, body = yaml.safe_load_all(text)
    (job,) = body.values()
    return header["spec"]["inputs"], job


@each_step
def test_the_script_is_one_constant_command(name: str) -> None:
    _, job = parts(component(step_of(name)))
    assert job["script"] == [f"cdkit {name}"]


@each_step
def test_every_option_is_an_input_that_may_be_left_out(name: str) -> None:
    declared, _ = parts(component(step_of(name)))
    left = {key: given["default"] for key, given in declared.items() if key not in OWN}
    assert left == dict.fromkeys((one.name for one in inputs_of(step_of(name).options)), "")


@each_step
def test_gitlab_expands_nothing_in_the_variable_of_an_input(name: str) -> None:
    _, job = parts(component(step_of(name)))
    expanded = {
        key
        for key, value in job["variables"].items()
        if not isinstance(value, dict) or value["expand"] is not False
    }
    assert expanded == {"CDKIT_DOTENV"}


@each_step
def test_inputs_stand_nowhere_but_in_variables_and_the_frame_of_the_job(name: str) -> None:
    _, job = parts(component(step_of(name)))
    frame = {key: value for key, value in job.items() if key != "variables"}
    found = set(re.findall(r"\$\[\[ inputs\.([\w-]+) \]\]", json.dumps(frame)))
    assert found == {"job-stage", "job-image", "job-artifacts"}


def test_a_step_whose_option_is_an_input_of_the_job_itself_is_refused() -> None:
    class TakenOptions(AskOptions, frozen=True, kw_only=True):
        job_stage: Annotated[str, option("Mine.")] = ""

    taken = dataclasses.replace(ASK, name="taken", options=TakenOptions)
    with pytest.raises(ValueError, match="taken: the GitLab component has an input job-stage"):
        component(taken)


def test_the_base_has_hidden_jobs_alone_which_ask_for_no_token() -> None:
    _, body = yaml.safe_load_all(base([ASK]))
    assert [*body] == [".cdkit", ".cdkit-buildx"]
    assert body[".cdkit-buildx"]["extends"] == ".cdkit"
    assert "id_tokens" not in body[".cdkit-buildx"]
    assert "id_tokens" not in body[".cdkit"]
    assert "id_tokens" not in body[".cdkit"]["inherit"]["default"]


def test_the_base_hands_a_policy_to_the_steps_that_read_one() -> None:
    _, body = yaml.safe_load_all(base([ASK, step_of("check-gate")]))
    given = {"value": "$[[ inputs.policy ]]", "expand": False}
    assert body[".cdkit"]["variables"]["CDKIT_CHECK_GATE_POLICY"] == given


@each_step
def test_no_output_but_the_image_and_its_tag_is_read_by_a_later_step(name: str) -> None:
    shared = {one.name for each in NAMES for one in inputs_of(step_of(each).options) if one.shared}
    frame = {"ci", "config", "directory", "dotenv"}
    assert set(outputs_of(step_of(name))) & (shared | frame) <= {"image", "reference"}


def test_the_same_steps_give_the_same_components() -> None:
    assert components([ASK]) == components([ASK])
    assert [*components([ASK])] == ["templates/base.yml", "templates/ask.yml"]


@pytest.fixture
def project(tmp_path: Path, gitlab: Gitlab) -> Project:
    return lay(tmp_path, components([ASK]), gitlab)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory, gitlab: Gitlab) -> Project:
    """A project whose pipeline has run, with a hostile value in every input that takes any."""
    project = lay(tmp_path_factory.mktemp("attacked"), components([ASK]), gitlab)
    done = project.run(include("ask", **dict.fromkeys(["config", *OPEN], HOSTILE)))
    assert done.code == 0, done.said
    return project


@runs
@pytest.mark.parametrize("name", ["CDKIT_CONFIG", *(variable("ask", name) for name in OPEN)])
def test_a_hostile_input_arrives_as_it_was_written(name: str, attacked: Project) -> None:
    assert attacked.told()[name] == HOSTILE


@runs
def test_a_hostile_input_runs_nothing(attacked: Project) -> None:
    assert list(attacked.folder.parent.rglob("pwned*")) == []


@runs
def test_an_input_that_is_not_given_is_an_empty_variable(project: Project) -> None:
    done = project.run(include("ask"))
    assert done.code == 0, done.said
    assert project.told()["CDKIT_ASK_COUNT"] == ""


@runs
def test_the_code_quality_report_stands_before_the_users_own(project: Project) -> None:
    project.run(include("ask", write="sarif=out.sarif"))
    wanted = "codequality=gl-code-quality.json\nsarif=out.sarif"
    assert project.told()["CDKIT_ASK_WRITE"] == wanted


@runs
def test_what_a_step_hands_out_reaches_the_jobs_after_it(project: Project) -> None:
    after = {"extends": ".cdkit", "stage": "deploy", "script": 'test "$CDKIT_IMAGE" && echo got it'}
    done = project.run(include("ask"), include("base"), jobs={"after": after})
    assert done.code == 0, done.said
    assert "> got it" in done.said


@runs
def test_a_job_that_fails_still_keeps_what_it_wrote(project: Project) -> None:
    done = project.run(include("ask"), jobs={"ask": {"variables": {"EXIT": "1"}}})
    assert done.code == 1
    assert project.told()["EXIT"] == "1"


@runs
def test_an_image_that_is_named_by_tag_is_refused(project: Project) -> None:
    done = project.run(include("ask", job_image="registry.example.com/cdkit:latest"))
    assert done.code == 1
    assert "registry.example.com/cdkit:latest` does not match required regex" in done.said


@runs
def test_a_value_that_an_option_does_not_have_is_refused_before_anything_runs(
    project: Project,
) -> None:
    done = project.run(include("ask", mode="enforced"))
    assert done.code == 1
    assert "`enforced` cannot be used because it is not in the list of allowed options" in done.said


@runs
def test_two_of_one_component_are_two_jobs_with_their_own_inputs(project: Project) -> None:
    one, two = (
        include("ask", job_prefix="a-", count="1"),
        include("ask", job_prefix="b-", count="2"),
    )
    done = project.run(one, two)
    assert done.code == 0, done.said
    counts = [project.told(name)["CDKIT_ASK_COUNT"] for name in ("a-ask", "b-ask")]
    assert counts == ["1", "2"]


@runs
def test_the_pipelines_default_scripts_are_not_run_in_our_job(project: Project) -> None:
    done = project.run(include("ask"), jobs={"default": {"before_script": ["exit 9"]}})
    assert done.code == 0, done.said


@runs
def test_a_job_of_the_same_name_may_take_an_input_from_a_variable(project: Project) -> None:
    own = {"ask": {"variables": {"CDKIT_ASK_IMAGE": "$CI_PROJECT_PATH"}, "needs": []}}
    done = project.run(include("ask"), jobs=own)
    assert done.code == 0, done.said
    assert project.told()["CDKIT_ASK_IMAGE"] == "acme/orders"


@runs
@pytest.mark.parametrize("name", STEP_NAMES)
def test_the_schema_of_gitlab_has_nothing_against_a_component(name: str, project: Project) -> None:
    step = step_of(name)
    (project.folder / f"templates/{name}.yml").write_text(component(step))
    needed = {one.name: "x" for one in inputs_of(step.options) if one.required}
    done = project.run(include(name, **needed))
    assert (done.code, f"called with {name}" in done.said) == (0, True), done.said


@pytest.fixture(scope="module")
def linted(tmp_path_factory: pytest.TempPathFactory, gitlab: Gitlab) -> tuple[Path, Pipeline]:
    """A repository that the real lint-migrations has looked at, and found a break on line 1."""
    folder = tmp_path_factory.mktemp("linted")
    files = {
        "templates/lint-migrations.yml": component(step_of("lint-migrations")),
        "migrations/0001_orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY, note text);\n",
        "migrations/0002_drop.sql": "ALTER TABLE orders DROP COLUMN note;\n",
    }
    project = lay(folder, files, gitlab)
    given = include("lint-migrations", paths="migrations")
    given["inputs"]["job-artifacts"] = [".cdkit/", "gl-code-quality.json", "cdkit.env"]
    (project.folder / ".gitlab-ci.yml").write_text(yaml.safe_dump({"include": [given]}))
    commit(project.folder)
    return project.folder, gitlab.run(project.folder, path=str(Path(sys.executable).parent))


@runs
def test_the_real_step_fails_the_pipeline_with_its_own_code(linted: tuple[Path, Pipeline]) -> None:
    assert (linted[1].code, "FAIL 1" in linted[1].said) == (1, True), linted[1].said


@runs
def test_the_finding_stands_in_the_code_quality_report(linted: tuple[Path, Pipeline]) -> None:
    issues = json.loads((linted[0] / "gl-code-quality.json").read_text())
    places = [(each["location"]["path"], each["location"]["lines"]["begin"]) for each in issues]
    assert ("migrations/0002_drop.sql", 1) in places


@runs
def test_the_outputs_stand_in_the_dotenv_report(linted: tuple[Path, Pipeline]) -> None:
    assert "CDKIT_VERDICT=no" in (linted[0] / "cdkit.env").read_text().splitlines()


@runs
def test_the_fact_that_the_step_left_is_kept_though_it_said_no(
    linted: tuple[Path, Pipeline],
) -> None:
    told = (linted[0] / "cdkit.env").read_text()
    record = re.search(r"^CDKIT_RECORD=(\S+)$", told, re.MULTILINE)
    assert record
    assert (linted[0] / record[1]).is_file()
