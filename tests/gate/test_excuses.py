"""Quarantines and waivers: what need not hold for a while, on somebody's word, and is shown."""

import pytest
from msgspec import structs

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Counts, Coverage, Evidence, Failure, Findings, Tool, Waiver
from cdkit.core.subject import Subject
from cdkit.core.verdict import Answer, Reason, Verdict, cannot_tell, judge, no
from cdkit.gate.policy import Policy, PolicyWaiver, Quarantine, Requirement
from cdkit.gate.subject import Request
from cdkit.gate.waive import idle
from tests.evidence.doubles import IMAGE, IMAGE_KEY, OTHER_SUBJECT, fact, identity, origin
from tests.gate.asking import against, ask, policy, suite, told
from tests.worlds import NOW

AT = "2026-11-23T11:00:00Z"
TODAY = "2026-11-23"
YESTERDAY = "2026-11-22"


# Quarantine


def quarantine(test: str = "t.flaky[*]", expires: str = "2026-12-31", kind: str = "") -> Policy:
    kept = Quarantine(
        test=test, reason="races with the clock", owner="team-pay", expires=expires, evidence=kind
    )
    return policy(Requirement(evidence="unit"), quarantine=(kept,))


FLAKY = suite("t.a", "t.flaky[1]", failed=["t.flaky[1]"])


def test_a_failure_in_quarantine_is_shown_and_does_not_close_the_gate() -> None:
    ruling = ask(FLAKY, by=quarantine())
    assert ruling.verdict.answer is Answer.YES
    assert told(ruling) == [
        (
            "yes",
            (
                "unit: t.flaky[1] failed, in quarantine until 2026-12-31 (team-pay: races with the"
                " clock)"
            ),
        )
    ]


@pytest.mark.parametrize(("expires", "answer"), [(TODAY, Answer.YES), (YESTERDAY, Answer.NO)])
def test_a_quarantine_holds_through_its_last_day(expires: str, answer: Answer) -> None:
    assert ask(FLAKY, by=quarantine(expires=expires)).verdict.answer is answer


def test_a_quarantine_that_ended_is_named_beside_the_failure() -> None:
    assert against(ask(FLAKY, by=quarantine(expires=YESTERDAY))) == [
        "unit: t.flaky[1] failed: 1 != 2",
        "unit: the quarantine of t.flaky[*] ended on 2026-11-22 (team-pay: races with the clock)",
    ]


@pytest.mark.parametrize("by", [quarantine(test="t.other"), quarantine(kind="lint")])
def test_a_quarantine_of_something_else_covers_nothing(by: Policy) -> None:
    assert ask(FLAKY, by=by).verdict.answer is Answer.NO


def test_one_failure_that_is_not_in_quarantine_closes_it() -> None:
    both = suite("t.a", "t.flaky[1]", failed=["t.flaky[1]", "t.a"])
    assert ask(both, by=quarantine()).verdict.answer is Answer.NO


def changed(**changes: object) -> Fact:
    assert isinstance(FLAKY.document, Evidence)
    return fact(structs.replace(FLAKY.document, **changes))


COUNTS = {"tests": 2, "passed": 1, "failed": 1, "errors": 0, "skipped": 0}


@pytest.mark.parametrize(
    "changes",
    [
        {"failures_left_out": 1},
        {"counts": None},
        {"counts": Counts(**(COUNTS | {"errors": 1}))},
        {"counts": Counts(**(COUNTS | {"tests": 1, "passed": 0}))},
        {"counts": Counts(**(COUNTS | {"tests": 900}))},
        {"counts": Counts(**(COUNTS | {"failed": 2, "errors": -1}))},
        {"counts": Counts(**(COUNTS | {"flaky": 9}))},
        {"coverage": Coverage(lines_covered=9, lines=3)},
        {"failures": ()},
        {"failures": (Failure(name="t.flaky[1]"), Failure(name="t.flaky[2]"))},
        {"verdict": judge([no("unit: the suite broke before its tests", remedy="")])},
        {"verdict": judge([no("unit: t.flaky[1] failed", remedy=""), no("no shard", remedy="")])},
        {
            "verdict": judge(
                [no("unit: t.flaky[1] failed", remedy=""), cannot_tell("cut off", remedy="")]
            )
        },
    ],
    ids=str,
)
def test_whatever_else_speaks_against_it_is_not_covered_by_a_quarantine(
    changes: dict[str, object],
) -> None:
    assert ask(changed(**changes), by=quarantine()).verdict.answer is not Answer.YES


def test_many_failures_of_which_the_verdict_only_counts_some_are_all_covered() -> None:
    names = [f"t.flaky[{n}]" for n in range(30)]
    shown = [no(f"unit: {name} failed", remedy="") for name in names[:20]]
    many = suite("t.a", *names, failed=names)
    assert isinstance(many.document, Evidence)
    more = no("unit: 10 more tests failed", remedy="")
    document = structs.replace(many.document, verdict=judge([*shown, more]))
    assert ask(fact(document), by=quarantine()).verdict.answer is Answer.YES
    document = structs.replace(document, verdict=judge([*shown, structs.replace(more, what="x")]))
    assert ask(fact(document), by=quarantine()).verdict.answer is Answer.NO


def test_a_test_that_is_required_is_in_no_quarantine() -> None:
    wanted = Requirement(evidence="unit", tests=("t.flaky*",))
    by = structs.replace(quarantine(), stages=policy(wanted).stages)
    assert against(ask(FLAKY, by=by)) == ["unit: the test t.flaky[1] failed, and must pass"]


# Waivers in the policy

VULNERABLE = fact(
    Findings(
        origin=origin("scan-image"),
        evidence="vulnerabilities",
        verdict=judge(
            [
                no("openssl has CVE-1", remedy="update", rule="CVE-1"),
                no("zlib has CVE-2", remedy="update", rule="CVE-2"),
            ]
        ),
        tool=Tool(name="trivy"),
        examined={"packages": 9},
    )
)
VULNERABILITIES = Requirement(evidence="vulnerabilities")


def waiving(*rules: str, expires: str = "2026-12-31", **narrow: str) -> Policy:
    waivers = tuple(
        PolicyWaiver(
            evidence="vulnerabilities",
            reason="not reachable",
            owner="sec",
            expires=expires,
            rule=rule,
            **narrow,
        )
        for rule in rules
    )
    return policy(VULNERABILITIES, waivers=waivers)


def test_a_waiver_lets_a_requirement_pass_and_is_shown() -> None:
    ruling = ask(VULNERABLE, by=waiving(""))
    assert ruling.verdict.answer is Answer.YES
    assert told(ruling)[0] == (
        "yes",
        "vulnerabilities: openssl has CVE-1: waived until 2026-12-31 (sec: not reachable)",
    )


def test_a_waiver_of_one_rule_covers_that_one() -> None:
    assert against(ask(VULNERABLE, by=waiving("CVE-1"))) == ["vulnerabilities: zlib has CVE-2"]
    assert ask(VULNERABLE, by=waiving("CVE-1", "CVE-2")).verdict.answer is Answer.YES


def vulnerable(*reasons: Reason, **changes: object) -> Fact:
    document = structs.replace(VULNERABLE.document, verdict=judge(reasons), **changes)
    return fact(document)


CVE_1 = no("openssl has CVE-1", remedy="update", rule="CVE-1")


def test_a_waiver_of_one_rule_does_not_hide_what_the_fact_could_not_tell() -> None:
    half = vulnerable(CVE_1, cannot_tell("arm64 was not scanned", remedy=""))
    ruling = ask(half, by=waiving("CVE-1"))
    assert ruling.verdict.answer is Answer.CANNOT_TELL
    assert against(ruling) == ["vulnerabilities: arm64 was not scanned"]


def test_a_no_whose_own_reasons_are_all_waived_away_is_still_a_no() -> None:
    told = cannot_tell("openssl has CVE-1", remedy="", rule="CVE-1")
    document = structs.replace(
        VULNERABLE.document, verdict=Verdict(answer=Answer.NO, reasons=(told,))
    )
    ruling = ask(fact(document), by=waiving("CVE-1"))
    assert against(ruling) == ["vulnerabilities: the fact says no"]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"at_most": {"critical": 0}}, "vulnerabilities: critical is 2, and must be at most 0"),
        (
            {"at_least": {"apps": 1}},
            "vulnerabilities: the policy wants apps at least 1, and the fact holds no such number",
        ),
        (
            {"no_worse": {"tempo": 1}},
            "vulnerabilities: tempo may be no worse, and the fact holds no such number",
        ),
    ],
)
def test_a_waiver_of_one_rule_keeps_all_else_that_is_asked(
    wanted: dict[str, object], said: str
) -> None:
    by = waiving("CVE-1")
    asks = policy(structs.replace(VULNERABILITIES, **wanted), waivers=by.waivers)
    two = vulnerable(CVE_1, numbers={"critical": 2})
    assert against(ask(two, by=asks)) == [said]


def test_a_waiver_of_one_rule_does_not_hide_that_a_required_test_is_missing() -> None:
    waiver = PolicyWaiver(evidence="unit", rule="r", reason="x", owner="o", expires="2026-12-31")
    wanted = Requirement(evidence="unit", tests=("t.pay",), at_least={"executed": 60})
    ran = suite("t.a", "t.b")
    document = structs.replace(ran.document, verdict=judge([no("slow", remedy="", rule="r")]))
    ruling = ask(fact(document), by=policy(wanted, waivers=(waiver,)))
    assert against(ruling) == [
        "unit: executed is 2, and must be at least 60",
        "unit: the test t.pay did not run, and must",
    ]


def test_a_waiver_of_one_rule_does_not_waive_that_nobody_looked() -> None:
    assert ask(by=waiving("CVE-1")).verdict.answer is Answer.CANNOT_TELL
    assert ask(by=waiving("")).verdict.answer is Answer.YES


@pytest.mark.parametrize(("expires", "answer"), [(TODAY, Answer.YES), (YESTERDAY, Answer.NO)])
def test_a_waiver_holds_through_its_last_day(expires: str, answer: Answer) -> None:
    assert ask(VULNERABLE, by=waiving("", expires=expires)).verdict.answer is answer


def test_a_waiver_that_ended_is_named() -> None:
    first = against(ask(VULNERABLE, by=waiving("", expires=YESTERDAY)))[0]
    assert first == "vulnerabilities: openssl has CVE-1 (the waiver of sec ended on 2026-11-22)"


@pytest.mark.parametrize(
    ("narrow", "answer"),
    [
        ({"image": IMAGE_KEY}, Answer.YES),
        ({"image": "sha256:" + "b" * 64}, Answer.NO),
        ({"stage": "deployment"}, Answer.YES),
        ({"stage": "delivery"}, Answer.NO),
    ],
)
def test_a_waiver_may_be_of_one_image_or_stage(narrow: dict[str, str], answer: Answer) -> None:
    assert ask(VULNERABLE, by=waiving("", **narrow)).verdict.answer is answer


def test_a_waiver_covers_no_record_that_cannot_be_read() -> None:
    ruling = ask(VULNERABLE, by=waiving(""), unreadable=("r.json",))
    assert ruling.verdict.answer is Answer.CANNOT_TELL


def test_the_identity_is_never_waived() -> None:
    waiver = PolicyWaiver(evidence="identity", reason="r", owner="o", expires="2027-01-01")
    by = policy(Requirement(evidence="identity"), waivers=(waiver,))
    assert ask(by=by).verdict.answer is Answer.CANNOT_TELL
    assert ask(fact(identity()), by=by).verdict.answer is Answer.YES


# Waivers that a person left in a job


def waiver(
    *subjects: Subject, system: str = "github", actor: str = "ann", at: str = AT, **changes: str
) -> Fact:
    usual = {
        "image": IMAGE,
        "requirement": "vulnerabilities",
        "reason": "not reachable",
        "expires": "2026-12-31",
    }
    document = Waiver(
        origin=origin("waive", system=system, actor=actor, recorded_at=at),
        **(usual | changes),  # type: ignore[arg-type]
    )
    return fact(document, *subjects)


MAY = policy(VULNERABILITIES, may_waive=("ann",))


def test_a_waiver_of_somebody_who_may_lets_it_pass() -> None:
    ruling = ask(VULNERABLE, waiver(), by=MAY)
    assert ruling.verdict.answer is Answer.YES
    assert "waived until 2026-12-31 (ann: not reachable)" in told(ruling)[0][1]
    shouted = policy(VULNERABILITIES, may_waive=("Ann",))
    assert ask(VULNERABLE, waiver(), by=shouted).verdict.answer is Answer.YES


@pytest.mark.parametrize(
    "left",
    [
        waiver(actor="eve"),
        waiver(actor=""),
        waiver(system="terminal"),
        waiver(system=""),
        waiver(OTHER_SUBJECT),
        waiver(image=IMAGE.replace("a" * 64, "b" * 64)),
        waiver(expires=YESTERDAY),
        waiver(expires="tomorrow"),
        waiver(requirement="unit"),
        waiver(stage="delivery"),
        waiver(rule="CVE-9"),
        waiver(at="2030-01-01T00:00:00Z"),
        waiver(at="soon"),
    ],
)
def test_a_waiver_that_does_not_count_changes_nothing(left: Fact) -> None:
    assert ask(VULNERABLE, left, by=MAY).verdict.answer is Answer.NO


def test_nobody_is_not_somebody_who_may() -> None:
    by = policy(VULNERABILITIES, may_waive=("",))
    assert ask(VULNERABLE, waiver(actor=""), by=by).verdict.answer is Answer.NO


def test_without_anybody_who_may_no_waiver_counts() -> None:
    assert ask(VULNERABLE, waiver(), by=policy(VULNERABILITIES)).verdict.answer is Answer.NO


def test_a_waiver_must_be_signed_where_every_fact_must() -> None:
    by = policy(VULNERABILITIES, may_waive=("ann",), signed_by=("ci",))
    vulnerable = structs.replace(VULNERABLE, signers=("ci",))
    assert ask(vulnerable, waiver(), by=by).verdict.answer is Answer.NO
    signed = structs.replace(waiver(), signers=("ci",))
    assert ask(vulnerable, signed, by=by).verdict.answer is Answer.YES


def test_an_unsigned_waiver_waives_nothing_that_asks_for_a_signature() -> None:
    asks = structs.replace(VULNERABILITIES, signed_by=("scanner", "security"))
    by = policy(asks, may_waive=("ann",))
    vulnerable = structs.replace(VULNERABLE, signers=("scanner",))
    assert ask(vulnerable, waiver(), by=by).verdict.answer is Answer.NO
    vouched = structs.replace(waiver(), signers=("security",))
    assert ask(vulnerable, vouched, by=by).verdict.answer is Answer.YES


@pytest.mark.parametrize(
    ("signers", "answer"),
    [
        (("ci",), Answer.NO),
        (("scanner",), Answer.NO),
        (("eve",), Answer.NO),
        (("ci", "eve"), Answer.NO),
        (("ci", "scanner"), Answer.YES),
    ],
)
def test_a_waiver_is_signed_as_the_policy_and_the_requirement_ask(
    signers: tuple[str, ...], answer: Answer
) -> None:
    asks = structs.replace(VULNERABILITIES, signed_by=("scanner",))
    by = policy(asks, may_waive=("ann",), signed_by=("ci",))
    vulnerable = structs.replace(VULNERABLE, signers=("ci", "scanner"))
    left = structs.replace(waiver(), signers=signers)
    ruling = ask(vulnerable, left, by=by)
    assert ruling.verdict.answer is answer
    missing = ", and ".join(name for name in ("ci", "scanner") if name not in signers)
    for what in against(ruling):
        assert what.endswith(f"(the waiver of ann is not signed by {missing})")


def test_a_waiver_that_the_policy_itself_holds_needs_no_signature() -> None:
    asks = structs.replace(VULNERABILITIES, signed_by=("scanner",))
    kept = PolicyWaiver(
        evidence="vulnerabilities", reason="no fix yet", owner="ann", expires="2027-01-31"
    )
    by = policy(asks, waivers=(kept,))
    vulnerable = structs.replace(VULNERABLE, signers=("scanner",))
    assert ask(vulnerable, by=by).verdict.answer is Answer.YES


@pytest.mark.parametrize("by", [MAY, policy(VULNERABILITIES, may_waive=("ann",), signed_by=())])
def test_where_nobody_must_sign_a_waiver_need_not_be_signed(by: Policy) -> None:
    assert ask(VULNERABLE, waiver(), by=by).verdict.answer is Answer.YES


# What excuses nothing


def left(kind: str, actor: str = "ann", stage: str = "", expires: str = "2026-12-31") -> Fact:
    document = Waiver(
        origin=origin("waive", recorded_at=AT, actor=actor, system="github"),
        image=IMAGE,
        requirement=kind,
        reason="r",
        expires=expires,
        stage=stage,
    )
    return fact(document)


def unused(by: Policy, *facts: Fact) -> list[str]:
    request = Request(image=IMAGE, key=IMAGE_KEY, stage="deployment")
    return list(idle(by, facts, request, NOW))


def test_a_waiver_of_what_nobody_asks_for_is_told() -> None:
    excuses = {
        "waivers": (
            PolicyWaiver(evidence="uni", reason="r", owner="sec", expires="2026-12-31"),
            PolicyWaiver(evidence="unit", reason="r", owner="sec", expires="2026-12-31"),
            PolicyWaiver(evidence="gone", reason="r", owner="sec", expires=YESTERDAY),
        ),
        "quarantine": (
            Quarantine(test="t", reason="r", owner="o", expires="2026-12-31", evidence="untt"),
            Quarantine(test="t", reason="r", owner="o", expires="2026-12-31", evidence="unit"),
            Quarantine(test="t", reason="r", owner="o", expires="2026-12-31"),
        ),
    }
    assert unused(policy(Requirement(evidence="unit"), **excuses)) == [
        "the waiver of sec for 'uni' excuses nothing: the policy asks for unit",
        "the quarantine of 't' in 'untt' excuses nothing: the policy asks for unit",
    ]


def test_a_waiver_that_somebody_left_in_vain_is_told() -> None:
    by = policy(Requirement(evidence="unit"), may_waive=("Ann",))
    ended, vain = left("lint", expires=YESTERDAY), "excuses nothing"
    assert unused(by, left("unit"), left("unit", stage="deployment"), ended) == []
    assert unused(
        by, left("unit", "eve"), left("lint"), left("unit", stage="delivery", expires=TODAY)
    ) == [
        f"the waiver that eve left for 'unit' {vain}: the policy does not name eve in `may-waive`",
        f"the waiver that ann left for 'lint' {vain}: the policy asks for unit",
        f"the waiver that ann left for 'unit' {vain}: delivery asks for nothing",
    ]
