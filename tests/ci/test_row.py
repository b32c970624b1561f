"""What a row of the table means, on rows made for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.ci.row import Row, claims, read

ROW = Row(
    name="made",
    title="Made up",
    source="https://example.com",
    present={"MADE": "true|True"},
    absent={"OTHER": "*", "KIND": "a/*"},
    run=("PIPELINE", "BUILD"),
    attempt="TRIES",
    first=0,
    repeats={"AGAIN": "true"},
    branch="BRANCH",
    tag="TAG",
    source_branch="SOURCE",
    target_branch="TARGET",
    pull_request="PULL",
    ref="REF",
)
BUILD = {"PIPELINE": "p", "BUILD": "7", "TRIES": "0"}


@pytest.mark.parametrize(
    ("environ", "claimed"),
    [
        ({"MADE": "True"}, True),
        ({"MADE": "true", "OTHER": ""}, True),
        ({"MADE": "true", "OTHER": "x\ny"}, False),
        ({"MADE": "true", "KIND": "a/b"}, False),
        ({"MADE": "true", "KIND": "b/a/"}, True),
        ({"MADE": "trueish"}, False),
        ({"MADE": "true|True"}, False),
        ({"MADE": ""}, False),
        ({}, False),
    ],
)
def test_a_system_is_claimed_by_the_whole_value(environ: dict[str, str], claimed: object) -> None:
    assert claims(ROW, environ) is claimed


@pytest.mark.parametrize(
    ("change", "build_id"),
    [
        ({}, "p-7-1"),
        ({"TRIES": "1"}, "p-7-2"),
        ({"TRIES": ""}, ""),
        ({"TRIES": "-1"}, ""),
        ({"TRIES": "second"}, ""),
        ({"TRIES": "²"}, ""),
        ({"TRIES": "9" * 30}, ""),
        ({"BUILD": ""}, ""),
        ({"AGAIN": "true"}, ""),
        ({"AGAIN": "false"}, "p-7-1"),
    ],
)
def test_there_is_no_build_id_rather_than_one_that_repeats(
    change: dict[str, str], build_id: str
) -> None:
    assert read(ROW, BUILD | change).build_id == build_id


@pytest.mark.parametrize(
    ("environ", "branch", "tag", "target", "pull"),
    [
        ({"BRANCH": "main"}, "main", "", "", ""),
        ({"BRANCH": "refs/heads/a/b"}, "a/b", "", "", ""),
        ({"BRANCH": "refs/tags/v1"}, "", "", "", ""),
        ({"BRANCH": "main", "PULL": "false", "TARGET": "x"}, "main", "", "", ""),
        ({"BRANCH": "main", "PULL": "3", "SOURCE": "f", "TARGET": "main"}, "f", "", "main", "3"),
        ({"BRANCH": "main", "PULL": "3"}, "", "", "", "3"),
        ({"BRANCH": "v1", "TAG": "v1"}, "", "v1", "", ""),
        ({"BRANCH": "main", "TAG": "false"}, "main", "", "", ""),
        ({"REF": "refs/heads/main"}, "main", "", "", ""),
        ({"REF": "refs/tags/v1"}, "", "v1", "", ""),
        ({"REF": "refs/pull/3/merge", "SOURCE": "f"}, "f", "", "", "3"),
    ],
)
def test_the_branch_is_the_one_that_the_change_is_on(
    environ: dict[str, str], branch: str, tag: str, target: str, pull: str
) -> None:
    context = read(ROW, environ)
    found = (context.branch, context.tag, context.target_branch, context.pull_request)
    assert found == (branch, tag, target, pull)


@given(st.dictionaries(st.sampled_from(["PIPELINE", "BUILD", "TRIES", "REF", "BRANCH"]), st.text()))
def test_whatever_the_variables_hold_a_row_reads_them(environ: dict[str, str]) -> None:
    context = read(ROW, environ)
    assert context.system == "made"
    assert bool(context.run) == bool(context.attempt)
