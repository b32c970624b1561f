"""Cucumber's JSON: features, their scenarios, the results of their steps; behave's too.

Source: cucumber/json-formatter, and behave's formatter/json.py. A scenario fails where a step or a
hook failed, is ambiguous, undefined or pending (cucumber-js fails the run for each of these); it is
skipped where a step was skipped, and where it has none. A `background` stands before the scenario
that it belongs to.
"""

from typing import Any

from msgspec import Struct

from cdkit.core.readable import Readable
from cdkit.evidence.decode import read_json
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.reading import Reading
from cdkit.evidence.shape import shape_of
from cdkit.evidence.tally import Outcome, Tally, duration

_BAD = frozenset({"failed", "undefined", "pending", "ambiguous", "error", "hook_error"})
_NOT_RUN = frozenset({"skipped", "untested", "unknown", "unused"})


class _Result(Struct, frozen=True):
    status: str = "unknown"
    duration: float | None = None
    error_message: str | list[str] | None = None


class _Step(Struct, frozen=True):
    name: str = ""
    result: _Result | None = None
    before: "list[_Step]" = []
    after: "list[_Step]" = []

    @property
    def whole(self) -> "list[_Step]":
        """The step with the hooks around it, which cucumber-jvm writes into it."""
        return [*self.before, self, *self.after]


class _Element(Struct, frozen=True):
    name: str = ""
    type: str = "scenario"
    line: Any = None
    status: str = ""
    steps: list[_Step] = []
    before: list[_Step] = []
    after: list[_Step] = []


class _Feature(Struct, frozen=True):
    name: str = ""
    uri: str = ""
    status: str = ""
    elements: list[_Element] = []


def _recognises(head: bytes) -> bool:
    shape = shape_of(head)
    if shape.root != "[" or not shape.has("[].keyword", "[].name"):
        return False
    return shape.has("[].elements") or shape.has("[].uri") or shape.has("[].location")


def _read(stream: Readable, where: str) -> Reading:
    remedy = "let cucumber write it again: `--format json:F`"
    tally = Tally(where)
    for feature in read_json(stream, list[_Feature], where, remedy):
        background: list[_Step] = []
        before = tally.bad
        for element in feature.elements:
            if element.type == "background":
                background = element.steps
            else:
                _count(tally, feature, element, background)
                background = []
        if feature.status in _BAD and tally.bad == before:
            tally.broke(f"the feature {feature.name} failed outside of its scenarios")
    return tally.reading()


def _count(tally: Tally, feature: _Feature, element: _Element, background: list[_Step]) -> None:
    told = [*background, *element.before, *element.steps, *element.after]
    steps = [part for step in told for part in step.whole]
    results = [step.result or _Result() for step in steps]
    statuses = {result.status.lower() for result in results}
    bad = next((step for step in steps if step.result and step.result.status.lower() in _BAD), None)
    name = f"{feature.name}: {element.name}" if feature.name else element.name
    outcome: Outcome = "passed"
    if bad or element.status.lower() in _BAD:
        outcome = "failed"
    elif not statuses or statuses & _NOT_RUN or element.status.lower() in _NOT_RUN:
        outcome = "skipped"
    elif statuses != {"passed"}:
        odd = ", ".join(sorted(statuses - {"passed"}))[:80]
        tally.doubt(f"the scenario {name} has a step of the unknown status {odd!r}")
        outcome = "skipped"
    if outcome == "passed" and any(result.error_message for result in results):
        tally.doubt(f"the scenario {name} passed, and tells of an error")
    tally.add(outcome, name, message=_message(bad), seconds=_seconds(results))


def _message(step: _Step | None) -> str:
    if step is None or step.result is None:
        return ""
    told = step.result.error_message or f"the step {step.name!r} is {step.result.status}"
    return told if isinstance(told, str) else "\n".join(told)


def _seconds(results: list[_Result]) -> float:
    """Return the time of the steps: nanoseconds, or seconds as behave writes them."""
    times = [result.duration or 0.0 for result in results]
    return sum(duration(time / 1e9 if time >= 1000 else time) for time in times)


FORMAT = Format(
    name="cucumber",
    title="Cucumber JSON",
    proves="tests",
    written_by="`cucumber-js --format json:F` · cucumber-jvm `json:F` · `behave -f json -o F`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="cucumber/behave-1.3.json", real=True, tool="behave 1.3"),
        Sample(path="cucumber/cucumber-js-12.9.json", real=True, tool="cucumber-js 12.9"),
        Sample(
            path="cucumber/cucumber-js-good-12.9.json", real=False, tool="cucumber-js 12.9, good"
        ),
    ),
)
