"""What speaks for an image and against it: decisions, evidence, people who answer for it."""

from collections.abc import Iterator

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Decision, Evidence, Findings
from cdkit.report.markup import Child, Markup, joined, link, tag
from cdkit.report.passport.known import Known
from cdkit.report.passport.pieces import badge, day, pairs, reasons, short, table

_ASKED = {"enter": "May it enter", "stay": "May it stay in", "return": "May it come back to"}
_TOLD = ("p95", "error_rate", "rps")
_MOST = 50


def decisions(known: Known) -> Markup:
    """Return every decision, the newest open and first."""
    found = list(reversed(known.decisions))
    if not found:
        return tag("p", "No gate was asked about it.", class_="soft")
    shown = [_decision(fact, one, latest=n == 0) for n, (fact, one) in enumerate(found[:_MOST])]
    more = len(found) - len(shown)
    return joined(*shown, tag("p", f"and {more} older ones") if more else None)


def _decision(fact: Fact, decision: Decision, *, latest: bool) -> Markup:
    answer = decision.verdict.answer
    forced = (
        f", by force for {decision.incident} until {decision.until}" if decision.incident else ""
    )
    summary = tag(
        "summary",
        badge(answer),
        f"{_ASKED.get(decision.question, decision.question)} {decision.stage}?{forced} ",
        day(decision.origin.recorded_at),
    )
    source = decision.policy
    rows = [
        [one.requirement, badge(one.answer), reasons(one.reasons)] for one in decision.requirements
    ]
    told: list[tuple[str, Child]] = [
        ("Policy", joined(source.where, " ", tag("code", short(source.digest)))),
        ("Extends", source.extends.where if source.extends else None),
        ("Asked by", decision.origin.actor or None),
        ("Run", link(decision.origin.url, decision.origin.run) if decision.origin.url else None),
        ("Signed by", ", ".join(fact.signers) or None),
        ("Fact", tag("code", fact.digest)),
    ]
    body = joined(pairs(told), table("What it asked", ["requirement", "answer", "why"], rows))
    return tag("details", summary, body, open="" if latest else None)


def evidence(known: Known) -> Markup:
    """Return everything that was found out: a table, and what each says in full."""
    found = known.evidence
    if not found:
        return tag("p", "Nothing is on record.", class_="soft")
    rows = [_row(fact, document) for fact, document in reversed(found)]
    columns = ["kind", "answer", "passed", "failed", "skipped", "lines", "what else", "when"]
    listed = table("Evidence, the newest first", columns, rows, frozenset({2, 3, 4, 5}))
    details = [_detail(fact, document) for fact, document in reversed(found[-_MOST:])]
    return joined(listed, tag("h3", "In full"), *details)


def _row(fact: Fact, document: Evidence | Findings) -> list[Child]:
    numbers = fact.numbers
    failed = numbers["failed"] + numbers["errors"] if "failed" in numbers else None
    return [
        document.evidence,
        badge(document.verdict.answer),
        _whole(numbers.get("passed")),
        _whole(failed),
        _whole(numbers.get("skipped")),
        f"{numbers['lines']:.1f} %" if "lines" in numbers else "",
        ", ".join(_more(document)),
        day(document.origin.recorded_at),
    ]


def _whole(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _more(document: Evidence | Findings) -> Iterator[str]:
    if isinstance(document, Findings):
        for name in ("critical", "high", "medium", "low"):
            count = document.numbers.get(name) or sum(
                one.severity.value == name and one.suppressed is None for one in document.findings
            )
            if count:
                yield f"{count} {name}"
        return
    for metric in document.metrics:
        if metric.name in _TOLD:
            yield f"{metric.name} {metric.value:.4g} {metric.unit}".rstrip()
    for name, count in document.found.items():
        if count:
            yield f"{count} {name}"
    if document.counts and document.counts.flaky:
        yield f"{document.counts.flaky} flaky"


def _detail(fact: Fact, document: Evidence | Findings) -> Markup:
    origin = document.origin
    replay = " (a replay: no evidence outside of it)" if origin.replay else ""
    summary = tag(
        "summary",
        badge(document.verdict.answer),
        f"{document.evidence}{replay} ",
        day(origin.recorded_at),
    )
    shard = f"{origin.shard} of {origin.shards}" if origin.shards else None
    attempt = f"{origin.run}, attempt {origin.attempt}" if origin.attempt else origin.run
    told: list[tuple[str, Child]] = [
        ("Found out by", f"{origin.step} ({origin.tool})"),
        ("Run", link(origin.url, attempt) if origin.url else attempt or None),
        ("Job", origin.job or None),
        ("Shard", shard),
        ("Of the source", tag("code", origin.commit) if origin.commit else None),
        ("Signed by", ", ".join(fact.signers) or None),
        ("Reports", _reports(document)),
        ("Fact", tag("code", fact.digest)),
    ]
    return tag("details", summary, pairs(told), reasons(document.verdict.reasons))


def _reports(document: Evidence | Findings) -> Child:
    if isinstance(document, Findings):
        return f"{document.tool.name} {document.tool.version}".strip()
    items = [
        tag("li", f"{one.path}, {one.size:,} bytes, {one.format} ", tag("code", one.digest))
        for one in document.reports[:_MOST]
    ]
    return tag("ul", *items, class_="reasons") if items else None


def excuses(known: Known) -> Markup | None:
    """Return who approved the change, what was waived, which gate was forced; None where nobody."""
    rows = [*_approvals(known), *_waivers(known), *_forced(known)]
    if not rows:
        return None
    return table("People", ["what", "who", "of what", "when"], rows)


def _approvals(known: Known) -> Iterator[list[Child]]:
    for _, document in known.evidence:
        for one in document.approvals if isinstance(document, Evidence) else ():
            yield ["approved", one.who, link(one.url, one.how or "approval"), day(one.at)]


def _waivers(known: Known) -> Iterator[list[Child]]:
    for _, waiver in known.waivers:
        origin, rule = waiver.origin, f" ({waiver.rule})" if waiver.rule else ""
        what = f"{waiver.requirement}{rule}: {waiver.reason}"
        yield [f"waived until {waiver.expires}", origin.actor, what, day(origin.recorded_at)]


def _forced(known: Known) -> Iterator[list[Child]]:
    for _, decision in known.decisions:
        if decision.incident:
            origin = decision.origin
            what = f"{decision.stage}, for {decision.incident}, until {decision.until}"
            yield ["broke the glass", origin.actor, what, day(origin.recorded_at)]
