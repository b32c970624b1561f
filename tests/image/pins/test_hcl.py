from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.errors import Unreadable
from cdkit.image.pins.document import Source
from cdkit.image.pins.hcl import Body, Expression, parse_hcl


def _parse(text: str) -> Body:
    return parse_hcl(Source(path="main.tf", text=text))


def _shown(expression: Expression) -> str:
    """Return an expression in a form to compare: what is a text, a reference, a bracket."""
    shown = []
    for one in expression:
        inner = ",".join(_shown(part) for part in one.inner)
        entries = ",".join(f"{entry.name}={_shown(entry.value)}" for entry in one.entries)
        mark = "" if one.plain or one.kind not in {"text", "heredoc"} else "!"
        text = one.text if one.kind not in {"list", "object"} else ""
        shown.append(f"{one.kind}{mark}<{text}{'|' + inner if inner else ''}{entries}>")
    return " ".join(shown)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"a:1"', "text<a:1>"),
        ('"a:${var.x}"', "text!<a:${var.x}|ref<var.x>>"),
        ('"$${no} %%{no}"', "text!<$${no} %%{no}>"),
        (r'"a\"b"', r"text!<a\"b>"),
        ('"a ${f("}")} b"', 'text!<a ${f("}")} b|call<f|text<}>>>'),
        ("var.a.b", "ref<var.a.b>"),
        ('var.a["x"].b', "ref<var.a[].b>"),
        ("f(1, var.x)", "call<f|other<1>,ref<var.x>>"),
        ('[\n"x", # one\n "y"\n]', "list<|text<x>,text<y>>"),
        ('{\n a = "x" // y\n "b" : 2, c=3 }', "object<a=text<x>,b=other<2>,c=other<3>>"),
        ('a ? "b" : "c"', "ref<a> other<?> text<b> other<:> text<c>"),
        ("(\n1\n)", "other<(|other<1>>"),
        (
            "[for k, v in m : v if k]",
            "list<|ref<for> ref<k>,ref<v> ref<in> ref<m> other<:> ref<v> ref<if> ref<k>>",
        ),
        ("<<A\n one\n A\n", "heredoc<one\n>"),
        ("<<-A\r\n  {${var.x}}\r\n  A\r\n", "heredoc!<  {${var.x}}\r\n|ref<var.x>>"),
    ],
)
def test_a_value_is_taken_apart(text: str, expected: str) -> None:
    (found,) = _parse(f"x = {text}\ny = 1\n").attributes[:-1]

    assert _shown(found.value).replace("< one", "<one") == expected


def test_a_text_knows_its_place() -> None:
    text = '/* a */ b "c" d {\n  e = "f:1" # g\n}\n'
    (block,) = _parse(text).blocks
    (value,) = block.body.attributes[0].value

    assert (block.kind, block.labels) == ("b", ("c", "d"))
    assert text[value.start : value.end] == "f:1"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a = "b', 1),
        ("\na {", 2),
        ("a = [1 2", 1),
        ("a = <<E\nb\n", 2),
        ("}", 1),
        ("a", 1),
        ("a = {b}", 1),
        ('a = "${"', 1),
        ("a = `b`", 1),
        ("a = [" * 100, 1),
        ('a = "' + '${"' * 100, 1),
    ],
)
def test_what_is_no_hcl_is_refused_at_its_place(text: str, line: int) -> None:
    with pytest.raises(Unreadable) as fault:
        _parse(text)

    assert fault.value.where
    assert fault.value.where.line == line


@given(
    st.lists(
        st.sampled_from(
            [
                '"',
                "${",
                "%{",
                "}",
                "{",
                "[",
                "]",
                "(",
                ")",
                "=",
                ",",
                "\n",
                "a",
                "b.c",
                " ",
                "#",
                "/*",
                "*/",
                "<<E\n",
                "E\n",
                "?",
                ":",
                "\\",
                '"x"',
                "1",
            ]
        ),
        max_size=40,
    )
)
def test_any_text_is_read_or_refused(pieces: list[str]) -> None:
    text = "".join(pieces)
    try:
        body = _parse(text)
    except Unreadable:
        return
    assert all(0 <= one.start <= len(text) for one in body.attributes)
