"""The decision: what opens the gate, and all that keeps it shut."""

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.documents.collected import Collected
from cdkit.core.documents.document import Replay
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import (
    Answered,
    Counts,
    Coverage,
    Evidence,
    Failure,
    Findings,
    Platform,
    Tool,
)
from cdkit.core.errors import RequestError
from cdkit.core.finding import Location
from cdkit.core.subject import Subject
from cdkit.core.verdict import Answer, Verdict, cannot_tell, judge, no, yes
from cdkit.gate.decide import Ruling, decide
from cdkit.gate.policy import DEFAULT, Policy, Requirement, Stage
from cdkit.gate.subject import Request
from tests.evidence.doubles import (
    IMAGE,
    IMAGE_KEY,
    OTHER_SUBJECT,
    OTHER_TREE,
    PASSED,
    SOURCE,
    THREE,
    evidence,
    fact,
    identity,
    origin,
)
from tests.gate.asking import UNIT, against, ask, policy
from tests.worlds import NOW

RECORD = f"cdkit record-evidence --image {IMAGE} --report unit=reports/junit.xml"
REPLAY = Replay(run="r1", at="2026-11-01T00:00:00Z")
ARM = "sha256:" + "1" * 64
AMD = "sha256:" + "2" * 64


def answer(*facts: Fact, by: Policy = UNIT, replay: Replay | None = None) -> Answer:
    return ask(*facts, by=by, replay=replay).verdict.answer


def only(ruling: Ruling) -> Answered:
    (one,) = ruling.requirements
    return one


def why(*facts: Fact, by: Policy = UNIT) -> tuple[Answer, str, str]:
    """Return the answer, the first reason that decided it, and what it says to do."""
    verdict = ask(*facts, by=by).verdict
    reason = next(r for r in verdict.reasons if r.answer is verdict.answer)
    return verdict.answer, reason.what, reason.remedy


def unit(*subjects: Subject, **changes: object) -> Fact:
    return fact(evidence(**changes), *subjects)  # type: ignore[arg-type]


# What opens it


def test_a_fact_that_says_yes_opens_its_requirement() -> None:
    ruling = ask(unit())
    assert ruling.verdict.answer is Answer.YES
    assert only(ruling).facts == (unit().digest,)
    assert only(ruling).requirement == "unit (deployment)"


def test_a_fact_about_the_source_that_the_image_was_built_from_counts() -> None:
    assert answer(fact(identity()), unit(SOURCE)) is Answer.YES


def whole() -> tuple[Fact, ...]:
    """Return what the default policy asks for before the deployment."""
    ours = (fact(identity()), fact(findings("migrations"), SOURCE))
    return (*ours, fact(findings("vulnerabilities")), *(fact(evidence(kind)) for kind in TESTED))


TESTED = (
    *("unit", "lint", "static-analysis", "review", "data-driven", "end-to-end", "regression"),
    *("performance", "functional", "dast", "pre-production"),
)


def test_all_four_stages_open_on_evidence_of_every_kind() -> None:
    assert ask(*whole(), by=DEFAULT).verdict.answer is Answer.YES


@pytest.mark.parametrize("left_out", range(len(TESTED) + 3))
def test_the_default_policy_misses_whatever_is_left_out(left_out: int) -> None:
    facts = [one for n, one in enumerate(whole()) if n != left_out]
    assert ask(*facts, by=DEFAULT).verdict.answer is Answer.CANNOT_TELL


def findings(kind: str, verdict: Verdict = PASSED, **changes: object) -> Findings:
    return Findings(
        origin=origin(**changes),  # type: ignore[arg-type]
        evidence=kind,
        verdict=verdict,
        tool=Tool(name="cdkit"),
        examined={"files": 2},
    )


# Closed by default: each with what to do


def test_no_fact_at_all() -> None:
    told = why()
    assert told[0] is Answer.CANNOT_TELL
    assert told[1].startswith("there is no fact of the kind unit about this image, and no identity")
    assert RECORD in told[2]


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        ("identity", f"cdkit tag-image --digest {IMAGE}"),
        ("vulnerabilities", f"cdkit scan-image --image {IMAGE}"),
        ("migrations", "cdkit lint-migrations"),
        ("coverage", f"{RECORD[: RECORD.index('--report')]}--report coverage=reports/coverage.xml"),
        ("end-to-end", f"{RECORD[: RECORD.index('--report')]}--report end-to-end=FILE"),
    ],
)
def test_a_missing_fact_names_the_command_that_leaves_it(kind: str, command: str) -> None:
    assert f"`{command}`" in why(by=policy(Requirement(evidence=kind)))[2]


def test_evidence_about_another_image() -> None:
    assert why(unit(OTHER_SUBJECT))[0] is Answer.CANNOT_TELL


def test_evidence_about_another_source() -> None:
    other = Subject(digest={"gitTree": OTHER_TREE})
    assert why(fact(identity()), unit(other, tree=OTHER_TREE))[0] is Answer.CANNOT_TELL


def test_evidence_about_a_source_of_an_image_nobody_identified() -> None:
    assert why(unit(SOURCE))[0] is Answer.CANNOT_TELL


def test_evidence_about_a_source_where_the_image_was_built_from_a_dirty_one() -> None:
    built = identity(origin=origin("tag-image", dirty=True))
    assert why(fact(built), unit(SOURCE))[0] is Answer.CANNOT_TELL


def test_a_failed_test_keeps_its_file_and_line() -> None:
    failed = no("unit: a.b failed", where=Location(path="r.xml", line=7), remedy="mend it")
    verdict = ask(unit(reasons=(failed,))).verdict
    assert verdict.answer is Answer.NO
    assert [(str(r.where), r.what) for r in verdict.reasons] == [("r.xml:7", "unit: a.b failed")]
    assert verdict.reasons[0].remedy.startswith("mend it; then run `cdkit record-evidence")


def test_evidence_that_could_not_tell() -> None:
    skipped = cannot_tell("all 3 tests were skipped", remedy="run them")
    told = why(unit(reasons=(skipped,)))
    assert told[:2] == (Answer.CANNOT_TELL, "unit: all 3 tests were skipped")


@pytest.mark.parametrize(
    "counts",
    [
        Counts(tests=0, passed=0, failed=0, errors=0, skipped=0),
        Counts(tests=3, passed=0, failed=0, errors=0, skipped=3),
        Counts(tests=-3, passed=-3, failed=0, errors=0, skipped=0),
    ],
)
def test_a_yes_without_an_executed_test_is_not_believed(counts: Counts) -> None:
    told = why(unit(counts=counts))
    assert told[:2] == (Answer.CANNOT_TELL, "unit: says yes, and no test was executed")


def test_a_yes_with_failed_tests_is_not_believed() -> None:
    counts = Counts(tests=3, passed=2, failed=1, errors=0, skipped=0)
    told = why(unit(counts=counts))
    assert told[:2] == (Answer.CANNOT_TELL, "unit: says yes, and counts failed tests")


def test_a_yes_with_a_listed_failure_is_not_believed() -> None:
    odd = Evidence(
        origin=origin(),
        evidence="unit",
        verdict=PASSED,
        reports=(),
        counts=THREE,
        failures=(Failure(name="a"),),
    )
    assert why(fact(odd))[0] is Answer.CANNOT_TELL


def test_a_yes_with_reasons_against_it_is_not_believed() -> None:
    odd = Verdict(answer=Answer.YES, reasons=(yes("a"), no("b", remedy="c")))
    assert "gives reasons against it" in why(unit(verdict=odd))[1]


def test_a_fact_that_says_no_without_a_reason_still_says_no() -> None:
    assert why(unit(verdict=Verdict(answer=Answer.NO, reasons=())))[0] is Answer.NO


def test_an_unreadable_record_keeps_it_shut_beside_every_yes() -> None:
    ruling = ask(unit(), unreadable=("records/x.json",))
    assert ruling.verdict.answer is Answer.CANNOT_TELL
    assert [one.answer for one in ruling.requirements] == [Answer.YES, Answer.CANNOT_TELL]
    assert ruling.requirements[1].reasons[0].remedy == "remove the file"


@pytest.mark.parametrize("at", ["2026-11-23T12:05:01Z", "2036-01-01T00:00:00Z"])
def test_evidence_from_the_future(at: str) -> None:
    told = why(unit(recorded_at=at))
    assert told[0] is Answer.CANNOT_TELL
    assert "in the future" in told[1]
    assert "set the clock" in told[2]


def test_clocks_may_be_five_minutes_apart() -> None:
    assert answer(unit(recorded_at="2026-11-23T12:05:00Z")) is Answer.YES


@pytest.mark.parametrize("at", ["", "yesterday", "2026-11-23T08:00:00", "2026-11-23"])
def test_evidence_without_a_time(at: str) -> None:
    told = why(unit(recorded_at=at))
    assert told[0] is Answer.CANNOT_TELL
    assert "no time with a zone" in told[1]


def test_evidence_without_a_time_is_not_hidden_by_newer_evidence() -> None:
    assert answer(unit(recorded_at="", run="2"), unit()) is Answer.CANNOT_TELL


@pytest.mark.parametrize(
    ("age", "expected"), [("59m", Answer.CANNOT_TELL), ("60m", Answer.YES), ("1d", Answer.YES)]
)
def test_evidence_that_is_too_old(age: str, expected: Answer) -> None:
    assert answer(unit(), by=policy(Requirement(evidence="unit", max_age=age))) is expected


def test_too_old_evidence_says_to_record_it_again() -> None:
    told = why(unit(), by=policy(Requirement(evidence="unit", max_age="10m")))
    assert "more than 10m ago" in told[1]
    assert told[2].endswith("again")


def test_a_policy_that_requires_nothing() -> None:
    told = why(unit(), by=policy())
    assert told[0] is Answer.CANNOT_TELL
    assert "requires nothing to enter deployment" in told[1]
    assert "- evidence: unit" in told[2]


def test_a_doubt_about_the_policy_itself() -> None:
    request = Request(image=IMAGE, key=IMAGE_KEY, stage="deployment")
    doubt = cannot_tell("the change brought it along", remedy="merge it first")
    ruling = decide(request, UNIT, Collected(facts=(unit(),)), NOW, (doubt,))
    assert ruling.verdict.answer is Answer.CANNOT_TELL


def test_an_unknown_stage_is_a_wrong_request() -> None:
    with pytest.raises(RequestError, match="no stage 'deploymnet'") as caught:
        ask(unit(), stage="deploymnet")
    assert caught.value.remedy == "did you mean 'deployment'?"


# Which fact counts


def failing(**changes: object) -> Fact:
    return unit(reasons=(no("unit: a failed", remedy="mend it"),), **changes)


@pytest.mark.parametrize("turned", [False, True])
def test_the_newest_run_counts(turned: bool) -> None:  # noqa: FBT001
    old, new = failing(recorded_at="2026-11-23T10:00:00Z"), unit(run="2")
    assert answer(*((new, old) if turned else (old, new))) is Answer.YES


def test_a_newer_no_takes_a_yes_back() -> None:
    assert answer(unit(recorded_at="2026-11-23T10:00:00Z"), failing(run="2")) is Answer.NO


def test_times_in_different_zones_are_compared_as_times() -> None:
    newer = failing(run="2", recorded_at="2026-11-23T10:30:00-01:00")
    assert answer(unit(recorded_at="2026-11-23T11:00:00Z"), newer) is Answer.NO


def test_the_highest_attempt_of_a_run_counts_whatever_the_clocks_say() -> None:
    again = unit(attempt=2, recorded_at="2026-11-23T10:59:00Z")
    assert answer(failing(attempt=1), again) is Answer.YES


def test_a_failed_job_is_not_hidden_by_another_jobs_second_attempt() -> None:
    assert answer(failing(job="py311"), unit(job="py312", attempt=2)) is Answer.NO


def test_two_facts_of_one_attempt_that_disagree() -> None:
    told = ask(unit(), failing(recorded_at="2026-11-23T11:00:01Z")).verdict
    doubts = [r.what for r in told.reasons if r.answer is Answer.CANNOT_TELL]
    assert not told.is_yes
    assert "unit: says yes, and another fact of the same run and attempt says otherwise" in doubts


def test_where_attempts_have_no_number_the_newest_fact_of_a_job_counts() -> None:
    retried = unit(attempt=0, recorded_at="2026-11-23T11:00:01Z")
    assert answer(failing(attempt=0), retried) is Answer.YES


def test_facts_outside_of_runs_count_by_their_time() -> None:
    old = failing(run="", attempt=0, recorded_at="2026-11-23T10:00:00Z")
    assert answer(old, unit(run="", attempt=0)) is Answer.YES


def test_two_runs_that_ended_in_the_same_second_both_count() -> None:
    assert answer(unit(run="1"), failing(run="2")) is Answer.NO


OLDER = "2026-11-23T10:00:00Z"


def test_a_run_of_one_job_does_not_hide_what_another_said_before() -> None:
    before = [unit(job="linux", recorded_at=OLDER), failing(job="windows", recorded_at=OLDER)]
    told = ask(*before, unit(job="linux", run="2"))
    assert against(told) == [
        "unit: the job windows did not say yes in the run 1, and was not run again since",
        "unit: a failed",
    ]
    assert told.verdict.answer is Answer.NO
    again = [unit(job="linux", run="2"), unit(job="windows", run="2")]
    assert answer(*before, *again) is Answer.YES


def test_jobs_that_were_run_again_one_by_one_stand_for_their_own() -> None:
    first = [failing(job="a", recorded_at=OLDER), failing(job="b", recorded_at=OLDER)]
    second = unit(job="b", run="2", recorded_at="2026-11-23T10:30:00Z")
    assert answer(*first, second) is Answer.NO
    assert answer(*first, second, unit(job="a", run="3")) is Answer.YES
    assert answer(first[1], unit(job="a", recorded_at=OLDER), unit(job="a", run="2")) is Answer.NO


def test_a_second_attempt_of_one_job_of_a_matrix_does_not_hide_the_others() -> None:
    both = [failing(job="unit", url="linux"), failing(job="unit", url="windows")]
    assert answer(*both, unit(job="unit", attempt=2)) is Answer.NO
    again = [unit(job="unit", attempt=2, url=url) for url in ("linux", "windows")]
    assert answer(*both, *again) is Answer.YES
    assert answer(both[0], unit(job="unit"), unit(job="unit", attempt=2)) is Answer.YES


def test_another_pipeline_takes_the_place_of_one_that_shares_no_job_with_it() -> None:
    assert answer(failing(job="scan", recorded_at=OLDER), unit(job="again", run="2")) is Answer.YES


# Shards


def shards(*numbers: int, of: int = 3, **changes: object) -> list[Fact]:
    return [unit(shard=number, shards=of, **changes) for number in numbers]


def test_all_shards_together_open_it() -> None:
    assert answer(*shards(1, 2, 3)) is Answer.YES


def test_a_missing_shard_keeps_it_shut() -> None:
    told = why(*shards(1, 3))
    assert told[0] is Answer.CANNOT_TELL
    assert "misses the shards 2" in told[1]


def test_a_failed_shard_says_no() -> None:
    assert answer(*shards(1, 2), failing(shard=3, shards=3)) is Answer.NO


def test_a_shard_that_was_run_again_counts_by_its_last_attempt() -> None:
    first = [*shards(1, 2), failing(shard=3, shards=3)]
    assert answer(*first, *shards(3, attempt=2)) is Answer.YES


def test_shards_that_disagree_on_their_number() -> None:
    assert answer(*shards(1, 2, of=2), *shards(3, of=3)) is Answer.CANNOT_TELL


def test_shards_of_an_older_run_do_not_fill_the_gaps() -> None:
    older = shards(1, 2, 3, recorded_at="2026-11-23T10:00:00Z")
    assert answer(*older, *shards(1, 2, run="2")) is Answer.CANNOT_TELL


def test_the_numbers_of_shards_are_added_up() -> None:
    nine = policy(Requirement(evidence="unit", at_least={"executed": 9}))
    ten = policy(Requirement(evidence="unit", at_least={"executed": 10}))
    assert answer(*shards(1, 2, 3), by=nine) is Answer.YES
    assert answer(*shards(1, 2, 3), by=ten) is Answer.NO


# Replays


def test_a_replays_fact_is_no_evidence_outside_of_it() -> None:
    told = why(unit(replay=REPLAY))
    assert told[0] is Answer.CANNOT_TELL
    assert "only 1 that a replay of another time left" in told[1]


def test_a_replays_fact_counts_in_that_replay() -> None:
    assert answer(unit(replay=REPLAY), replay=REPLAY) is Answer.YES


def test_a_replays_fact_does_not_count_in_another_replay() -> None:
    other = Replay(run="r2", at=REPLAY.at)
    assert answer(unit(replay=REPLAY), replay=other) is Answer.CANNOT_TELL


def test_a_replays_fact_does_not_push_a_real_one_aside() -> None:
    assert answer(unit(), failing(replay=REPLAY, run="9")) is Answer.YES


def test_a_replay_does_not_see_what_was_recorded_after_its_time() -> None:
    at = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
    before = failing(run="0", recorded_at="2026-11-23T10:00:00Z")
    assert ask(before, unit(), replay=REPLAY, now=at).verdict.answer is Answer.NO


# Source


def test_evidence_found_out_on_another_source_than_the_image_is_refused() -> None:
    told = why(fact(identity()), unit(tree=OTHER_TREE))
    assert told[0] is Answer.CANNOT_TELL
    assert "on another source (tree 888888888888)" in told[1]
    assert "same-source: false" in told[2]


def test_evidence_found_out_with_uncommitted_changes_is_refused() -> None:
    assert "not committed" in why(fact(identity()), unit(dirty=True))[1]


def test_a_policy_can_let_evidence_of_another_source_count() -> None:
    elsewhere = policy(Requirement(evidence="unit", same_source=False))
    assert answer(fact(identity()), unit(tree=OTHER_TREE), by=elsewhere) is Answer.YES


SAME = policy(Requirement(evidence="unit", same_source=True))


def test_the_same_source_must_be_known_where_the_policy_asks() -> None:
    assert answer(fact(identity()), unit(), by=SAME) is Answer.YES


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param((unit(),), id="nobody identified the image"),
        pytest.param((fact(identity(tree="")), unit()), id="the identity names no tree"),
        pytest.param((fact(identity()), unit(tree="")), id="the fact names no tree"),
        pytest.param((fact(identity()), unit(tree=OTHER_TREE)), id="another tree"),
    ],
)
def test_a_source_that_is_not_known_to_be_the_same(facts: tuple[Fact, ...]) -> None:
    assert answer(*facts, by=SAME) is Answer.CANNOT_TELL


def test_two_identities_of_one_second_with_two_sources_name_none() -> None:
    built = (fact(identity()), fact(identity(tree=OTHER_TREE)))
    assert answer(*built, unit(SOURCE)) is Answer.CANNOT_TELL


def test_what_must_be_about_the_image_is_not_answered_by_its_source() -> None:
    image = policy(Requirement(evidence="unit", about="image"))
    assert answer(fact(identity()), unit(SOURCE), by=image) is Answer.CANNOT_TELL


# Identity


def test_a_report_cannot_pass_for_an_identity() -> None:
    wanted = policy(Requirement(evidence="identity"))
    assert answer(fact(evidence("identity")), by=wanted) is Answer.CANNOT_TELL


def test_the_identity_of_another_image_does_not_count() -> None:
    wanted = policy(Requirement(evidence="identity"))
    other = identity(digest="sha256:" + "b" * 64)
    assert answer(fact(other), by=wanted) is Answer.CANNOT_TELL


# Platforms


def index() -> Fact:
    parts = (Platform(platform="linux/arm64", digest=ARM), Platform(platform="", digest=AMD))
    return fact(identity(platforms=parts))


def on(digest: str, **changes: object) -> Fact:
    return unit(Subject(digest={"sha256": digest.removeprefix("sha256:")}), **changes)


def test_evidence_of_every_platform_counts_for_the_index() -> None:
    assert answer(index(), on(ARM), on(AMD)) is Answer.YES


def test_a_platform_without_evidence_keeps_it_shut() -> None:
    told = why(index(), on(AMD))
    assert told[:2] == (
        Answer.CANNOT_TELL,
        "unit: nothing is known of the platform linux/arm64",
    )


def test_evidence_about_the_index_needs_none_of_its_platforms() -> None:
    assert answer(index(), unit()) is Answer.YES


def test_a_run_of_one_job_does_not_hide_what_another_said_of_a_platform() -> None:
    bad = (no("unit: a failed", remedy="mend it"),)
    before = [on(ARM, reasons=bad, job=job, recorded_at=OLDER) for job in ("a", "b")]
    again = [on(ARM, job="a", run="2"), on(AMD)]
    assert answer(index(), *before, *again) is Answer.NO
    assert answer(index(), *before, *again, on(ARM, job="b", run="2")) is Answer.YES


def test_a_no_about_a_platform_is_not_hidden_by_a_yes_about_the_index() -> None:
    bad = on(ARM, reasons=(no("unit: a failed", remedy="mend it"),))
    assert answer(index(), unit(run="9"), bad) is Answer.NO


# Numbers


def covered(lines: int) -> Fact:
    return fact(
        Evidence(
            origin=origin(),
            evidence="coverage",
            verdict=PASSED,
            reports=(),
            coverage=Coverage(lines_covered=lines, lines=100),
        )
    )


def bounded(**bounds: dict[str, float]) -> Policy:
    return policy(Requirement(evidence="coverage", **bounds))  # type: ignore[arg-type]


@pytest.mark.parametrize(("lines", "expected"), [(80, Answer.YES), (79, Answer.NO)])
def test_a_number_must_be_at_least_its_bound(lines: int, expected: Answer) -> None:
    assert answer(covered(lines), by=bounded(at_least={"lines": 80})) is expected


@pytest.mark.parametrize(("bound", "expected"), [(80, Answer.YES), (79, Answer.NO)])
def test_a_number_must_be_at_most_its_bound(bound: float, expected: Answer) -> None:
    assert answer(covered(80), by=bounded(at_most={"lines": bound})) is expected


def test_an_unmet_bound_says_what_to_raise_and_how_to_record_it() -> None:
    told = why(covered(71), by=bounded(at_least={"lines": 80}))
    assert told[1] == "coverage: lines is 71, and must be at least 80"
    assert told[2].startswith("raise lines to 80; then run `cdkit record-evidence")


def test_a_number_that_the_fact_does_not_hold() -> None:
    told = why(covered(80), by=bounded(at_most={"critical": 0}))
    assert told[0] is Answer.CANNOT_TELL
    assert "holds no such number" in told[1]


def test_a_number_that_is_misspelt_in_the_policy() -> None:
    told = why(covered(80), by=bounded(at_least={"linse": 80}))
    assert told[2] == "did the policy mean 'lines'?"


# Stages


def test_a_stage_asks_what_earlier_stages_ask() -> None:
    stages = Policy(
        version=1,
        stages=(
            Stage(name="first", enter=(Requirement(evidence="unit"),)),
            Stage(name="second", enter=(Requirement(evidence="lint"),)),
            Stage(name="third", enter=(Requirement(evidence="dast"),)),
        ),
    )
    asked = [one.requirement for one in ask(by=stages, stage="second").requirements]
    assert asked == ["unit (first)", "lint (second)"]


def asked_of(*, stage: str, question: str = "enter") -> list[str]:
    found = ask(by=DEFAULT, stage=stage, question=question).requirements
    return [one.requirement.split()[0].rstrip(":") for one in found]


def test_the_default_policy_asks_what_belongs_in_each_stage_before_the_next() -> None:
    assert asked_of(stage="development") == ["identity"]
    development = ["identity", "unit", "lint", "static-analysis", "review"]
    assert asked_of(stage="integration") == development
    integration = ["migrations", "data-driven", "end-to-end", "regression", "performance"]
    assert asked_of(stage="delivery") == [*development, *integration, "vulnerabilities"]
    delivery = ["vulnerabilities", "functional", "dast", "pre-production"]
    assert asked_of(stage="deployment") == [*development, *integration, *delivery]


def test_the_default_policy_keeps_what_is_deployed_on_scans_and_its_health() -> None:
    asked = asked_of(stage="deployment", question="stay")
    assert asked == ["vulnerabilities", "slo", "canary"]


def test_staying_in_a_stage_that_asks_for_nothing_is_shut() -> None:
    ruling = ask(unit(), question="stay")
    (reason,) = ruling.verdict.reasons
    assert reason.what == "the policy requires nothing to stay in deployment: nothing was examined"


# A config's digest


CONFIG = "sha256:" + "5" * 64
IN_AN_ARCHIVE = Subject(digest={"sha256": "5" * 64})
"""All that an archive or a local image knows of itself."""


def test_a_fact_about_the_config_of_the_image_counts_for_it() -> None:
    one = Platform(platform="linux/amd64", digest=IMAGE_KEY, config_digest=CONFIG)
    built = identity(platforms=(one,))
    by = policy(Requirement(evidence="vulnerabilities", about="image"))
    scanned = fact(findings("vulnerabilities"), IN_AN_ARCHIVE)
    assert ask(fact(built), scanned, by=by).verdict.answer is Answer.YES
    assert ask(fact(identity()), scanned, by=by).verdict.answer is Answer.CANNOT_TELL
    bad = fact(findings("vulnerabilities", judge([no("a", remedy="b")])), IN_AN_ARCHIVE)
    assert ask(fact(built), bad, by=by).verdict.answer is Answer.NO


def test_a_fact_about_the_config_of_one_platform_is_about_that_platform_only() -> None:
    parts = (
        Platform(platform="linux/arm64", digest=ARM, config_digest=CONFIG),
        Platform(platform="linux/amd64", digest=AMD),
    )
    built = fact(identity(platforms=parts))
    by = policy(Requirement(evidence="vulnerabilities"))
    arm = fact(findings("vulnerabilities"), IN_AN_ARCHIVE)
    assert ask(built, arm, by=by).verdict.answer is Answer.CANNOT_TELL
    amd = fact(findings("vulnerabilities"), Subject(digest={"sha256": "2" * 64}))
    assert ask(built, arm, amd, by=by).verdict.answer is Answer.YES


# Whatever the facts


_changes = st.fixed_dictionaries(
    {},
    optional={
        "run": st.sampled_from(["", "1", "2"]),
        "attempt": st.integers(0, 3),
        "job": st.sampled_from(["", "a"]),
        "shard": st.integers(0, 3),
        "shards": st.integers(0, 3),
        "tree": st.sampled_from(["", OTHER_TREE]),
        "dirty": st.booleans(),
        "replay": st.sampled_from([None, REPLAY]),
        "recorded_at": st.sampled_from(["", "x", "2026-11-23T11:00:01Z", "2030-01-01T00:00:00Z"]),
    },
)
_verdicts = st.sampled_from([PASSED, judge([no("a", remedy="b")]), judge([])])


@given(st.lists(st.tuples(_changes, _verdicts), max_size=6))
def test_it_never_opens_where_no_fact_says_yes(
    many: list[tuple[dict[str, object], Verdict]],
) -> None:
    facts = [unit(verdict=v, **changes) for changes, v in many if v.answer is not Answer.YES]
    assert answer(*facts) is not Answer.YES


@given(st.lists(st.tuples(_changes, _verdicts), max_size=6), st.randoms())
def test_the_order_of_facts_decides_nothing(
    many: list[tuple[dict[str, object], Verdict]], random: Random
) -> None:
    facts = [unit(verdict=verdict, **changes) for changes, verdict in many]
    before = answer(*facts)
    random.shuffle(facts)
    assert answer(*facts) is before


def test_an_identity_is_no_unit_test() -> None:
    assert answer(fact(identity())) is Answer.CANNOT_TELL
