"""The policy file: read strictly, every fault at its line."""

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.errors import ConfigError, RequestError
from cdkit.gate.policy import DEFAULT, Contracts, Policy, Requirement, age_of, required
from cdkit.gate.read import read_policy

GOOD = b"""version: 1
stages:
  - name: development
    enter:
      - evidence: unit
        at-least: {executed: 10, lines: 80.5}
        at-most: {flaky: 0}
        max-age: 12h
        same-source: true
        about: image
  - name: deployment
"""


def faults(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(ConfigError) as caught:
        read_policy(text.encode(), where="policy.yaml")
    return [(f.where.line, f.what, f.remedy) for f in caught.value.faults]


def signer(more: str) -> str:
    """Return a policy with a signer whom Sigstore certified, whose further keys stand in line 5."""
    who = f"{{name: ci, identity: a@b, {more}}}"
    return f"version: 1\nstages: [{{name: a}}]\nsigners:\n  identities:\n    - {who}\n"


def one(requirement: str) -> str:
    return (
        f"version: 1\nstages:\n  - name: a\n    enter:\n      - {{evidence: unit, {requirement}}}\n"
    )


EXCUSED = (
    GOOD
    + b"""quarantine:
  - {test: t.race, owner: team, reason: races, expires: "2027-01-31"}
waivers:
  - {evidence: dast, owner: sec, reason: broken scanner, expires: "2027-01-31"}
signers:
  keys:
    - {name: ci, public-key: PEM, valid-from: "2026-01-31", valid-until: "2027-01-31"}
"""
)


def test_days_need_no_quotes() -> None:
    bare = EXCUSED.replace(b'"', b"")
    assert read_policy(bare, where="policy.yaml") == read_policy(EXCUSED, where="policy.yaml")


@pytest.mark.parametrize(("line", "what"), [(13, "2026-02-30"), (15, "2026-13-01")])
def test_a_day_without_quotes_that_is_none_is_a_fault(line: int, what: str) -> None:
    lines = EXCUSED.decode().splitlines()
    lines[line - 1] = lines[line - 1].replace('"2027-01-31"', what)
    assert faults("\n".join(lines)) == [
        (line, f"{what!r} is no date", 'write expires: "2027-01-31"')
    ]


def test_a_policy_is_read_whole() -> None:
    policy = read_policy(GOOD, where="policy.yaml")
    assert [stage.name for stage in policy.stages] == ["development", "deployment"]
    assert policy.stages[0].enter == (
        Requirement(
            evidence="unit",
            at_least={"executed": 10, "lines": 80.5},
            at_most={"flaky": 0},
            max_age="12h",
            same_source=True,
            about="image",
        ),
    )


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (one("at-leats: {a: 1}"), 5, "unknown key 'at-leats'"),
        (one("contracts: {environments: [production]}"), 5, "'unit' has no contracts"),
        (one("contracts: {environment: production}"), 5, "unknown key 'environment'"),
        (one("contracts: {environments: production}"), 5, "a list"),
        (one("at-least: {executed: many}"), 5, "expected a number"),
        (one("at-most: {critical: 1.0e+999}"), 5, "critical is bounded by inf"),
        (one("at-least: {executed: .nan}"), 5, "expected a number"),
        (one("at-least: {executed: 010}"), 5, "expected a number"),
        (one(f"runs: {'9' * 5000}"), 5, "expected a whole number"),
        (one('says: {builder: "*/*"}'), 5, "builder may say anything"),
        (one("max-age: 7 days"), 5, "'7 days' is no age"),
        (one("max-age: 0d"), 5, "'0d' is no age"),
        (one("same-source: perhaps"), 5, "expected true or false"),
        (one("about: nothing"), 5, "expected one of"),
        ("version: 2\nstages: []\n", 1, "is a policy of version 2"),
        ("stages: []\n", 1, "lacks 'version'"),
        ("version: 1\nstages:\n  - name: a\n  - name: a\n", 3, "'a' stands twice"),
        ("version: 1\nstages: [{name: a}]\nlocked: [A]\n", 3, "`locked` names 'A', which"),
        ("version: 1\nstages: [{name: a}]\nsigned-by: []\n", 3, "'signed-by' is empty"),
        ("version: 1\nstages: [{name: a}]\nbaseline: ''\n", 3, "'baseline' is empty"),
        ("version: 1\nstages: [{name: a}]\nbreak-glass: {by: []}\n", 3, "'by' is empty"),
        (signer("issuer: ''"), 5, "'issuer' is empty"),
        (signer("issuer: x, kinds: []"), 5, "'kinds' is empty"),
        (signer("issuer: x, environments: []"), 5, "'environments' is empty"),
        (signer("issuer: x, valid-until: ''"), 5, "'valid-until' is empty"),
        ("version: 1\nstages:\n  - name: a\n    enter:\n    stay: []\n", 4, "'enter' is empty"),
        (one("signed-by: []"), 5, "'signed-by' is empty"),
        (one("signed-by: null"), 5, "'signed-by' is empty"),
        (one("at-least: null"), 5, "'at-least' is empty"),
        (one("at-least: {}"), 5, "'at-least' is empty"),
        (one("same-source: ~"), 5, "'same-source' is empty"),
        (one("max-age: ' '"), 5, "'max-age' is empty"),
        (one("tests: []"), 5, "'tests' is empty"),
        (one("approvals: {by: []}"), 5, "'by' is empty"),
        (one("approvals: null"), 5, "'approvals' is empty"),
        ("version: 1\nstages:\n  - name: A b\n", 3, "is no name of a stage"),
        (one("x: 1").replace("unit, x: 1", "'Unit tests'"), 5, "is no kind of evidence"),
        (one("x: 1").replace("unit, x: 1", "deployment"), 5, "a deployment is no evidence"),
        ("version: 1\nversion: 1\nstages: []\n", 2, "stands twice"),
        ("version: [\n", 2, "is not YAML"),
    ],
)
def test_a_fault_is_told_at_its_line(text: str, line: int, what: str) -> None:
    found = faults(text)
    assert (line, True) in [(at, what in said) for at, said, _ in found]
    assert all(remedy for _, _, remedy in found)


def test_every_fault_is_told_at_once() -> None:
    text = one("max-age: 1y") + "      - {evidence: unit, max-age: 2y}\n"
    assert [line for line, _, _ in faults(text)] == [5, 6]


@given(st.binary(max_size=200))
def test_no_bytes_crash_it(data: bytes) -> None:
    with contextlib.suppress(ConfigError):
        assert read_policy(data, where="policy.yaml").version == 1


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(days=14)),
    ],
)
def test_ages_are_minutes_hours_days_and_weeks(text: str, age: timedelta) -> None:
    assert age_of(text) == age


def test_the_default_has_the_four_stages() -> None:
    names = [stage.name for stage in DEFAULT.stages]
    assert names == ["development", "integration", "delivery", "deployment"]


def test_a_stage_of_a_policy_without_stages_is_a_wrong_request() -> None:
    with pytest.raises(RequestError) as caught:
        required(Policy(version=1, stages=()), "deployment")
    assert caught.value.remedy == "its stages: none"


def test_a_policy_says_where_contracts_must_hold() -> None:
    text = (
        "version: 1\nstages:\n  - name: a\n    enter:\n      - evidence: migrations\n"
        "        contracts: {environments: [staging, production], services: [orders]}\n"
    )
    (wanted,) = read_policy(text.encode(), where="policy.yaml").stages[0].enter
    assert wanted.contracts == Contracts(
        environments=("staging", "production"), services=("orders",)
    )
