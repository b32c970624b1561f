"""Templates of services: JSON that is filled, in which nothing that an event says is structure."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.secret import Secret
from cdkit.events.template import Filling, Lacking, fill, fill_text, holes

VALUES = {"name": "orders", "count": 7, "flag": False, "empty": "", "record": {"a": [1]}}


def filled(template: Any, **more: Any) -> Any:  # noqa: ANN401 - any JSON
    return fill(template, Filling(values={**VALUES, **more}, escape=str.upper))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("plain", "plain"),
        ("{name}", "ORDERS"),
        ("a {name} b", "a ORDERS b"),
        ("{count}", 7),
        ("{count} times", "7 times"),
        ("{flag}", False),
        ("{flag}!", "FALSE!"),
        ("{record}", {"a": [1]}),
        ({"a": "?{empty}", "b": 1}, {"b": 1}),
        (["?{empty}", "{name}", "?x {empty}"], ["ORDERS"]),
        ([{"?": "", "a": "{empty}"}, {"?": "", "a": "{name}"}], [{"a": "ORDERS"}]),
        ({"a": {"?": "", "b": {"c": "{empty}"}}}, {}),
        ([1, None, True, 2.5], [1, None, True, 2.5]),
        ("{Not a hole} {}", "{Not a hole} {}"),
    ],
)
def test_a_template_is_filled(template: Any, expected: Any) -> None:  # noqa: ANN401 - any JSON
    assert filled(template) == expected


@pytest.mark.parametrize("template", ["{empty}", "a {empty}", {"a": ["{nobody}"]}, "{none}"])
def test_a_fact_that_is_needed_and_not_there_is_named(template: Any) -> None:  # noqa: ANN401
    with pytest.raises(Lacking) as caught:
        filled(template, none=None)
    assert caught.value.name in {"empty", "nobody", "none"}


def test_an_address_alone_is_not_escaped() -> None:
    assert filled({"u": "{run-url}", "t": "at {run-url}"}, **{"run-url": "https://a?b=c"}) == {
        "u": "https://a?b=c",
        "t": "at HTTPS://A?B=C",
    }


def test_what_a_fact_holds_is_not_filled_again() -> None:
    assert filled("{name} {count}", name="{count}") == "{COUNT} 7"


def test_a_secret_is_filled_in_and_shown_nowhere_else() -> None:
    filling = Filling(values={"key": Secret("t0p-s3cret")}, escape=str)
    assert fill({"k": "{key}"}, filling) == {"k": "t0p-s3cret"}
    assert fill_text("Bearer {key}", filling) == "Bearer t0p-s3cret"
    assert "t0p" not in repr(filling)


def test_every_hole_is_found() -> None:
    template = {"a": ["{one}", {"?": "", "b": "?x {two-ms} {key.url}"}], "c": 1}
    assert holes(template) == {"one", "two-ms", "key.url"}


@given(st.text(), st.text())
def test_any_text_stays_one_text(name: str, other: str) -> None:
    template = {"a": "{name}", "b": ["x {name} {other}"], "c": {"d": "?{other}"}}
    values = {"name": name or "x", "other": other or "x"}
    made = fill(template, Filling(values=values, escape=str))
    assert made == {
        "a": values["name"],
        "b": [f"x {values['name']} {values['other']}"],
        "c": {"d": values["other"]},
    }
    assert json.loads(json.dumps(made)) == made
