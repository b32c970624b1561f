"""How long a system wants to be left alone, and where its next page is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.world import Response
from cdkit.dora.api import limit_of
from cdkit.dora.links import next_of
from tests.worlds import NOW

EPOCH = int(NOW.timestamp())


@pytest.mark.parametrize(
    ("status", "headers", "body", "seconds"),
    [
        (200, {"retry-after": "5"}, b"", None),
        (401, {"retry-after": "5"}, b"", None),
        (429, {"retry-after": "5"}, b"", 5),
        (403, {"retry-after": "5"}, b"", 5),
        (403, {}, b"", None),
        (403, {"x-ratelimit-remaining": "4", "x-ratelimit-reset": str(EPOCH)}, b"", None),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH + 90)}, b"", 90),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH - 90)}, b"", 1),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, b"", None),
        # A server whose clock is an hour behind means its own time.
        (
            429,
            {
                "ratelimit-remaining": "0",
                "ratelimit-reset": str(EPOCH - 3600 + 30),
                "date": "Mon, 23 Nov 2026 11:00:00 GMT",
            },
            b"",
            30,
        ),
        (429, {"ratelimit-remaining": "0", "ratelimit-reset": "12"}, b"", 12),
        (429, {}, b"", 60),
        (429, {"retry-after": "\u0661"}, b"", 60),
        (403, {}, b'{"message": "You have exceeded a secondary rate limit"}', 60),
    ],
)
def test_a_limit_says_how_long(
    status: int, headers: dict[str, str], body: bytes, seconds: float | None
) -> None:
    assert limit_of(Response(status=status, headers=headers, body=body), NOW) == seconds


@pytest.mark.parametrize(
    ("header", "following"),
    [
        ("", ""),
        ('<https://a/b?page=2>; rel="next"', "https://a/b?page=2"),
        ("<https://a/b?page=2>; rel=next", "https://a/b?page=2"),
        ('<https://a/1>; rel="first", <https://a/2>; rel="next"', "https://a/2"),
        ('<https://a/2>; title="a, b"; rel="next"', "https://a/2"),
        ('<https://a/2>; rel="prev next"', "https://a/2"),
        ('<https://a/1>; rel="prev", <https://a/9>; rel="last"', ""),
        ('<https://a/1>; rel="nextish"', ""),
        ('<https://a/1>; title="rel=next"', ""),
        ("https://a/1; rel=next", ""),
    ],
)
def test_the_next_page_is_where_the_header_says(header: str, following: str) -> None:
    assert next_of(header) == following


@given(st.text(alphabet='<>;,"= relnxt', max_size=400))
def test_whatever_stands_in_the_header_nothing_crashes(header: str) -> None:
    assert next_of(header) in header
