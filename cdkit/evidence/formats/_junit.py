"""The words of JUnit XML's dialects: elements, states, names, durations."""

from cdkit.core.documents.ran import LONGEST_NAME

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


def name_of(case: dict[str, str]) -> str:
    """Return the name of a test case, with its class or file before it."""
    name, group = case.get("name"), case.get("classname")
    whole = f"{group}.{name}" if group and name else name or group or "(a test without a name)"
    return whole if len(whole) <= LONGEST_NAME else whole[:LONGEST_NAME]
