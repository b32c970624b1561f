"""The guides of CI systems whose jobs call the command: the YAML parses, and so does each call."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest
import yaml

from cdkit.cli.generate.pages import pages
from cdkit.cli.main import GROUP
from tests.docs.test_docs import ROOT, fences

GUIDES = ("azure", "bitbucket", "buildkite", "circleci")
PLANNED = frozenset({"verify-image"})
"""Commands that a guide may name before they are here; once they are, they are checked."""


def _texts(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)
    elif isinstance(node, str):
        yield node


def _calls(guide: str) -> list[list[str]]:
    """Return the arguments of every `cdkit …` that the guide's jobs run."""
    (text,) = [text for page, text in fences("yaml") if page == f"docs/{guide}.md"]
    lines = [line for text in _texts(yaml.safe_load(text)) for line in text.splitlines()]
    found = [re.fullmatch(r"(?:[A-Z_]+=\S+ )?cdkit (.+)", line.strip()) for line in lines]
    return [shlex.split(call[1]) for call in found if call]


@pytest.mark.parametrize("guide", GUIDES)
def test_every_call_in_a_guides_jobs_is_one(guide: str) -> None:
    calls = _calls(guide)
    assert {"tag-image", "scan-image", "check-gate"} <= {words[0] for words in calls}
    for words in calls:
        command = GROUP.get_command(None, words[0])  # type: ignore[arg-type]
        if command is None:
            assert words[0] in PLANNED
        else:
            command.make_context(words[0], words[1:], resilient_parsing=False)


def test_the_page_of_ci_systems_says_what_the_systems_say() -> None:
    page = ROOT / "docs" / "ci-systems.md"
    assert page.read_text(encoding="utf-8") == pages([])["docs/ci-systems.md"]


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_is_found_from_the_index(guide: str) -> None:
    assert f"({guide}.md)" in (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
