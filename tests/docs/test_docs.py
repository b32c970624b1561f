"""What the documentation says is so: links, commands, flags, actions and their inputs, snippets."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cdkit.cli.main import GROUP
from cdkit.cli.session import RUN, VERSION, Walk
from cdkit.cli.table import COMMANDS, STEPS, Entry, all_steps
from cdkit.core.config import sections
from cdkit.core.step import AnyStep
from cdkit.gate.read import read_policy

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OURS = "OWNER/cdkit/actions/"


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def fences(language: str) -> Iterator[tuple[str, str]]:
    """Return every fenced block of a language, with its page."""
    for page in PAGES:
        for found, text in FENCE.findall(page.read_text(encoding="utf-8")):
            if found == language:
                yield _name(page), text


def steps() -> dict[str, AnyStep]:
    return all_steps()


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (page.parent / target).exists(), f"{_name(page)} links to {target}"


def calls() -> list[tuple[str, str]]:
    found = []
    for page, text in fences("sh"):
        lines = text.replace("\\\n", " ").splitlines()
        found += [(page, line) for line in lines if line.strip().startswith("cdkit ")]
    return found


@pytest.mark.parametrize(("page", "line"), calls())
def test_every_call_in_the_documentation_parses(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    words = words[: words.index(">")] if ">" in words else words
    if words[0].startswith("-"):
        return
    command = GROUP.get_command(None, words[0])  # type: ignore[arg-type]
    assert command is not None, f"{page}: there is no command {words[0]}"
    command.make_context(words[0], words[1:], resilient_parsing=False)


def uses(node: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the steps of ours in a workflow, wherever they stand."""
    if isinstance(node, dict):
        if str(node.get("uses", "")).startswith(OURS):
            yield node["uses"].removeprefix(OURS).split("@")[0], node.get("with") or {}
        for value in node.values():
            yield from uses(value)
    elif isinstance(node, list):
        for value in node:
            yield from uses(value)


def test_every_action_and_input_in_the_documentation_exists() -> None:
    seen = set()
    for page, text in fences("yaml"):
        for name, given in uses(yaml.safe_load(text)):
            action = yaml.safe_load((ROOT / "actions" / name / "action.yml").read_text())
            unknown = set(given) - set(action["inputs"])
            assert not unknown, f"{page}: {name} has no input {unknown}"
            seen.add(name)
    assert seen == {entry.name for entry in STEPS}


def snippets(head: str) -> list[tuple[str, str]]:
    return [(page, text) for page, text in fences("yaml") if text.startswith(f"# {head}\n")]


@pytest.mark.parametrize(("page", "text"), snippets("cdkit.yaml"))
def test_every_configuration_in_the_documentation_is_one(page: str, text: str) -> None:
    known = {name: step.options for name, step in steps().items()}
    assert sections(text.encode(), {VERSION: int, RUN: Walk, **known}, (), where=page)


@pytest.mark.parametrize(("page", "text"), snippets("policy.yaml"))
def test_every_policy_in_the_documentation_is_one(page: str, text: str) -> None:
    assert read_policy(text.encode(), where=page).stages


def test_there_are_snippets_to_check() -> None:
    assert snippets("cdkit.yaml")
    assert snippets("policy.yaml")


@pytest.mark.parametrize("entry", [*STEPS, *COMMANDS], ids=lambda entry: entry.name)
def test_every_command_is_in_the_documentation_and_has_help(entry: Entry) -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert f"cdkit {entry.name}" in text
    command = GROUP.get_command(None, entry.name)  # type: ignore[arg-type]
    assert command is not None
    assert command.get_short_help_str()


def test_the_example_has_a_configuration_and_a_policy_that_hold() -> None:
    folder = ROOT / "examples" / "orders"
    known = {name: step.options for name, step in steps().items()}
    data = (folder / "cdkit.yaml").read_bytes()
    assert set(known) < set(sections(data, {VERSION: int, **known}, (RUN,), where="cdkit.yaml"))
    assert read_policy((folder / "policy.yaml").read_bytes(), where="policy.yaml").stages
