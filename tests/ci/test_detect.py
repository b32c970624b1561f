from __future__ import annotations

import ast
import inspect
from itertools import permutations

import pytest
from msgspec import structs

from cdkit.ci.detect import detect
from cdkit.ci.system import CiSystem, Sample
from cdkit.ci.table import ROWS
from cdkit.core.errors import RequestError
from tests.ci.samples import FOLDER, ROW_NAMES, SYSTEMS
from tests.ci.samples import SAMPLES as BY_NAME

ONE = (
    *("attempt", "number", "repository", "repository_url", "commit", "ref", "branch", "tag"),
    *("source_branch", "target_branch", "default_branch", "pull_request", "event", "job"),
    "pipeline",
)
SAMPLES = [
    pytest.param(system, sample, id=f"{system.name}: {sample.name}")
    for system in SYSTEMS.values()
    for sample in BY_NAME[system.name]
]


@pytest.mark.parametrize(("system", "sample"), SAMPLES)
def test_each_sample_is_claimed_by_its_own_system_alone(system: CiSystem, sample: Sample) -> None:
    claiming = [other.name for other in SYSTEMS.values() if other.present(sample.environ)]
    assert claiming == ([] if system.fallback else [system.name])


@pytest.mark.parametrize(("system", "sample"), SAMPLES)
def test_each_sample_is_read_as_its_context(system: CiSystem, sample: Sample) -> None:
    assert detect(sample.environ).name == system.name
    assert system.read(sample.environ) == sample.context


@pytest.mark.parametrize(("system", "sample"), SAMPLES)
def test_every_variable_as_an_empty_string_is_as_if_it_were_not_there(
    system: CiSystem, sample: Sample
) -> None:
    empty = dict.fromkeys(sample.environ, "")
    assert detect(empty).name == "terminal"
    assert system.read(empty) == system.read({})


@pytest.mark.parametrize("system", [*SYSTEMS.values()], ids=[*SYSTEMS])
def test_an_empty_environment_tells_nothing_but_the_system(system: CiSystem) -> None:
    context = system.read({})
    assert context.system == system.name
    assert context.build_id == ""
    assert context.url == ""


@pytest.mark.parametrize("name", sorted(SYSTEMS.keys() - set(ROW_NAMES)))
def test_every_systems_file_has_samples_and_names_the_vendors_page(name: str) -> None:
    module = inspect.getmodule(SYSTEMS[name].read)
    assert module is not None
    assert name == module.__name__.rpartition(".")[2]
    assert BY_NAME[name]
    assert (ast.get_docstring(ast.parse(inspect.getsource(module))) or "").startswith("https://")


@pytest.mark.parametrize("name", ROW_NAMES)
def test_every_row_has_samples_and_names_the_vendors_page(name: str) -> None:
    assert SYSTEMS[name].told.source.startswith("https://")
    assert BY_NAME[name]


def test_no_samples_are_left_over() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(ROW_NAMES)


def test_a_row_takes_no_systems_name_away() -> None:
    assert len(ROW_NAMES) == len(set(ROW_NAMES))
    assert [SYSTEMS[name].title for name in ("github", "gitlab")] == [
        "GitHub Actions",
        "GitLab CI/CD",
    ]


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("answer", ["run", "attempt", "commit", "branch", "pipeline"])
def test_what_the_page_says_of_an_answer_is_where_it_comes_from(name: str, answer: str) -> None:
    system = SYSTEMS[name]
    for variable in getattr(system.told, answer):
        changed = [
            getattr(system.read(_without(sample, variable)), answer)
            != getattr(sample.context, answer)
            for sample in BY_NAME[name]
        ]
        assert any(changed), variable


@pytest.mark.parametrize("name", SYSTEMS)
def test_what_the_page_says_of_an_answer_is_all_that_it_comes_from(name: str) -> None:
    told = SYSTEMS[name].told
    said = {answer for answer in ("run", "commit", "branch", "pipeline") if getattr(told, answer)}
    contexts = [sample.context for sample in BY_NAME[name]]
    given = {
        answer for answer in said | {"run", "pipeline"} if any(getattr(c, answer) for c in contexts)
    }
    assert said == given


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_system_is_recognised_by_what_the_page_says(name: str) -> None:
    system = SYSTEMS[name]
    for variable in system.told.recognised:
        assert any(not system.present(_without(sample, variable)) for sample in BY_NAME[name])


def test_every_variable_of_the_table_is_in_a_sample() -> None:
    for row in ROWS:
        fields = structs.asdict(row)
        named = {fields[name] for name in ONE if fields[name]} | set(row.present)
        named |= {*row.run, *row.url, *row.actor, *row.repeats}
        shown = {name for sample in BY_NAME[row.name] for name in sample.environ}
        assert named <= shown, row.name


def _without(sample: Sample, variable: str) -> dict[str, str]:
    return {name: text for name, text in sample.environ.items() if name != variable}


def test_no_build_id_is_used_by_two_samples_of_different_builds() -> None:
    retried = dict(SYSTEMS["gitlab"].samples[0].environ, CI_JOB_ID="993322")
    first = SYSTEMS["gitlab"].samples[0].context.build_id
    assert first == "81234-993321"
    assert SYSTEMS["gitlab"].read(retried).build_id == "81234-993322"


def test_folders_and_dashes_give_different_build_ids_in_jenkins() -> None:
    environ = SYSTEMS["jenkins"].samples[0].environ
    folder = SYSTEMS["jenkins"].read(environ | {"JOB_NAME": "a/b"})
    dashed = SYSTEMS["jenkins"].read(environ | {"JOB_NAME": "a-b"})
    assert folder.build_id != dashed.build_id


def test_two_systems_at_once_are_an_error_that_says_how_to_choose() -> None:
    environ = _both("jenkins", "github")
    with pytest.raises(RequestError) as caught:
        detect(environ)
    assert "GitHub Actions and of Jenkins" in caught.value.what
    assert caught.value.remedy == "set CDKIT_CI (or --ci) to `github` or `jenkins`"


@pytest.mark.parametrize(("first", "second"), [*permutations(["github", "gitlab", "jenkins"], 2)])
def test_the_answer_to_two_systems_does_not_depend_on_their_order(first: str, second: str) -> None:
    with pytest.raises(RequestError) as one:
        detect(_both(first, second))
    with pytest.raises(RequestError) as other:
        detect(_both(second, first))
    assert one.value.what == other.value.what


def test_a_build_that_github_started_in_codebuild_is_not_guessed() -> None:
    own = SYSTEMS["github"].samples[0].environ
    passed_on = {key: value for key, value in own.items() if key.startswith("GITHUB_")}
    with pytest.raises(RequestError, match="AWS CodeBuild and of GitHub Actions"):
        detect(SYSTEMS["codebuild"].samples[0].environ | passed_on)


def _both(first: str, second: str) -> dict[str, str]:
    return SYSTEMS[first].samples[0].environ | SYSTEMS[second].samples[0].environ


@pytest.mark.parametrize("environ", [{"CDKIT_CI": "jenkins"}, {}])
def test_a_name_ends_the_question(environ: dict[str, str]) -> None:
    both = _both("jenkins", "github") | environ
    override = "" if environ else "jenkins"
    assert detect(both, override).name == "jenkins"


def test_a_flag_counts_before_the_variable() -> None:
    assert detect({"CDKIT_CI": "jenkins"}, "github").name == "github"


def test_an_unknown_name_is_refused_with_a_suggestion() -> None:
    with pytest.raises(RequestError) as caught:
        detect({}, "gihub")
    assert caught.value.remedy == "write github"


def test_a_name_like_no_other_gets_the_whole_list() -> None:
    with pytest.raises(RequestError) as caught:
        detect({}, "zzz")
    assert caught.value.remedy == f"write one of {', '.join(sorted(SYSTEMS))}"
