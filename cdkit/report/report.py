"""What is reported: a step's question, its answer with all reasons, and all that it found."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from cdkit.core.context import BuildContext
from cdkit.core.documents.document import Document, Replay
from cdkit.core.errors import RequestError
from cdkit.core.finding import Finding, Location
from cdkit.core.names import TOOL
from cdkit.core.plugins import load, names
from cdkit.core.rule import Rule
from cdkit.core.step import Table
from cdkit.core.subject import Subject
from cdkit.core.verdict import Answer, Reason, Verdict

_TERMINAL = BuildContext(system="terminal")


class Report(Struct, frozen=True, kw_only=True):
    """What every format gets.

    `subject` names what was examined, `record` the fact that was left, both for people. `data` is
    what the step prints on standard output in place of a text report: only the JSON document holds
    it too. `document` is the fact itself, for formats that are made of one kind of it, `exhibit`
    what formats of the step's own are made of; `started_at` is when the step began. `headline`
    counts in a few words what stands behind the answer. `colour` asks the text format for ANSI
    colours. Of an `is_refused` one the request was wrong, and nothing was examined.
    """

    step: str
    verdict: Verdict
    question: str = ""
    findings: tuple[Finding, ...] = ()
    rules: tuple[Rule, ...] = ()
    outputs: dict[str, str] = {}
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    context: BuildContext = _TERMINAL
    replay: Replay | None = None
    subject: str = ""
    record: str = ""
    tool: str = TOOL
    data: str = ""
    document: Document | None = None
    exhibit: Struct | None = None
    subjects: tuple[Subject, ...] = ()
    started_at: datetime | None = None
    headline: str = ""
    colour: bool = False
    is_refused: bool = False

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """The findings that nobody suppressed."""
        return tuple(finding for finding in self.findings if finding.suppressed is None)

    @property
    def suppressed_findings(self) -> tuple[Finding, ...]:
        """The findings that decide nothing, and are shown all the same."""
        return tuple(finding for finding in self.findings if finding.suppressed is not None)


class Format(Struct, frozen=True, kw_only=True):
    """A format: its name and how a report is written in it, with a line end at the end.

    `annotate` writes several reports at once, where a CI system counts what it shows for a whole
    step of its own.
    """

    name: str
    render: Callable[[Report], str]
    annotate: Callable[[Sequence[Report]], str] | None = None


def format_names() -> tuple[str, ...]:
    """Return the names of all formats, sorted."""
    from cdkit.report import formats

    return names(formats)


def scan_format_names() -> tuple[str, ...]:
    """Return the names of the formats that are made of a scan's fact, sorted."""
    from cdkit.report import scans

    return tuple(sorted(name.replace("_", "-") for name in names(scans)))


def render(name: str, report: Report) -> str:
    """Return a report in the format of this name; raises RequestError where there is none.

    A step's own format of this name comes first. A format that is made of a scan's fact is none for
    the report of another step; where nothing was scanned it raises CannotTell.
    """
    from cdkit.report import formats
    from cdkit.report.exhibit import exhibited

    if (own := exhibited(name, report)) is not None:
        return own
    if name in scan_format_names():
        from cdkit.report import scans
        from cdkit.report.scan import ScanFormat, written

        made = load(scans, name.replace("-", "_"), "FORMAT", ScanFormat)
        return written(made, report)
    if name not in names(formats):
        raise RequestError(
            f"there is no report format {name[:100]!r}",
            remedy=f"use one of: {', '.join(format_names())}",
        )
    return load(formats, name, "FORMAT", Format).render(report)


def annotate(name: str, reports: Sequence[Report]) -> str:
    """Return several reports as one in the format of this name, which a CI system named."""
    from cdkit.report import formats

    form = load(formats, name, "FORMAT", Format)
    whole = form.annotate or (lambda shown: "".join(form.render(report) for report in shown))
    return whole(reports)


def replay_mark(report: Report) -> str:
    """Return the sentence that every format puts on a replay, or an empty string."""
    if report.replay is None:
        return ""
    at, run = report.replay.at, report.replay.run
    return f"REPLAY as of {at} (run {run}): no evidence outside this run"


def answer_words(answer: Answer) -> str:
    """Return an answer as people say it."""
    return answer.value.replace("-", " ")


def reasons_of(report: Report, answer: Answer) -> tuple[Reason, ...]:
    """Return the reasons for one answer, in the order in which they were given.

    Where the verdict is an answer for which no reason was given, a reason that says just that
    stands in: no format can then take the verdict for another one.
    """
    told = tuple(reason for reason in report.verdict.reasons if reason.answer is answer)
    if told or report.verdict.answer is not answer or answer is Answer.YES:
        return told
    return (
        Reason(
            answer=answer,
            what=f"the answer is {answer_words(answer)}, and no reason was given",
            remedy="report this as a fault of cdkit",
        ),
    )


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings by severity, unknown among the high ones, then as they came."""
    return tuple(sorted(findings, key=lambda finding: -_weight(finding)))


def _weight(finding: Finding) -> int:
    """Nobody knows that an unknown severity is a low one: it stands with the high ones."""
    return finding.severity.rank if finding.severity.rank >= 0 else 3


def remedies(report: Report) -> Callable[[Finding], str]:
    """Return what tells, of any finding of a report, what would mend it.

    That is the finding's own fix, else what the reason that speaks of it says, else the command
    that explains its rule, where there is something to explain.
    """
    said = {_key(reason): reason.remedy for reason in report.verdict.reasons if reason.remedy}
    known = {rule.id for rule in report.rules if rule.instead or rule.why}

    def remedy(finding: Finding) -> str:
        if finding.fix:
            return finding.fix.summary
        explained = f"cdkit explain {finding.rule}" if finding.rule in known else ""
        return said.get(_key_of(finding)) or explained

    return remedy


def decisive(report: Report) -> Callable[[Finding], bool]:
    """Return what tells, of any finding of a report, whether a reason for "no" speaks of it."""
    said = {_key(reason) for reason in reasons_of(report, Answer.NO)}
    return lambda finding: _key_of(finding) in said


_SHOWN = frozenset({"clocked", "grace", "shown"})
"""What a scan says of a finding that decides nothing today (cdkit/scan/weigh.py, Standing)."""


def counts(finding: Finding) -> bool:
    """Return whether a finding may have decided: a step can say of one that it did not."""
    return finding.properties.get("standing") not in _SHOWN


def unsaid(report: Report) -> tuple[Reason, ...]:
    """Return the reasons for "no" that no open finding already tells.

    A finding tells a reason when it has its rule and its line, and is then `decisive`: so each
    reason for "no" is either here or in such a finding.
    """
    told = {_key_of(finding) for finding in report.open_findings}
    return tuple(reason for reason in reasons_of(report, Answer.NO) if _key(reason) not in told)


def place(finding: Finding) -> Location | None:
    """Return where a finding is, first of all."""
    return finding.locations[0] if finding.locations else None


_Key = tuple[str, str, int]


def _key(reason: Reason) -> _Key:
    where = reason.where
    return (reason.rule, where.path if where else "", where.line if where else 0)


def _key_of(finding: Finding) -> _Key:
    where = place(finding)
    return (finding.rule, where.path if where else "", where.line if where else 0)
