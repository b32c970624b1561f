"""Dart's and Flutter's JSON reporter: an event a line, up to a `done` event.

Source: dart-lang/test, "JSON Reporter Protocol" (0.1.x). Hidden tests are the loading of files:
they count where they fail. Without `done`, or where its `success` is null, the run has not ended.
"""

from msgspec import Struct, field

from cdkit.core.readable import Readable
from cdkit.evidence.decode import decode_json, lines_of
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.reading import Reading
from cdkit.evidence.shape import shape_of
from cdkit.evidence.tally import Outcome, Tally

_REMEDY = "let the tool write it again: `dart test --file-reporter json:F`"


class _Metadata(Struct, frozen=True):
    skip: bool = False


class _Test(Struct, frozen=True):
    id: int
    name: str
    metadata: _Metadata | None = None


class _Event(Struct, frozen=True):
    type: str = ""
    test: _Test | int | str | None = None
    id: int = field(name="testID", default=-1)
    result: str = ""
    skipped: bool = False
    hidden: bool = False
    error: str = ""
    count: int = 0
    success: bool | None = None
    time: float = 0.0


class _Reader:
    def __init__(self, where: str) -> None:
        self.where = where
        self.tally = Tally(where)
        self.open: dict[int, tuple[str, int, float]] = {}
        self.errors: dict[int, str] = {}
        self.done: bool | None = None
        self.ended = False
        self.suites = self.most_suites = 0

    def read(self, stream: Readable) -> Reading:
        line = 1
        for line, data in lines_of(stream, self.where):
            if data.strip() and not data.startswith(b"["):
                self.take(decode_json(data, _Event, self.where, _REMEDY, line), line)
        for name, at, _ in self.open.values():
            self.tally.add("error", name, message="never ended", line=at)
        for number in self.errors:
            self.tally.broke(f"the test {number} failed after it had ended", line=line)
        if self.most_suites > self.suites:
            told = f"claims {self.most_suites} suites and tells of {self.suites}"
            self.tally.doubt(told, line=line)
        if not self.ended or self.done is None:
            self.tally.doubt("has no end: the run was broken off", line=line)
        elif not self.done and not self.tally.bad:
            self.tally.broke("the run did not succeed, and no test failed", line=line)
        return self.tally.reading()

    def take(self, event: _Event, line: int) -> None:
        match event.type:
            case "testStart" if isinstance(event.test, _Test):
                self.open[event.test.id] = (event.test.name, line, event.time)
            case "error":
                self.errors.setdefault(event.id, event.error)
            case "testDone":
                self.close(event, line)
            case "done":
                is_first = not self.ended
                self.done = event.success if is_first or self.done else self.done
                self.ended = True
            case "suite":
                self.suites += 1
            case "allSuites":
                self.most_suites += event.count
            case _:
                pass

    def close(self, event: _Event, line: int) -> None:
        name, _, began = self.open.pop(event.id, (f"test {event.id}", line, event.time))
        outcomes: dict[str, Outcome] = {"failure": "failed", "error": "error", "success": "passed"}
        outcome = outcomes.get(event.result)
        if outcome is None:
            told = f"the test {name} has the unknown result {event.result[:80]!r}"
            self.tally.doubt(told, line=line)
            outcome = "skipped"
        if event.hidden and outcome == "passed":
            return
        if outcome == "passed" and event.id in self.errors:
            outcome = "flaky"  # it was run again (`retry`), and its last run passed
        if event.skipped and outcome == "passed":
            outcome = "skipped"
        message = self.errors.pop(event.id, "")
        seconds = max(0.0, event.time - began) / 1000
        self.tally.add(outcome, name, message=message, line=line, seconds=seconds)


def _recognises(head: bytes) -> bool:
    return shape_of(head).has("protocolVersion", "runnerVersion", "type")


def _read(stream: Readable, where: str) -> Reading:
    return _Reader(where).read(stream)


FORMAT = Format(
    name="dart",
    title="Dart and Flutter JSON",
    proves="tests",
    written_by="`dart test --file-reporter json:F` · `flutter test --machine > F`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="dart/dart-test-1.25.json", real=False, tool="package:test 1.25"),
        Sample(path="dart/dart-test-good-1.25.json", real=False, tool="package:test 1.25, good"),
    ),
)
