"""The rules of `pin-images`, on the examples of their own pages."""

from __future__ import annotations

from datetime import date

import pytest

from cdkit.core.rule import Example, Rule
from cdkit.image.pins.find import all_formats, read
from cdkit.image.pins.findings import Exceptions, examine, findings
from cdkit.image.pins.rules import rules

BAD = [(rule, example) for rule in rules() for example in rule.bad]
GOOD = [(rule, example) for rule in rules() for example in rule.good]


def _found(example: Example) -> list[tuple[str, int]]:
    """Return the rules and lines that are found in an example and count."""
    path = ".github/workflows/a.yml" if example.text.startswith("jobs:") else "a.yaml"
    formats = [one for one in all_formats().values() if one.name in {"kubernetes", "github"}]
    found = read(path, example.text.encode(), formats)
    assert found is not None
    examined = examine(found, Exceptions(), date(2026, 11, 23))
    told = findings(examined, ())
    return [(f.rule, f.locations[0].line) for f in told if f.suppressed is None]


@pytest.mark.parametrize(("rule", "example"), BAD, ids=lambda value: getattr(value, "id", ""))
def test_a_bad_example_is_found_at_its_line(rule: Rule, example: Example) -> None:
    assert _found(example) == [(rule.id, example.line)]


@pytest.mark.parametrize(("rule", "example"), GOOD, ids=lambda value: getattr(value, "id", ""))
def test_a_good_example_is_left_alone(rule: Rule, example: Example) -> None:
    assert rule.id not in dict(_found(example))


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_a_rule_says_why_and_what_instead(rule: Rule) -> None:
    assert rule.why.endswith(".")
    assert rule.instead.endswith(".")
