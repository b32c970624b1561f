"""Every example of docs/metadata-action.md is run: each row of its tables, each call, each step."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from cdkit.ci.detect import detect
from cdkit.cli.inputs import inputs_of, resolve, variable
from cdkit.core.step import Outcome
from cdkit.core.world import Head, World
from cdkit.image.tags.labels import at_levels
from cdkit.image.tags.rule_line import tag_types
from cdkit.steps.tag_image import STEP, TagImageOptions, TagImageOutputs, run
from tests.docs.test_docs import FENCE, ROOT, uses
from tests.image.tags.test_cases import AT, GITHUB
from tests.worlds import FakeGit, world

PAGE = (ROOT / "docs" / "metadata-action.md").read_text(encoding="utf-8")
COMMIT = GITHUB["GITHUB_SHA"]
CODE = re.compile(r"`([^`]+)`")
PAYLOAD = {
    "repository": {"name": "orders", "default_branch": "main"},
    "head_commit": {"id": COMMIT, "timestamp": "2020-01-09T23:59:00Z"},
}


def rows() -> list[list[str]]:
    """The rows of the tables that say what comes of a rule, each as its cells."""
    found = []
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| `") and CODE.fullmatch(cells[1]) and cells[1].startswith("`refs/"):
            found.append(cells)
    return found


def outside(folder: Path, event: str, ref: str) -> World:
    environ = GITHUB | {"GITHUB_RUN_ID": "77", "GITHUB_EVENT_NAME": event, "GITHUB_REF": ref}
    if event == "pull_request":
        environ |= {"GITHUB_HEAD_REF": "fix", "GITHUB_BASE_REF": "main"}
    path = folder / "event.json"
    path.write_text(json.dumps(PAYLOAD), encoding="utf-8")
    environ["GITHUB_EVENT_PATH"] = str(path)
    context = detect(environ).read(environ)
    return world(folder, now=AT, environ=environ, context=context, git=FakeGit(at=None))


def outputs(outcome: Outcome) -> TagImageOutputs:
    assert isinstance(outcome.outputs, TagImageOutputs)
    return outcome.outputs


@pytest.mark.parametrize("cells", rows(), ids=" ".join)
def test_every_row_is_so(cells: list[str], tmp_path: Path) -> None:
    event, ref, *flavor, rules, tags = (CODE.findall(cell) for cell in cells)
    options = TagImageOptions(
        repository="a/b", tags=tuple(rules), flavor=tuple(flavor[0]) if flavor else ()
    )

    found = outputs(run(options, outside(tmp_path, event[0], ref[0])))

    assert found.tag_names.split() == tags


def test_every_type_has_a_row_or_a_word() -> None:
    for name in tag_types():
        assert f"`type={name}" in PAGE


def test_every_input_that_is_named_exists() -> None:
    known = {given.name for given in inputs_of(TagImageOptions)}
    section = PAGE.partition("## Inputs")[2].partition("## Outputs")[0]
    named = [CODE.findall(line.split(" | ")[1]) for line in section.splitlines() if " | " in line]

    for names in named:
        assert {name.partition(":")[0] for name in names} <= known | {"outputs"}


def test_every_output_that_is_named_exists() -> None:
    section = PAGE.partition("## Outputs")[2].partition("Labels and annotations")[0]
    first = [CODE.findall(line) for line in section.splitlines() if line.startswith("| `")]

    for names in first:
        assert names[0] == names[1]
        assert names[0] in TagImageOutputs.__struct_encode_fields__


def calls() -> list[str]:
    lines = "".join(text for language, text in FENCE.findall(PAGE) if language == "sh").splitlines()
    return [line for line in lines if line.startswith("cdkit ")]


@pytest.mark.parametrize("call", calls())
def test_every_call_gives_a_tag(call: str, tmp_path: Path) -> None:
    words = shlex.split(call)[2:]
    flags = list(zip(words[::2], words[1::2], strict=True))
    by_flag = {given.flag or f"--{given.name}": given.field for given in inputs_of(TagImageOptions)}
    given: dict[str, Any] = {}
    for flag, value in flags:
        given[by_flag[flag]] = (*given.get(by_flag[flag], ()), value)
    checkout = FakeGit(at=Head(commit=COMMIT, tree=COMMIT, branch="main"))
    given.setdefault("images", ("a/b",))

    assert run(TagImageOptions(**given), world(tmp_path, git=checkout)).verdict.is_yes


def steps() -> list[dict[str, Any]]:
    blocks = [text for language, text in FENCE.findall(PAGE) if language == "yaml"]
    return [given for text in blocks for _, given in uses(yaml.safe_load(text))]


@pytest.mark.parametrize("given", steps(), ids=str)
def test_every_step_gives_a_tag(given: dict[str, Any], tmp_path: Path) -> None:
    environ = {variable("tag-image", name): str(value) for name, value in given.items()}
    options = resolve(STEP, {}, environ, None)
    assert isinstance(options, TagImageOptions)

    found = run(options, outside(tmp_path, "push", "refs/heads/main"))

    assert found.verdict.is_yes
    assert outputs(found).tag_names


def test_there_are_examples_to_run() -> None:
    assert len(steps()) == 2
    assert len(calls()) == 2
    written = re.findall(r"^\| `(?:push|pull_request|schedule)` \|", PAGE, re.MULTILINE)
    assert len(rows()) == len(written) > 0


def test_levels_can_be_written_as_there() -> None:
    assert at_levels({"a": "b"}, ("manifest,index",)) == ("manifest:a=b", "index:a=b")
