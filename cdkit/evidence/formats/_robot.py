"""What a run of Robot Framework says, whichever of its two outputs tells of it.

Source: robotframework.org, User Guide, "Output files"; robot.result of 3.2 to 7.5.

The outputs are written while it runs, so a suite whose teardown fails comes after tests that say
PASS, and fails them all the same. A dry run says PASS of every test, and NOT RUN of the keywords of
libraries in it; a few keywords run even then. `rebot --merge` keeps the last result of a test that
was run again, and tells of the one before in its message.
"""

import re

from cdkit.evidence.tally import Outcome, Overturned, Tally, duration

PASS, FAIL, SKIP, NOT_RUN = "PASS", "FAIL", "SKIP", "NOT RUN"
_GENERATOR = re.compile(r"(?:Robot|Rebot) \d")
_OUTCOMES: dict[str, Outcome] = {PASS: "passed", FAIL: "failed", SKIP: "skipped"}
_EVEN_DRY = frozenset(
    {"import library", "import resource", "remove tags", "set library search order", "set tags"}
)
_MERGED = "has been re-executed and results merged.</span>"
_NO_FAILURE = re.compile(r'Old status:</span> <span class="(?:pass|skip)"')
_LESS = ("robot-note", "data removed using", "content flattened")
_NOT_LOADED = ("Error in file", "Parsing ", "Ignoring second test suite init file")


def is_robots(generator: str) -> bool:
    """Whether this is how Robot Framework names itself as what wrote an output."""
    return _GENERATOR.match(generator) is not None


def status_of(told: str) -> str:
    """Return a status as it is written since 4.0."""
    return told.upper().replace("_", " ")


class Steps:
    """The keywords of a test: whether one is known to have run, or not to have."""

    def __init__(self) -> None:
        self.ran = False
        self.idle = False

    def leaf(self, name: str, status: str, told: str) -> None:
        """Take a keyword that holds no other; `told` are its message and documentation."""
        if any(sign in told.lower() for sign in _LESS):
            return
        if status == NOT_RUN:
            self.idle = True
        elif status in _OUTCOMES and "keyword" not in name.lower():
            self.ran = self.ran or name.lower() not in _EVEN_DRY


class _Suite:
    def __init__(self, name: str, bad: int) -> None:
        self.name = name
        self.bad = bad
        self.passed = Overturned()


class Run:
    """A run as it is told: suites that open and close, and tests in them."""

    def __init__(self, where: str, generator: str, *, tasks: bool) -> None:
        self.tally = Tally(where)
        self._suites: list[_Suite] = []
        self._ran = False
        self._idle = self._unclear = 0
        self._broke = False
        if not is_robots(generator):
            self.tally.doubt(f"was written by {generator[:80]!r}, which is not Robot Framework")
        if tasks:
            self.tally.note("these are tasks, not tests: each was counted as a test")

    def open_suite(self, name: str) -> None:
        """Go into a suite."""
        self._suites.append(_Suite(name, self.tally.bad))

    def test(
        self, name: str, status: str, steps: Steps, *, message: str, line: int, seconds: float
    ) -> None:
        """Count a test that ended."""
        full = ".".join([*(suite.name for suite in self._suites), name])
        outcome = _OUTCOMES.get(status)
        if outcome is None:
            self.tally.doubt(f"the test {full} has the unknown status {status[:80]!r}", line=line)
            outcome = "skipped"
        elif outcome == "passed":
            outcome = self._passed(steps, message)
        self.tally.add(outcome, full, message=message, line=line, seconds=seconds)
        if outcome in {"passed", "flaky"} and self._suites:
            self._suites[-1].passed.add(full, line, is_flaky=outcome == "flaky")

    def _passed(self, steps: Steps, message: str) -> Outcome:
        if steps.ran:
            self._ran = True
        elif steps.idle:
            self._idle += 1
            return "skipped"
        else:
            self._unclear += 1
        return "flaky" if _MERGED in message and not _NO_FAILURE.search(message) else "passed"

    def close_suite(self, status: str, teardown: str, message: str, line: int) -> None:
        """Leave a suite; the status of its own teardown is empty where it has none."""
        suite = self._suites.pop()
        if teardown == FAIL:
            told = message or f"the teardown of the suite {suite.name} failed"
            self.tally.overturn(suite.passed, message=told)
            suite.passed = Overturned()
        elif teardown == SKIP and suite.passed.count:
            what = f"the teardown of the suite {suite.name} skipped {suite.passed.count} tests"
            self.tally.doubt(f"{what} that had passed", line=line)
        elif teardown not in {"", PASS, SKIP, NOT_RUN}:
            what = f"the teardown of the suite {suite.name} has the unknown status"
            self.tally.doubt(f"{what} {teardown[:80]!r}", line=line)
        if status == FAIL and self.tally.bad == suite.bad:
            told = f": {message}" if message else ""
            self._broke = True
            self.tally.broke(f"the suite {suite.name} failed outside of its tests{told}", line=line)
        elif status not in _OUTCOMES:
            self.tally.doubt(
                f"the suite {suite.name} has the unknown status {status[:80]!r}", line=line
            )
        if self._suites:
            self._suites[-1].passed.join(suite.passed)

    def error(self, level: str, message: str, line: int) -> None:
        """Take what stands under `errors`: a file that was not loaded as it is written."""
        if level.upper() not in {"ERROR", FAIL}:
            return
        first = message.partition("\n")[0][:300]
        if message.startswith(_NOT_LOADED):
            remedy = "mend that file, and run the tests again with `robot --exitonerror`"
            self.tally.doubt(f"not all of it was loaded: {first}", line=line, remedy=remedy)
        else:
            self.tally.note(f"an error was logged: {first}")

    def close(self, passed: int | None, failed: int | None, skipped: int | None, line: int) -> None:
        """Hold the run's own numbers against its tests; None stands for one that is not there."""
        if passed is None or failed is None:
            self.tally.doubt("holds no statistics, which are written at the end of a run")
        elif failed > self.tally.bad and not self._broke:
            self.tally.broke(f"claims {failed} failed tests and lists {self.tally.bad}", line=line)
        else:
            self.tally.claimed(passed + failed + (skipped or 0), line=line)
        if not self._ran and (self._idle or self._unclear):
            self.tally.doubt(
                "says of no test that one keyword in it ran, as a dry run does",
                line=line,
                remedy="run the tests without `--dryrun`, and record the output as `robot` wrote "
                "it, before any keywords are removed or flattened",
            )


def elapsed(told: str, start: str = "", end: str = "") -> float:
    """Return seconds, told as such since 7.0, and by two points in time before."""
    return duration(told) if told else max(0.0, _moment(end) - _moment(start))


def _moment(told: str) -> float:
    """Return seconds since some day, of `20261128 01:37:45.421`; 0 of what is no time."""
    day, _, clock = told.partition(" ")
    parts = clock.split(":")
    if len(parts) != 3 or not day.isdigit() or len(day) != 8:
        return 0.0
    hours, minutes, seconds = map(duration, parts)
    return int(day) % 100 * 86400 + hours * 3600 + minutes * 60 + seconds
