"""The words of JUnit XML's dialects: elements, states, names, durations."""

from cdkit.core.documents.ran import LONGEST_NAME
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
    """Return how a test ended that this element skips: `todo` where it may even fail (Node)."""
    return "todo" if element.get("type") == "todo" else "skipped"


class Suite:
    """A suite that is open: what it claims, and what had been seen before it.

    `unclear` are the claims of failures that are no numbers; `says_idle` that none of its tests
    ran.
    """

    __slots__ = (
        *("bad_before", "claims_bad", "claims_tests", "idle_before", "line", "name"),
        *("says_idle", "unclear"),
    )

    def __init__(
        self, attributes: dict[str, str], *, bad_before: int, idle_before: int, line: int
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
        self.line = line


def name_of(case: dict[str, str]) -> str:
    """Return the name of a test case, with its class or file before it."""
    name, group = case.get("name"), case.get("classname")
    whole = f"{group}.{name}" if group and name else name or group or "(a test without a name)"
    return whole if len(whole) <= LONGEST_NAME else whole[:LONGEST_NAME]
