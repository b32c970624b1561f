"""xUnit.net XML: `assemblies`, `assembly`, `collection` (in v1 `class`), `test` with its result.

Source: xunit.net, "Format: XML v2+". `errors` of an assembly are what broke outside of tests: a
fixture's clean-up, a crash of the runner; v1 writes a `failure` of the class. `NotRun` is a test
that the caller left out.
"""

from cdkit.core.documents.xml import root_of
from cdkit.core.readable import Readable
from cdkit.evidence.elements import read_elements
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.reading import Reading
from cdkit.evidence.tally import Outcome, Tally, duration, whole

_OUTCOMES: dict[str, Outcome] = {
    "pass": "passed",
    "fail": "failed",
    "skip": "skipped",
    "notrun": "skipped",
}
_ROOTS = frozenset({"assemblies", "assembly"})


class _Reader:
    def __init__(self, where: str) -> None:
        self.tally = Tally(where)
        self.test: dict[str, str] | None = None
        self.error: dict[str, str] | None = None
        self.loose = False
        self.message = self.of_class = ""
        self.line = self.claims = self.claims_errors = self.errors = 0
        self.claims_bad = self.claims_lost = 0
        self.failing = False

    def begin(self, name: str, attributes: dict[str, str], line: int) -> None:
        if name == "assembly":
            self.claims += whole(attributes.get("total")) or 0
            self.claims_bad += whole(attributes.get("failed")) or 0
            self.claims_errors += whole(attributes.get("errors")) or 0
        elif name == "collection":
            self.claims_lost += whole(attributes.get("failed")) or 0
        elif name == "test":
            self.failing = False
            self.test, self.message, self.line = attributes, "", line
        elif name == "class":
            self.of_class = attributes.get("name", "")
        elif name == "error" and self.test is None:
            self.error, self.message = attributes, ""
        elif name == "failure" and self.test is None and self.error is None:
            self.loose, self.message = True, ""
        elif name == "failure":
            self.failing = True

    def end(self, name: str, text: str, line: int) -> None:
        if name == "message":
            self.message = text
        elif name == "error" and self.error is not None:
            what = f"{self.error.get('type', 'the runner')} {self.error.get('name', '')}".strip()
            told = f": {self.message}" if self.message else ""
            self.tally.broke(f"{what} failed outside of its tests{told}", line=line)
            self.error, self.errors = None, self.errors + 1
        elif name == "failure" and self.loose:
            self.loose = False
            what = f"the class {self.of_class} failed outside of its tests: {self.message}"
            self.tally.broke(what, line=line)
        elif name == "test" and self.test is not None:
            self.close_test(self.test)
            self.test = None
        elif name in _ROOTS:
            self.close_run(line)

    def close_test(self, test: dict[str, str]) -> None:
        name, result = test.get("name", ""), test.get("result", "")
        outcome = _OUTCOMES.get(result.lower())
        if outcome is None:
            self.tally.doubt(f"the test {name} has the unknown result {result[:80]!r}")
            outcome = "skipped"
        elif self.failing:
            outcome = "failed"
        seconds = duration(test.get("time", ""))
        self.tally.add(outcome, name, message=self.message, line=self.line, seconds=seconds)

    def close_run(self, line: int) -> None:
        """Hold the claims of all assemblies against what was listed, once."""
        claims_bad = max(self.claims_bad, self.claims_lost)
        if self.claims_errors > self.errors or claims_bad > self.tally.bad:
            self.tally.broke("claims more failures than it lists", line=line)
        if self.claims:
            self.tally.claimed(self.claims, line=line)
        self.claims = self.claims_errors = self.claims_bad = self.claims_lost = 0


def _recognises(head: bytes) -> bool:
    found = root_of(head)
    if found is None or found[0] not in _ROOTS:
        return False
    return found[0] == "assemblies" or "test-framework" in found[1]


def _read(stream: Readable, where: str) -> Reading:
    reader = _Reader(where)
    is_many = False

    def begin(name: str, attributes: dict[str, str], line: int) -> None:
        nonlocal is_many
        is_many = is_many or name == "assemblies"
        reader.begin(name, attributes, line)

    def end(name: str, text: str, line: int) -> None:
        if name != "assembly" or not is_many:
            reader.end(name, text, line)

    read_elements(stream, where, begin, end, texts={"message"})
    return reader.tally.reading()


FORMAT = Format(
    name="xunit",
    title="xUnit.net v2 XML",
    proves="tests",
    written_by="`dotnet test --logger xunit` · `dotnet xunit -xml F`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="xunit/xunit-console-2.9.xml", real=False, tool="xUnit.net 2.9"),
        Sample(path="xunit/xunit-console-good-2.9.xml", real=False, tool="xUnit.net 2.9, good"),
    ),
)
