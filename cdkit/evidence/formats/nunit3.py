"""NUnit 3 XML: `test-run`, nested `test-suite` elements, `test-case` with its result.

Source: docs.nunit.org, "Test Result XML Format". A suite that failed by itself says so by `site`:
`SetUp`, `TearDown`, or `Test` where it could not be run at all; `Child` and `Parent` only repeat
what a test case or another suite tells. `Inconclusive` is a test that could not do its work.
"""

from cdkit.core.documents.xml import root_of
from cdkit.core.readable import Readable
from cdkit.evidence.elements import read_elements
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.reading import Reading
from cdkit.evidence.tally import Outcome, Tally, duration, whole

_OUTCOMES: dict[str, Outcome] = {
    "passed": "passed",
    "warning": "passed",
    "failed": "failed",
    "skipped": "skipped",
    "inconclusive": "skipped",
}
_BROKEN_LABELS = frozenset({"error", "invalid", "cancelled"})
_REPEATED = frozenset({"child", "parent"})


class _Reader:
    def __init__(self, where: str) -> None:
        self.tally = Tally(where)
        self.root: dict[str, str] = {}
        self.case: dict[str, str] | None = None
        self.suites: list[tuple[dict[str, str], int]] = []
        self.bad_before: list[int] = []
        self.bad = 0
        self.failing = False
        self.message = ""
        self.line = 0
        self.broken = False

    def begin(self, name: str, attributes: dict[str, str], line: int) -> None:
        if name == "test-run":
            self.root = attributes
        elif name == "test-case":
            self.case, self.message, self.line = attributes, "", line
            self.failing = False
        elif name == "failure":
            self.failing = True
        elif name == "test-suite":
            self.suites.append((attributes, line))
            self.bad_before.append(self.bad)
            self.message = ""

    def end(self, name: str, text: str, line: int) -> None:
        if name == "message":
            self.message = text
            if self.case is None:
                self.suites[-1:] = [({**s, "message": text}, at) for s, at in self.suites[-1:]]
        elif name == "test-case" and self.case is not None:
            self.close_case(self.case)
            self.case = None
        elif name == "test-suite":
            self.close_suite(*self.suites.pop(), is_told=self.bad > self.bad_before.pop())
        elif name == "test-run":
            self.close_run(line)

    def close_case(self, case: dict[str, str]) -> None:
        name = case.get("fullname") or case.get("name", "")
        outcome = _OUTCOMES.get(case.get("result", "").lower())
        if outcome is None:
            told = case.get("result", "")[:80]
            self.tally.doubt(f"the test {name} has the unknown result {told!r}", line=self.line)
            outcome = "skipped"
        elif outcome == "passed" and self.failing:
            outcome = "failed"
        if outcome == "failed" and case.get("label", "").lower() in _BROKEN_LABELS:
            outcome = "error"
        seconds = duration(case.get("duration", ""))
        self.bad += outcome in {"failed", "error"}
        self.tally.add(outcome, name, message=self.message, line=self.line, seconds=seconds)

    def close_suite(self, suite: dict[str, str], line: int, *, is_told: bool) -> None:
        """Tell of a suite that failed, where nothing in it did, or by itself beside that."""
        if suite.get("result", "").lower() != "failed":
            return
        site = suite.get("site", "").lower()
        broken = suite.get("label", "").lower() in _BROKEN_LABELS
        if is_told and (site in _REPEATED or (not site and not broken)):
            return
        self.broken = True
        self.bad += 1
        name = suite.get("fullname") or suite.get("name", "")
        told = suite.get("message", "")
        self.tally.broke(
            f"the suite {name} failed outside of its tests" + (f": {told}" if told else ""),
            line=line,
        )

    def close_run(self, line: int) -> None:
        failed = self.root.get("result", "").lower() == "failed"
        if failed and not self.tally.bad and not self.broken:
            self.tally.broke("the run failed, and no test in it did", line=line)
        elif (claimed := whole(self.root.get("failed")) or 0) > self.tally.bad and not self.broken:
            claim = f"claims {claimed} failed tests and lists {self.tally.bad}"
            self.tally.broke(claim, line=line)
        self.tally.claimed(whole(self.root.get("total")), line=line)


def _recognises(head: bytes) -> bool:
    found = root_of(head)
    return found is not None and found[0] == "test-run"


def _read(stream: Readable, where: str) -> Reading:
    reader = _Reader(where)
    read_elements(stream, where, reader.begin, reader.end, texts={"message"})
    return reader.tally.reading(seconds=duration(reader.root.get("duration", "")))


FORMAT = Format(
    name="nunit3",
    title="NUnit 3 XML",
    proves="tests",
    written_by="`dotnet test --logger nunit` · `nunit3-console --result=F`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="nunit3/nunit3-console-3.16.xml", real=False, tool="NUnit Console 3.16"),
        Sample(
            path="nunit3/nunit3-console-good-3.16.xml", real=False, tool="NUnit Console 3.16, good"
        ),
    ),
)
