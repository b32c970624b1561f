"""Images behind variables, by the example of GitLab's."""

from __future__ import annotations

import pytest

from cdkit.image.pins.find import all_formats, read
from cdkit.image.pins.judge import judge_use
from cdkit.image.pins.use import Use

JOB = "job:\n  script: ls\n  image: "


def uses(text: str) -> list[Use]:
    found = read(".gitlab-ci.yml", text.encode(), [all_formats()["gitlab"]])
    assert found is not None
    return list(found.uses)


def told(text: str) -> list[tuple[str, bool]]:
    """Return each reference, and whether a digest can be written into it."""
    return [(use.text, bool(use.edits)) for use in uses(text)]


@pytest.mark.parametrize("use", ["$X", "${X}", "'$X'", '"${X}"'])
def test_a_variable_that_is_the_image_is_pinned_at_its_value(use: str) -> None:
    assert told(f"variables: {{X: node:22}}\n{JOB}{use}\n") == [("node:22", True)]


@pytest.mark.parametrize(
    "other",
    [
        "  before_script: [docker push $X]\n",
        "  services: ['$X-slim']\n",
        "  environment: {name: '${X}'}\n",
        "  cache: {key: {files: ['a', 'b-%X%']}}\n",
        "  after_script: ['docker push $env:X']\n",
    ],
)
def test_a_variable_that_is_used_for_something_else_too_is_left(other: str) -> None:
    first = uses(f"variables: {{X: node:22}}\n{JOB}$X\n{other}")[0]

    assert (first.text, first.edits) == ("node:22", ())
    assert first.refusal == "is the value of X, which is used for something else too"


def test_a_variable_without_a_value_here_is_filled_in_later() -> None:
    for text in (f"{JOB}$X\n", f"variables: {{X: ''}}\n{JOB}$X\n", f"variables: [X]\n{JOB}$X\n"):
        assert [judge_use(use).state for use in uses(text)] == ["variable"]


def test_variables_that_name_each_other_end_at_the_image() -> None:
    text = f"variables: {{A: $B, B: '${{C}}', C: node:22}}\n{JOB}$A\n"

    assert told(text) == [("node:22", True)]


def test_variables_that_name_each_other_in_a_circle_name_nothing() -> None:
    assert told(f"variables: {{A: $B, B: $A}}\n{JOB}$A\n") == []


def test_all_values_of_a_variable_are_pinned_or_none_is() -> None:
    good = "variables: {X: {value: 'a:1', options: ['a:1', 'b:2']}}\n"
    bad = "variables: {X: {value: 'a:1', options: ['a:1', '$Y:2']}}\n"

    assert told(f"{good}{JOB}$X\n") == [("a:1", True), ("a:1", True), ("b:2", True)]
    assert told(f"{bad}{JOB}$X\n") == [("a:1", False), ("a:1", False), ("$Y:2", False)]


def test_a_value_that_names_a_digest_already_stays_as_it_is() -> None:
    pinned = f"node:22@sha256:{'0' * 64}"

    assert told(f"variables: {{X: '{pinned}', Y: $X}}\n{JOB}$X\n") == [(pinned, True)]


def test_a_job_s_variable_counts_for_what_it_extends_and_what_extends_it() -> None:
    text = (
        ".base: {image: $X, variables: {X: 'a:1'}}\n"
        "child: {extends: .base, script: ls, variables: {X: 'b:2'}}\n"
        "other: {script: ls, variables: {X: 'pushed:3'}}\n"
        "own: {script: ls, image: $Y, variables: {Y: 'c:4', X: 'pushed:5'}}\n"
    )

    assert told(text) == [("a:1", True), ("b:2", True), ("c:4", True)]


def test_the_default_image_may_be_a_variable_of_any_job_without_an_image() -> None:
    text = (
        "default: {image: $X}\n"
        "plain: {script: ls, variables: {X: 'a:1'}}\n"
        "other: {script: ls, image: 'b:2', variables: {X: 'pushed:3'}}\n"
    )

    assert told(text) == [("a:1", True), ("b:2", True)]


def test_jobs_that_extend_each_other_in_a_circle_are_read() -> None:
    text = "a: {extends: b, image: $X, variables: {X: 'a:1'}}\nb: {extends: [a]}\n"

    assert told(text) == [("a:1", True)]
