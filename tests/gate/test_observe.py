"""The policy that the last releases would have passed, and the ratchet that tightens it."""

import pytest
import yaml

from cdkit.core.documents.collected import Collected
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Counts, Coverage, Evidence
from cdkit.core.errors import ConfigError
from cdkit.core.subject import Subject
from cdkit.core.verdict import Answer, judge, no
from cdkit.gate.case import Release
from cdkit.gate.decide import decide
from cdkit.gate.observe import observe, written
from cdkit.gate.policy import Requirement, Stage
from cdkit.gate.ratchet import turned, turns
from cdkit.gate.read import read_policy
from cdkit.gate.subject import Request
from tests.evidence.doubles import PASSED, evidence, fact, identity, origin
from tests.gate.asking import about, release
from tests.worlds import NOW

NO = judge([no("it failed", remedy="mend it")])


def counted(kind: str, executed: int, of: int, **more: object) -> Fact:
    counts = Counts(tests=executed, passed=executed, failed=0, errors=0, skipped=0)
    return fact(evidence(kind, counts=counts, **more), about(of))  # type: ignore[arg-type]


def covered(lines: int, subject: Subject) -> Fact:
    document = Evidence(
        origin=origin(),
        evidence="coverage",
        verdict=PASSED,
        reports=(),
        coverage=Coverage(lines_covered=lines, lines=1000),
    )
    return fact(document, subject)


def made(number: int, *facts: Fact) -> Release:
    found = release(number)
    named = fact(identity(image=found.image, digest=found.key), about(number))
    return release(number, named, *facts)


RELEASES = (
    made(1, counted("unit", 72, 1), covered(815, about(1)), counted("smoke", 3, 1)),
    made(2, counted("unit", 60, 2), covered(804, about(2))),
)


def test_the_policy_asks_what_every_release_had_by_the_worst_of_them() -> None:
    found = observe(RELEASES, NOW, "production")
    assert found.policy.stages[0] == Stage(
        name="development",
        enter=(Requirement(evidence="identity"),),
        stay=(
            Requirement(evidence="unit", at_least={"executed": 60}),
            Requirement(evidence="coverage", at_least={"lines": 80}),
        ),
    )
    assert found.policy.stages[-1] == Stage(name="deployment", environment="production")


def test_what_some_releases_lacked_is_not_asked_and_is_said() -> None:
    assert observe(RELEASES, NOW, "production").left_out == (
        "smoke: 1 of 2 releases had it, and it said yes",
    )


def test_what_said_no_is_not_asked_and_is_said() -> None:
    failing = made(1, counted("unit", 9, 1, verdict=NO), counted("lint", 2, 1))
    found = observe([failing], NOW, "production")
    asked = [one.evidence for one in (*found.policy.stages[0].enter, *found.policy.stages[0].stay)]
    assert asked == ["identity", "lint"]
    assert found.left_out == ("unit: 0 of 1 releases had it, and it said yes",)


def test_the_file_is_a_policy_that_opens_for_each_of_them() -> None:
    text = written(observe(RELEASES, NOW, "production"), RELEASES)
    policy = read_policy(text.encode(), where="policy.yaml")
    for one in RELEASES:
        request = Request(image=one.image, key=one.key, stage="deployment")
        ruling = decide(request, policy, Collected(facts=one.facts), NOW)
        assert ruling.verdict.answer is Answer.YES, ruling.verdict.reasons
    assert "# not asked for: smoke: 1 of 2 releases had it, and it said yes" in text


def test_a_hostile_name_of_an_image_stays_in_its_comment() -> None:
    hostile = Release(image="a@b\nversion: 2", key="b", deployed_at="x\n- y", facts=())
    found = observe(RELEASES, NOW, "prod\n  - name: evil")
    text = written(found, [hostile])
    read = yaml.safe_load(text)
    assert read["version"] == 1
    assert [stage["name"] for stage in read["stages"]][-1] == "deployment"


# The ratchet

FILE = """\
# unser Maßstab: größer ist besser
version: 1
stages:
  - name: development
    enter:
      - evidence: unit
        at-least: {executed: 50}  # was 40
        at-most: {flaky: 3}
      - evidence: coverage
        at-least:
          lines: 79.5
      - evidence: smoke
        at-least: {executed: 1}
"""


def tightened(text: str, releases: tuple[Release, ...] = RELEASES) -> str:
    data = text.encode()
    return turned(data, turns(data, releases, NOW, where="policy.yaml")).decode()


def test_bounds_move_to_what_all_releases_reached_and_nothing_else_changes() -> None:
    expected = FILE.replace("executed: 50", "executed: 60").replace("flaky: 3", "flaky: 0")
    assert tightened(FILE) == expected.replace("lines: 79.5", "lines: 80.4")


def test_each_turn_is_told_with_its_line() -> None:
    found = turns(FILE.encode(), RELEASES, NOW, where="policy.yaml")
    assert [(turn.line, str(turn)) for turn in found] == [
        (7, "unit (development): at-least executed 50 -> 60"),
        (8, "unit (development): at-most flaky 3 -> 0"),
        (11, "coverage (development): at-least lines 79.5 -> 80.4"),
    ]


def test_it_never_turns_back() -> None:
    strict = FILE.replace("executed: 50", "executed: 61").replace("flaky: 3", "flaky: 0")
    strict = strict.replace("79.5", "99")
    assert tightened(strict) == strict
    assert tightened(tightened(FILE)) == tightened(FILE)


def test_a_number_that_a_release_does_not_hold_stays() -> None:
    assert tightened(FILE, (*RELEASES, made(3, counted("unit", 90, 3)))) == FILE.replace(
        "executed: 50", "executed: 60"
    ).replace("flaky: 3", "flaky: 0")


def test_a_file_that_is_no_policy_is_not_touched() -> None:
    with pytest.raises(ConfigError):
        turns(b"stages: []\n", RELEASES, NOW, where="policy.yaml")
