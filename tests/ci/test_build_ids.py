"""`tag-image --tag-from build`: whoever runs a job again gets another tag, or no tag at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.core.errors import CannotTell
from cdkit.core.oci.reference import is_tag
from cdkit.core.world import World
from cdkit.steps.tag_image import TagImageOptions, run
from tests.ci.samples import SAMPLES, SYSTEMS
from tests.worlds import world

OPTIONS = TagImageOptions(repository="registry.example.com/acme/orders", tag_from=("build",))
EVERY = [
    pytest.param(name, sample.environ, id=f"{name}: {sample.name}")
    for name, samples in SAMPLES.items()
    for sample in samples
]

# What a system changes when somebody runs a job of one build once more.
RERUN = {
    "appveyor": {"APPVEYOR_BUILD_ID": "50999999"},
    "azure": {"SYSTEM_STAGEATTEMPT": "7"},
    "bitbucket": {"BITBUCKET_STEP_RUN_NUMBER": "7"},
    "buildkite": {"BUILDKITE_RETRY_COUNT": "7"},
    "circleci": {"CIRCLE_WORKFLOW_ID": "0b1e6661-e4f2-4156-9ab9-82a19e5d1f00"},
    "cloudbuild": {"BUILD_ID": "0b1e6661-e4f2-4156-9ab9-82a19e5d1f00"},
    "codebuild": {"CODEBUILD_BUILD_ID": "orders:0b1e6661-e4f2-4156-9ab9-82a19e5d1f00"},
    "codepipeline": {"CODEBUILD_BUILD_ID": "orders:0b1e6661-e4f2-4156-9ab9-82a19e5d1f00"},
    "drone": {"DRONE_BUILD_NUMBER": "99"},
    "forgejo": {"GITHUB_RUN_ATTEMPT": "7"},
    "gitea": {"GITHUB_RUN_ATTEMPT": "7"},
    "github": {"GITHUB_RUN_ATTEMPT": "7"},
    "gitlab": {"CI_JOB_ID": "999999"},
    "harness": {"HARNESS_EXECUTION_ID": "zzzzzzzzzzzzzzzzzzzzzz"},
    "jenkins": {"BUILD_NUMBER": "99", "BUILD_TAG": "jenkins-99"},
    "semaphore": {"SEMAPHORE_PIPELINE_ID": "0b1e6661-e4f2-4156-9ab9-82a19e5d1f00"},
    "teamcity": {"TEAMCITY_BUILD_ID": "99999"},
    "tekton": {"TEKTON_RETRY_COUNT": "7"},
    "terminal": {},
    "travis": {"TRAVIS_JOB_ID": "99"},
    "woodpecker": {"CI_PIPELINE_NUMBER": "99"},
}


def _world(folder: Path, name: str, environ: dict[str, str]) -> World:
    return world(folder, environ=environ, context=SYSTEMS[name].read(environ))


def _tag(folder: Path, name: str, environ: dict[str, str]) -> str:
    """The tag that a job gets, or an empty string where it is refused one."""
    outside = _world(folder, name, environ)
    if not outside.context.run:
        with pytest.raises(CannotTell, match="there is no build id that no re-run has again"):
            run(OPTIONS, outside)
        return ""
    return run(OPTIONS, outside).data.partition(":")[2]


def test_every_system_says_what_running_again_changes() -> None:
    assert RERUN.keys() == SYSTEMS.keys()


@pytest.mark.parametrize(("name", "environ"), EVERY)
def test_a_job_that_runs_again_gets_another_tag(
    name: str, environ: dict[str, str], tmp_path: Path
) -> None:
    first = _tag(tmp_path, name, environ)
    again = _tag(tmp_path, name, environ | RERUN[name])
    assert first == again == "" or first != again
    assert all(is_tag(tag) for tag in (first, again) if tag)


def test_only_a_system_that_hides_its_repetitions_has_no_build_id(tmp_path: Path) -> None:
    without = {
        name
        for name, samples in SAMPLES.items()
        if not any(_tag(tmp_path, name, sample.environ) for sample in samples)
    }
    assert without == {"terminal", "travis"}


def test_attempts_of_stage_and_job_never_meet_in_azure() -> None:
    environ = SAMPLES["azure"][0].environ
    builds = {
        SYSTEMS["azure"]
        .read(environ | {"SYSTEM_STAGEATTEMPT": str(stage), "SYSTEM_JOBATTEMPT": str(job)})
        .build_id
        for stage in range(1, 30)
        for job in range(1, 30)
    }
    assert len(builds) == 29 * 29


@pytest.mark.parametrize("attempt", ["0", "1000", "x", ""])
def test_azure_has_no_build_id_with_an_attempt_that_would_meet_another(attempt: str) -> None:
    environ = SAMPLES["azure"][0].environ | {"SYSTEM_JOBATTEMPT": attempt}
    assert SYSTEMS["azure"].read(environ).build_id == ""
