"""Contexts and labels: which changesets a run takes."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.errors import Unreadable
from cdkit.migrations.liquibase.filters import Filter, filter_of, holds


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("prod", True),
        ("PROD", True),
        ("test", False),
        ("!test", True),
        ("not prod", False),
        ("prod and eu", True),
        ("prod and us", False),
        ("us or eu and prod", True),
        ("(us or eu) and !prod", False),
        ("us, test", False),
        ("us, prod", True),
        ("!(us or test)", True),
        ("v1.2-x or prod", True),
    ],
)
def test_an_expression_is_true_for_the_names_of_a_run(expression: str, *, expected: bool) -> None:
    assert holds(expression, ("prod", "eu")) is expected


@pytest.mark.parametrize(
    "expression",
    [
        *("", "and", "a b", "a and", "(a", "a)", "!", "a or or b", "a & b"),
        *("(" * 9000, "not " * 2000 + "a", "a," * 20_000),
    ],
)
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(Unreadable, match="no expression of contexts or labels"):
        holds(expression, ("a",))


@given(st.text(alphabet="ab ,!()andortn$\n", max_size=40))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    refused = contextlib.suppress(Unreadable)
    with refused:
        assert holds(text, ("a",)) in {True, False}


@pytest.mark.parametrize(
    "name", ["contexts", "contextFilter", "context-filter", "liquibase.command.update.contexts"]
)
def test_the_properties_name_contexts_in_several_ways(name: str) -> None:
    assert filter_of({name: "prod, EU"}) == Filter(contexts=("prod", "eu"))


@pytest.mark.parametrize(
    "said",
    [
        {"parameter.contexts": "prod"},
        {"contexts": "prod and ("},
        {"labelFilter": "a and ("},
        {"other.labels": "a"},
    ],
)
def test_what_names_nothing_lets_all_run(said: dict[str, str]) -> None:
    assert filter_of(said) == Filter()
    assert filter_of(said).takes(("test",), ("slow",))


def test_a_changeset_that_says_nothing_runs_in_any_case() -> None:
    assert Filter(contexts=("prod",), labels="slow").takes(("", ""), ("",))


def test_all_that_is_around_a_changeset_must_fit() -> None:
    taken = Filter(contexts=("prod",))
    assert taken.takes(("prod", "!test"), ())
    assert not taken.takes(("prod", "test"), ())
