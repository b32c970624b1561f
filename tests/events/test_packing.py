"""An event in few letters: whole or not at all, whatever comes."""

from __future__ import annotations

import base64
import contextlib
import re
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cdkit.core.errors import RequestError
from cdkit.events.packing import packed, unpacked

LETTERS = st.text(st.sampled_from("ABCabc019-_"), min_size=1, max_size=200)


@given(st.text())
def test_what_is_packed_is_letters_and_comes_back(text: str) -> None:
    assert re.fullmatch("[A-Za-z0-9_-]+", packed(text))
    assert unpacked(packed(text)) == text


@given(st.text(min_size=1), st.data())
def test_a_piece_of_it_is_never_taken_for_the_whole(text: str, data: st.DataObject) -> None:
    letters = packed(text)
    end = data.draw(st.integers(1, len(letters) - 1))
    with pytest.raises(RequestError):
        unpacked(letters[:end])


@given(LETTERS)
@example("A" * 5)
def test_other_letters_are_a_fault_and_never_a_crash(letters: str) -> None:
    with contextlib.suppress(RequestError):
        assert packed(unpacked(letters))


@pytest.mark.parametrize("text", ["", "{}", '{"a": 1}', " abc", "abc\n", "a=b", "ä"])
def test_what_is_no_such_letters_stays_as_it_is(text: str) -> None:
    assert unpacked(text) == text


def test_letters_after_the_end_are_a_fault() -> None:
    data = zlib.compress(b"{}") + b"more"
    with pytest.raises(RequestError, match="not all of it, or more than it"):
        unpacked(base64.urlsafe_b64encode(data).decode().rstrip("="))


def test_a_bomb_is_not_unpacked() -> None:
    data = zlib.compress(b" " * (32 * 1024 * 1024 + 2))
    with pytest.raises(RequestError, match="unpacks to more than 32 MiB"):
        unpacked(base64.urlsafe_b64encode(data).decode().rstrip("="))
