"""What must hold of whatever a reader understood: judged by other means than the reader's own."""

from __future__ import annotations

import json
import math
from xml.etree import ElementTree as ET
from xml.parsers import expat

from cdkit.core.documents.fact import numbers_of, read_fact
from cdkit.core.documents.kinds import Evidence
from cdkit.core.documents.statement import encode_statement, state
from cdkit.core.verdict import Answer
from cdkit.gate.ruling import Ruling
from tests.evidence.doubles import SUBJECT

XML = frozenset(
    {
        *("clover", "cobertura", "jacoco", "jmeter-xml", "junit", "nunit2", "nunit3", "robot"),
        *("trx", "xunit"),
    }
)
"""Formats whose report is one XML document, by a parser of its own too."""

JSON = frozenset(
    {
        *("coverage-py", "ctrf", "cucumber", "gatling", "hyperfine", "istanbul"),
        *("istanbul-summary", "jest", "k6-machine", "k6-summary", "mocha", "playwright"),
        *("pytest-benchmark", "pytest-json", "robot-json", "rspec", "sarif", "simplecov", "zap"),
    }
)
"""Formats whose report is one JSON document."""

_BAD = frozenset({"failure", "error"})


def check_evidence(document: Evidence) -> None:
    """A document can be kept and read back, its numbers are numbers, and its yes is a yes."""
    statement = encode_statement(state(document, SUBJECT))
    assert read_fact(statement, where="fact.json").document == document, "reads back as another"
    assert all(math.isfinite(number) for number in numbers_of(document).values()), "no number"
    assert math.isfinite(document.duration)
    if document.verdict.answer is Answer.YES:
        _check_yes(document)


def _check_yes(document: Evidence) -> None:
    assert all(reason.answer is Answer.YES for reason in document.verdict.reasons)
    assert document.verdict.reasons, "yes, and nobody knows why"
    assert not document.failures
    assert not document.failures_left_out
    if counts := document.counts:
        assert counts.failed == counts.errors == 0, "yes, with failed tests"
        assert counts.passed > 0, "yes, with nothing that passed"
        assert min(counts.skipped, counts.flaky, counts.executed) >= 0, "counts below nothing"
        assert counts.tests == counts.passed + counts.skipped, "counts that do not add up"
    if coverage := document.coverage:
        assert coverage.lines + coverage.statements > 0, "yes, with nothing measured"
        assert 0 <= coverage.lines_covered <= coverage.lines
        assert 0 <= coverage.branches_covered <= coverage.branches
        assert 0 <= coverage.statements_covered <= coverage.statements
    assert all(number >= 0 for number in document.found.values())


def check_report(name: str, data: bytes, document: Evidence) -> None:
    """A report that says yes is whole by another parser, and holds no failure that one can see."""
    if name in JSON:
        json.loads(data.decode("utf-8-sig", "replace"))  # texts that nobody reads may be anything
    if name in XML:
        begun = _elements(data)
        if name == "junit":
            cases = ET.fromstring(data).iter("testcase")  # noqa: S314 - expat has read it
            assert not any(map(_failed, cases)), "yes, and a test case holds a failure"
            assert document.counts
            assert document.counts.tests <= sum(one == "testcase" for _, one in begun)


def _failed(case: ET.Element) -> bool:
    """Whether a test case holds a failure, and is none that may fail (Node's `todo`, Catch2)."""
    skips = [x for x in case if x.tag == "skipped"]
    may = any(x.get("type") == "todo" or "!mayfail" in x.get("message", "") for x in skips)
    return not may and any(x.tag in _BAD for x in case)


def _elements(data: bytes) -> list[tuple[str, str]]:
    """Return each element's name after that of the one around it; raises where it is no XML."""
    around, begun = [""], []

    def start(name: str, _attributes: object) -> None:
        begun.append((around[-1], name))
        around.append(name)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _name: around.pop() and None
    parser.Parse(data, True)
    return begun


def check_opened(ruling: Ruling, *, may: bool) -> None:
    """A gate opens only where it may."""
    assert may or ruling.verdict.answer is not Answer.YES, "the gate opened"
