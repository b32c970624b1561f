"""test-result: which tests passed, as in-toto's predicate, and as Tekton's tasks write it.

Sources: in-toto attestation, `predicates/test-result.md` (v0.1): `result` is PASSED, WARNED or
FAILED, `passedTests`, `warnedTests` and `failedTests` are names. Tasks of Tekton that Conforma
reads write numbers (`successes`, `failures`, `warnings`) and SUCCESS, FAILURE, WARNING, ERROR or
SKIPPED instead (conforma/policy, "Test package").
"""

from typing import Any

from msgspec import Struct

from cdkit.core.documents.kinds import Counts
from cdkit.evidence.format import Sample
from cdkit.evidence.predicate import Predicate
from cdkit.evidence.reading import Reading
from cdkit.evidence.statements import decoded
from cdkit.evidence.tally import Tally

_GOOD = frozenset({"PASSED", "SUCCESS", "WARNED", "WARNING"})
_BAD = frozenset({"FAILED", "FAILURE", "ERROR"})
_MOST = 10_000_000


class _Result(Struct, frozen=True, rename="camel"):
    result: str
    passed_tests: list[str] | None = None
    warned_tests: list[str] | None = None
    failed_tests: list[str] | None = None
    successes: int | None = None
    warnings: int | None = None
    failures: int | None = None
    configuration: list[Any] | None = None
    url: str = ""
    note: str = ""


def _read(data: bytes, where: str) -> Reading:
    found: _Result = decoded(data, _Result, where)
    result = found.result.upper()
    tally = Tally(where)
    for name in (*(found.passed_tests or ()), *(found.warned_tests or ())):
        tally.add("passed", name)
    for name in found.failed_tests or ():
        tally.add("failed", name)
    failed = tally.bad + max(0, found.failures or 0)
    if result in _BAD:
        if not tally.bad:
            note = f": {found.note}" if found.note else ""
            tally.broke(f"the result is {result}{note}"[:500])
    elif result not in _GOOD:
        tally.doubt(f"the result is {found.result[:40]!r}, which is no answer")
    elif failed:
        tally.doubt(f"the result is {result}, and {failed} tests failed")
    reading = tally.reading()
    counts = reading.counts if tally.tests else _counted(found)
    return Reading(
        counts=counts,
        failures=reading.failures,
        failures_left_out=reading.failures_left_out,
        ran=reading.ran,
        reasons=reading.reasons,
        said={"result": result} if result in _GOOD else {},
    )


def _counted(found: _Result) -> Counts | None:
    """Return the numbers of a task; None where it tells none."""
    if found.successes is None and found.failures is None and found.warnings is None:
        named = (found.passed_tests, found.warned_tests, found.failed_tests)
        empty = Counts(tests=0, passed=0, failed=0, errors=0, skipped=0)
        return empty if any(names is not None for names in named) else None
    numbers = (found.successes or 0, found.warnings or 0, found.failures or 0)
    passed, warned, failed = (max(0, min(number, _MOST)) for number in numbers)
    return Counts(
        tests=passed + warned + failed, passed=passed + warned, failed=failed, errors=0, skipped=0
    )


PREDICATE = Predicate(
    name="test-result",
    title="in-toto test-result",
    proves="tests",
    types=("https://in-toto.io/attestation/test-result/v0.1",),
    written_by="producers of in-toto's predicate · tasks of Tekton that Conforma reads",
    read=_read,
    samples=(
        Sample(path="test-result/spec.json", real=False, tool="in-toto, the specification's"),
        Sample(path="test-result/spec-failed.json", real=False, tool="in-toto, failed"),
        Sample(path="test-result/tekton.json", real=False, tool="Tekton, numbers"),
        Sample(path="test-result/tekton-skipped.json", real=False, tool="Tekton, skipped"),
    ),
)
