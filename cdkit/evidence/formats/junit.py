"""JUnit XML, in the dialects of pytest, surefire, jest, gradle, go-junit-report, phpunit, gtest.

There is no standard. What is common: `testcase` elements inside nested `testsuite` elements, and
in a test case `failure`, `error` or `skipped`. The attributes that count tests are often absent or
wrong, so the test cases themselves are counted. Dialects that matter here:

- surefire's reruns (maven.apache.org/surefire, "Rerun failing tests"): `flakyFailure` and
  `flakyError` stand in a test that passed in the end, and count in `failures` and `errors`;
  `rerunFailure` and `rerunError` beside the `failure` of one that never did;
- googletest marks tests that did not run by `status="notrun"` or `result="suppressed"` alone
  (google.github.io/googletest, "Generating an XML Report"), and lists tests by their place alone;
- CTest writes `skipped` for a test that it could not start, and fails (cmake.org, ctest(1));
- Node and Catch2 write a `skipped` before the failure of a test that may fail (`skip_of`);
- Eclipse and TestNG write `ignored` for `skipped`, Eclipse the root `testrun`;
- jest-junit counts only tests that ran or were skipped, and writes a `todo` without any mark. It is
  silent about a file that did not load unless it is told `reportTestSuiteErrors: true`; tell it.
- pytest writes no name of a test in which it was interrupted; what its plugins do about flaky
  tests, `attempts` says;
- a suite that claims more failures than its test cases show broke outside of them.
"""

from collections import Counter

from cdkit.core.documents.kinds import Counts, Failure
from cdkit.core.documents.ran import Gatherer
from cdkit.core.documents.xml import DEPTH, feed, parser_for, root_of
from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.core.readable import Readable
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.formats._junit import (
    DID_NOT_PASS,
    DID_NOT_RUN,
    ERRORED,
    FAILED,
    FLAKY,
    SKIPPED,
    SUITES,
    TELLING,
    Suite,
    attempts,
    broke_outside,
    broken_off,
    could_not_run,
    failed_outside,
    name_of,
    nearly,
    none_ran,
    skip_of,
    tells_of_a_run,
    unknown_state,
)
from cdkit.evidence.reading import (
    LONGEST_MESSAGE,
    MOST_FAILURES,
    MOST_REASONS,
    Reading,
)
from cdkit.evidence.tally import duration


class _Reader:
    """Counts while expat reads. The methods `start` and `end` run once for each element."""

    __slots__ = (
        "_accounted",
        "_add_name",
        "_case",
        "_case_depth",
        "_claimed_tests",
        "_depth",
        "_errors",
        "_failed",
        "_failures",
        "_flaky",
        "_flaky_names",
        "_line",
        "_message",
        "_name",
        "_notes",
        "_outcome",
        "_parser",
        "_ran",
        "_reasons",
        "_retried",
        "_seconds",
        "_skipped",
        "_suite_seconds",
        "_suites",
        "_tests",
        "_text",
        "_text_depth",
        "_told",
        "_where",
    )

    def __init__(self, where: str) -> None:
        self._where = where
        self._parser = parser_for(where)
        self._parser.StartElementHandler = self.start
        self._parser.EndElementHandler = self.end
        self._parser.buffer_text = True
        self._depth = self._case_depth = self._text_depth = 0
        self._tests = self._failed = self._errors = self._skipped = self._flaky = 0
        self._accounted, self._retried, self._told = 0, 0, False
        self._seconds = self._suite_seconds = 0.0
        self._case: dict[str, str] | None = None
        self._outcome = ""
        self._line = 0
        self._claimed_tests: int | None = None
        self._name = self._message = ""
        self._text: str | None = None
        self._suites: list[Suite] = []
        self._failures: list[Failure] = []
        self._flaky_names: list[str] = []
        self._ran = Gatherer()
        self._add_name = self._ran.add
        self._reasons: list[Reason] = []
        self._notes: list[str] = []

    def read(self, stream: Readable) -> Reading:
        feed(self._parser, stream, self._where)
        ran = self._ran.packed()
        self._count_attempts_once()
        self._compare()
        not_passed = self._failed + self._errors
        return Reading(
            counts=Counts(
                tests=self._tests,
                passed=self._tests - not_passed - self._skipped,
                failed=self._failed,
                errors=self._errors,
                skipped=self._skipped,
                flaky=self._flaky,
            ),
            duration=round(self._seconds or self._suite_seconds, 6),
            failures=tuple(self._failures),
            failures_left_out=not_passed - min(not_passed, len(self._failures)),
            flaky=tuple(self._flaky_names),
            ran=ran,
            line=self._line or 1,
            reasons=tuple(self._reasons),
            notes=tuple(self._notes),
        )

    def _count_attempts_once(self) -> None:
        more = self._tests - (self._claimed_tests or self._tests)
        failed = Counter(failure.name for failure in self._failures)
        before = attempts(self._ran.repeated, failed, more=more)
        flaky = sorted(name for name in before if not failed[name])
        self._tests -= sum(before.values())
        self._flaky += len(flaky)
        self._flaky_names += flaky[: MOST_FAILURES - len(self._flaky_names)]

    def _compare(self) -> None:
        """Hold what the report claims against the test cases; those are what counts."""
        if self._tests and not self._told:
            self._unclear("it lists tests alone, without a time or a state", self._line)
        if self._claimed_tests is None or self._claimed_tests == self._tests:
            return
        claim = f"claims {self._claimed_tests} tests and holds {self._tests} test cases"
        if self._claimed_tests or self._tests == self._skipped:
            self._note(f"{self._where}: {claim}: the test cases were counted")
        else:
            self._doubt(none_ran(claim, Location(path=self._where, line=self._line)))

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "testcase" and self._case is None:
            self._case = attributes
            self._case_depth = self._depth
            self._outcome = ""
            self._tests += 1
            if time := attributes.get("time"):
                self._seconds += duration(time)
            return
        self._depth += 1
        if self._depth > DEPTH:
            raise self._unreadable(f"is nested more than {DEPTH} elements deep")
        if self._case is not None:
            if name in TELLING:
                self._inside_case(name, attributes)
            elif nearly(name):
                self._unclear(f"the test {name_of(self._case)} holds <{name[:80]}>")
        elif name in SUITES:
            self._open_suite(attributes)
        elif (name in FAILED or name in ERRORED) and self._suites:
            self._suite_broke(attributes)

    def end(self, name: str) -> None:
        if name == "testcase":
            self._close_case()
            return
        if self._text is not None and self._depth == self._text_depth:
            self._keep_message()
        self._depth -= 1
        if name in SUITES and self._case is None:
            self._close_suite()

    def _inside_case(self, name: str, attributes: dict[str, str]) -> None:
        """Take what an element inside a test case says; the worst that is said counts."""
        if name == "testcase":
            raise self._unreadable("holds a test case inside a test case")
        if name in FAILED or name in ERRORED or could_not_run(name, attributes, self._case or {}):
            if self._outcome not in ("failed", "error", "todo"):
                self._outcome = "failed" if name in FAILED else "error"
                self._begin_failure(attributes)
        elif name in FLAKY:
            self._outcome = self._outcome or "flaky"
            self._retried += 1
        elif name in SKIPPED and self._depth == self._case_depth + 1:
            self._outcome = self._outcome or skip_of(attributes)

    def _begin_failure(self, attributes: dict[str, str]) -> None:
        if len(self._failures) >= MOST_FAILURES:
            return
        message = attributes.get("message", "").strip()
        self._fail(message or attributes.get("type", ""))
        if not message:
            self._text, self._text_depth = "", self._depth
            self._parser.CharacterDataHandler = self._take_text

    def _fail(self, message: str) -> None:
        self._failures.append(
            Failure(
                name=name_of(self._case or {}),
                message=message[:LONGEST_MESSAGE],
                where=str(self._here()),
            )
        )

    def _take_text(self, data: str) -> None:
        known = self._text or ""
        if len(known) < LONGEST_MESSAGE:
            self._text = (known + data).lstrip()[:LONGEST_MESSAGE]

    def _keep_message(self) -> None:
        """Put the text of a failure without a `message` into the failure that it belongs to."""
        self._parser.CharacterDataHandler = None
        text, self._text = (self._text or "").rstrip(), None
        if text:
            last = self._failures[-1]
            self._failures[-1] = Failure(name=last.name, message=text, where=last.where)

    def _close_case(self) -> None:
        case, outcome = self._case or {}, self._outcome.replace("todo", "skipped")
        self._case = None
        if not outcome and ("status" in case or "result" in case):
            outcome = self._said(case)
        if not outcome and "name" not in case and "classname" not in case:
            self._doubt(broken_off(self._here()))
        self._told = self._told or bool(outcome) or tells_of_a_run(case)
        if outcome != "skipped":
            self._add_name(name_of(case))
        if outcome:
            self._count(outcome, case)

    def _count(self, outcome: str, case: dict[str, str]) -> None:
        if outcome == "failed":
            self._failed += 1
        elif outcome == "error":
            self._errors += 1
        elif outcome == "skipped":
            self._skipped += 1
        else:
            self._flaky += 1
            if len(self._flaky_names) < MOST_FAILURES:
                self._flaky_names.append(name_of(case))

    def _said(self, case: dict[str, str]) -> str:
        """Return how a test ended that has no element for it, but an attribute."""
        words = {case.get(name, "").strip().lower() for name in ("status", "result")} - {""}
        if words & DID_NOT_PASS:
            if len(self._failures) < MOST_FAILURES:
                self._case = case
                self._fail(f"has the status {' '.join(sorted(words))}")
                self._case = None
            return "failed"
        if words & DID_NOT_RUN:
            return "skipped"
        if reason := unknown_state(case, words, self._here()):
            self._doubt(reason)
        return ""

    def _open_suite(self, attributes: dict[str, str]) -> None:
        suite = Suite(
            attributes,
            bad_before=self._bad(),
            idle_before=self._skipped,
            retried_before=self._retried,
            line=self._parser.CurrentLineNumber,
        )
        self._line = self._line or suite.line
        if all(outer.claims_tests is None for outer in self._suites):
            if suite.claims_tests is not None:
                self._claimed_tests = (self._claimed_tests or 0) + suite.claims_tests
            self._suite_seconds += duration(attributes.get("time", ""))
        self._suites.append(suite)

    def _close_suite(self) -> None:
        suite = self._suites.pop()
        for claim in suite.unclear:
            self._unclear(f"the suite {suite.name!r} claims {claim}", suite.line)
        if suite.says_idle and self._skipped == suite.idle_before:
            what = f"that none of its {suite.claims_tests} tests ran, and shows none that did not"
            self._unclear(f"the suite {suite.name!r} claims {what}", suite.line)
        held = self._bad() - suite.bad_before
        more = suite.claims_bad - held - (self._retried - suite.retried_before)
        if more <= 0:
            return
        self._accounted += more
        claim = f"the suite {suite.name!r} claims {suite.claims_bad} failed tests and holds"
        where = Location(path=self._where, line=suite.line)
        if held:
            self._note(f"{where}: {claim} {held}")
            return
        self._doubt(broke_outside(claim, where))

    def _suite_broke(self, attributes: dict[str, str]) -> None:
        self._accounted += 1
        self._doubt(failed_outside(self._suites[-1].name, attributes, self._here()))

    def _bad(self) -> int:
        return self._failed + self._errors + self._accounted

    def _unclear(self, what: str, line: int = 0) -> None:
        """Note what nobody can take for a pass."""
        self._doubt(
            cannot_tell(
                f"{what}, which is not known to mean that it passed",
                where=Location(path=self._where, line=line) if line else self._here(),
                remedy="give the report as the test tool wrote it; tell us if it did so",
            )
        )

    def _doubt(self, reason: Reason) -> None:
        if len(self._reasons) < MOST_REASONS:
            self._reasons.append(reason)

    def _note(self, text: str) -> None:
        if len(self._notes) < MOST_REASONS:
            self._notes.append(text)

    def _here(self) -> Location:
        return Location(path=self._where, line=self._parser.CurrentLineNumber)

    def _unreadable(self, what: str) -> Unreadable:
        return Unreadable(
            what, where=self._here(), remedy="give the report as the test tool wrote it"
        )


def _recognises(head: bytes) -> bool:
    found = root_of(head)
    return found is not None and found[0] in SUITES


def _read(stream: Readable, where: str) -> Reading:
    return _Reader(where).read(stream)


FORMAT = Format(
    name="junit",
    title="JUnit XML",
    proves="tests",
    written_by="pytest `--junitxml=F` · Maven Surefire, Gradle: by themselves · jest with"
    " jest-junit (`reportTestSuiteErrors: true`) · `node --test --test-reporter=junit` · PHPUnit"
    " `--log-junit F` · go-junit-report · googletest `--gtest_output=xml:F`"
    " · `ctest --output-junit F` · `prove --formatter TAP::Formatter::JUnit > F`"
    " · `gotestsum --junitfile F`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="junit/pytest.xml", real=True, tool="pytest 9.2.0"),
        Sample(path="junit/pytest-failing.xml", real=True, tool="pytest 9.2.0"),
        Sample(path="junit/node.xml", real=True, tool="Node.js 24.19 test runner"),
        Sample(path="junit/jest.xml", real=True, tool="jest 30 with jest-junit 16"),
        Sample(path="junit/surefire-rerun.xml", real=False, tool="Maven Surefire 3.2"),
        Sample(path="junit/gradle.xml", real=False, tool="Gradle 8"),
        Sample(path="junit/go-junit-report.xml", real=False, tool="go-junit-report 2.1"),
        Sample(path="junit/phpunit.xml", real=False, tool="PHPUnit 11"),
        Sample(path="junit/googletest.xml", real=False, tool="googletest 1.14"),
        Sample(path="junit/eclipse.xml", real=False, tool="Eclipse JUnit view"),
        Sample(path="junit/utf-16.xml", real=False, tool="any, in UTF-16"),
        Sample(path="junit/phpunit-9.6.xml", real=True, tool="PHPUnit 9.6"),
        Sample(
            path="junit/pytest-9.2-rerunfailures.xml", real=True, tool="pytest 9.2, rerunfailures"
        ),
        Sample(path="junit/ruff-0.17-clean.xml", real=True, tool="ruff 0.17, clean"),
        Sample(
            path="junit/unittest-xml-reporting-4.0.xml",
            real=True,
            tool="unittest-xml-reporting 4.0",
        ),
        Sample(path="junit/vitest-4.1.xml", real=True, tool="Vitest 4.1"),
        Sample(path="junit/surefire-2.22-flaky.xml", real=True, tool="Maven Surefire 2.22, flaky"),
        Sample(path="junit/catch2-2.13-may-fail.xml", real=True, tool="Catch2 2.13, may fail"),
    ),
)
