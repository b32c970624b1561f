"""TRX, Visual Studio's test results: `UnitTestResult` elements with an outcome.

Source: vstst.xsd, as Visual Studio installs it, and the trx logger of microsoft/vstest. Of a
data-driven test the inner results are counted, and not the one around them, which the tool's own
total may hold. `ResultSummary` tells
of a run that was aborted; `RunInfo` of what broke outside of the tests.
"""

from cdkit.core.documents.xml import root_of
from cdkit.core.readable import Readable
from cdkit.evidence.elements import read_elements
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.reading import Reading
from cdkit.evidence.tally import Outcome, Tally, clock_seconds, whole

_OUTCOMES: dict[str, Outcome] = {
    "passed": "passed",
    "warning": "passed",
    "failed": "failed",
    "error": "error",
    "timeout": "error",
    "aborted": "error",
    "disconnected": "error",
    "passedbutrunaborted": "error",
    "inprogress": "error",
    "notexecuted": "skipped",
    "notrunnable": "error",
    "inconclusive": "skipped",
    "pending": "skipped",
}
_BAD = (
    *("failed", "error", "timeout", "aborted", "disconnected", "passedButRunAborted"),
    *("notRunnable", "inProgress"),
)
_GOOD_RUNS = frozenset({"passed", "completed", "warning"})


class _Result:
    """A result that is open, and what the results inside it were."""

    def __init__(self, attributes: dict[str, str], line: int, bad_before: int) -> None:
        self.attributes = attributes
        self.line = line
        self.bad_before = bad_before
        self.inner = 0
        self.message = ""


class _Reader:
    def __init__(self, where: str) -> None:
        self.tally = Tally(where)
        self.results: list[_Result] = []
        self.summary = self.text = ""
        self.claims: int | None = None
        self.claims_bad = 0
        self.claims_none = self.info = self.is_error = False
        self.broken = self.around = 0

    def begin(self, name: str, attributes: dict[str, str], line: int) -> None:
        if _is_result(name):
            if self.results:
                self.results[-1].inner += 1
            self.results.append(_Result(attributes, line, self.tally.bad))
        elif name == "ErrorInfo":
            self.is_error = True
        elif name == "ResultSummary":
            self.summary = attributes.get("outcome", "").lower()
        elif name == "Counters":
            self.claims = whole(attributes.get("total"))
            self.claims_none = whole(attributes.get("executed")) == 0
            self.claims_bad = sum(whole(attributes.get(name)) or 0 for name in _BAD)
        elif name == "RunInfo":
            self.info, self.text = attributes.get("outcome", "").lower() == "error", ""

    def end(self, name: str, text: str, line: int) -> None:
        if name == "ErrorInfo":
            self.is_error = False
        elif name == "Message" and self.results and self.is_error:
            self.results[-1].message = self.results[-1].message or text
        elif _is_result(name):
            self.close_result(self.results.pop())
        elif name == "Text":
            self.text = text
        elif name == "RunInfo" and self.info:
            self.broken += 1
            self.tally.broke(f"the run reports an error: {self.text}", line=line)
            self.info = False
        elif name == "TestRun":
            self.close_run(line)

    def close_result(self, result: _Result) -> None:
        name, told = result.attributes.get("testName", ""), result.attributes.get("outcome", "")
        outcome = _OUTCOMES.get(told.lower())
        if outcome is None:
            what = f"the test {name} has the unknown outcome {told[:80]!r}"
            self.tally.doubt(what, line=result.line)
            outcome = "skipped"
        if told.lower() == "passed" and result.message:
            what = f"the test {name} passed, and tells of an error: {result.message}"
            self.tally.doubt(what, line=result.line)
        is_told_inside = outcome not in {"failed", "error"} or self.tally.bad > result.bad_before
        if result.inner and is_told_inside:
            self.around += 1
            return
        seconds = clock_seconds(result.attributes.get("duration", ""))
        self.tally.add(outcome, name, message=result.message, line=result.line, seconds=seconds)

    def close_run(self, line: int) -> None:
        if not self.summary:
            self.tally.doubt("has no ResultSummary: the run may not have ended", line=line)
        elif self.summary not in _GOOD_RUNS and not self.tally.bad and not self.broken:
            self.tally.broke(f"the run ended as {self.summary!r}, and no test failed", line=line)
        elif self.claims_bad > self.tally.bad:
            claim = f"claims {self.claims_bad} failed tests and lists {self.tally.bad}"
            self.tally.broke(claim, line=line)
        if self.claims_none and self.tally.tests > self.tally.skipped:
            self.tally.doubt("claims that no test was executed", line=line)
        if self.claims is not None and self.claims > self.tally.tests + self.around:
            self.tally.claimed(self.claims, line=line)


def _is_result(name: str) -> bool:
    """Whether an element is a result: of a unit test, or a generic, manual, web or load test."""
    return name.endswith("TestResult") or name == "TestResultAggregation"


def _recognises(head: bytes) -> bool:
    found = root_of(head)
    return found is not None and found[0].rpartition(":")[2] == "TestRun"


def _read(stream: Readable, where: str) -> Reading:
    reader = _Reader(where)
    read_elements(stream, where, reader.begin, reader.end, texts={"Message", "Text"})
    return reader.tally.reading()


FORMAT = Format(
    name="trx",
    title="TRX (Visual Studio)",
    proves="tests",
    written_by="`dotnet test --logger trx` · `vstest.console /logger:trx`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="trx/vstest-17.trx", real=False, tool="vstest 17"),
        Sample(path="trx/vstest-good-17.trx", real=False, tool="vstest 17, good"),
    ),
)
