from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.documents.cut import Element, Rest, cut
from cdkit.core.errors import Unreadable

ARRAYS = frozenset({("Results", "Found"), ("Results", "Other")})


class Dribble:
    """A stream that hands out a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        self.data = data
        self.size = size

    def read(self, size: int, /) -> bytes:
        part, self.data = self.data[: min(size, self.size)], self.data[min(size, self.size) :]
        return part


def pieces(data: bytes, size: int = 1 << 20, most: int = 1 << 20) -> list[Element | Rest]:
    return list(cut(Dribble(data, size), ARRAYS, "r.json", most=most, remedy="again"))


def found(data: bytes, size: int = 1 << 20) -> list[tuple[str, int, Any]]:
    elements = [piece for piece in pieces(data, size) if isinstance(piece, Element)]
    return [(piece.path[-1], piece.index, json.loads(piece.data)) for piece in elements]


def rest(data: bytes, size: int = 1 << 20) -> Any:  # noqa: ANN401 - any document
    last = pieces(data, size)[-1]
    assert isinstance(last, Rest)
    return json.loads(last.data)


_TEXT = st.text(alphabet='ab"\\{}[]\n,:é0', max_size=6)
_VALUE = st.recursive(
    st.none() | st.integers(0, 9) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_OBJECTS = st.lists(st.dictionaries(_TEXT, _VALUE, max_size=3), max_size=3)
_RESULT = st.fixed_dictionaries({}, optional={"a": _VALUE, "Found": _OBJECTS, "Other": _OBJECTS})
_DOCUMENT = st.fixed_dictionaries(
    {"Results": st.lists(_RESULT, max_size=3)}, optional={"x": _VALUE, "Found": _VALUE}
)


@given(_DOCUMENT, st.sampled_from([None, 0, 2, "\t"]), st.integers(1, 40))
def test_pieces_are_what_a_whole_reading_finds(
    document: dict[str, Any], indent: int | str | None, size: int
) -> None:
    data = json.dumps(document, indent=indent).encode()
    expected = [
        (name, index, one)
        for index, result in enumerate(document["Results"])
        for name in result
        if name in {"Found", "Other"}
        for one in result[name]
    ]
    left = dict(document)
    left["Results"] = [
        {k: [0] * len(v) if k in {"Found", "Other"} else v for k, v in result.items()}
        for result in document["Results"]
    ]

    assert found(data, size) == expected
    assert rest(data, size) == left


@given(_DOCUMENT, st.sampled_from([None, 2]), st.data())
def test_a_document_that_is_cut_off_is_never_read_to_the_end(
    document: dict[str, Any], indent: int | None, draw: st.DataObject
) -> None:
    data = json.dumps(document, indent=indent).encode()
    at = draw.draw(st.integers(0, len(data) - 1))

    def whole() -> None:
        found(data[:at])
        rest(data[:at])

    with pytest.raises((Unreadable, json.JSONDecodeError)):
        whole()


def test_a_head_is_what_came_before_the_array_in_its_object() -> None:
    data = b'{"Results": [{"a": 1, "Other": [{}], "b": {"c": 2}, "Found": [{}, {}]}]}'
    heads = [json.loads(piece.head) for piece in pieces(data) if isinstance(piece, Element)]

    assert heads == [{"a": 1}, *[{"a": 1, "Other": [0], "b": {"c": 2}}] * 2]


def test_indents_that_lie_do_not_cut_an_object_short() -> None:
    data = b'{"Results": [{"Found": [\n {"a": {\n }, "b": "}"\n }\n]}]}'

    assert found(data) == [("Found", 0, {"a": {}, "b": "}"})]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"Results": [{"Found": [{}], "Found": []}]}', "has 'Found' twice"),
        (b"[" * 100_000, "nests deeper"),
        (b'{"Results": [{"Found": [' + b'{"a":' * 100_000, "nests too deep"),
        (b'{"Results": [}', "do not match"),
        (b'{"Results": [{"Found": [{"a": "x', "cut off"),
        (b'{"Results": [', "cut off"),
    ],
)
def test_what_is_no_such_document_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        pieces(data)


def test_a_piece_that_is_too_large_is_refused() -> None:
    data = b'{"Results": [{"Found": [{"a": "' + b"x" * 5000 + b'"}]}]}'

    with pytest.raises(Unreadable, match="more than 1000 bytes"):
        pieces(data, size=100, most=1000)
