"""How each system is answered: outputs, summary, sections, masks."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.ci.detect import all_systems
from cdkit.ci.system import Append, Call, CiSystem, Say, Section
from cdkit.core.errors import Unwritable
from cdkit.core.secret import Secret
from cdkit.report.report import format_names

SYSTEMS = all_systems()
EVERY = pytest.mark.parametrize("system", [*SYSTEMS.values()], ids=[*SYSTEMS])
HOSTILE = "a\n::error::x\n##[error]\x1b[31m\r::stop-commands::y"
OUTPUTS = {"verdict": "no", "reasons": "first: one\nsecond: two", "image": "r.io/a@sha256:0f"}


def test_github_gets_its_outputs_in_its_file() -> None:
    (append,) = SYSTEMS["github"].outputs({"GITHUB_OUTPUT": "out"}, OUTPUTS)
    assert isinstance(append, Append)
    assert append.path == "out"
    shown = re.sub(r"cdkit_[0-9a-f]{64}", "END", append.text)
    assert shown == (
        "verdict<<END\nno\nEND\n"
        "reasons<<END\nfirst: one\nsecond: two\nEND\n"
        "image<<END\nr.io/a@sha256:0f\nEND\n"
    )


def test_github_without_an_output_file_gets_nothing() -> None:
    assert SYSTEMS["github"].outputs({"GITHUB_OUTPUT": ""}, OUTPUTS) == ()


def test_a_list_that_is_too_long_for_github_is_cut_at_a_line_and_says_so() -> None:
    (append,) = SYSTEMS["github"].outputs(
        {"GITHUB_OUTPUT": "out"}, {"reasons": "\n".join(["x" * 999] * 300)}
    )
    assert isinstance(append, Append)
    lines = append.text.split("\n")
    assert lines[1:101] == ["x" * 999] * 100
    assert lines[101] == "… and 200 more, in the record"
    assert lines[0] == f"reasons<<{lines[102]}"


def test_a_value_that_is_too_long_for_github_is_not_halved() -> None:
    with pytest.raises(Unwritable, match="the output image holds 100001 characters"):
        SYSTEMS["github"].outputs({"GITHUB_OUTPUT": "out"}, {"image": "x" * 100_001})


def test_characters_beyond_the_basic_plane_count_twice_as_github_counts_them() -> None:
    with pytest.raises(Unwritable, match="holds 100002 characters"):
        SYSTEMS["github"].outputs({"GITHUB_OUTPUT": "out"}, {"image": "😀" * 50_001})


def test_gitlab_gets_its_outputs_in_the_dotenv_file_that_the_job_names() -> None:
    text = (
        "CDKIT_VERDICT=no\n"
        "CDKIT_REASONS=first:%20one%0Asecond:%20two\n"
        "CDKIT_IMAGE=r.io/a@sha256:0f\n"
    )
    assert SYSTEMS["gitlab"].outputs({"CDKIT_DOTENV": "a.env"}, OUTPUTS) == (
        Append(path="a.env", text=text),
    )


def test_gitlab_without_a_dotenv_file_gets_nothing() -> None:
    assert SYSTEMS["gitlab"].outputs({}, OUTPUTS) == ()


def test_a_value_that_would_spoil_gitlabs_report_is_left_out() -> None:
    outputs = {"config-digest": "x", "reasons": "y" * 1001, "record": ""}
    assert SYSTEMS["gitlab"].outputs({"CDKIT_DOTENV": "a.env"}, outputs) == (
        Append(path="a.env", text="CDKIT_CONFIG_DIGEST=x\n"),
    )


def test_values_that_spoil_gitlabs_report_together_are_left_out_longest_first() -> None:
    outputs = {f"o{length}": "y" * length for length in range(900, 1000, 10)} | {"image": "r.io/a"}
    (append,) = SYSTEMS["gitlab"].outputs({"CDKIT_DOTENV": "a.env"}, outputs)

    assert isinstance(append, Append)
    kept = [line.partition("=")[0] for line in append.text.splitlines()]
    assert kept == ["CDKIT_O900", "CDKIT_O910", "CDKIT_O920", "CDKIT_O930", "CDKIT_IMAGE"]


PLAIN = sorted(SYSTEMS.keys() - {"azure", "buildkite", "forgejo", "gitea", "github", "gitlab"})


@pytest.mark.parametrize("name", PLAIN)
def test_a_system_without_a_place_for_outputs_gets_them_in_the_file_that_a_job_asks_for(
    name: str,
) -> None:
    own = {"GITHUB_OUTPUT": "x", "BASH_ENV": "z"}
    assert SYSTEMS[name].outputs(own, OUTPUTS) == ()
    text = (
        "CDKIT_VERDICT=no\n"
        "CDKIT_REASONS=first:%20one%0Asecond:%20two\n"
        "CDKIT_IMAGE=r.io/a@sha256:0f\n"
    )
    assert SYSTEMS[name].outputs({**own, "CDKIT_DOTENV": "y"}, OUTPUTS) == (
        Append(path="y", text=text),
    )


@given(st.text(), st.text())
def test_a_shell_that_sources_the_file_runs_nothing_of_it(value: str, other: str) -> None:
    (append,) = SYSTEMS["circleci"].outputs(
        {"CDKIT_DOTENV": "y"}, {"verdict": "no", "reasons": value, "image": other}
    )
    assert isinstance(append, Append)
    for line in append.text.splitlines():
        assert re.fullmatch(r"CDKIT_[A-Z]+=[A-Za-z0-9._~/:@+=,%-]+", line, re.ASCII)


def test_azure_is_told_output_variables_of_the_step() -> None:
    said = SYSTEMS["azure"].outputs({}, {**OUTPUTS, "record": ""})
    assert said == (
        Say(line="##vso[task.setvariable variable=CDKIT_VERDICT;isOutput=true]no"),
        Say(
            line="##vso[task.setvariable variable=CDKIT_REASONS;isOutput=true]"
            "first: one%0Asecond: two"
        ),
        Say(line="##vso[task.setvariable variable=CDKIT_IMAGE;isOutput=true]r.io/a@sha256:0f"),
    )


def test_no_value_makes_azure_obey_or_read_a_secret() -> None:
    value = "100%\r\n##vso[task.setvariable variable=PATH]/evil $(System.AccessToken)"
    (said,) = SYSTEMS["azure"].outputs({}, {"reasons": value})
    assert said == Say(
        line="##vso[task.setvariable variable=CDKIT_REASONS;isOutput=true]100%AZP25%0D%0A"
        "##vso[task.setvariable variable=PATH]/evil $\u200b(System.AccessToken)"
    )


def test_azure_is_shown_the_summary_from_a_file_of_the_tasks_own() -> None:
    environ = {"AGENT_TEMPDIRECTORY": "/agent/_temp", "SYSTEM_TASKINSTANCEID": "5f3a-1"}
    assert SYSTEMS["azure"].summary(environ, lambda: "# no\n") == (
        Append(path="/agent/_temp/cdkit-5f3a1.md", text="# no\n"),
        Say(line="##vso[task.uploadsummary]/agent/_temp/cdkit-5f3a1.md"),
    )


def test_a_list_that_is_too_long_for_azure_is_cut_at_a_line_and_says_so() -> None:
    (said,) = SYSTEMS["azure"].outputs({}, {"reasons": "\n".join(["x" * 99] * 100)})
    assert isinstance(said, Say)
    assert said.line.partition("]")[2].split("%0A") == [
        *["x" * 99] * 80,
        "… and 20 more, in the record",
    ]


def test_a_list_that_is_too_long_for_buildkite_is_cut_at_a_line_and_says_so() -> None:
    environ = {"BUILDKITE_STEP_KEY": "tag"}
    (call,) = SYSTEMS["buildkite"].outputs(environ, {"reasons": "\n".join(["é" * 499] * 101)})
    assert isinstance(call, Call)
    assert call.stdin.split("\n")[100:] == ["… and 1 more, in the record"]


@pytest.mark.parametrize("name", ["azure", "buildkite"])
def test_a_value_that_is_too_long_is_not_halved(name: str) -> None:
    with pytest.raises(Unwritable, match=r"the output \w+ holds 100001 characters"):
        SYSTEMS[name].outputs({"BUILDKITE_STEP_KEY": "tag"}, {"image": "x" * 100_001})


def test_azure_hides_a_secret_of_two_lines() -> None:
    assert SYSTEMS["azure"].mask(Secret("a%\nb")) == "##vso[task.setsecret]a%AZP25%0Ab"


def test_buildkite_keeps_outputs_under_the_key_of_the_step() -> None:
    assert SYSTEMS["buildkite"].outputs({"BUILDKITE_STEP_KEY": "tag"}, OUTPUTS | {"a_b": " "}) == (
        Call(argv=("buildkite-agent", "meta-data", "set", "tag:verdict"), stdin="no"),
        Call(
            argv=("buildkite-agent", "meta-data", "set", "tag:reasons"),
            stdin="first: one\nsecond: two",
        ),
        Call(argv=("buildkite-agent", "meta-data", "set", "tag:image"), stdin="r.io/a@sha256:0f"),
    )


@pytest.mark.parametrize("key", ["", "--help", "a b", "a\nb", "x" * 101])
def test_buildkite_without_a_key_that_is_a_word_keeps_nothing(key: str) -> None:
    kept = SYSTEMS["buildkite"].outputs({"BUILDKITE_STEP_KEY": key}, OUTPUTS)
    assert kept == ()


def test_buildkite_shows_the_summary_of_each_job() -> None:
    argv = ("buildkite-agent", "annotate", "--style", "info", "--context", "cdkit-e44f", "--append")
    assert SYSTEMS["buildkite"].summary({"BUILDKITE_JOB_ID": "e44f"}, lambda: "# no\n") == (
        Call(argv=argv, stdin="# no\n"),
    )


@pytest.mark.parametrize("name", ["gitea", "forgejo"])
def test_an_imitator_of_github_gets_its_outputs_as_github_does(name: str) -> None:
    environ = {"GITHUB_OUTPUT": "out"}
    assert SYSTEMS[name].outputs(environ, OUTPUTS) == SYSTEMS["github"].outputs(environ, OUTPUTS)


def test_only_github_and_its_imitators_name_a_file_for_the_summary() -> None:
    environ = {"GITHUB_STEP_SUMMARY": "/tmp/summary"}
    handed = {name: system.summary(environ, lambda: "#") for name, system in SYSTEMS.items()}
    append = (Append(path="/tmp/summary", text="#"),)
    shown = dict.fromkeys(("github", "gitea", "forgejo"), append)
    assert handed == dict.fromkeys(SYSTEMS, ()) | shown


def test_no_summary_is_rendered_where_nobody_shows_it() -> None:
    def never() -> str:
        raise AssertionError

    assert [system.summary({}, never) for system in SYSTEMS.values()] == [()] * len(SYSTEMS)


def test_github_is_told_to_hide_every_line_of_a_secret() -> None:
    assert SYSTEMS["github"].mask(Secret("a%\nb")) == "::add-mask::a%25%0Ab"


@EVERY
def test_an_empty_secret_is_not_masked(system: CiSystem) -> None:
    assert system.mask(Secret("")) == ""


def test_a_section_of_gitlab_has_its_markers() -> None:
    section = Section(name="lint migrations", title="Lint\x1b[0m", at=1790000000, collapsed=True)
    system = SYSTEMS["gitlab"]
    assert system.open_section(section) == (
        "\x1b[0Ksection_start:1790000000:lint_migrations[collapsed=true]\r\x1b[0KLint"
    )
    assert system.close_section(section) == (
        "\x1b[0Ksection_end:1790000000:lint_migrations\r\x1b[0K"
    )


def test_a_section_of_github_is_a_group() -> None:
    section = Section(name="scan", title="100% scanned", at=0)
    assert SYSTEMS["github"].open_section(section) == "::group::100%25 scanned"
    assert SYSTEMS["github"].close_section(section) == "::endgroup::"


@EVERY
def test_a_hostile_title_is_one_line_and_no_command(system: CiSystem) -> None:
    text = system.open_section(Section(name=HOSTILE, title=HOSTILE, at=1))
    shown = (
        text.removeprefix("::group::").removeprefix("##[group]").replace("\x1b[0K", "").split("\r")
    )
    for line in "".join(shown).split("\n"):
        assert not line.lstrip().startswith("::")
    assert "\n" not in text
    assert "##[" not in text.removeprefix("##[group]") or system.name != "azure"


@EVERY
def test_annotations_name_a_report_format(system: CiSystem) -> None:
    assert system.annotations in {"", *format_names()}
