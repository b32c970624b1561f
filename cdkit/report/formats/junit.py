"""JUnit XML: each finding and each reason as a test case, for CI systems that show tests."""

from collections.abc import Iterator

from msgspec import Struct

from cdkit.core.escape import terminal, terminal_lines, xml_attribute, xml_text
from cdkit.core.finding import Finding, Location
from cdkit.core.verdict import Answer, Reason
from cdkit.report.report import (
    Format,
    Report,
    answer_words,
    counts,
    decisive,
    place,
    reasons_of,
    remedies,
    replay_mark,
    unsaid,
    worst_first,
)


class _Case(Struct, frozen=True, kw_only=True):
    """A test case; `result` is the element within it, none where it passed."""

    name: str
    result: str = ""
    message: str = ""
    text: str = ""
    where: Location | None = None


def render(report: Report) -> str:
    """Return one test suite.

    A finding is a failure, unless the verdict is yes or the step says that this one did not count:
    then it passes with its text as output. A reason for no that no finding tells is a failure, one
    for cannot tell an error, one for yes passes; what is suppressed is skipped. So a suite without
    failure and error means yes and nothing else.
    """
    cases = tuple(_cases(report))
    numbers = _attributes(
        tests=str(len(cases)),
        failures=str(sum(case.result == "failure" for case in cases)),
        errors=str(sum(case.result == "error" for case in cases)),
        skipped=str(sum(case.result == "skipped" for case in cases)),
    )
    name = _attributes(name=_suite(report))
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites{name}{numbers}>"]
    lines += [f"  <testsuite{name}{numbers}>", *_properties(report)]
    lines += [line for case in cases for line in _element(case, report)]
    return "\n".join([*lines, "  </testsuite>", "</testsuites>"]) + "\n"


def _suite(report: Report) -> str:
    return f"{report.step} ({replay_mark(report)})" if report.replay else report.step


def _cases(report: Report) -> Iterator[_Case]:
    for reason in unsaid(report):
        yield _of_reason(reason, "failure")
    for reason in reasons_of(report, Answer.CANNOT_TELL):
        yield _of_reason(reason, "error")
    remedy, decides = remedies(report), decisive(report)
    for finding in worst_first(report.open_findings):
        bad = not report.verdict.is_yes and (counts(finding) or decides(finding))
        yield _of_finding(finding, "failure" if bad else "", remedy(finding))
    for finding in report.suppressed_findings:
        yield _of_suppressed(finding)
    for reason in reasons_of(report, Answer.YES):
        yield _of_reason(reason, "")


def _of_reason(reason: Reason, result: str) -> _Case:
    name = reason.what if result == "" else f"{answer_words(reason.answer)}: {reason.what}"
    return _Case(
        name=name,
        result=result,
        message=reason.what if result else "",
        text=_text(reason.where, reason.what, reason.remedy),
        where=reason.where,
    )


def _of_finding(finding: Finding, result: str, remedy: str) -> _Case:
    text = _text(place(finding), finding.message, remedy)
    return _Case(
        name=_name(finding),
        result=result,
        message=f"{finding.severity.value}: {finding.message}",
        text=f"{finding.severity.value}: {text}",
        where=place(finding),
    )


def _of_suppressed(finding: Finding) -> _Case:
    why = finding.suppressed
    told = (why.reason, why.owner, why.expires and f"until {why.expires}") if why else ()
    return _Case(
        name=_name(finding),
        result="skipped",
        message="suppressed: " + ", ".join(part for part in told if part),
        where=place(finding),
    )


def _name(finding: Finding) -> str:
    return " ".join(part for part in (finding.rule, finding.where, finding.about) if part)


def _text(where: Location | None, what: str, remedy: str) -> str:
    lines = [f"{where}: {what}" if where else what]
    return "\n".join([*lines, f"What to do: {remedy}"] if remedy else lines)


def _properties(report: Report) -> Iterator[str]:
    held = {
        "verdict": report.verdict.answer.value,
        "subject": report.subject,
        "record": report.record,
        "tool": report.tool,
        "replay": replay_mark(report),
    }
    yield "    <properties>"
    for name, value in held.items():
        if value:
            yield f"      <property{_attributes(name=name, value=value)}/>"
    yield "    </properties>"


def _element(case: _Case, report: Report) -> Iterator[str]:
    held = {"name": case.name or "unnamed", "classname": report.step, "time": "0"}
    if case.where:
        held["file"] = case.where.path
        held |= {"line": str(case.where.line)} if case.where.line else {}
    opening = f"    <testcase{_attributes(**held)}>"
    message = _attributes(message=case.message, type=case.result)
    body = xml_text("\n".join(terminal_lines(case.text)))
    if case.result == "skipped":
        yield f"{opening}<skipped{_attributes(message=case.message)}/></testcase>"
    elif case.result:
        yield f"{opening}<{case.result}{message}>{body}</{case.result}></testcase>"
    else:
        yield f"{opening}<system-out>{body}</system-out></testcase>"


def _attributes(**held: str) -> str:
    return "".join(f' {name}="{xml_attribute(terminal(value))}"' for name, value in held.items())


FORMAT = Format(name="junit", render=render)
