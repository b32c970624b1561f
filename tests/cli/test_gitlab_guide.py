"""The pipeline of docs/gitlab.md runs as it stands there; only programs are stood in for."""

from __future__ import annotations

import dataclasses
import importlib
import re
from pathlib import Path

import pytest

from cdkit.cli.generate.gitlab import gitlab as components
from cdkit.cli.table import STEPS
from tests.actions.checkout import ROOT
from tests.actions.conftest import commit
from tests.cli.gitlab_project import Project, lay
from tests.parts.gitlab import Gitlab, Pipeline

pytestmark = pytest.mark.needs("gitlab-ci-local")

PROGRAMS = {
    "make": '#!/bin/sh\nmkdir -p reports\nfor set in "$@"; do export "$set" 2>/dev/null; done\n'
    'echo "<testsuite/>" > "$REPORT"\n',
    "docker": '#!/bin/sh\necho "docker $*"\n'
    f'echo \'{{"containerimage.digest": "sha256:{"c" * 64}"}}\' > meta.json\n',
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Guided:
    """The guide's pipeline, after it ran."""

    project: Project
    pipeline: Pipeline


def guided(folder: Path, gitlab: Gitlab, files: dict[str, str]) -> Guided:
    """Run the guide's pipeline in a project that holds these files too."""
    text = (ROOT / "docs/gitlab.md").read_text(encoding="utf-8")
    found = re.search(r"^```yaml\n(# \.gitlab-ci\.yml\n.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found
    ours = "$CI_SERVER_FQDN/$CI_PROJECT_PATH/"
    pipeline = found[1].replace("$CI_SERVER_FQDN/platform/cdkit/", ours)
    pipeline = pipeline.replace("@1.0.0", "@$CI_COMMIT_SHA")
    steps = [importlib.import_module(entry.module).STEP for entry in STEPS]
    told = {
        path: one.replace('cdkit/"]', 'cdkit/", "told/"]')
        for path, one in components(steps).items()
    }
    deploy = '#!/bin/sh\necho "deploying $1"\n'
    project = lay(folder, {**told, ".gitlab-ci.yml": pipeline, "deploy": deploy, **files}, gitlab)
    (project.folder / "deploy").chmod(0o755)
    for name, program in PROGRAMS.items():
        (folder / "bin" / name).write_text(program)
        (folder / "bin" / name).chmod(0o755)
    commit(project.folder)
    variable = ("--variable", "CI_COMMIT_BEFORE_SHA=1234567")
    ran = gitlab.run(project.folder, *variable, path=str(folder / "bin"))
    return Guided(project=project, pipeline=ran)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, gitlab: Gitlab) -> Guided:
    """Every step says yes."""
    return guided(tmp_path_factory.mktemp("good"), gitlab, {})


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory, gitlab: Gitlab) -> Guided:
    """The linter and the gate say no."""
    files = {"exit-lint-migrations": "1", "exit-check-gate": "1"}
    return guided(tmp_path_factory.mktemp("closed"), gitlab, files)


def test_the_image_that_the_gate_let_in_is_deployed(good: Guided) -> None:
    assert good.pipeline.code == 0, good.pipeline.said
    assert f"deploying localhost/orders@sha256:{'b' * 64}" in good.pipeline.said


def test_the_image_is_built_under_the_name_that_the_step_gave_it(good: Guided) -> None:
    assert "docker buildx build --push --tag orders:7 " in good.pipeline.said


def test_the_digest_of_what_was_pushed_reaches_the_step_that_identifies_it(good: Guided) -> None:
    told = good.project.told("pushed-tag-image")
    assert told["CDKIT_TAG_IMAGE_DIGEST"] == f"sha256:{'c' * 64}"


def test_the_linter_is_told_the_commit_before_the_push(good: Guided) -> None:
    assert good.project.told("lint-migrations")["CDKIT_LINT_MIGRATIONS_SINCE"] == "1234567"


def test_the_gate_is_told_the_image_and_the_stage(good: Guided) -> None:
    told = good.project.told("check-gate")
    assert told["CDKIT_IMAGE"] == f"localhost/orders@sha256:{'b' * 64}"
    assert told["CDKIT_CHECK_GATE_STAGE"] == "deployment"


def test_the_gate_decides_though_a_job_before_it_failed(closed: Guided) -> None:
    assert "called with check-gate" in closed.pipeline.said


def test_nothing_is_deployed_when_the_gate_is_closed(closed: Guided) -> None:
    assert re.search(r"^check-gate +finished in .* FAIL 1", closed.pipeline.said, re.MULTILINE)
    assert "deploying" not in closed.pipeline.said
