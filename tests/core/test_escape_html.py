"""Foreign text in HTML: it stays text, whatever it is."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.escape import html, terminal, web_address


class Reader(HTMLParser):
    """Reads HTML as a browser does, and keeps what it finds."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.values: list[str | None] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.values += [value for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text())
def test_text_between_two_tags_is_read_back_and_opens_no_tag(text: str) -> None:
    read = Reader(f"<p>{html(text)}</p>")
    assert read.tags == ["p"]
    assert read.text == terminal(text).replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")


@given(st.text())
def test_text_between_quotes_ends_no_attribute(text: str) -> None:
    read = Reader(f'<p title="{html(text)}"></p>')
    assert read.tags == ["p"]
    assert len(read.values) == 1


def test_no_letter_turns_the_order_of_others_round() -> None:
    assert html("a\u202eb\x00") == "a\ufffdb\ufffd"


def test_no_command_of_a_ci_system_is_left() -> None:
    assert "##[" not in html("##[error]")
    assert "##vso[" not in html("x ##vso[task.setvariable]")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//evil.example",
        "vbscript:x",
        "",
        "https:evil",
    ],
)
def test_only_an_address_of_the_web_is_an_address(url: str) -> None:
    assert web_address(url) == ""


def test_an_address_of_the_web_is_encoded_where_it_must_be() -> None:
    assert web_address('https://ci.example/a b"<') == "https://ci.example/a%20b%22%3C"
