"""What a requirement may ask beyond a yes: which tests, signatures, runs, whose approval."""

import pytest
from msgspec import structs

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Approval, Counts, Evidence, Failure, Platform
from cdkit.core.documents.names import Names
from cdkit.core.subject import Subject
from cdkit.core.verdict import Answer, judge, no
from cdkit.gate.case import Past
from cdkit.gate.policy import Approvals, Requirement
from tests.evidence.doubles import (
    OTHER_SUBJECT,
    OTHER_TREE,
    SOURCE,
    evidence,
    fact,
    identity,
    origin,
)
from tests.gate.asking import about, against, ask, policy, release, suite, told


def wanting(**asked: object) -> Requirement:
    return Requirement(evidence="unit", **asked)  # type: ignore[arg-type]


# Tests that must have run


PAY = policy(wanting(tests=("tests.pay.*", "tests.refund[eur-*]")))


def test_a_required_test_that_ran_opens_it() -> None:
    ruling = ask(suite("tests.pay.a", "tests.refund[eur-1]", "x"), by=PAY)
    assert ruling.verdict.answer is Answer.YES
    assert ("yes", "unit: the test tests.pay.* ran") in told(ruling)


def test_a_required_test_that_did_not_run_is_a_no_with_its_name() -> None:
    ruling = ask(suite("tests.pay.a", "tests.refunde"), by=PAY)
    assert ruling.verdict.answer is Answer.NO
    assert against(ruling) == ["unit: the test tests.refund[eur-*] did not run, and must"]


def test_evidence_that_names_no_tests_proves_no_required_one() -> None:
    ruling = ask(fact(evidence()), by=PAY)
    assert ruling.verdict.answer is Answer.CANNOT_TELL
    assert "and the fact names no tests" in against(ruling)[0]


def test_a_list_of_names_that_is_broken_is_told() -> None:
    good = suite("tests.pay.a")
    assert isinstance(good.document, Evidence)
    broken = structs.replace(good.document, ran=Names(count=1, digest="sha256:0", block="AAAA"))
    ruling = ask(fact(broken), by=PAY)
    assert ruling.verdict.answer is Answer.CANNOT_TELL
    assert "the list of test names is broken" in against(ruling)[0]


def test_brackets_in_a_test_name_stand_for_themselves() -> None:
    asks = policy(wanting(tests=("t[a]",)))
    assert ask(suite("t[a]"), by=asks).verdict.answer is Answer.YES
    assert ask(suite("ta"), by=asks).verdict.answer is Answer.NO


# Tests that are gone


HUNDRED = tuple(f"t{n:03}" for n in range(100))


def before(*facts: Fact) -> Past:
    return Past(releases=(release(1, *facts),), known=True)


RAN = before(suite(*HUNDRED, subject=about(1)))


@pytest.mark.parametrize(("gone", "answer"), [(0, Answer.YES), (5, Answer.YES), (6, Answer.NO)])
def test_more_than_five_percent_of_the_tests_gone_is_a_no(gone: int, answer: Answer) -> None:
    ruling = ask(suite(*HUNDRED[gone:]), past=RAN)
    assert ruling.verdict.answer is answer
    assert any("tests are gone" in what for _, what in told(ruling)) is bool(gone)


def test_the_first_tests_that_are_gone_are_named() -> None:
    (what,) = against(ask(suite(*HUNDRED[7:]), past=RAN))
    assert what == (
        "unit: 7 of 100 tests are gone that ran for sha256:000000000000…, which runs in"
        " production (7 %, and 5 % may): t000, t001, t002, t003, t004, …"
    )


def test_tests_that_were_renamed_are_not_gone() -> None:
    renamed = tuple(f"u{name}" for name in HUNDRED)
    assert ask(suite(*renamed), past=RAN).verdict.answer is Answer.YES


def test_a_policy_may_allow_all_tests_to_go_or_none() -> None:
    allow = policy(wanting(tests_gone=100))
    assert ask(suite("a"), by=allow, past=RAN).verdict.answer is Answer.YES
    none = policy(wanting(tests_gone=0))
    assert ask(suite(*HUNDRED[1:]), by=none, past=RAN).verdict.answer is Answer.NO


def test_where_one_side_names_no_tests_their_number_is_compared() -> None:
    counted = fact(evidence(), about(1))  # three tests, without names
    few = Counts(tests=2, passed=2, failed=0, errors=0, skipped=0)
    assert ask(fact(evidence(counts=few)), past=before(counted)).verdict.answer is Answer.NO
    assert ask(fact(evidence()), past=before(counted)).verdict.answer is Answer.YES


def test_skipping_tests_that_ran_before_counts_as_gone() -> None:
    counted = fact(evidence(), about(1))
    skipping = Counts(tests=3, passed=1, failed=0, errors=0, skipped=2)
    assert ask(fact(evidence(counts=skipping)), past=before(counted)).verdict.answer is Answer.NO


def test_a_record_of_what_runs_that_cannot_be_read_keeps_it_shut() -> None:
    broken = Past(unreadable=(no("half a record", remedy="remove it"),))
    assert ask(suite("a"), past=broken).verdict.answer is Answer.NO


def test_an_unsigned_fact_about_what_runs_lowers_nothing() -> None:
    by = policy(wanting(signed_by=("ci",)))
    ran = signed(suite(*HUNDRED, subject=about(1)), "ci")
    planted = suite("t.1", subject=about(1), run="2", recorded_at="2026-11-23T11:30:00Z")
    ours = signed(suite("t.1"), "ci")
    assert ask(ours, by=by, past=before(ran, planted)).verdict.answer is Answer.NO
    assert ask(ours, by=by, past=before(planted)).verdict.answer is Answer.YES


# Signatures


SIGNED = policy(wanting(signed_by=("ci", "release")))


def signed(one: Fact, *by: str) -> Fact:
    return structs.replace(one, signers=by)


@pytest.mark.parametrize("by", [("ci",), ("release",), ("other", "ci")])
def test_a_fact_signed_by_one_of_those_who_may_opens_it(by: tuple[str, ...]) -> None:
    assert ask(signed(suite("a"), *by), by=SIGNED).verdict.answer is Answer.YES


def test_an_unsigned_fact_where_a_signature_is_asked() -> None:
    ruling = ask(suite("a"), by=SIGNED)
    assert ruling.verdict.answer is Answer.CANNOT_TELL
    assert against(ruling) == ["unit: is not signed, and the policy wants ci or release"]


def test_a_fact_that_another_key_signed() -> None:
    ruling = ask(signed(suite("a"), "eve"), by=SIGNED)
    assert against(ruling) == ["unit: was signed by eve, and the policy wants ci or release"]


@pytest.mark.parametrize(
    ("signers", "missing"),
    [
        (("ci",), "was signed by ci, and the policy wants scanner"),
        (("scanner",), "was signed by scanner, and the policy wants ci or release"),
        ((), "is not signed, and the policy wants ci or release, and scanner"),
        (("ci", "scanner"), ""),
    ],
)
def test_a_requirements_own_signers_come_on_top_of_the_policys(
    signers: tuple[str, ...], missing: str
) -> None:
    by = policy(wanting(signed_by=("scanner",)), signed_by=("ci", "release"))
    ruling = ask(signed(suite("a"), *signers), by=by)
    assert [what for what in against(ruling) if "policy wants" in what] == (
        [f"unit: {missing}"] if missing else []
    )


def test_an_identity_that_nobody_signed_makes_no_source_count() -> None:
    by = policy(wanting(), signed_by=("ci",))
    of_source = signed(suite("a", subject=SOURCE), "ci")
    assert ask(fact(identity()), of_source, by=by).verdict.answer is Answer.CANNOT_TELL
    assert ask(signed(fact(identity()), "ci"), of_source, by=by).verdict.answer is Answer.YES


UNSIGNED = (
    "unit: is about a source or a platform, and no signed identity says that it is this image's"
)


def test_what_is_signed_counts_by_no_unsigned_identity() -> None:
    of_source = signed(suite("a", subject=SOURCE), "ci")
    assert against(ask(fact(identity()), of_source, by=SIGNED)) == [UNSIGNED]
    of_image = signed(suite("a"), "ci")
    assert ask(fact(identity()), of_image, by=SIGNED).verdict.answer is Answer.YES
    built = signed(fact(identity()), "builder")
    assert ask(built, of_source, by=SIGNED).verdict.answer is Answer.YES


def test_a_newer_identity_that_nobody_signed_leads_to_no_other_source() -> None:
    built = signed(fact(identity()), "builder")
    elsewhere = Subject(digest={"gitTree": OTHER_TREE})
    later = origin("tag-image", recorded_at="2026-11-23T11:30:00Z", tree=OTHER_TREE)
    lying = fact(identity(origin=later, tree=OTHER_TREE))
    good = signed(suite("a", subject=elsewhere, tree=OTHER_TREE), "ci")
    assert against(ask(built, lying, good, by=SIGNED)) == [UNSIGNED]


def test_what_is_signed_counts_for_no_platform_that_an_unsigned_identity_names() -> None:
    part = Platform(platform="linux/amd64", digest="sha256:" + "1" * 64)
    scanned = signed(suite("a", subject=Subject(digest={"sha256": "1" * 64})), "ci")
    built = fact(identity(platforms=(part,)))
    assert against(ask(built, scanned, by=SIGNED)) == [UNSIGNED]
    assert ask(signed(built, "builder"), scanned, by=SIGNED).verdict.answer is Answer.YES


@pytest.mark.parametrize("asked", [{"same_run": True}, {"same_source": True}], ids=str)
def test_an_unsigned_identity_proves_no_run_and_no_source(asked: dict[str, object]) -> None:
    by = policy(wanting(signed_by=("ci",), **asked))
    ours = signed(suite("a"), "ci")
    assert ask(fact(identity()), ours, by=by).verdict.answer is Answer.CANNOT_TELL
    assert ask(signed(fact(identity()), "ci"), ours, by=by).verdict.answer is Answer.YES


# The same run


SAME_RUN = policy(wanting(same_run=True))


def test_evidence_of_the_run_that_built_the_image_opens_it() -> None:
    assert ask(fact(identity()), suite("a"), by=SAME_RUN).verdict.answer is Answer.YES


def test_evidence_of_another_run_than_the_one_that_built_the_image() -> None:
    ruling = ask(fact(identity()), suite("a", run="7"), by=SAME_RUN)
    assert ruling.verdict.answer is Answer.CANNOT_TELL
    assert against(ruling) == ["unit: is of the run 7, and the image was built in 1"]


def test_the_same_run_is_asked_and_no_identity_names_one() -> None:
    ruling = ask(suite("a"), by=SAME_RUN)
    assert against(ruling) == ["unit: no identity of the image says which run built it"]


# Attempts and flakes


def test_a_pass_after_a_failure_in_an_earlier_attempt_is_a_flake_and_counted() -> None:
    facts = (suite("a", "b", failed=["b"], attempt=1), suite("a", "b", attempt=2))
    shown = ask(*facts)
    assert shown.verdict.answer is Answer.YES
    assert ("yes", "unit: failed in an earlier attempt: b") in told(shown)
    strict = ask(*facts, by=policy(wanting(at_most={"flaky": 0})))
    assert against(strict) == ["unit: flaky is 1, and must be at most 0"]


def test_the_same_test_in_two_earlier_attempts_is_one_flake() -> None:
    facts = [suite("a", failed=["a"], attempt=n) for n in (1, 2)]
    bounded = policy(wanting(at_most={"flaky": 1}))
    assert ask(*facts, suite("a", attempt=3), by=bounded).verdict.answer is Answer.YES


def test_failures_that_were_left_out_of_the_fact_count_as_flakes_as_well() -> None:
    many = Evidence(
        origin=origin(attempt=1),
        evidence="unit",
        verdict=judge([no("unit: a failed", remedy="mend it")]),
        reports=(),
        counts=Counts(tests=9, passed=4, failed=5, errors=0, skipped=0),
        failures=(Failure(name="a"),),
        failures_left_out=4,
    )
    bounded = policy(wanting(at_most={"flaky": 4}))
    ruling = ask(fact(many), suite("a", attempt=2), by=bounded)
    assert against(ruling) == ["unit: flaky is 5, and must be at most 4"]


def test_another_run_is_no_attempt_of_this_one() -> None:
    late = suite("a", run="2", recorded_at="2026-11-23T11:30:00Z")
    bounded = policy(wanting(at_most={"flaky": 0}))
    assert ask(suite("a", failed=["a"]), late, by=bounded).verdict.answer is Answer.YES


# Approvals


def approved(*who: str, author: str = "ann") -> Fact:
    document = Evidence(
        origin=origin(),
        evidence="review",
        verdict=judge([structs.replace(no("review: approved", remedy=""), answer=Answer.YES)]),
        reports=(),
        said={"author": author},
        approvals=tuple(Approval(who=name, at="2026-11-23T10:00:00Z") for name in who),
    )
    return fact(document)


def review(**asked: object) -> Requirement:
    return Requirement(evidence="review", approvals=Approvals(**asked))  # type: ignore[arg-type]


def test_enough_people_stand_for_the_change() -> None:
    ruling = ask(approved("bob", "cem"), by=policy(review(count=2)))
    assert ruling.verdict.answer is Answer.YES
    assert ("yes", "review: bob, cem stand for the change") in told(ruling)


def test_the_author_does_not_count_and_nobody_counts_twice() -> None:
    ruling = ask(approved("bob", "ann", "bob"), by=policy(review(count=2)))
    assert against(ruling) == ["review: 1 of 2 people stand for the change (bob, ann)"]


def test_a_name_in_other_letters_is_the_same_person() -> None:
    ruling = ask(approved("Bob", "bob", "ANN"), by=policy(review(count=2)))
    assert against(ruling) == ["review: 1 of 2 people stand for the change (Bob, ANN)"]
    assert ask(approved("Cem"), by=policy(review(by=("cem",)))).verdict.answer is Answer.YES


def test_of_two_changes_together_neither_author_counts() -> None:
    for author in ("ann, bob", "ann\nbob"):
        ruling = ask(approved("ann", "bob", author=author), by=policy(review()))
        assert ruling.verdict.answer is Answer.NO
    assert ask(approved("cem", author="ann, bob"), by=policy(review())).verdict.answer is Answer.YES


@pytest.mark.parametrize("who", ["", "  "])
def test_nobody_has_no_name(who: str) -> None:
    assert ask(approved(who), by=policy(review())).verdict.answer is Answer.CANNOT_TELL


def test_only_those_count_whom_the_policy_names() -> None:
    ruling = ask(approved("bob"), by=policy(review(by=("cem",))))
    assert ruling.verdict.answer is Answer.NO
    assert ask(approved("cem"), by=policy(review(by=("cem",)))).verdict.answer is Answer.YES


def test_a_review_that_names_nobody_cannot_tell() -> None:
    assert ask(approved(), by=policy(review())).verdict.answer is Answer.CANNOT_TELL


def test_a_release_before_that_is_another_images_is_no_evidence_for_this_one() -> None:
    past = before(suite("a", subject=OTHER_SUBJECT))
    assert ask(past=past).verdict.answer is Answer.CANNOT_TELL


# What a statement says of itself

BUILT = Evidence(
    origin=origin(),
    evidence="provenance",
    verdict=judge([structs.replace(no("provenance: built", remedy=""), answer=Answer.YES)]),
    reports=(),
    said={"builder": "https://github.com/acme/orders/build.yml@main"},
)


def provenance(**says: str) -> Requirement:
    return Requirement(evidence="provenance", says=says)


@pytest.mark.parametrize(
    "other", ["https://evil.example/x/build.yml@main", "", "…", "https://github.com/acme/a"]
)
def test_where_statements_differ_each_must_say_what_is_asked(other: str) -> None:
    first = BUILT.said["builder"]
    both = structs.replace(BUILT, said={"builder": f"{first}\n{other}"})
    asks = policy(provenance(builder="https://github.com/acme/*/build.yml@main"))
    assert against(ask(fact(both), by=asks)) == [
        f"provenance: builder is {other}, and must be https://github.com/acme/*/build.yml@main"
    ]
    wide = policy(provenance(builder="https://github.com/acme/*"))
    assert ask(fact(both), by=wide).verdict.is_yes is other.startswith("https://github.com/acme/")


@pytest.mark.parametrize(
    ("pattern", "answer"),
    [
        ("https://github.com/acme/*/build.yml@main", Answer.YES),
        ("https://github.com/acme/orders/build.yml@main", Answer.YES),
        ("https://github.com/acme/*", Answer.YES),
        ("https://github.com/evil/*", Answer.NO),
        ("github.com/acme", Answer.NO),
        ("https://github.com/acme/orders/build.yml@mai", Answer.NO),
    ],
)
def test_a_statement_must_say_of_itself_what_the_policy_wants(pattern: str, answer: Answer) -> None:
    by = policy(provenance(builder=pattern))
    assert ask(fact(BUILT), by=by).verdict.answer is answer


def test_a_statement_that_does_not_say_cannot_tell() -> None:
    ruling = ask(fact(BUILT), by=policy(provenance(levels="SLSA_BUILD_LEVEL_3")))
    assert ruling.verdict.answer is Answer.CANNOT_TELL
    assert ruling.verdict.reasons[-1].remedy.startswith("it says: builder; ")


@pytest.mark.parametrize(
    ("signers", "answer"),
    [
        (("gate",), Answer.CANNOT_TELL),
        (("lead",), Answer.CANNOT_TELL),
        (("eve",), Answer.CANNOT_TELL),
        (("gate", "lead"), Answer.YES),
    ],
)
def test_what_an_image_is_built_from_is_signed_as_the_policy_and_the_requirement_ask(
    signers: tuple[str, ...], answer: Answer
) -> None:
    asks = Requirement(evidence="identity", signed_by=("lead",))
    by = policy(asks, Requirement(evidence="unit"), signed_by=("gate",))
    named = structs.replace(fact(identity()), signers=signers)
    tested = structs.replace(fact(evidence(), SOURCE), signers=("gate",))
    found = ask(named, tested, by=by).requirements
    assert [one.answer for one in found] == [answer, answer]
