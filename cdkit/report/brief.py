"""A report cut down to what fits, where a reader takes no more than so many packed bytes."""

import zlib

from msgspec.structs import replace

from cdkit.core.finding import Finding, Fix, Suppression
from cdkit.core.rule import Rule
from cdkit.core.spoken import cut
from cdkit.core.verdict import Reason
from cdkit.report.report import Report

LONGEST = 300
"""Characters of a text that stay; of a name a little less is enough to look it up by."""

_KEPT = ("security-severity", "package", "installed", "fixed", "standing", "until", "runs")
_PIECE = 1 << 20


def fits(text: str, limit: int) -> bool:
    """Return whether text, packed by gzip, has at most `limit` bytes.

    It is packed at the fastest level, in pieces: a slower one gives less, and memory stays small.
    """
    if len(text) <= limit // 4:  # UTF-8 has at most four bytes a character
        return True
    packer = zlib.compressobj(level=1, wbits=31)
    size = 0
    for start in range(0, len(text), _PIECE):
        size += len(packer.compress(text[start : start + _PIECE].encode("utf-8", "replace")))
        if size > limit:
            return False
    return size + len(packer.flush()) <= limit


def brief(report: Report) -> Report:
    """Return a report whose every text is short: nothing is left out but words."""
    verdict = replace(report.verdict, reasons=tuple(map(_reason, report.verdict.reasons)))
    return replace(
        report,
        verdict=verdict,
        findings=tuple(map(_finding, report.findings)),
        rules=tuple(map(_rule, report.rules)),
        notes=tuple(_cut(note) for note in report.notes[:20]),
    )


def _reason(reason: Reason) -> Reason:
    return replace(reason, what=_cut(reason.what), remedy=_cut(reason.remedy))


def _finding(finding: Finding) -> Finding:
    facts = finding.properties
    return replace(
        finding,
        message=_cut(finding.message),
        locations=finding.locations[:1],
        about=_cut(finding.about),
        fix=Fix(summary=_cut(finding.fix.summary)) if finding.fix else None,
        suppressed=_suppression(finding.suppressed) if finding.suppressed else None,
        properties={name: _cut(facts[name]) for name in _KEPT if name in facts},
    )


def _suppression(why: Suppression) -> Suppression:
    return replace(why, reason=_cut(why.reason), owner=_cut(why.owner))


def _rule(rule: Rule) -> Rule:
    sources = tuple(source for source in rule.sources[:1] if len(source) <= LONGEST)
    return replace(rule, title=_cut(rule.title), why="", instead="", sources=sources)


def _cut(text: str) -> str:
    return cut(text, LONGEST)
