"""The pages on scanning: what they name is there, and their files are read."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest
import yaml

from cdkit.cli.inputs import inputs_of
from cdkit.cli.main import GROUP
from cdkit.core.finding import Location
from cdkit.scan.exceptions import read_exceptions
from cdkit.steps.scan_options import OF_ONE_IMAGE, ScanImageOptions
from tests.docs.test_docs import ROOT, fences

PAGES = ("docs/scanning.md", "docs/coming-from-scanners.md")
INPUTS = {given.name for given in inputs_of(ScanImageOptions)}


def snippets(*heads: str) -> list[tuple[str, str]]:
    return [(page, text) for page, text in fences("yaml") if text.startswith(heads)]


EXCEPTIONS = snippets("# exceptions.yaml\n", "# scan/exceptions.yaml\n")
JOBS = [one for one in snippets("# .gitlab-ci.yml") if one[0] in PAGES]


@pytest.mark.parametrize(("page", "text"), EXCEPTIONS)
def test_every_file_of_exceptions_is_read(page: str, text: str) -> None:
    covers = read_exceptions(text.encode(), where=page)
    assert covers
    assert isinstance(covers[0].where, Location)


def test_both_pages_show_a_file_of_exceptions() -> None:
    assert {page for page, _ in EXCEPTIONS} == set(PAGES)


def _texts(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)
    elif isinstance(node, str):
        yield node


@pytest.mark.parametrize(("page", "text"), JOBS)
def test_every_call_in_a_job_of_gitlab_is_one_whose_files_are_its_artifacts(
    page: str, text: str
) -> None:
    (job,) = yaml.safe_load(text).values()
    calls = [shlex.split(line)[1:] for line in _texts(job["script"]) if line.startswith("cdkit ")]
    assert calls, page
    for words in calls:
        command = GROUP.get_command(None, words[0])  # type: ignore[arg-type]
        assert command is not None
        context = command.make_context(words[0], words[1:], resilient_parsing=False)
        written = [one.partition("=")[2] for one in context.params["write"] or ()]
        assert written == list(job["artifacts"]["reports"].values())


def test_the_watch_list_is_shown_for_both_systems_and_keeps_its_records_after_a_no() -> None:
    (workflow,) = snippets("# .github/workflows/watch.yml\n")
    steps = yaml.safe_load(workflow[1])["jobs"]["watch"]["steps"]
    (saved,) = [step for step in steps if "cache/save" in step.get("uses", "")]
    assert saved["if"] == "always()"
    assert saved["with"]["path"] == ".cdkit/records"
    (job,) = [yaml.safe_load(text)["watch"] for _, text in JOBS if "--watch-list" in text]
    assert job["cache"]["when"] == "always"
    assert not any(f"--write {name}=" in job["script"][0] for name in OF_ONE_IMAGE)


def _rows(page: str) -> Iterator[list[str]]:
    for line in (ROOT / page).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] not in {"its input", "---"}:
            yield cells


def test_every_input_that_answers_another_actions_input_is_one() -> None:
    named = set()
    for theirs, ours, *_ in _rows("docs/coming-from-scanners.md"):
        for text in re.findall(r"`([^`]+)`", ours):
            name = text.partition(":")[0]
            if name.isupper() or name.startswith("the variable") or text == "DOCKER_HOST":
                continue
            assert name in INPUTS, f"{theirs}: scan-image has no input {name}"
            named.add(name)
    assert {"fail-on", "exceptions", "new-since", "thresholds"} <= named


def test_every_flag_that_the_guide_names_is_one() -> None:
    command = GROUP.get_command(None, "scan-image")  # type: ignore[arg-type]
    known = {flag for one in command.params for flag in one.opts}  # type: ignore[union-attr]
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        for flag in set(re.findall(r"`(--[a-z-]+)", text)) - {"--list-all-pkgs", "--all-packages"}:
            assert flag in known, f"{page}: scan-image has no {flag}"
