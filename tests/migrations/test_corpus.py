"""What the lint says of the corpus, held against what real servers did.

Each case that it misses, and each harmless one that it flags, stands here with its reason: a test
fails when one comes to be, and when one is mended.
"""

from __future__ import annotations

from functools import cache

import pytest

from cdkit.core.finding import Finding, Severity
from cdkit.migrations.tell import UNTOLD
from tests.migrations.corpus import Case, Truth, base, cases, truth
from tests.migrations.judging import RELEASED, judged

MISSED = {
    "update some rows": "to rewrite some values is what a migration of data is for: said as low",
    "fill a column nobody names": "the same",
    "add column to one side of a union": "no migration tells that two tables are united whole",
    "insert reference rows": "new rows are what every release of data brings",
    "set default where there was none": "the first step to NOT NULL, so said as low",
}
"""Breaking cases in which nothing is said at the default threshold."""

ALARMED = {
    "add json to a table nobody compares": "no migration tells that no query compares whole rows",
    "drop table nobody reads": "no migration tells what queries read",
    "drop type nobody uses": "no migration tells what queries cast to",
    "drop unique constraint nobody conflicts on": "no migration tells what ON CONFLICT names",
    "primary key on a table without": "no migration tells that nothing is written twice",
}
"""Harmless cases in which something is said at the default threshold, or that nobody can tell."""

NEWEST_FIRST = (18, 15)
CASES = {case.name: case for case in cases()}


@cache
def truths() -> dict[str, Truth]:
    """What the newest server that knows a case did in it."""
    known: dict[str, Truth] = {}
    for major in reversed(NEWEST_FIRST):
        known |= truth(major)
    return known


@cache
def _findings(name: str) -> tuple[Finding, ...]:
    case: Case = CASES[name]
    text = f"{base()}\n{RELEASED}{case.sql}"
    server = f"postgres:{case.only}" if case.only else "postgres"
    return judged(text, server=server, in_transaction=False if case.alone else None).findings


def is_flagged(name: str) -> bool:
    """Whether a user who asks whether it is compatible gets another answer than yes."""
    return any(
        each.rule in UNTOLD
        or (each.question == "compatible" and each.severity.rank >= Severity.MEDIUM.rank)
        for each in _findings(name)
    )


def _named(answer: str) -> list[str]:
    return [name for name, truth in truths().items() if truth.answer == answer]


def test_every_case_has_its_truth() -> None:
    assert set(CASES) == set(truths())


@pytest.mark.parametrize("name", _named("breaks"))
def test_what_breaks_the_running_version_is_said(name: str) -> None:
    assert is_flagged(name) == (name not in MISSED)


@pytest.mark.parametrize("name", _named("harmless"))
def test_what_is_harmless_is_left_alone(name: str) -> None:
    assert is_flagged(name) == (name in ALARMED)


@pytest.mark.parametrize(
    "name",
    [name for name, truth in truths().items() if "FeatureNotSupported" in truth.prepared.values()],
)
def test_what_only_prepared_statements_notice_is_named(name: str) -> None:
    assert "changed-result-type" in {each.rule for each in _findings(name)}


def test_few_are_missed_and_few_are_flagged_in_vain() -> None:
    assert len(MISSED) <= 0.03 * len(_named("breaks"))
    assert len(ALARMED) <= 0.03 * len(_named("harmless"))
