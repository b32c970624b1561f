from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.errors import Unreadable
from cdkit.image.pins.gotemplate import parse_template
from cdkit.image.pins.rendering import Rendering, render


def _render(text: str) -> Rendering:
    return render({"a.yaml": parse_template("a.yaml", text)}, {}, {})


def _lines(text: str) -> list[str]:
    """Return the forms of the lines that a template makes, values by their paths."""
    found = _render(text)
    marks = {mark: f"<{'.'.join(path[1:])}>" for mark, path in found.marks.items()}
    return [
        "".join(marks.get(one, "?" if one >= "\ue000" else one) for one in line.text)
        for line in found.lines
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: {{ .Values.x }}", ["a: <x>"]),
        ("a: {{ $.Values.x.y | quote }}\nb", ["a: <x.y>"]),
        ("a: {{- .Values.x -}}  \n  c", ["a:<x>c"]),
        ("a: {{ default .Values.y .Values.x }}", ["a: <y>", "a: <x>"]),
        ("a: {{ .Values.x | default `z` }}", ["a: <x>"]),
        ('a: {{ printf "%s:%s" .Values.x (.Values.y | toString) }}', ["a: <x>:<y>"]),
        (
            "a: {{ if .Values.x }}{{ .Values.x }}{{ else }}{{ .Values.y }}{{ end }}",
            ["a: <x>", "a: <y>"],
        ),
        ("a: b{{ if .Values.x }}@{{ .Values.x }}{{ end }}", ["a: b@<x>"]),
        ("{{ with .Values.x }}a: {{ .y }}:{{ $.Values.z }}{{ end }}", ["a: <x.y>:<z>"]),
        ("{{ range $k, $v := .Values.x }}a: {{ $v.y }}{{ .z }}{{ end }}", ["a: <x.*.y><x.*.z>"]),
        ("{{ $i := .Values.x }}a: {{ $i.y }}", ["a: <x.y>"]),
        (
            "{{ $s := `:` }}{{ if .Values.d }}{{ $s = `@` }}{{ end }}a{{ $s }}{{ .Values.d }}",
            ["a:<d>", "a@<d>"],
        ),
        (
            "{{ define `i` }}{{ .r }}:{{ .t }}{{ end }}a: {{ include `i` .Values.x }}",
            ["a: <x.r>:<x.t>"],
        ),
        (
            "{{ define `i` }}{{ .o.r }}{{ end }}a: {{ template `i` (dict `o` .Values.x) }}",
            ["a: <x.r>"],
        ),
        ("{{ define `i` }}{{ .r }}{{ end }}a: {{ (include `i` .Values.x) | trim }}", ["a: <x.r>"]),
        ("a: {{ (.Values.x).y }}{{ index .Values `p` `q` }}", ["a: <x.y><p.q>"]),
        ("a: {{ ternary (.Values.x) .Values.y true }}", ["a: <x>", "a: <y>"]),
        ("a: {{ join `/` (list .Values.x `b`) }}", ["a: <x>/b"]),
        ("a: {{ toYaml .Values.x | nindent 2 }}\nb", ["?"]),
        ("{{/* {{ .Values.no }} */}}a: {{ tpl .Values.x . }}", ["a: <x>"]),
        ('a: {{ "}}" }}{{ .Values.x }}', ["a: }}<x>"]),
    ],
)
def test_a_template_s_lines_show_where_values_go(text: str, expected: list[str]) -> None:
    assert sorted(_lines(text)) == sorted(expected)


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("{{ if semverCompare `>1` .Values.x }}{{ end }}", "semverCompare"),
        ("{{ .Values.x | trunc 63 }}", "trunc"),
        ("{{ if eq .Values.x `latest` }}{{ end }}", "eq"),
        ("{{ $v := .Values.x | toString }}{{ regexMatch `v` $v }}", "regexMatch"),
        ("{{ printf `%s` .Values.x | sha256sum }}", "sha256sum"),
        ("{{ include `of.another.chart` .Values.x }}", "include"),
    ],
)
def test_a_function_that_looks_into_a_value_is_told(text: str, function: str) -> None:
    found = [(one.path, one.function) for one in _render(text).misuses]

    assert found == [(("Values", "x"), function)]


@pytest.mark.parametrize(
    "text",
    [
        "{{ if .Values.x }}{{ end }}",
        "{{ if and .Values.x (not .Values.y) }}{{ end }}",
        "{{ if ne .Values.x `` }}{{ end }}",
        "{{ .Values.x | quote }}",
    ],
)
def test_asking_whether_a_value_is_there_does_not_look_into_it(text: str) -> None:
    assert _render(text).misuses == ()


def test_a_helper_that_is_not_here_leaves_the_picture_incomplete() -> None:
    assert not _render("{{ include `of.another.chart` . }}").complete
    assert _render("{{ include (print $.Template.BasePath `/a.yaml`) . | sha256sum }}").complete


def test_a_helper_that_calls_itself_ends() -> None:
    text = "{{ define `a` }}{{ include `a` . }}{{ include `a` . }}{{ end }}{{ include `a` . }}"

    assert not _render(text).complete


@pytest.mark.parametrize(
    "text", ["{{ end }}", "{{ if x }}", "{{ (a }}", "{{ a", "{{ a ) }}", "{{ # }}"]
)
def test_what_is_no_template_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_template("a.yaml", text)


@given(
    st.lists(
        st.sampled_from(
            [
                "{{ ",
                "{{- ",
                " }}",
                " -}}",
                "if ",
                "end",
                "else",
                "define ",
                "`a`",
                '"',
                "(",
                ")",
                ".Values.x",
                "$v",
                ":= ",
                "| ",
                "include `a` . ",
                "range ",
                "with ",
                "\n",
                "a: ",
                "printf `%s` ",
                "/*",
                "*/",
            ]
        ),
        max_size=40,
    )
)
def test_any_template_is_read_or_refused(pieces: list[str]) -> None:
    try:
        template = parse_template("a.yaml", "".join(pieces))
    except Unreadable:
        return
    render({"a.yaml": template}, {}, {})
