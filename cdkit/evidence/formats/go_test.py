"""`go test -json`: an event a line, as test2json writes them.

Source: `go doc cmd/test2json`, and cmd/go's documentation of build output (Go 1.24). A package that
fails without a failing test did not build, panicked, or broke in TestMain. A test that never ended
was running when its package died. A file that ends between two packages cannot be told from a whole
one: nothing in it says how many there are.
"""

import re
from collections import deque

from msgspec import Struct, field

from cdkit.core.readable import Readable
from cdkit.evidence.decode import decode_json, lines_of
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.reading import Reading
from cdkit.evidence.shape import shape_of
from cdkit.evidence.tally import Outcome, Tally, duration

_REMEDY = "keep what `go test -json` writes to its standard output alone (`2>` elsewhere)"
_OUTCOMES: dict[str, Outcome] = {
    "pass": "passed",
    "bench": "passed",
    "fail": "failed",
    "skip": "skipped",
}
_FAILED = re.compile(rb"FAIL\b[ \t]*([^\r\n]{0,300})")
"""What Go before 1.24 writes in plain text, between the events, of a package that does not build.

Other lines that are no events are the words of other programs.
"""
_LINES = 30
"""Lines of output kept of a test while it runs: the last ones, which say why it failed."""


class _Event(Struct, frozen=True):
    action: str = field(name="Action")
    package: str = field(name="Package", default="")
    path: str = field(name="ImportPath", default="")
    test: str = field(name="Test", default="")
    output: str = field(name="Output", default="")
    elapsed: float = field(name="Elapsed", default=0.0)


class _Running:
    """A test or package that has begun."""

    __slots__ = ("line", "output")

    def __init__(self, line: int) -> None:
        self.line = line
        self.output: deque[str] = deque(maxlen=_LINES)


class _Package(_Running):
    __slots__ = ("bad", "ended", "tests")

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.tests: dict[str, _Running] = {}
        self.bad = 0
        self.ended = False


class _Reader:
    def __init__(self, where: str) -> None:
        self.where = where
        self.tally = Tally(where)
        self.packages: dict[str, _Package] = {}
        self.builds: dict[str, deque[str]] = {}

    def read(self, stream: Readable) -> Reading:
        for line, data in lines_of(stream, self.where, ended=True):
            if data.startswith(b"{"):
                self.take(decode_json(data, _Event, self.where, _REMEDY, line), line)
            elif found := _FAILED.match(data):
                told = found[1].decode("utf-8", "replace")
                self.tally.broke(f"go says FAIL {told}", line=line)
            elif b'"Action":"' in data:
                told = "holds an event behind other text, which cannot be read"
                self.tally.doubt(told, line=line, remedy=_REMEDY)
        for name, package in self.packages.items():
            if not package.ended:
                self.tally.doubt(f"the package {name} never ended", line=package.line)
        return self.tally.reading()

    def take(self, event: _Event, line: int) -> None:
        if event.action.startswith("build-"):
            self.build(event, line)
            return
        package = self.packages.get(event.package)
        if package is None:
            package = self.packages[event.package] = _Package(line)
        if event.action in {"start", "run"}:
            package.ended = False  # it is run again: a run after a failure is written behind it
        if event.test:
            self.take_test(package, event, line)
        elif event.action == "output":
            package.output.append(event.output[:500])
        elif event.action in _OUTCOMES:
            self.close_package(package, event, line)

    def build(self, event: _Event, line: int) -> None:
        known = self.builds.setdefault(event.path, deque(maxlen=_LINES))
        if event.action == "build-output":
            known.append(event.output[:500])
        elif event.action == "build-fail":
            self.tally.broke(f"{event.path} did not build: {''.join(known)}", line=line)

    def take_test(self, package: _Package, event: _Event, line: int) -> None:
        if event.action == "output":
            running = package.tests.setdefault(event.test, _Running(line))
            running.output.append(event.output[:500])
            return
        if event.action not in _OUTCOMES:
            package.tests.setdefault(event.test, _Running(line))
            return
        running = package.tests.pop(event.test, _Running(line))
        outcome = _OUTCOMES[event.action]
        package.bad += outcome == "failed"
        self.tally.add(
            outcome,
            f"{event.package}.{event.test}",
            message="".join(running.output) if outcome == "failed" else "",
            line=line,
            seconds=0.0 if "/" in event.test else duration(event.elapsed),
        )

    def close_package(self, package: _Package, event: _Event, line: int) -> None:
        """End a package; tests that have not ended by then died with it."""
        package.ended = True
        for name, running in package.tests.items():
            if event.action == "skip" or not _has_begun(running):
                continue
            package.bad += 1
            self.tally.add(
                "error",
                f"{event.package}.{name}",
                message="".join(running.output) or "never ended",
                line=running.line,
            )
        package.tests.clear()
        if event.action == "fail" and not package.bad:
            told = "".join(package.output).strip()
            self.tally.broke(
                f"the package {event.package} failed, and no test in it did: {told}", line=line
            )


def _has_begun(running: _Running) -> bool:
    """Whether a test ran: benchmarks that only list their name have no end."""
    return not any(text.startswith("Benchmark") for text in running.output)


def _recognises(head: bytes) -> bool:
    shape = shape_of(head)
    if not shape.has("Action"):
        return False
    return shape.has("Package") or shape.has("ImportPath")


def _read(stream: Readable, where: str) -> Reading:
    return _Reader(where).read(stream)


FORMAT = Format(
    name="go-test",
    title="go test -json",
    proves="tests",
    written_by="`go test -json ./... > F`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="go-test/go-1.19-bench.json", real=True, tool="Go 1.19, bench"),
        Sample(path="go-test/go-1.19-cached.json", real=True, tool="Go 1.19, cached"),
        Sample(path="go-test/go-1.19.json", real=True, tool="Go 1.19"),
    ),
)
