from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cdkit.core import escape
from cdkit.core.errors import RequestError
from tests.parts.groovy import Groovy

ANY = st.text(st.characters(exclude_categories=()))
PIECES = (
    *"%,:=|`\\<>&'\"@[*_~- \n\r\0\u202e\ud800a",
    *("::", "##[", "error", "]", "%0A", "$(x)", "${x}", "#1", "EOF", "<<", "](", "1."),
    *("http://e.x", "www.e.x", "\x1b[31m", "\x1b]0;t\x07"),
)
HOSTILE = st.lists(st.sampled_from(PIECES)).map("".join)
TEXT = ANY | HOSTILE
WHOLE = TEXT.map(lambda text: text.encode("utf-8", "replace").decode().replace("\0", ""))

COMMANDS = {"error", "warning", "notice", "debug", "group", "endgroup", "add-mask", "stop-commands"}


def read_command(line: str) -> tuple[str, dict[str, str], str] | None:
    """What GitHub's runner does with a line (its parser, told again): name, properties, data."""
    line = line.lstrip()
    if not line.startswith("::") or (end := line.find("::", 2)) < 0:
        return None
    name, _, rest = line[2:end].partition(" ")
    if name not in COMMANDS:
        return None
    pairs = (part.split("=", 1) for part in rest.strip().split(",") if "=" in part)
    properties = {key: _unescape(value, ":,") for key, value in pairs}
    return name, properties, _unescape(line[end + 2 :], "")


def _unescape(text: str, more: str) -> str:
    for character in f"\r\n{more}%":
        text = text.replace(f"%{ord(character):02X}", character)
    return text


def read_outputs(text: str) -> dict[str, str]:
    """What GitHub's runner reads from GITHUB_OUTPUT: `name=value` lines and here-documents."""
    found: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        name, separator, rest = re.split(r"(<<|=)", line, maxsplit=1)
        if separator == "=":
            found[name] = rest
            continue
        held: list[str] = []
        for inner in lines:
            if inner == rest:
                break
            held.append(inner)
        else:
            msg = "no end"
            raise AssertionError(msg)
        found[name] = "\n".join(held)
    return found


@given(TEXT)
def test_text_for_people_has_no_control_character_and_one_line(text: str) -> None:
    shown = escape.terminal(text)
    assert shown.isprintable() or not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e]", shown)
    assert len(shown.splitlines()) <= 1
    shown.encode()


def test_a_colour_goes_and_its_text_stays() -> None:
    assert (
        escape.terminal("a\x1b[31mred\x1b[0m \x1b]8;;http://e.x\x07link\x1b]8;;\x07") == "ared link"
    )


def test_a_sequence_hidden_in_a_sequence_does_not_come_alive() -> None:
    assert "\x1b" not in escape.terminal("\x1b\x1b[0m[31m")


def test_letters_that_turn_the_order_round_are_replaced() -> None:
    assert escape.terminal("a\u202egpj.exe") == "a\ufffdgpj.exe"


def test_foreign_lines_stay_lines() -> None:
    assert escape.terminal_lines("a\r\nb\x85c\x1b[1m\nd") == ("a", "b", "c", "d")


@given(TEXT)
@example("\u00a0::error::x")
@example("\u3000::add-mask::x")
@example("##[##[error]x")
def test_no_line_of_a_log_is_a_command(text: str) -> None:
    for line in escape.terminal_lines(text):
        shown = escape.log_line(line)
        assert not shown.lstrip().startswith("::")
        assert "##[" not in shown
        assert "##vso[" not in shown


def test_a_harmless_line_stays_as_it_is() -> None:
    assert escape.log_line("  a::b ## c # #[") == "  a::b ## c # #["


@given(TEXT)
def test_a_command_carries_its_data_whole_on_one_line(text: str) -> None:
    line = f"::error::{escape.command_data(text)}"
    assert "\n" not in line
    assert "\r" not in line
    assert read_command(line) == ("error", {}, escape.sound(text))


@given(TEXT, TEXT)
def test_a_property_cannot_add_another_or_end_the_command(path: str, title: str) -> None:
    line = f"::error file={escape.command_property(path)},title={escape.command_property(title)}::x"
    told = read_command(line)
    assert told is not None
    assert told[0] == "error"
    assert told[1] == {
        "file": escape.sound(path),
        # the runner trims the properties as a whole, so an outer blank of the last one goes
        "title": escape.sound(_trimmed(title)),
    }
    assert told[2] == "x"


def _trimmed(text: str) -> str:
    return _unescape(escape.command_property(text).rstrip(), ":,")


@given(TEXT, TEXT)
@example("x\ncdkit_1", "cdkit_1")
def test_outputs_read_back_whole_whatever_they_hold(first: str, second: str) -> None:
    text = escape.output_block("first", first) + escape.output_block("second", second)
    assert read_outputs(text) == {"first": _in_file(first), "second": _in_file(second)}


def _in_file(text: str) -> str:
    whole = escape.sound(text.replace("\0", "\ufffd"))
    return whole.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("name", ["", "a\nb", "a=b", "a<<b", "a b", "é", "a\n"])
def test_a_name_that_could_forge_another_output_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name"):
        escape.output_block(name, "x")


@pytest.mark.parametrize(
    ("value", "delimiter"), [("a\nEND\nb=c", "END"), ("", "a\nb"), ("", "a b")]
)
def test_a_delimiter_that_could_end_the_value_early_is_refused(value: str, delimiter: str) -> None:
    with pytest.raises(ValueError, match="delimiter"):
        escape.output_block("name", value, delimiter)


MARKDOWN_ALIVE = re.compile(r"(?<!\\)[`*_\[\]~$]|<|>|@(?=[\w-])|#(?=\w)|://|www\.", re.IGNORECASE)


@given(TEXT)
def test_no_markup_in_foreign_text_comes_alive(text: str) -> None:
    shown = escape.markdown(text)
    bare = re.sub(r"&(?:lt|gt|amp|#\d+);|\\\\", " ", shown)
    assert not MARKDOWN_ALIVE.search(bare)
    assert not re.match(r"[#+=>:-]|\d+[.)]| ", shown)
    assert "\n" not in shown


@given(st.lists(TEXT, min_size=1, max_size=4))
def test_a_table_row_keeps_its_number_of_cells(cells: list[str]) -> None:
    for kind in (escape.markdown, escape.markdown_code):
        row = "| " + " | ".join(kind(cell) for cell in cells) + " |"
        assert len(re.split(r"\|", row)) == len(cells) + 2
        assert len(row.splitlines()) == 1


@given(TEXT)
def test_markdown_shows_the_very_text(text: str) -> None:
    shown = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", escape.markdown(text))
    shown = shown.replace("&#8203;", "").replace("&#124;", "|").replace("&#32;", " ")
    shown = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert shown == escape.terminal(text)


@given(TEXT)
def test_markdown_holds_no_command_of_a_ci_system(text: str) -> None:
    for shown in (escape.markdown(text), escape.markdown_code(text)):
        assert escape.log_line(shown) == shown


def test_a_path_is_plain_code() -> None:
    assert escape.markdown_code("migrations/0001_a.sql:3") == "`migrations/0001_a.sql:3`"


def test_a_backtick_cannot_leave_the_code() -> None:
    assert escape.markdown_code("a`<b>`") == "<code>a\\`&lt;b&gt;\\`</code>"


def test_an_address_that_is_no_web_address_is_no_link() -> None:
    assert escape.markdown_link("run", "javascript:alert(1)") == "run"


def test_an_address_cannot_leave_its_link() -> None:
    link = escape.markdown_link("run", "https://e.x/a) <b> [c](d\n")
    assert link == "[run](https://e.x/a%29%20%3Cb%3E%20[c]%28d%0A)"


@given(TEXT, TEXT)
def test_xml_reads_back_as_what_was_put_in(text: str, attribute: str) -> None:
    element = ET.fromstring(  # noqa: S314 - our own document
        f'<a b="{escape.xml_attribute(attribute)}">{escape.xml_text(text)}</a>'.encode()
    )
    assert (element.text or "") == _in_xml(text)
    assert element.get("b") == _in_xml(attribute)


def _in_xml(text: str) -> str:
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)


@given(TEXT)
def test_no_line_of_xml_is_a_command(text: str) -> None:
    for line in re.split("[\r\n]", f"<a>\n{escape.xml_text(text)}"):
        assert not line.lstrip().startswith("::")
        assert "##[" not in line


@given(WHOLE)
def test_a_uri_reads_back_as_the_path(path: str) -> None:
    uri = escape.uri_path(path)
    assert unquote(uri.removeprefix("file://")) == path
    assert re.fullmatch(r"(?:file://)?[A-Za-z0-9._~/%-]*", uri)


def test_a_file_name_that_is_not_utf_8_keeps_its_bytes_in_a_uri() -> None:
    assert unquote_to_bytes(escape.uri_path("a\udcff")) == b"a\xff"


def test_a_path_cannot_name_another_host() -> None:
    assert escape.uri_path("//evil/x") == "file:////evil/x"


@given(st.lists(WHOLE, max_size=4))
@settings(max_examples=60, deadline=None)
def test_a_real_shell_reads_the_words_back(words: list[str]) -> None:
    line = "printf '%s\\0' " + " ".join(escape.shell_word(word) for word in ["", *words])
    told = subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=True, env={})
    assert told.stdout.decode().split("\0")[1:-1] == words
    assert told.stderr == b""


@given(WHOLE)
def test_shlex_reads_a_word_back(word: str) -> None:
    assert shlex.split(escape.shell_word(word)) == [word]


def test_a_nul_cannot_be_a_shell_word() -> None:
    with pytest.raises(RequestError, match="NUL"):
        escape.shell_word("a\0b")


def read_groovy(source: str) -> str:
    """Groovy's single-quoted string, told again (Groovy documentation, syntax, strings)."""
    assert source[0] == source[-1] == "'"
    kinds = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "\\": "\\", "'": "'"}
    body = source[1:-1]
    assert re.fullmatch(r"(?:[^\\'\n\r]|\\[nrtbf\\'])*", body)
    return re.sub(r"\\(.)", lambda found: kinds[found[1]], body, flags=re.DOTALL)


@given(TEXT)
def test_a_groovy_string_reads_back(text: str) -> None:
    assert read_groovy(escape.groovy_string(text)) == escape.sound(text.replace("\0", "\ufffd"))


@pytest.mark.needs("groovy")
def test_a_real_groovy_reads_the_strings_back(groovy: Groovy, tmp_path: Path) -> None:
    words = ["a'b", "\\", "\\u0027", "\\\\u0041", "$x ${1/0}", "\n\r\t\b\f", "é\u2028😀", "\x1b"]
    words += ["'''", "\\\\'", "\\'\\u005c", "/* */ //"]
    path = tmp_path / "strings.groovy"
    lines = [
        f"print({escape.groovy_string(word)}.replace('\\r', '<CR>')); print('\\n--\\n')"
        for word in words
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    told = groovy.run("groovy", "-c", "UTF-8", str(path))
    assert told.stdout.split("\n--\n")[:-1] == [word.replace("\r", "<CR>") for word in words]


@given(TEXT)
def test_a_section_name_holds_nothing_but_a_word(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", escape.gitlab_section(text))


@given(WHOLE)
def test_a_dotenv_value_is_one_word_and_reads_back(text: str) -> None:
    value = escape.dotenv_value(text)
    assert re.fullmatch(r"[A-Za-z0-9._~/:@+=,%-]*", value)
    assert unquote(value) == text


def test_an_image_reference_stays_readable_in_dotenv() -> None:
    image = f"registry.example.com:5000/acme/orders@sha256:{'a' * 64}"
    assert escape.dotenv_value(image) == image


@given(TEXT)
def test_a_bake_string_begins_no_template(text: str) -> None:
    written = escape.bake_string(text)

    assert not re.search(r"(?<!\$)\$\{|(?<!%)%\{", written)
    assert "${" in text or "%{" in text or written == escape.sound(text)


def test_a_bake_string_reads_back() -> None:
    written = escape.bake_string("a ${HOME} %{ if x } 100% $5")

    assert written == "a $${HOME} %%{ if x } 100% $5"


@given(TEXT)
def test_text_in_slack_wakes_nobody_and_reads_as_it_was(text: str) -> None:
    shown = escape.slack(text)
    assert "<" not in shown
    assert ">" not in shown
    plain = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert plain == escape.terminal(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<!channel>", "&lt;!channel&gt;"),
        ("<https://evil.example|click>", "&lt;https://evil.example|click&gt;"),
        ("a & b", "a &amp; b"),
        ("&lt;", "&amp;lt;"),
    ],
)
def test_what_slack_would_take_for_markup_is_text(text: str, shown: str) -> None:
    assert escape.slack(text) == shown


@given(TEXT)
def test_text_in_an_adaptive_card_makes_no_link(text: str) -> None:
    shown = escape.adaptive_card(text)
    assert not re.search(r"(?<!\\)(?:\\\\)*[\[\]()<>*_`]", shown)
    assert re.sub(r"\\(.)", r"\1", shown) == escape.terminal(text)
