"""The part of the passport with every fact: what it says, when, by which tool, who signed it."""

from collections.abc import Iterator

from cdkit.core.documents.dossier import Dossier
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import (
    Announcement,
    AnyDocument,
    Decision,
    Deployment,
    Evidence,
    Findings,
    Identity,
    Waiver,
)
from cdkit.report.web.markup import (
    NOTHING,
    Markup,
    disclosure,
    element,
    joined,
    section,
    table,
)
from cdkit.report.web.pieces import (
    anchor,
    is_ahead,
    number,
    plural,
    reasons,
    run,
    short,
    signed,
    tag,
    verdict,
    when,
)

_MOST = 1_000
_MOST_LISTED = 50
_SHORT = 24
"""A name of a tool that is no longer than this stays on one line."""
_HEAD = ("kind", "verdict", "what it says", "recorded", "tool", "about", "signed by")


def facts(dossier: Dossier) -> Markup:
    """Return a table of every fact, newest first."""
    newest = dossier.facts[::-1]
    if not newest:
        return section("facts", "Facts", element("p", "There is no readable fact.", class_="empty"))
    note = (
        "Everything that steps left about this image, its platforms and its source; newest first."
    )
    if len(newest) > _MOST:
        note += f" The newest {number(_MOST)} of {number(len(newest))} are shown."
    rows = [_row(fact, dossier) for fact in newest[:_MOST]]
    return section("facts", "Facts", table("Every fact", _HEAD, rows), note=note)


def _row(fact: Fact, dossier: Dossier) -> tuple[str, ...]:
    origin = fact.document.origin
    answer = fact.verdict.answer if fact.verdict else None
    named = element("span", fact.kind, id=anchor(fact.digest))
    return (
        joined([named, *_marks(fact, dossier)]),
        verdict(answer),
        element("div", *_said(fact), class_="what"),
        joined([when(origin.recorded_at), element("div", run(origin), class_="under")]),
        joined(_tool_lines(fact)),
        _about(fact, dossier),
        signed(fact),
    )


def _marks(fact: Fact, dossier: Dossier) -> Iterator[Markup]:
    origin = fact.document.origin
    marks = ["replay"] if origin.replay is not None else []
    marks += ["uncommitted changes"] if origin.dirty else []
    marks += ["from the future"] if is_ahead(origin.recorded_at, dossier.at) else []
    for mark in marks:
        yield element("div", tag(mark, "warn"))


def _tool_lines(fact: Fact) -> Iterator[Markup]:
    document = fact.document
    told = _tool(fact)
    yield element("span", told, class_="cut" if len(told) <= _SHORT else "long")
    yield element("div", document.origin.step, class_="note cut")
    if isinstance(document, Findings) and (database := document.tool.database):
        day = database.updated_at[:10] or database.version
        yield element("div", f"database of {day}", class_="note cut") if day else NOTHING
    if isinstance(document, Findings) and (made := document.made):
        told = "unknown age" if made.undated else made.started[:10]
        yield element("div", f"report of {told}", class_="note cut")


def _tool(fact: Fact) -> str:
    document = fact.document
    if isinstance(document, Findings):
        return f"{document.tool.name} {document.tool.version}".strip()
    if isinstance(document, Evidence):
        return ", ".join(sorted({report.format for report in document.reports})) or "no report"
    return document.origin.tool


def _about(fact: Fact, dossier: Dossier) -> Markup:
    """Return what of the image a fact is about: itself, a platform, or its source."""
    if dossier.digest in fact.keys:
        return joined(["this image"])
    known = dossier.identity.platforms if dossier.identity else ()
    names = [part.platform for part in known if part.digest in fact.keys]
    if names:
        return joined([", ".join(names)])
    if any(key.startswith("gitTree:") for key in fact.keys):
        return joined(["its source tree"])
    return joined((short(key) for key in sorted(fact.keys)[:3]), ", ")


def _said(fact: Fact) -> Iterator[Markup]:
    yield joined([_brief(fact.document, fact.numbers)])
    if isinstance(fact.document, Evidence):
        yield _detail(_failures(fact.document))
        yield _detail(_approvals(fact.document))
    if isinstance(fact.document, Findings):
        yield _detail(_findings(fact.document))
    if fact.verdict is not None:
        told = fact.verdict.reasons
        yield disclosure(plural(len(told), "reason"), reasons(told)) if told else NOTHING


def _brief(document: AnyDocument, numbers: dict[str, float]) -> str:
    match document:
        case Evidence():
            return _evidence(document)
        case Findings():
            return _counted(numbers, document)
        case Identity():
            return ", ".join(document.tags[:5]) or "no tags"
        case Decision():
            return f"may it enter {document.stage}?"
        case Deployment():
            return f"{document.status}: {document.service} in {document.environment}"
        case Announcement() | Waiver():
            return _word(document)


def _word(document: Announcement | Waiver) -> str:
    if isinstance(document, Announcement):
        return f"{document.type}: {document.event}"
    what = f"{document.requirement} {document.rule}".strip()
    return f"may pass without {what} until {document.expires}: {document.reason}"


def _evidence(document: Evidence) -> str:
    said: list[str] = []
    if counts := document.counts:
        said.append(f"{plural(counts.executed, 'test')} ran, {number(counts.passed)} passed")
        names = ("failed", "errors", "skipped", "flaky")
        told = {name: getattr(counts, name) for name in names}
        said += [f"{number(value)} {name}" for name, value in told.items() if value]
    if (coverage := document.coverage) and coverage.lines:
        said.append(f"{number(coverage.line_percent)} % of lines covered")
        if coverage.branches:
            said.append(
                f"{number(100 * coverage.branches_covered / coverage.branches)} % of branches"
            )
    said += [
        f"{metric.name} {number(metric.value)} {metric.unit}".rstrip()
        for metric in document.metrics[:6]
    ]
    said += [f"{number(count)} {severity}" for severity, count in document.found.items() if count]
    if document.duration:
        said.append(f"{number(document.duration)} s")
    return ", ".join(said) or "no numbers"


def _counted(numbers: dict[str, float], document: Findings) -> str:
    severities = ("critical", "high", "medium", "low", "info", "unknown", "suppressed")
    told = [f"{number(numbers[name])} {name}" for name in severities if numbers.get(name)]
    looked = [f"{number(count)} {name}" for name, count in document.examined.items()]
    return f"{', '.join(told) or 'nothing found'} (in {', '.join(looked) or 'nothing'})"


def _detail(found: tuple[str, int, list[Markup]]) -> Markup:
    noun, total, listed = found
    heading = plural(total, noun)
    shown = [element("li", one) for one in listed]
    if total > len(listed):
        shown.append(element("li", f"and {number(total - len(listed))} more"))
    return disclosure(heading, element("ul", *shown, class_="reasons")) if shown else NOTHING


def _failures(document: Evidence) -> tuple[str, int, list[Markup]]:
    listed = [
        joined([element("code", one.name), element("span", one.message[:500], class_="remedy")])
        for one in document.failures[:_MOST_LISTED]
    ]
    return "failure", len(document.failures) + document.failures_left_out, listed


def _approvals(document: Evidence) -> tuple[str, int, list[Markup]]:
    told = document.approvals
    return "approval", len(told), [joined([one.who]) for one in told[:_MOST_LISTED]]


def _findings(document: Findings) -> tuple[str, int, list[Markup]]:
    listed = [
        joined(
            [
                element("code", one.rule),
                f" {one.severity.value}: {one.message[:500]}",
                f" (accepted: {one.suppressed.reason})" if one.suppressed else "",
                element("span", one.where, class_="remedy") if one.where else NOTHING,
            ]
        )
        for one in document.findings[:_MOST_LISTED]
    ]
    return "finding", len(document.findings) + document.left_out, listed
