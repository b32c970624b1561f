"""Names with a hole for the service."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.errors import RequestError
from cdkit.dora.naming import patterns, told_by


@pytest.mark.parametrize(
    ("texts", "name", "service"),
    [
        (["production"], "production", ""),
        (["production"], "Production", ""),
        (["production"], "production-eu", None),
        (["production*"], "production-eu", ""),
        (["{service}-production"], "orders-production", "orders"),
        (["{service}-production"], "-production", None),
        (["{service}-production"], "production", None),
        (["{service}/{env}".replace("{env}", "*")], "orders/eu/1", "orders"),
        (["a.c"], "abc", None),
        (["eu", "us"], "us", ""),
        (["{service}"], "x" * 201, None),
        (["{service}"], "two\nlines", "two\nlines"),
    ],
)
def test_a_name_is_told_by_the_first_pattern_that_fits(
    texts: list[str], name: str, service: str | None
) -> None:
    assert told_by(patterns(texts, where="environments"), name) == service


@pytest.mark.parametrize("text", ["", " ", "{service}{service}", "{name}", "a*b*c*", "x" * 201])
def test_a_pattern_that_tells_nothing_certain_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="is no pattern of a name"):
        patterns([text], where="environments")


@given(st.text(min_size=1, max_size=100).filter(lambda text: text.strip() == text))
def test_a_service_is_found_again_in_the_name_that_it_gives(service: str) -> None:
    name = f"deploy {service} now"
    assert told_by(patterns(["deploy {service} now"], where="job"), name) == service
