"""Robot Framework's output.xml: nested `suite` elements, `test`, and the keywords in them.

Source: docs.robotframework.org, the schemas of output.xml, and what 3.2 to 7.5 write. Each element
says by a `status` of its own how it ended; those of keywords say nothing of the test, which may
have expected a failure.
"""

from dataclasses import dataclass

from cdkit.core.documents.xml import root_of
from cdkit.core.readable import Readable
from cdkit.evidence.elements import read_elements
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.formats._robot import Run, Steps, elapsed, is_robots, status_of
from cdkit.evidence.reading import Reading
from cdkit.evidence.tally import whole

_TEXTS = frozenset({"status", "doc", "msg", "stat"})
_TOTALS = frozenset({"All Tests", "All Tasks"})


@dataclass(slots=True, kw_only=True)
class _Open:
    """An element that is open: how it says that it ended, and what stood in it."""

    name: str
    attributes: dict[str, str]
    line: int
    status: str = ""
    message: str = ""
    doc: str = ""
    times: dict[str, str] | None = None
    teardown: str = ""
    holds: bool = False


class _Reader:
    def __init__(self, where: str) -> None:
        self.where = where
        self.open: list[_Open] = []
        self.run: Run | None = None
        self.steps = Steps()
        self.totals: dict[str, str] = {}

    def begin(self, name: str, attributes: dict[str, str], line: int) -> None:
        if name == "suite" and self.run and "statistics" not in self.path():
            self.run.open_suite(attributes.get("name", ""))
        elif name == "test":
            self.steps = Steps()
        elif name == "robot" and self.run is None:
            tasks = attributes.get("rpa", "").lower() == "true"
            self.run = Run(self.where, attributes.get("generator", ""), tasks=tasks)
        elif name == "robot" and self.run:
            self.run.tally.doubt("holds one output in another", line=line)
        self.open.append(_Open(name=name, attributes=attributes, line=line))

    def end(self, name: str, text: str, line: int) -> None:
        closed = self.open.pop()
        above = self.open[-1] if self.open else None
        if self.run is None or above is None:
            self.close(line)
        elif name == "status":
            is_first = above.times is None
            above.status = status_of(closed.attributes.get("status", "")) if is_first else "TWICE"
            above.message, above.times = text, closed.attributes
        elif name == "doc":
            above.doc = text
        elif name == "test":
            self.close_test(self.run, closed)
        elif name == "suite" and "statistics" not in self.path():
            self.run.close_suite(closed.status, closed.teardown, closed.message, line)
        elif name == "msg" and above.name == "errors":
            self.run.error(closed.attributes.get("level", ""), text, line)
        elif name == "stat" and above.name == "total" and text in _TOTALS:
            self.totals = closed.attributes
        elif closed.status:
            self.close_step(closed, above)

    def path(self) -> list[str]:
        return [one.name for one in self.open[:3]]

    def close_test(self, run: Run, test: _Open) -> None:
        at = test.times or {}
        run.test(
            test.attributes.get("name", ""),
            test.status,
            self.steps,
            message=test.message,
            line=test.line,
            seconds=elapsed(*(at.get(key, "") for key in ("elapsed", "starttime", "endtime"))),
        )

    def close_step(self, step: _Open, above: _Open) -> None:
        above.holds = True
        kind, name = step.attributes.get("type", "").lower(), step.attributes.get("name", "")
        if above.name == "suite" and kind == "teardown":
            above.teardown = step.status
        if step.name == "kw" and not step.holds:
            self.steps.leaf(name, step.status, f"{step.message} {step.doc}")

    def close(self, line: int) -> None:
        if self.run:
            passed, failed, skipped = (whole(self.totals.get(x)) for x in ("pass", "fail", "skip"))
            self.run.close(passed, failed, skipped, line=line)


def _recognises(head: bytes) -> bool:
    found = root_of(head)
    return found is not None and found[0] == "robot" and is_robots(found[1].get("generator", ""))


def _read(stream: Readable, where: str) -> Reading:
    reader = _Reader(where)
    read_elements(stream, where, reader.begin, reader.end, texts=_TEXTS)
    return (reader.run or Run(where, "", tasks=False)).tally.reading()


FORMAT = Format(
    name="robot",
    title="Robot Framework XML",
    proves="tests",
    written_by="`robot -o F` · `rebot -o F` (output.xml)",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="robot/robot-7.5.xml", real=True, tool="Robot Framework 7.5"),
        Sample(path="robot/robot-good-7.5.xml", real=True, tool="Robot Framework 7.5, good"),
        Sample(path="robot/robot-dry-7.5.xml", real=True, tool="Robot Framework 7.5, dry run"),
        Sample(path="robot/robot-legacy-7.5.xml", real=True, tool="Robot Framework 7.5, legacy"),
        Sample(path="robot/robot-fatal-7.5.xml", real=True, tool="Robot Framework 7.5, fatal"),
        Sample(path="robot/robot-3.2.xml", real=True, tool="Robot Framework 3.2"),
        Sample(path="robot/robot-good-3.2.xml", real=True, tool="Robot Framework 3.2, good"),
        Sample(path="robot/robot-4.1.xml", real=True, tool="Robot Framework 4.1"),
        Sample(path="robot/rebot-merge-6.1.xml", real=True, tool="Rebot 6.1, merged"),
        Sample(path="robot/rebot-removed-7.3.xml", real=True, tool="Rebot 7.3, keywords removed"),
    ),
)
