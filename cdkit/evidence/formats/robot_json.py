"""Robot Framework's output.json (since 7.2): the same result model as its output.xml.

Source: the JSON schema of Robot Framework's result model, and what 7.3 writes. A keyword has no
`type` where it is a plain one; what stands in it is its `body`, with messages among its keywords.
"""

from __future__ import annotations

from msgspec import Struct, field

from cdkit.core.readable import Readable
from cdkit.evidence.decode import read_json
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.formats._robot import Run, Steps, is_robots, status_of
from cdkit.evidence.reading import Reading
from cdkit.evidence.shape import shape_of
from cdkit.evidence.tally import duration

_KEYWORDS = frozenset({"KEYWORD", "SETUP", "TEARDOWN"})


class _Step(Struct, frozen=True):
    type: str = "KEYWORD"
    name: str = ""
    status: str = ""
    message: str = ""
    doc: str = ""
    setup: _Step | None = None
    body: list[_Step] = []
    teardown: _Step | None = None


class _Test(Struct, frozen=True):
    name: str
    status: str
    message: str = ""
    seconds: float = field(name="elapsed_time", default=0.0)
    setup: _Step | None = None
    body: list[_Step] = []
    teardown: _Step | None = None


class _Suite(Struct, frozen=True):
    name: str
    status: str
    message: str = ""
    setup: _Step | None = None
    tests: list[_Test] = []
    suites: list[_Suite] = []
    teardown: _Step | None = None


class _Total(Struct, frozen=True):
    passed: int = field(name="pass")
    failed: int = field(name="fail")
    skipped: int = field(name="skip", default=0)


class _Statistics(Struct, frozen=True):
    total: _Total


class _Message(Struct, frozen=True):
    message: str = ""
    level: str = ""


class _Output(Struct, frozen=True):
    generator: str
    suite: _Suite
    statistics: _Statistics | None = None
    errors: list[_Message] = []
    rpa: bool = False


def _recognises(head: bytes) -> bool:
    shape = shape_of(head)
    return shape.has("generator", "suite") and is_robots(shape.texts.get("generator", ""))


def _read(stream: Readable, where: str) -> Reading:
    remedy = "let robot write it again: `robot -o output.json`"
    output = read_json(stream, _Output, where, remedy)
    run = Run(where, output.generator, tasks=output.rpa)
    _walk(run, output.suite)
    for error in output.errors:
        run.error(error.level, error.message, 0)
    total = output.statistics.total if output.statistics else None
    if total is None:
        run.close(None, None, None, line=0)
    else:
        run.close(total.passed, total.failed, total.skipped, line=0)
    return run.tally.reading()


def _walk(run: Run, suite: _Suite) -> None:
    run.open_suite(suite.name)
    for inner in suite.suites:
        _walk(run, inner)
    for test in suite.tests:
        steps = Steps()
        _look(steps, test)
        run.test(
            test.name,
            status_of(test.status),
            steps,
            message=test.message,
            line=0,
            seconds=duration(test.seconds),
        )
    teardown = status_of(suite.teardown.status) if suite.teardown else ""
    run.close_suite(status_of(suite.status), teardown, suite.message, 0)


def _look(steps: Steps, within: _Step | _Test) -> bool:
    """Look at what stands in a test or keyword; return whether any step does."""
    inner = [within.setup, *within.body, within.teardown]
    found = [step for step in inner if step and step.type != "MESSAGE"]
    for step in found:
        if not _look(steps, step) and step.type in _KEYWORDS:
            steps.leaf(step.name, status_of(step.status), f"{step.message} {step.doc}")
    return bool(found)


FORMAT = Format(
    name="robot-json",
    title="Robot Framework JSON",
    proves="tests",
    written_by="`robot -o output.json` (since 7.2)",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="robot-json/robot-7.3.json", real=True, tool="Robot Framework 7.3"),
        Sample(path="robot-json/robot-good-7.3.json", real=True, tool="Robot Framework 7.3, good"),
        Sample(path="robot-json/robot-dry-7.3.json", real=True, tool="Robot Framework 7.3, dry"),
    ),
)
