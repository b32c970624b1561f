r"""TAP, versions 12 to 14: a plan, and `ok` or `not ok` lines; subtests indented by four spaces.

Source: testanything.org, the specifications of TAP 13 and 14. Of a test with subtests the subtests
are counted. What is marked TODO and fails, or is marked SKIP, proves nothing. Without a plan nobody
knows whether all tests ran, and neither where it names another number than there are.
"""

import re

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.core.readable import Readable
from cdkit.evidence.decode import lines_of
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.reading import LONGEST_MESSAGE, Reading
from cdkit.evidence.tally import Outcome, Tally

_BEGINNING = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:[ \t]*\r?\n|[ \t]*#[^\n]*\n)*[ ]*"
    rb"(?:TAP version 1[234][ \t]*\r?\n|1\.\.\d+|(?:not )?ok (?:\d+\b|- )|Bail out!)"
)
_POINT = re.compile(r"(not\s+)?ok(?:\s+(\d{1,9}))?(?:\s+(.*))?", re.ASCII | re.DOTALL)
_PLAN = re.compile(r"1\.\.(\d{1,9})\s*(?:#\s*(.*))?", re.ASCII)
_DIRECTIVE = re.compile(r"(?<!\\)\s#\s*(skip\S*|todo)\b[:\s]*(.*)\Z", re.IGNORECASE | re.DOTALL)
_VERSION = re.compile(r"TAP version 1[234]", re.ASCII)
_IDLE = re.compile(
    r"(?:tests|pass|fail|skip|todo) +\d+|(?:not )?ok - .*|(?:error|message): *(?:[|>].?)?", re.ASCII
)
"""What follows the last test, and says nothing of it; the head of a text whose lines follow.

cmocka writes `# ok - g` behind the tests of the group g.
"""

_LOST = re.compile(
    r"# (?:(?:fail|failed|cancelled) +[1-9]\d*(?: tests?)?"
    r"|Looks like (?:you failed \d+ tests?|your test exited with) .*)",
    re.ASCII,
)
"""What Node, tape and Perl say at the end of a run that failed."""

_DEPTH = 100
_WHY = ("error:", "message:", "E  ")
"""What in a diagnosis says why, and should be seen first."""


class _Level:
    """The tests at one depth: those inside a subtest that is open."""

    def __init__(self) -> None:
        self.points = self.numbered = self.last = 0
        self.later: set[int] = set()
        self.plan: int | None = None
        self.title = ""
        self.bad_before = 0
        self.tests_before = 0

    def number(self, number: int) -> bool:
        """Take a test's number; whether it is its own, and not that of another test."""
        self.numbered += 1
        if number <= self.last or number in self.later:
            return False
        self.later.add(number)
        while self.last + 1 in self.later:
            self.last += 1
            self.later.remove(self.last)
        return True


class _Reader:
    def __init__(self, where: str) -> None:
        self.where = where
        self.tally = Tally(where)
        self.levels = [_Level()]
        self.inside: tuple[int, int] | None = None
        self.failing: tuple[Outcome, str, int] | None = None
        self.message: list[str] = []
        self.yaml = ""
        self.ended = self.skips = False
        self.lost = ""
        self.todos, self.tells_todos = 0, False

    def read(self, stream: Readable) -> Reading:
        line = 1
        for line, data in lines_of(stream, self.where):
            if not self.ended:
                self.take(data.decode("utf-8", "replace"), line)
        if self.yaml:
            raise self.unreadable("is cut off inside the diagnosis of a test", line)
        self.close_levels(1, line)
        self.flush()
        if not self.ended:
            self.check_plan(self.levels[0], line)
        if self.lost and not self.tally.bad and not self.lost_todos():
            self.tally.broke(f"the run failed, and no test in it did: {self.lost}", line=line)
        return self.tally.reading()

    def lost_todos(self) -> bool:
        """Whether what failed are tests that are still to be written: AVA alone counts them so."""
        number = self.lost.removeprefix("# fail ")
        return number.isdecimal() and int(number) <= self.todos and not self.tells_todos

    def take(self, text: str, line: int) -> None:
        stripped = text.strip()
        if self.yaml and not (stripped[:6] == "not ok" and not text.startswith(self.yaml)):
            self.take_yaml(text, stripped)
            return
        self.yaml = ""
        if not stripped:
            return
        depth = (len(text) - len(text.lstrip(" "))) // 4
        if stripped == "---" and text.startswith("  "):
            self.yaml = text[: len(text) - len(text.lstrip(" "))]
        elif stripped[:9].lower() == "bail out!":
            self.flush()
            self.tally.broke(f"the run gave up: {stripped}", line=line)
            self.ended = True
        elif stripped.startswith("#"):
            self.lost = text.rstrip()[:200] if _LOST.fullmatch(text.rstrip()) else self.lost
            self.tells_todos = self.tells_todos or stripped.startswith("# todo ")
            self.take_comment(stripped, depth)
        elif found := _POINT.fullmatch(stripped):
            self.point(found, depth, line)
        elif found := _PLAN.fullmatch(stripped):
            self.take_plan(int(found[1]), depth, line)

    def take_yaml(self, text: str, stripped: str) -> None:
        if stripped == "..." and text.startswith(self.yaml):
            self.yaml = ""
        elif self.failing and sum(map(len, self.message)) < LONGEST_MESSAGE:
            self.message.append(stripped[:LONGEST_MESSAGE])

    def take_comment(self, text: str, depth: int) -> None:
        if text.startswith("# Subtest") and depth < _DEPTH:
            self.open_levels(depth, 0)
            self.levels[depth].title = text.removeprefix("# Subtest").lstrip(": ")
        elif self.failing and sum(map(len, self.message)) < LONGEST_MESSAGE:
            self.message.append(text.lstrip("# ")[:LONGEST_MESSAGE])

    def take_plan(self, plan: int, depth: int, line: int) -> None:
        self.open_levels(depth, line)
        level = self.levels[depth]
        if level.plan is not None and level.plan != plan:
            self.tally.doubt(f"has two plans: {level.plan} tests, and {plan}", line=line)
        level.plan = plan

    def open_levels(self, depth: int, line: int) -> None:
        """Make this depth the current one: deeper ones are over."""
        if depth >= _DEPTH:
            raise self.unreadable(f"is nested more than {_DEPTH} tests deep", line)
        self.flush()
        while len(self.levels) <= depth:
            level = _Level()
            level.bad_before, level.tests_before = self.tally.bad, self.tally.tests
            self.levels.append(level)

    def point(self, found: re.Match[str], depth: int, line: int) -> None:
        self.open_levels(depth, line)
        inside = self.close_levels(depth + 1, line)
        level = self.levels[depth]
        level.points += 1
        if found[2] and not level.number(int(found[2])):
            self.tally.doubt(f"has two tests of the number {int(found[2])}", line=line)
        description = found[3] or ""
        directive = _DIRECTIVE.search(f" {description}")
        name = description if directive is None else f" {description}"[: directive.start()]
        name = name.strip().removeprefix("- ").strip() or level.title or f"test {level.points}"
        level.title = ""
        outcome = _outcome(is_good=not found[1], directive=directive[1] if directive else "")
        self.todos += outcome == "skipped" and bool(found[1])
        if inside and (outcome != "failed" or self.tally.bad > inside.bad_before):
            return
        outer = [each.title for each in self.levels[:depth] if each.title]
        name = " > ".join([*outer, name])
        if outcome == "failed":
            self.skips = bool(directive)
            self.failing, self.message = (outcome, name, line), []
        else:
            self.tally.add(outcome, name, line=line)

    def close_levels(self, depth: int, line: int) -> _Level | None:
        """Close the deeper levels; return the one below this depth where it held tests."""
        closed = None
        while len(self.levels) > depth:
            closed = self.levels.pop()
            self.check_plan(closed, line)
        return closed if closed and closed.points else None

    def check_plan(self, level: _Level, line: int) -> None:
        if level.plan is None:
            self.tally.doubt(f"has no plan for its {level.points} tests", line=line)
        elif level.plan != level.points:
            told = f"planned {level.plan} tests and tells of {level.points}"
            self.tally.doubt(told, line=line)
        elif level.later and level.numbered == level.points:
            self.tally.doubt(f"has no test of the number {level.last + 1}", line=line)

    def flush(self) -> None:
        """Count the failed test whose diagnosis is over."""
        if self.failing:
            outcome, name, line = self.failing
            told = [each for each in self.message if not _IDLE.fullmatch(each)]
            why = [each for each in told if each.startswith(_WHY)]
            rest = [each for each in told if not each.startswith(_WHY)]
            if self.skips and not told:  # bats and cmocka write `not ok` of what they skip
                outcome = "skipped"
            self.tally.add(outcome, name, message="\n".join([*why, *rest]), line=line)
            self.failing = None

    def unreadable(self, what: str, line: int) -> Unreadable:
        where = Location(path=self.where, line=line)
        return Unreadable(what, where=where, remedy="give the whole output of the test tool")


def _outcome(*, is_good: bool, directive: str) -> Outcome:
    word = directive.lower()
    if word.startswith("skip") and is_good:
        return "skipped"
    if word == "todo" and not is_good:
        return "skipped"
    return "passed" if is_good else "failed"


def _recognises(head: bytes) -> bool:
    return _BEGINNING.match(head) is not None


def _read(stream: Readable, where: str) -> Reading:
    return _Reader(where).read(stream)


FORMAT = Format(
    name="tap",
    title="TAP",
    proves="tests",
    written_by="a test program itself: `perl t/a.t > F` · `node --test --test-reporter=tap`"
    " · `ava --tap` · node-tap · bats `--formatter tap` · pytest-tap",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="tap/ava-7.0-good.tap", real=True, tool="AVA 7.0, good"),
        Sample(path="tap/node-20.20-good.tap", real=True, tool="Node.js 20.20, good"),
        Sample(path="tap/node-20.20.tap", real=True, tool="Node.js 20.20"),
        Sample(
            path="tap/perl-test-more-1.3-bail-out.tap",
            real=True,
            tool="Perl Test::More 1.3, bail out",
        ),
        Sample(
            path="tap/perl-test-more-1.3-subtest.tap",
            real=True,
            tool="Perl Test::More 1.3, subtest",
        ),
        Sample(path="tap/perl-test-more-1.3.tap", real=True, tool="Perl Test::More 1.3"),
        Sample(path="tap/pytest-tap-3.5.tap", real=True, tool="pytest-tap 3.5"),
    ),
)
