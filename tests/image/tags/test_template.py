from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.errors import RequestError
from cdkit.image.tags.moment import format_date
from cdkit.image.tags.template import Expression, Literal, read_template, render

AT = datetime(2020, 1, 10, 0, 30, 5, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("plain", (Literal("plain"),)),
        ("", ()),
        ("{{ raw }}", (Expression(name="raw"),)),
        (
            "v{{raw}}.{{{x}}}",
            (Literal("v"), Expression(name="raw"), Literal("."), Expression(name="x")),
        ),
        (r"\{{raw}} {{x}}", (Literal("{{raw}} "), Expression(name="x"))),
        (r"\\{{raw}}", (Literal("\\"), Expression(name="raw"))),
        ("a {{~ raw ~}} b", (Literal("a"), Expression(name="raw"), Literal("b"))),
        ("a{{! no }}b{{!-- }} --}}c", (Literal("a"), Literal("b"), Literal("c"))),
        ("{{&raw}}", (Expression(name="raw"),)),
        (
            "{{date 'it\\'s' tz=\"UTC\"}}",
            (Expression(name="date", argument="it's", named={"tz": "UTC"}),),
        ),
        ("{{date YYYY-MM}}", (Expression(name="date", bare="YYYY-MM"),)),
    ],
)
def test_a_template_is_taken_apart(text: str, parts: tuple[Literal | Expression, ...]) -> None:
    assert read_template(text).parts == parts


@pytest.mark.parametrize(
    "text", ["{{", "{{raw", "{{{raw}}", "{{}}", "{{#if x}}", "{{/if}}", "{{> x}}", "{{a 'b' 'c'}}"]
)
def test_what_is_no_template_is_a_wrong_request(text: str) -> None:
    with pytest.raises(RequestError):
        read_template(text)


@pytest.mark.parametrize(
    ("pattern", "alone"),
    [
        ("{{ raw }}.{{ version }}", False),
        ("{{ raw }}", True),
        ("{{ raw}}", True),
        ("{{raw}}", True),
        (" {{raw}}", False),
    ],
)
def test_an_expression_alone_is_known_as_such(pattern: str, *, alone: bool) -> None:
    assert (read_template(pattern).sole == "raw") is alone


@given(st.text(alphabet=st.characters(exclude_characters="{\\")))
def test_text_without_braces_stays_as_it_is(text: str) -> None:
    assert render(read_template(text), {}) == text


@pytest.mark.parametrize(
    ("tokens", "written"),
    [
        ("YYYYMMDD-HHmmss", "20200110-003005"),
        ("dddd, MMMM Do YYYY, h:mm:ss a", "Friday, January 10th 2020, 12:30:05 am"),
        ("YYYY-MM-DDTHH:mm:ss.SSS[Z]", "2020-01-10T00:30:05.123Z"),
        ("YY Y M Q D DDDo DDDD d dd ddd E e", "20 2020 1 1 10 10th 010 5 Fr Fri 5 5"),
        ("w ww W WW gg gggg GGGG", "2 02 2 02 20 2020 2020"),
        ("A H k kk hh hmm Hmmss", "AM 0 24 24 12 1230 03005"),
        ("S SS SSSSSS", "1 12 123456"),
        ("Z ZZ z X x", "+00:00 +0000 UTC 1578616205 1578616205123"),
        (
            "LT|LTS|L|l|LL|ll",
            "12:30 AM|12:30:05 AM|01/10/2020|1/10/2020|January 10, 2020|Jan 10, 2020",
        ),
        ("LLLL|llll", "Friday, January 10, 2020 12:30 AM|Fri, Jan 10, 2020 12:30 AM"),
        ("[YYYY] é N", "YYYY é AD"),
        (None, "2020-01-10T00:30:05Z"),
    ],
)
def test_a_date_is_written_by_its_tokens(tokens: str | None, written: str) -> None:
    assert format_date(AT, tokens) == written


def test_a_date_is_written_in_its_zone() -> None:
    assert format_date(AT, "YYYYMMDD-HHmmss Z z", zone="Asia/Tokyo") == "20200110-093005 +09:00 JST"
    assert format_date(AT, None, zone="America/New_York") == "2020-01-09T19:30:05-05:00"
    assert format_date(datetime(2021, 1, 1, tzinfo=UTC), "w gggg W GGGG") == "1 2021 53 2020"
    assert format_date(datetime(2024, 12, 30, tzinfo=UTC), "w gggg W GGGG") == "1 2025 1 2025"


@pytest.mark.parametrize("zone", ["Asia/Tokio", "../etc/passwd", "/etc/localtime", "", "a\0b"])
def test_a_zone_that_there_is_not_is_a_wrong_request(zone: str) -> None:
    with pytest.raises(RequestError, match="no time zone"):
        format_date(AT, "YYYY", zone=zone)


@given(
    st.text(max_size=60),
    st.integers(0, 221_845_392_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)
def test_any_format_writes_any_date(tokens: str, moment: datetime) -> None:
    assert isinstance(format_date(moment, tokens), str)
