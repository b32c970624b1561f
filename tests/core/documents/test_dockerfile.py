from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.documents.dockerfile import read_instructions


def test_a_here_document_is_not_taken_for_instructions() -> None:
    found = read_instructions(b"FROM a\nRUN <<EOF\nCOPY evil /\nEOF\nRUN two\n")

    assert [(i.keyword, i.line) for i in found] == [("FROM", 1), ("RUN", 2), ("RUN", 5)]


def test_another_escape_character_is_honoured() -> None:
    found = read_instructions(b"# escape=`\nFROM a\nRUN one `\n  two\nCOPY a\\ b\\\nRUN x\n")

    assert [(i.keyword, i.line, i.text) for i in found] == [
        ("FROM", 2, "a"),
        ("RUN", 3, "one two"),
        ("COPY", 5, "a\\ b\\"),
        ("RUN", 6, "x"),
    ]


@given(st.binary(max_size=300))
def test_any_bytes_can_be_read(data: bytes) -> None:
    instructions = read_instructions(data)

    assert all(instruction.line >= 1 for instruction in instructions)
