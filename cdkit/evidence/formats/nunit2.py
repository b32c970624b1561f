"""NUnit 2 XML: `test-results`, nested `test-suite` elements, `test-case` with `executed`.

Source: docs.nunit.org, "XML Format" of NUnit 2.6. A suite whose set-up failed holds a `failure` of
its own, beside its `results`.
"""

from cdkit.core.documents.xml import root_of
from cdkit.core.readable import Readable
from cdkit.evidence.elements import read_elements
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.reading import Reading
from cdkit.evidence.tally import Outcome, Tally, duration, whole

_OUTCOMES: dict[str, Outcome] = {
    "success": "passed",
    "failure": "failed",
    "error": "error",
    "cancelled": "error",
    "notrunnable": "error",
    "ignored": "skipped",
    "skipped": "skipped",
    "inconclusive": "skipped",
}


class _Reader:
    def __init__(self, where: str) -> None:
        self.tally = Tally(where)
        self.root: dict[str, str] = {}
        self.case: dict[str, str] | None = None
        self.suites: list[str] = []
        self.failing: str | None = None
        self.message = ""
        self.line = 0
        self.sad = ""
        self.told = self.case_failed = False

    def begin(self, name: str, attributes: dict[str, str], line: int) -> None:
        if name == "test-results":
            self.root = attributes
        elif name == "test-case":
            self.case, self.message, self.line = attributes, "", line
            self.case_failed = False
        elif name == "test-suite":
            self.suites.append(attributes.get("name", ""))
            self.open_suite(attributes)
        elif name == "failure" and self.case is None:
            self.failing = ""
        elif name == "failure":
            self.case_failed = True

    def end(self, name: str, text: str, line: int) -> None:
        if name == "message":
            self.message = text
        elif name == "failure" and self.failing is not None:
            self.close_failure(line)
        elif name == "test-case" and self.case is not None:
            self.close_case(self.case)
            self.case = None
        elif name == "test-suite":
            self.suites.pop()
        elif name == "test-results":
            self.close_run(line)

    def open_suite(self, suite: dict[str, str]) -> None:
        """Note a suite that says that it failed; of one without tests only `success` is false."""
        result = suite.get("result", "").lower()
        failed = _OUTCOMES.get(result) in {"failed", "error"}
        if failed or (not result and suite.get("success", "").lower() == "false"):
            self.sad = self.sad or suite.get("name", "") or "(a suite without a name)"

    def close_failure(self, line: int) -> None:
        """Take the failure of a suite; one that only tells of its tests says so in English."""
        self.failing = None
        if self.message.lower() != "one or more child tests had errors":
            suite = self.suites[-1] if self.suites else ""
            told = f": {self.message}" if self.message else ""
            self.told = True
            self.tally.broke(f"the suite {suite} failed outside of its tests{told}", line=line)
        self.message = ""

    def close_case(self, case: dict[str, str]) -> None:
        name, result = case.get("name", ""), case.get("result", "").lower()
        outcome = _OUTCOMES.get(result)
        if outcome is None:
            outcome = self.outcome_without_result(case, result)
        elif outcome == "passed" and case.get("executed", "").lower() == "false":
            self.tally.doubt(f"the test {name} passed, and was not executed", line=self.line)
        elif outcome == "passed" and (
            self.case_failed or case.get("success", "").lower() == "false"
        ):
            outcome = "failed"
        seconds = duration(case.get("time", ""))
        self.tally.add(outcome, name, message=self.message, line=self.line, seconds=seconds)
        self.message = ""

    def outcome_without_result(self, case: dict[str, str], result: str) -> Outcome:
        """Read `executed` and `success`, which is all that NUnit before 2.5 wrote."""
        if not result and case.get("executed", "").lower() == "false":
            return "skipped"
        if not result and case.get("success", "").lower() in {"true", "false"}:
            return "passed" if case["success"].lower() == "true" else "failed"
        name = case.get("name", "")
        self.tally.doubt(f"the test {name} has the unknown result {result[:80]!r}", line=self.line)
        return "skipped"

    def close_run(self, line: int) -> None:
        names = ("errors", "failures", "invalid")
        claimed = sum(whole(self.root.get(name)) or 0 for name in names)
        if claimed and not self.tally.bad:
            self.tally.broke(f"claims {claimed} failed tests and lists none", line=line)
        elif self.sad and not self.tally.bad and not self.told:
            self.tally.broke(f"the suite {self.sad} failed, and none of its tests", line=line)
        if (total := whole(self.root.get("total"))) and total > self.tally.tests:
            self.tally.claimed(total, line=line)


def _recognises(head: bytes) -> bool:
    found = root_of(head)
    return found is not None and found[0] == "test-results"


def _read(stream: Readable, where: str) -> Reading:
    reader = _Reader(where)
    read_elements(stream, where, reader.begin, reader.end, texts={"message"})
    return reader.tally.reading()


FORMAT = Format(
    name="nunit2",
    title="NUnit 2 XML",
    proves="tests",
    written_by="`nunit-console /xml:F` · `nunit3-console --result=F;format=nunit2`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="nunit2/nunit-console-2.6.xml", real=False, tool="NUnit Console 2.6"),
        Sample(
            path="nunit2/nunit-console-good-2.6.xml", real=False, tool="NUnit Console 2.6, good"
        ),
    ),
)
