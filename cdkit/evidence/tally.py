"""Counts the tests of a report as a reader comes upon them."""

import math
from typing import Literal

from cdkit.core.documents.kinds import Counts, Failure
from cdkit.core.documents.ran import LONGEST_NAME, Gatherer
from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell, no
from cdkit.evidence.reading import (
    LONGEST_MESSAGE,
    MOST_FAILURES,
    MOST_REASONS,
    Reading,
)

Outcome = Literal["passed", "failed", "error", "skipped", "flaky"]
"""How a test ended. `flaky` passed after a failure; `error` broke before it could fail."""


class Overturned:
    """Tests that passed, which what ends after them may still fail; it names a thousand."""

    __slots__ = ("count", "flaky", "named")

    def __init__(self) -> None:
        self.count = 0
        self.flaky: list[str] = []
        self.named: list[tuple[str, int]] = []

    def add(self, name: str, line: int, *, is_flaky: bool) -> None:
        """Take a test that passed."""
        self.count += 1
        if is_flaky:
            self.flaky.append(name)
        if len(self.named) < MOST_FAILURES:
            self.named.append((name, line))

    def join(self, other: "Overturned") -> None:
        """Take the tests of another too."""
        self.count += other.count
        self.flaky += other.flaky
        self.named += other.named[: MOST_FAILURES - len(self.named)]


class Tally:
    """Tests by how they ended, with the names of those that ran."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._of: dict[Outcome, int] = dict.fromkeys(
            ("passed", "failed", "error", "skipped", "flaky"), 0
        )
        self._failures: list[Failure] = []
        self._flaky: list[str] = []
        self._names = Gatherer()
        self._reasons: list[Reason] = []
        self._notes: list[str] = []
        self._seconds = 0.0

    @property
    def tests(self) -> int:
        """How many tests were counted so far."""
        return sum(self._of.values())

    @property
    def bad(self) -> int:
        """How many tests failed or broke so far."""
        return self._of["failed"] + self._of["error"]

    @property
    def skipped(self) -> int:
        """How many tests were skipped so far."""
        return self._of["skipped"]

    def add(
        self,
        outcome: Outcome,
        name: str,
        *,
        message: str = "",
        line: int = 0,
        place: str = "",
        seconds: float = 0.0,
    ) -> None:
        """Count a test. `line` is where the report tells of it; `place` where its failure is."""
        name = name[:LONGEST_NAME] or "(a test without a name)"
        self._of[outcome] += 1
        self._seconds += duration(seconds)
        if outcome != "skipped":
            self._names.add(name)
        if outcome == "flaky" and len(self._flaky) < MOST_FAILURES:
            self._flaky.append(name)
        if outcome in {"failed", "error"} and len(self._failures) < MOST_FAILURES:
            self._failed(name, place or str(self.at(line)), message)

    def overturn(self, tests: Overturned, *, message: str) -> None:
        """Count tests that were counted as passed as failed, for what came after them."""
        self._of["flaky"] -= len(tests.flaky)
        self._of["passed"] -= tests.count - len(tests.flaky)
        self._of["failed"] += tests.count
        gone = set(tests.flaky)
        self._flaky = [name for name in self._flaky if name not in gone]
        for name, line in tests.named[: MOST_FAILURES - len(self._failures)]:
            self._failed(name, str(self.at(line)), message)

    def broke(self, what: str, *, line: int = 0, remedy: str = "") -> None:
        """Say that something failed which is no test: the run cannot count as passed."""
        usual = "look at the output of the run, mend it, and run the tests again"
        self._doubt(no(what[:LONGEST_MESSAGE], where=self.at(line), remedy=remedy or usual))

    def doubt(self, what: str, *, line: int = 0, remedy: str = "") -> None:
        """Say why the report cannot tell."""
        usual = "run the tests to their end, and record the report that is written then"
        self._doubt(
            cannot_tell(what[:LONGEST_MESSAGE], where=self.at(line), remedy=remedy or usual)
        )

    def note(self, text: str) -> None:
        """Tell of a contradiction that changes nothing."""
        if len(self._notes) < MOST_REASONS:
            self._notes.append(text)

    def claimed(self, tests: int | None, *, line: int = 0) -> None:
        """Hold the number that a report claims against the tests that it lists."""
        if tests is None or tests == self.tests:
            return
        claim = f"claims {tests} tests and lists {self.tests}"
        if tests > self.tests:
            self.doubt(f"{claim}: the others are missing", line=line)
        else:
            self.note(f"{self.at(line)} {claim}: the listed tests were counted")

    def at(self, line: int) -> Location:
        """Return a place in the report."""
        return Location(path=self._where, line=line)

    def reading(self, *, line: int = 1, seconds: float = 0.0) -> Reading:
        """Return what was counted; `seconds` is the run's own time where tests tell none."""
        of = self._of
        return Reading(
            counts=Counts(
                tests=self.tests,
                passed=of["passed"] + of["flaky"],
                failed=of["failed"],
                errors=of["error"],
                skipped=of["skipped"],
                flaky=of["flaky"],
            ),
            duration=round(self._seconds or duration(seconds), 6),
            failures=tuple(self._failures),
            failures_left_out=self.bad - len(self._failures),
            flaky=tuple(self._flaky),
            ran=self._names.packed(),
            line=line,
            reasons=tuple(self._reasons),
            notes=tuple(self._notes),
        )

    def _failed(self, name: str, where: str, message: str) -> None:
        told = message.strip()[:LONGEST_MESSAGE]
        self._failures.append(Failure(name=name[:LONGEST_NAME], message=told, where=where))

    def _doubt(self, reason: Reason) -> None:
        if len(self._reasons) < MOST_REASONS:
            self._reasons.append(reason)


def duration(seconds: object) -> float:
    """Return seconds that make sense; what is none counts nothing."""
    if isinstance(seconds, str):
        try:
            seconds = float(seconds.replace(",", ""))
        except ValueError:
            return 0.0
    if not isinstance(seconds, int | float) or not math.isfinite(seconds):
        return 0.0
    return float(seconds) if 0 <= seconds < 1e9 else 0.0


def whole(text: str | None) -> int | None:
    """Return a count; None where there is none that makes sense."""
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def clock_seconds(text: str) -> float:
    """Return the seconds of `hh:mm:ss.fff` (.NET's TimeSpan), or of a number."""
    parts = text.split(":")
    if len(parts) != 3:
        return duration(text)
    hours, minutes, seconds = parts
    return duration(hours) * 3600 + duration(minutes) * 60 + duration(seconds)
