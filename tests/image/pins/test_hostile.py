"""Every format against values of wrong types, circles of aliases and depth."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.doors.files import DiskFiles
from cdkit.core.errors import CannotTell, Unreadable
from cdkit.image.pins import find
from cdkit.image.pins.document import read_source
from cdkit.image.pins.find import FileUses, all_formats, read
from cdkit.image.pins.tree import compose, walk
from tests.image.pins.cases import CASES, pinned

FILES = sorted(path for path in CASES.glob("*/*/before/**/*") if path.is_file())
EACH = pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(CASES).as_posix())
WRONG = ["[1]", "null", "3", "{}", "[]", "{a: [b]}", '""', "[[[x:1]]]", "true", "*a", "!Ref a"]


def look(path: Path, text: str) -> FileUses | None:
    name = path.relative_to(CASES).as_posix()
    own = all_formats()[name.partition("/")[0]]
    try:
        return read(name.partition("/before/")[2], text.encode(), [own])
    except CannotTell:
        return None


@EACH
@given(data=st.data())
def test_a_value_of_the_wrong_type_anywhere_is_read_or_refused(
    path: Path, data: st.DataObject
) -> None:
    source = read_source(path.name, path.read_bytes())
    try:
        nodes = [node for root in compose(source) for node in walk(root)]
    except CannotTell:  # a template
        return
    node = data.draw(st.sampled_from(nodes))
    wrong = data.draw(st.sampled_from(WRONG))
    start, end = node.start_mark.index, node.end_mark.index
    anchored = "&a " if data.draw(st.booleans()) else ""
    found = look(path, f"{source.text[:start]}{anchored}{wrong} {source.text[end:]}")
    if found:
        pinned(found)


@EACH
def test_a_circle_of_aliases_ends(path: Path) -> None:
    source = read_source(path.name, path.read_bytes())
    try:
        roots = compose(source)
    except CannotTell:  # a template
        return
    for holder in [node for root in roots for node in walk(root)]:
        for leaf in _below(holder):
            circle = _spliced(source.text, holder, leaf)
            found = look(path, circle)
            if found:
                pinned(found)


def _below(holder: yaml.Node) -> list[yaml.Node]:
    """Return a few of the values below a node."""
    return [node for node in walk(holder) if node is not holder][:3]


def _spliced(text: str, holder: yaml.Node, leaf: yaml.Node) -> str:
    """Return a text in which a value below a node is that node again."""
    at, start, end = holder.start_mark.index, leaf.start_mark.index, leaf.end_mark.index
    flow = text[at] in "[{"
    anchor = "&circle " if flow else f"&circle\n{'':{holder.start_mark.column}}"
    return f"{text[:at]}{anchor}{text[at:start]}*circle {text[end:]}"


@pytest.mark.parametrize("name", [".gitlab-ci.yml", "azure-pipelines.yml", ".circleci/config.yml"])
def test_a_file_without_a_format_s_bytes_is_not_parsed_and_one_with_them_is(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    files = DiskFiles(tmp_path)

    path.write_text("a: [\n")
    assert find.look(name, files, {}) is None
    path.write_text("a: [ # image, container\n")
    with pytest.raises(Unreadable, match="is not YAML"):
        find.look(name, files, {})
