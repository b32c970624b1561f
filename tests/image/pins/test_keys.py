from __future__ import annotations

import pytest

from cdkit.image.pins.document import Source
from cdkit.image.pins.keys import fill, insert
from cdkit.image.pins.pin import splice
from cdkit.image.pins.tree import compose, get


def _filled(text: str) -> str | None:
    source = Source(path="a.yaml", text=text)
    edit = fill(source, get(compose(source)[0], "digest") or compose(source)[0])
    return splice(text, [(edit, "D")]) if edit else None


def _inserted(text: str) -> str | None:
    source = Source(path="a.yaml", text=text)
    edit = insert(source, compose(source)[0], "tag", "digest")
    return splice(text, [(edit, "D")]) if edit else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("digest: old # why\n", "digest: D # why\n"),
        ("digest: 'old'", "digest: 'D'"),
        ('digest: ""\n', 'digest: "D"\n'),
        ("digest:\nb: c\n", "digest: D\nb: c\n"),
        ("digest: # none\n", "digest: D # none\n"),
        ("digest: ~\r\n", "digest: D\r\n"),
        ("digest: null\n", "digest: D\n"),
        ("{digest: '', a: b}", "{digest: 'D', a: b}"),
        ("digest: &d old\n", "digest: &d D\n"),
        ("digest: |\n  old\n", None),
        ('digest: "o\\u006cd"\n', None),
        ("digest: [old]\n", None),
    ],
)
def test_a_value_is_filled_where_it_stands(text: str, expected: str | None) -> None:
    assert _filled(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tag: a # why\nb: c\n", "tag: a # why\ndigest: D\nb: c\n"),
        ("tag: 'a'", "tag: 'a'\ndigest: 'D'"),
        ('b: c\r\ntag: "a"', 'b: c\r\ntag: "a"\r\ndigest: "D"'),
        ("b: c\rtag: a", "b: c\rtag: a\rdigest: D"),
        ("  tag: a\r  b: c\r", "  tag: a\r  digest: D\r  b: c\r"),
        ("  tag: a\n  b: c\n", "  tag: a\n  digest: D\n  b: c\n"),
        ("{tag: a, b: c}\n", "{tag: a, digest: D, b: c}\n"),
        ('{"tag": "a"}', '{"tag": "a", "digest": "D"}'),
        ("x: &x {tag: a}\n<<: *x\n", None),
        ("tag: |\n  a\n", None),
        ("tag: ''\n", None),
        ("tag: [a]\n", None),
        ("[tag]\n", None),
    ],
)
def test_a_key_is_written_in_the_hand_of_its_neighbour(text: str, expected: str | None) -> None:
    assert _inserted(text) == expected
