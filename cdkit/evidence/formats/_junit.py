"""The words of JUnit XML's dialects: elements, states, names, durations."""

from collections import Counter

from cdkit.core.documents.ran import LONGEST_NAME
from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell, no
from cdkit.evidence.reading import LONGEST_MESSAGE
from cdkit.evidence.tally import whole

SUITES = frozenset({"testsuite", "testsuites", "testrun"})
FAILED = frozenset({"failure", "rerunFailure"})
ERRORED = frozenset({"error", "rerunError"})
FLAKY = frozenset({"flakyFailure", "flakyError"})
SKIPPED = frozenset({"skipped", "ignored", "disabled", "warning"})
"""PHPUnit writes `warning` where a test could not do its work: it proves nothing."""

TELLING = FAILED | ERRORED | FLAKY | SKIPPED | {"testcase"}
"""What says something of the test case that it stands in."""

RAN = frozenset(
    {"run", "passed", "pass", "success", "successful", "succeeded", "ok", "complete", "completed"}
)
DID_NOT_RUN = frozenset(
    {"notrun", "skipped", "skip", "ignored", "disabled", "suppressed", "pending", "todo"}
)
DID_NOT_PASS = frozenset({"failed", "failure", "fail", "error", "errored", "broken", "timeout"})


_CATCH2_MAY_FAIL = "TEST_CASE tagged with !mayfail"
_ALIKE = frozenset(name.lower() for name in TELLING)
_BAD = ("failures", "errors")
_RUN = ("time", "status", "result", "timestamp", "assertions", "classname")
_IDLE = ("skipped", "disabled", "ignored")


def nearly(name: str) -> bool:
    """Whether an element is one that tells, but for its prefix or its case: no tool writes it."""
    return name.rpartition(":")[2].lower() in _ALIKE


def tells_of_a_run(case: dict[str, str]) -> bool:
    """Whether a test case may have run: googletest lists tests by their place and nothing else."""
    return "line" not in case or not case.keys().isdisjoint(_RUN)


def could_not_run(name: str, element: dict[str, str], case: dict[str, str]) -> bool:
    """Whether CTest says `skipped` of a test that it wanted to run: its program was not there.

    The message of one that skipped itself begins so: `SKIP_RETURN_CODE=77`.
    """
    return (
        name == "skipped"
        and case.get("status") == "notrun"
        and case.get("classname") == case.get("name")
        and not element.get("message", "").startswith("SKIP_")
    )


def skip_of(element: dict[str, str]) -> str:
    """Return how a test ended that this element skips: `todo` where it may even fail.

    Node says so by the type, Catch2 by the message, for `[!mayfail]` and for `[!shouldfail]`; one
    that should fail and does not Catch2 counts as a failure of the suite.
    """
    may_fail = element.get("type") == "todo" or element.get("message") == _CATCH2_MAY_FAIL
    return "todo" if may_fail else "skipped"


def unknown_state(case: dict[str, str], words: set[str], where: Location) -> Reason | None:
    """Return why a test that has no element for its end, but a state, may not have passed."""
    if not words - RAN:
        return None
    return cannot_tell(
        f"the test {name_of(case)} has the status {' '.join(sorted(words))[:80]!r},"
        " which is not known to mean that it passed",
        where=where,
        remedy="let the tool write failure, error or skipped elements",
    )


def broken_off(where: Location) -> Reason:
    """Return why a test that nobody named did not pass: pytest was interrupted in the midst of it.

    pytest writes a test's name when it knows how the test ended.
    """
    return cannot_tell(
        "holds a test without a name: the run was broken off in it",
        where=where,
        remedy="run the tests to their end, and record the report that is written then",
    )


def none_ran(claim: str, where: Location) -> Reason:
    """Return why a report proves nothing that claims to hold no test and holds some."""
    return cannot_tell(
        f"{claim}: none of them may have run",
        where=where,
        remedy="let the suite run at least one test, and record its report",
    )


def broke_outside(claim: str, where: Location) -> Reason:
    """Return what a suite says that claims a failure which none of its tests shows."""
    return no(
        f"{claim} none: it broke before or outside of its tests",
        where=where,
        remedy="look at the suite's output, mend it, and run the tests again",
    )


def failed_outside(suite: str, element: dict[str, str], where: Location) -> Reason:
    """Return what a failure says that stands in a suite and in none of its tests."""
    told = element.get("message", "").strip() or element.get("type", "")
    return no(
        f"the suite {suite!r} failed outside of its tests"
        + (f": {told[:LONGEST_MESSAGE]}" if told else ""),
        where=where,
        remedy="mend what the suite sets up or tears down, and run the tests again",
    )


def attempts(again: Counter[str], failed: Counter[str], *, more: int) -> dict[str, int]:
    """Return the tests of which each attempt stands there, with the attempts before the last.

    pytest-rerunfailures and flaky write every attempt, a failed one as they write a pass, and
    count the test once. `again` is how often names came again, `failed` how often they failed,
    `more` how many test cases there are beyond those that the report counts.
    """
    if more != again.total():
        return {}
    return {name: times + 1 - max(1, failed[name]) for name, times in again.items()}


class Suite:
    """A suite that is open: what it claims, and what had been seen before it.

    `unclear` are the claims of failures that are no numbers; `says_idle` that none of its tests
    ran.
    """

    __slots__ = (
        *("bad_before", "claims_bad", "claims_tests", "idle_before", "line", "name"),
        *("retried_before", "says_idle", "unclear"),
    )

    def __init__(
        self,
        attributes: dict[str, str],
        *,
        bad_before: int,
        idle_before: int,
        retried_before: int,
        line: int,
    ) -> None:
        self.name = attributes.get("name", "")[:LONGEST_NAME]
        self.claims_tests = whole(attributes.get("tests"))
        self.claims_bad = sum(whole(attributes.get(name)) or 0 for name in _BAD)
        self.unclear = [
            f"{attributes[name][:20]!r} {name}"
            for name in _BAD
            if attributes.get(name, "").strip() and whole(attributes[name]) is None
        ]
        idle = sum(whole(attributes.get(name)) or 0 for name in _IDLE)
        self.says_idle = 0 < (self.claims_tests or 0) <= idle
        self.bad_before = bad_before
        self.idle_before = idle_before
        self.retried_before = retried_before
        self.line = line


def name_of(case: dict[str, str]) -> str:
    """Return the name of a test case, with its class or file before it."""
    name, group = case.get("name"), case.get("classname")
    whole = f"{group}.{name}" if group and name else name or group or "(a test without a name)"
    return whole if len(whole) <= LONGEST_NAME else whole[:LONGEST_NAME]
