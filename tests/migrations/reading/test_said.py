"""Tokens as one line: what was one operator stays one, however the scan yields it."""

from __future__ import annotations

import pytest

from cdkit.migrations.reading.cursor import said
from cdkit.migrations.reading.scan import Token


def _tokens(text: str) -> list[Token]:
    found, at = [], 0
    for word in text.split(" "):
        marks = [word] if word.isalnum() else list(word)
        for mark in marks:
            found.append(Token("mark", at, at + len(mark), mark))
            at += len(mark)
        at += 1
    return found


@pytest.mark.parametrize("text", ["a <> 1", "a <= b", "a <=> b", "a ->> b", "a = - 1", "a | | b"])
def test_an_operator_of_several_marks_is_not_torn_apart(text: str) -> None:
    assert said(_tokens(text)) == text
