"""Where the version of an action goes, and which comments say one."""

from __future__ import annotations

import re

import pytest

from cdkit.image.pins.find import FileUses, all_formats, read
from tests.image.pins.cases import COMMIT, pinned

BEFORE = "jobs:\n  a:\n    steps:\n"
OLD = "1" * 40


def workflow(steps: str, ending: str) -> str:
    """Return a workflow with these steps, indented as they must be."""
    indented = re.sub("^(?=.)", "    ", steps, flags=re.MULTILINE)
    return (BEFORE + indented).replace("\n", ending)


def look(text: str) -> FileUses:
    found = read(".github/workflows/a.yml", text.encode(), [all_formats()["github"]])
    assert found
    return found


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (
            "- uses: a/b@v1 # why\n- uses: c/d@v2",
            f"- uses: a/b@{COMMIT} # v1 # why\n- uses: c/d@{COMMIT} # v2",
        ),
        (
            "- {uses: a/b@v1, with: {c: '#'}} # x\n",
            f"- {{uses: a/b@{COMMIT}, with: {{c: '#'}}}} # v1 # x\n",
        ),
        (
            "- {uses: a/b@v1,\n   with: {c: d}}\n",
            f"- {{uses: a/b@{COMMIT}, # v1\n   with: {{c: d}}}}\n",
        ),
        (
            "- [{uses: a/b@v1}, 'x\n  y']\n- uses: a/b@v1\n",
            f"- [{{uses: a/b@v1}}, 'x\n  y']\n- uses: a/b@{COMMIT} # v1\n",
        ),
        (
            "- {name: '\N{GRINNING FACE}', uses: a/b@v1}\n",
            f"- {{name: '\N{GRINNING FACE}', uses: a/b@{COMMIT}}} # v1\n",
        ),
        ("- uses: a/b@v1\N{LINE SEPARATOR}\n", f"- uses: a/b@{COMMIT}\N{LINE SEPARATOR}\n"),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_the_version_goes_to_the_end_of_the_action_s_own_line(
    step: str, expected: str, ending: str
) -> None:
    data = pinned(look(workflow(step, ending))).data

    assert data == workflow(expected, ending).encode()


@pytest.mark.parametrize(
    ("comment", "version"),
    [
        ("# v4", "v4"),
        ("#v4", "v4"),
        ("# v4.1.0 zizmor: ignore[x]", "v4.1.0"),
        ("# stable", "stable"),
        ("# stable # why", "stable"),
        ("# pin@v1", "v1"),
        ("# pin @v1", "v1"),
        ("# tag=v1.2", "v1.2"),
        ("# renovate: tag=v1", "v1"),
        ("# ratchet:a/b@v4", "v4"),
        ("# for release v4", ""),
        ("# v1\N{NEXT LINE}", ""),
        ("", ""),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_the_version_of_a_commit_is_read_from_the_comment_beside_it(
    comment: str, version: str, ending: str
) -> None:
    steps = f"- uses: a/b@{OLD} {comment}\n- uses: c/d@{OLD} # v9\n"
    found = look(workflow(steps, ending))

    assert [(use.text, use.tag) for use in found.uses] == [
        (f"a/b@{OLD}", version),
        (f"c/d@{OLD}", "v9"),
    ]


@pytest.mark.parametrize(
    ("job", "found"),
    [
        ("container: '${{ matrix.image }}', strategy: {matrix: {image: [a:1, b]}}", ["a:1+", "b+"]),
        (
            (
                "container: {image: '${{matrix.on.image}}'}, "
                "strategy: {matrix: {on: [{image: a:1, os: x}], include: [{on: {image: b:1}}]}}"
            ),
            ["a:1+", "b:1+"],
        ),
        (
            (
                "services: {db: {image: '${{ matrix.db }}'}}, "
                "strategy: {matrix: {include: [{db: 'docker://a:1'}], exclude: [{db: 'docker://a:1'}]}}"
            ),
            ["a:1+", "a:1+"],
        ),
        ("container: '${{ inputs.image }}'", ["i:1+", "i:2+"]),
        ("container: '${{ matrix.image }}', strategy: {matrix: '${{ fromJSON(x) }}'}", ["?"]),
        ("container: '${{ matrix.image }}-x', strategy: {matrix: {image: [a:1]}}", ["?"]),
        (
            (
                "container: '${{ matrix.image }}', strategy: {matrix: {image: [a:1]}}, "
                "env: {X: '${{ matrix.image }}'}"
            ),
            ["a:1"],
        ),
        (
            (
                "container: '${{ matrix.image }}', strategy: {matrix: {image: [a:1]}}, "
                "if: matrix.image != 'a:1'"
            ),
            ["a:1"],
        ),
    ],
)
def test_a_container_s_image_is_found_in_the_matrix_and_the_inputs(
    job: str, found: list[str]
) -> None:
    options = "{image: {default: i:1, options: [i:1, i:2]}}"
    text = f"on: {{workflow_dispatch: {{inputs: {options}}}}}\njobs: {{a: {{{job}}}}}\n"
    uses = look(text).uses

    texts = ["?" if "{{" in use.text else f"{use.text}{'+' if use.edits else ''}" for use in uses]
    assert list(dict.fromkeys(texts)) == list(dict.fromkeys(found))
