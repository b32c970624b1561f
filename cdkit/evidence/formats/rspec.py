"""RSpec's JSON formatter: `examples` and a `summary`.

Source: rspec-core, `RSpec::Core::Formatters::JsonFormatter`. What broke outside of the examples (a
file that did not load, a `before(:suite)`) is only counted, in the summary.
"""

from msgspec import Struct, field

from cdkit.core.readable import Readable
from cdkit.evidence.decode import read_json
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.reading import Reading
from cdkit.evidence.shape import shape_of
from cdkit.evidence.tally import Outcome, Tally, duration

_OUTCOMES: dict[str, Outcome] = {"passed": "passed", "failed": "failed", "pending": "skipped"}


class _Exception(Struct, frozen=True):
    kind: str = field(name="class", default="")
    message: str = ""


class _Example(Struct, frozen=True):
    status: str
    name: str = field(name="full_description", default="")
    path: str = field(name="file_path", default="")
    line: int | None = field(name="line_number", default=None)
    seconds: float | None = field(name="run_time", default=None)
    exception: _Exception | None = None


class _Summary(Struct, frozen=True):
    examples: int = field(name="example_count")
    failures: int = field(name="failure_count")
    outside: int = field(name="errors_outside_of_examples_count", default=0)


class _Report(Struct, frozen=True):
    examples: list[_Example]
    summary: _Summary
    messages: list[str] = []


def _recognises(head: bytes) -> bool:
    shape = shape_of(head)
    return shape.has("version") and (
        shape.has("examples", "examples[].full_description") or shape.has("summary.example_count")
    )


def _read(stream: Readable, where: str) -> Reading:
    report = read_json(stream, _Report, where, "let rspec write it again: `--format json --out F`")
    tally = Tally(where)
    for example in report.examples:
        _count(tally, example)
    summary = report.summary
    if summary.outside > 0:
        told = "\n".join(report.messages).strip()
        tally.broke(f"{summary.outside} errors happened outside of examples: {told}")
    tally.claimed(summary.examples)
    if summary.failures > tally.bad:
        tally.broke(f"claims {summary.failures} failures and lists {tally.bad}")
    return tally.reading()


def _count(tally: Tally, example: _Example) -> None:
    outcome = _OUTCOMES.get(example.status)
    if outcome is None:
        told = f"the example {example.name} has the unknown status {example.status[:80]!r}"
        tally.doubt(told)
        outcome = "skipped"
    if outcome == "passed" and example.exception:
        tally.doubt(f"the example {example.name} passed, and tells of an exception")
    place = f"{example.path}:{example.line}" if example.path and example.line else ""
    tally.add(
        outcome,
        example.name,
        message=example.exception.message if example.exception else "",
        place=place,
        seconds=duration(example.seconds or 0.0),
    )


FORMAT = Format(
    name="rspec",
    title="RSpec JSON",
    proves="tests",
    written_by="`rspec --format json --out F`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="rspec/rspec-3.12-broken.json", real=True, tool="RSpec 3.12, broken"),
        Sample(path="rspec/rspec-3.12.json", real=True, tool="RSpec 3.12"),
        Sample(path="rspec/rspec-good-3.12.json", real=False, tool="RSpec 3.12, good"),
    ),
)
