from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from cdkit.core.finding import Location, Severity
from cdkit.core.verdict import Answer, Reason
from cdkit.scan.doubts import Scan
from cdkit.scan.exceptions import Waiver
from cdkit.scan.feed import Epss, Kev, Score
from cdkit.scan.judge import Facts, Judgement, judge_scans
from cdkit.scan.policy import Policy, Threshold
from cdkit.scan.report import Cvss, Exploitation, Vulnerability
from cdkit.scan.weigh import Feeds
from tests.scan.test_judge import BASE, FRESH, vulnerability, waiver
from tests.worlds import NOW

LOW = vulnerability(Severity.LOW, "CVE-2026-1000")
EPSS = Epss(scored_at=NOW, scores={"CVE-2026-2000": Score(0.9, 0.99)})
LIMITED = Policy(epss=0.5)


def _published(days: int, found: Vulnerability = LOW) -> Vulnerability:
    return replace(found, published=NOW - timedelta(days=days))


def _judged(
    found: Vulnerability,
    policy: Policy = LIMITED,
    feeds: Feeds | None = None,
    covers: tuple[Waiver, ...] = (),
) -> Judgement:
    facts = Facts(covers=covers, feeds=Feeds(epss=EPSS) if feeds is None else feeds)
    scan = Scan(report=replace(BASE, vulnerabilities=(found,)), database=FRESH)
    return judge_scans([scan], policy, facts, now=NOW, place=lambda _: Location(path="image"))


def _doubts(judgement: Judgement) -> list[str]:
    return [r.rule for r in judgement.verdict.reasons if r.answer is Answer.CANNOT_TELL]


def test_what_was_published_long_before_and_has_no_score_shows_a_file_that_is_cut() -> None:
    judgement = _judged(_published(8))

    assert _doubts(judgement) == ["cut-feed"]
    (reason,) = judgement.verdict.reasons
    assert reason.what.startswith(
        "the file of EPSS scores of 2026-11-23 has none of CVE-2026-1000,"
    )


def test_a_cut_file_cannot_be_accepted() -> None:
    policy = Policy(epss=0.5, accept=frozenset({"unscored-vulnerability", "cut-feed"}))

    assert _doubts(_judged(_published(8), policy)) == ["cut-feed"]


@pytest.mark.parametrize(
    "found",
    [
        _published(2),
        LOW,
        _published(800, vulnerability(Severity.LOW, "GHSA-made-made-made")),
        vulnerability(Severity.LOW, "TEMP-0841856-B18BAF"),
    ],
)
def test_what_may_have_no_score_yet_is_a_doubt_that_can_be_taken_on(found: Vulnerability) -> None:
    accepting = Policy(epss=0.5, accept=frozenset({"unscored-vulnerability"}))

    assert _doubts(_judged(found)) == ["unscored-vulnerability"]
    accepted = _judged(found, accepting)
    assert accepted.verdict.is_yes
    assert accepted.notes[0].startswith("Accepted (unscored-vulnerability): no EPSS score says")


def test_a_score_in_the_report_itself_is_one() -> None:
    found = replace(_published(8), exploitation=Exploitation(epss=0.01))

    assert _judged(found).verdict.is_yes


def test_a_score_under_any_of_its_names_is_one() -> None:
    found = replace(_published(8), aliases=("CVE-2026-2000",))

    assert _judged(found).verdict.answer is Answer.NO


@pytest.mark.parametrize(
    ("policy", "covers"),
    [
        (Policy(), ()),
        (Policy(epss=0.5, thresholds=(Threshold(severity=None),)), ()),
        (Policy(epss=0.5), (waiver(id="CVE-2026-1000"),)),
    ],
)
def test_where_no_score_would_change_anything_none_is_missed(
    policy: Policy, covers: tuple[Waiver, ...]
) -> None:
    assert _doubts(_judged(_published(8), policy, covers=covers)) == []


def test_what_has_no_fix_is_not_missed_where_only_fixes_count() -> None:
    found = _published(8, vulnerability(Severity.LOW, "CVE-2026-1000", fixed=False))

    assert _judged(found, Policy(epss=0.5, fixed_only=True)).verdict.is_yes


def test_what_fails_already_needs_no_score() -> None:
    judgement = _judged(_published(8, vulnerability(Severity.CRITICAL, "CVE-2026-1000")))

    assert judgement.verdict.answer is Answer.NO
    assert _doubts(judgement) == []


def test_without_a_file_the_report_must_say_it_of_every_vulnerability() -> None:
    def rules(found: Vulnerability) -> list[Reason]:
        return list(_judged(found, feeds=Feeds()).verdict.reasons)

    assert [reason.rule for reason in rules(LOW)] == ["untold-attacks"]
    said = replace(LOW, exploitation=Exploitation(epss=0.1))
    assert [reason.answer for reason in rules(said)] == [Answer.YES]


def test_what_the_catalogue_does_not_name_is_not_known_to_be_exploited() -> None:
    policy = Policy(known_exploited=True)
    kev = Kev(released_at=NOW, ids=frozenset({"CVE-2026-2000"}))

    assert _judged(LOW, policy, Feeds(kev=kev)).verdict.is_yes
    assert _doubts(_judged(LOW, policy, Feeds())) == ["untold-attacks"]


def test_many_without_a_score_are_named_in_part() -> None:
    found = tuple(replace(LOW, id=f"CVE-2026-100{n}") for n in range(7))
    scan = Scan(report=replace(BASE, vulnerabilities=found), database=FRESH)
    facts = Facts(feeds=Feeds(epss=EPSS))

    verdict = judge_scans(
        [scan], LIMITED, facts, now=NOW, place=lambda _: Location(path="image")
    ).verdict

    assert verdict.reasons[0].what.endswith("CVE-2026-1004 and 2 more")


SCORED = replace(LOW, id="CVE-2026-3000", cvss=(Cvss(source="nvd", score=3.1),))


@pytest.mark.parametrize(
    ("found", "policy", "expected"),
    [
        ((LOW,), Policy(cvss=7.0), ["untold-scores"]),
        ((LOW, SCORED), Policy(cvss=7.0), []),
        ((LOW,), Policy(), []),
        ((), Policy(cvss=7.0), []),
        ((LOW,), Policy(cvss=7.0, accept=frozenset({"untold-scores"})), []),
        ((LOW,), Policy(cvss=7.0, thresholds=(Threshold(severity=None),)), []),
    ],
)
def test_a_limit_on_scores_that_nobody_gives_is_cannot_tell(
    found: tuple[Vulnerability, ...], policy: Policy, expected: list[str]
) -> None:
    scan = Scan(report=replace(BASE, vulnerabilities=found), database=FRESH)

    judgement = judge_scans([scan], policy, Facts(), now=NOW, place=lambda _: Location(path="i"))

    assert _doubts(judgement) == expected
