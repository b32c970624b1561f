"""How each system is answered: outputs, summary, sections, masks."""

from __future__ import annotations

import re

import pytest

from cdkit.ci.detect import all_systems
from cdkit.ci.system import CiSystem, Section
from cdkit.core.errors import Unwritable
from cdkit.core.secret import Secret

SYSTEMS = all_systems()
EVERY = pytest.mark.parametrize("system", [*SYSTEMS.values()], ids=[*SYSTEMS])
HOSTILE = "a\n::error::x\n##[error]\x1b[31m\r::stop-commands::y"
OUTPUTS = {"verdict": "no", "reasons": "first: one\nsecond: two", "image": "r.io/a@sha256:0f"}


def test_github_gets_its_outputs_in_its_file() -> None:
    (append,) = SYSTEMS["github"].outputs({"GITHUB_OUTPUT": "out"}, OUTPUTS)
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
    (append,) = SYSTEMS["gitlab"].outputs({"CDKIT_DOTENV": "a.env"}, OUTPUTS)
    assert append.path == "a.env"
    assert append.text == (
        "CDKIT_VERDICT=no\n"
        "CDKIT_REASONS=first:%20one%0Asecond:%20two\n"
        "CDKIT_IMAGE=r.io/a@sha256:0f\n"
    )


def test_gitlab_without_a_dotenv_file_gets_nothing() -> None:
    assert SYSTEMS["gitlab"].outputs({}, OUTPUTS) == ()


def test_a_value_that_would_spoil_gitlabs_report_is_left_out() -> None:
    outputs = {"config-digest": "x", "reasons": "y" * 1001, "record": ""}
    (append,) = SYSTEMS["gitlab"].outputs({"CDKIT_DOTENV": "a.env"}, outputs)
    assert append.text == "CDKIT_CONFIG_DIGEST=x\n"


def test_values_that_spoil_gitlabs_report_together_are_left_out_longest_first() -> None:
    outputs = {f"o{length}": "y" * length for length in range(900, 1000, 10)} | {"image": "r.io/a"}
    (append,) = SYSTEMS["gitlab"].outputs({"CDKIT_DOTENV": "a.env"}, outputs)

    kept = [line.partition("=")[0] for line in append.text.splitlines()]
    assert kept == ["CDKIT_O900", "CDKIT_O910", "CDKIT_O920", "CDKIT_O930", "CDKIT_IMAGE"]


@pytest.mark.parametrize("name", ["jenkins", "codebuild", "terminal"])
def test_a_system_without_a_place_for_outputs_gets_none(name: str) -> None:
    assert SYSTEMS[name].outputs({"GITHUB_OUTPUT": "x", "CDKIT_DOTENV": "y"}, OUTPUTS) == ()


def test_only_github_names_a_file_for_the_summary() -> None:
    environ = {"GITHUB_STEP_SUMMARY": "/tmp/summary"}
    named = {name: system.summary_path(environ) for name, system in SYSTEMS.items()}
    assert named == dict.fromkeys(SYSTEMS, "") | {"github": "/tmp/summary"}


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
    shown = text.removeprefix("::group::").replace("\x1b[0K", "").split("\r")
    for line in "".join(shown).split("\n"):
        assert not line.lstrip().startswith("::")
    assert "\n" not in text


@EVERY
def test_annotations_name_a_report_format(system: CiSystem) -> None:
    assert system.annotations in {"", "github"}
