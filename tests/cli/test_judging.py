"""A step that judges takes no settings from the change that it judges."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from cdkit.ci.detect import detect
from cdkit.cli.inputs import resolve
from cdkit.cli.judging import judging
from cdkit.cli.session import Session
from cdkit.core.context import BuildContext
from cdkit.core.errors import CannotTell
from cdkit.core.step import AnyStep, Options
from cdkit.steps.check_gate import STEP, CheckGateOptions
from cdkit.steps.lint_migrations import STEP as LINT
from tests.cli.test_main import call
from tests.worlds import FakeGit, world

OURS = "check-gate: {mode: report, records: planted, stage: development}\n"
THEIRS = "check-gate: {policy: policy.yaml, stage: production}\n"
PULL_REQUEST = {"target_branch": "main", "pull_request": "7", "branch": "feature"}


@dataclass
class Shallow(FakeGit):
    """A checkout that knows no other branch."""

    def resolve(self, revision: str) -> str:
        if revision != "HEAD":
            raise CannotTell(f"git knows no revision {revision!r}", remedy="fetch it")
        return super().resolve(revision)


def session(
    folder: Path,
    ours: str | None,
    *,
    theirs: str | None = None,
    git: FakeGit | None = None,
    system: str = "github",
    config: str = "cdkit.yaml",
    context: dict[str, str],
) -> Session:
    """Return a session in which a change has these settings, and the branch main those."""
    contents = {("origin/main", "cdkit.yaml"): theirs.encode()} if theirs is not None else {}
    around = world(
        folder,
        git=git or FakeGit(contents=contents),
        context=msgspec.structs.replace(BuildContext(system=system), **context),
    )
    data = ours.encode() if ours is not None else None
    return Session(world=around, system=detect({}, override="github"), config=config, data=data)


def judged(found: Session, step: AnyStep = STEP, **flags: str) -> tuple[AnyStep, Options]:
    own = found.sections({step.name: step.options}).get(step.name)
    return judging(step, found, own, lambda section: resolve(step, flags, {}, section))


def settings(found: Session, **flags: str) -> CheckGateOptions:
    """Return the options that count; CannotTell where nobody knows them."""
    step, options = judged(found, STEP, **flags)
    if step is not STEP:
        step.run(options, found.world)
    assert isinstance(options, CheckGateOptions)
    return options


def test_the_branchs_settings_count_and_not_the_changes_own(tmp_path: Path) -> None:
    found = settings(session(tmp_path, OURS, theirs=THEIRS, context=PULL_REQUEST))
    assert (found.stage, found.policy) == ("production", "policy.yaml")
    assert (found.mode, found.records) == ("enforce", "auto")


def test_a_change_that_removes_the_settings_removes_nothing(tmp_path: Path) -> None:
    for ours in (None, "version: 1\n"):
        found = settings(session(tmp_path, ours, theirs=THEIRS, context=PULL_REQUEST))
        assert (found.stage, found.policy) == ("production", "policy.yaml")


@pytest.mark.parametrize("theirs", [None, "version: 1\n"])
def test_settings_that_the_change_brings_first_do_not_count(
    tmp_path: Path, theirs: str | None
) -> None:
    found = settings(session(tmp_path, OURS, theirs=theirs, context=PULL_REQUEST))
    assert found == CheckGateOptions()


def test_flags_are_the_workflows_own_word(tmp_path: Path) -> None:
    found = session(tmp_path, OURS, theirs=THEIRS, context=PULL_REQUEST)
    assert settings(found, stage="delivery").stage == "delivery"


@pytest.mark.parametrize("context", [PULL_REQUEST, {"default_branch": "main", "branch": "x"}])
def test_a_branch_that_cannot_be_read_leaves_it_open_whose_settings_they_are(
    tmp_path: Path, context: dict[str, str]
) -> None:
    found = session(tmp_path, OURS, git=Shallow(), context=context)
    with pytest.raises(CannotTell, match="may be the change's own: main cannot be read") as caught:
        settings(found)
    assert caught.value.remedy == (
        "`git fetch origin main` before this step, or give mode, records, stage as flags or"
        " inputs, in the workflow"
    )
    assert judged(found)[1].mode == "enforce"
    told = settings(found, stage="x", mode="report", records="y")
    assert (told.stage, told.mode, told.records) == ("x", "report", "y")


def test_where_nothing_is_set_nothing_is_asked_of_git(tmp_path: Path) -> None:
    for ours in (None, "check-gate: {stage: deployment}\n"):
        found = session(tmp_path, ours, git=Shallow(), context=PULL_REQUEST)
        assert settings(found) == CheckGateOptions()


@pytest.mark.parametrize(
    "context", [{"branch": "main"}, {"branch": "release", "default_branch": "release"}]
)
def test_a_run_of_the_branch_itself_has_its_settings(
    tmp_path: Path, context: dict[str, str]
) -> None:
    assert settings(session(tmp_path, OURS, git=Shallow(), context=context)).mode == "report"


@pytest.mark.parametrize(
    "context", [{}, {"branch": "feature"}, {"branch": "main", "pull_request": "7"}]
)
def test_where_nobody_says_which_branch_counts_it_cannot_tell(
    tmp_path: Path, context: dict[str, str]
) -> None:
    with pytest.raises(CannotTell, match="nobody says which branch counts here") as caught:
        settings(session(tmp_path, OURS, context=context))
    assert caught.value.remedy.startswith("give mode, records, stage as flags")


def test_on_a_laptop_the_file_that_is_there_counts(tmp_path: Path) -> None:
    found = session(tmp_path, OURS, theirs=THEIRS, system="terminal", context=PULL_REQUEST)
    assert settings(found).mode == "report"


def test_a_configuration_outside_of_the_checkout_is_not_the_changes(tmp_path: Path) -> None:
    (tmp_path / "checkout").mkdir()
    outside = str(tmp_path / "cdkit.yaml")
    found = session(tmp_path / "checkout", OURS, config=outside, context=PULL_REQUEST)
    assert settings(found).mode == "report"


def test_a_path_into_the_checkout_is_the_same_file(tmp_path: Path) -> None:
    for name in (f"{tmp_path}/cdkit.yaml", "./cdkit.yaml"):
        found = session(tmp_path, OURS, theirs=THEIRS, config=name, context=PULL_REQUEST)
        assert settings(found).stage == "production"


def test_another_step_takes_what_the_change_says(tmp_path: Path) -> None:
    found = session(
        tmp_path, "lint-migrations: {mode: report}\n", git=Shallow(), context=PULL_REQUEST
    )
    assert judged(found, LINT)[1].mode == "report"


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize("command", ["check-gate", "run"])
def test_no_change_lets_itself_in_by_its_own_configuration(tmp_path: Path, command: str) -> None:
    image = f"example.com/acme/orders@sha256:{'a' * 64}"
    here = tmp_path / "checkout"
    here.mkdir()
    section = {"image": image, "policy": "policy.yaml"}
    (here / "policy.yaml").write_text(
        "version: 1\nstages: [{name: deployment, enter: [{evidence: unit}]}]\n"
    )
    (here / "cdkit.yaml").write_text(json.dumps({"version": 1, "check-gate": section}))
    git(here, "init", "-q", "-b", "main")
    git(here, "add", "-A")
    git(here, "commit", "-q", "-m", "one")
    git(here, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(here, "checkout", "-q", "-b", "feature")
    lax = {"version": 1, "check-gate": section | {"mode": "report"}}
    (here / "cdkit.yaml").write_text(json.dumps(lax))
    git(here, "commit", "-q", "-a", "-m", "let me in")
    environ = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_BASE_REF": "main",
        "GITHUB_HEAD_REF": "feature",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_REF": "refs/pull/7/merge",
        "CDKIT_CI": "github",
    }
    done = call(here, command, **environ)
    assert done.returncode == 4, done.stdout + done.stderr
    assert "the settings of check-gate in cdkit.yaml are those of main" in done.stderr
