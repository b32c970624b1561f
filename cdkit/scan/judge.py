"""The judgement: reports in, findings and a verdict out; nothing is looked up on the way."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import replace

from cdkit.core.finding import Confidence, Finding, Fix, Location, Severity, fingerprint
from cdkit.core.verdict import Reason, Verdict, cannot_tell, judge, no, yes
from cdkit.scan.doubts import ACCEPTABLE, Scan, doubts, warnings
from cdkit.scan.exceptions import Waiver, find
from cdkit.scan.policy import Policy, Threshold
from cdkit.scan.report import Vulnerability

_REASONS_NAMED = 20

Place = Callable[[Vulnerability], Location]
"""Where a person should look: the Dockerfile's line, else the file in the image."""


class Judgement(Struct, frozen=True, kw_only=True):
    """What came out: the verdict, every finding (the worst first), and what people should know."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    examined: dict[str, int]


class _Judged(Struct, frozen=True, kw_only=True):
    finding: Finding
    vulnerability: Vulnerability
    waiver: Waiver | None
    over: Waiver | None


def judge_scans(
    scans: Sequence[Scan],
    policy: Policy,
    waivers: Sequence[Waiver],
    *,
    now: datetime,
    place: Place,
    trouble: Iterable[Reason] = (),
) -> Judgement:
    """Judge the scans of one image, one for each of its platforms.

    `trouble` are reasons that the caller has already found. The verdict is no for a vulnerability
    at or above the threshold that no living exception covers; "cannot tell" for any doubt that is
    not lifted; else yes, which means that nothing is known.
    """
    judged = tuple(_merge(list(_findings(scans, waivers, now.date(), place))))
    raised = [*trouble, *(r for scan in scans for r in doubts(scan, policy.age, now))]
    raised.extend(_unknown_severity(judged, policy))
    lifted = [reason for reason in raised if reason.rule in policy.accept & set(ACCEPTABLE)]
    against = list(_against(judged, policy))
    reasons = [*against, *(reason for reason in raised if reason not in lifted)]
    if scans and not reasons:
        reasons.append(_nothing_known(scans, judged, policy))
    return Judgement(
        verdict=judge(dict.fromkeys(reasons)),
        findings=tuple(item.finding for item in judged),
        notes=tuple(_notes(scans, judged, waivers, lifted, policy, now)),
        examined=_examined(scans),
    )


def _findings(
    scans: Sequence[Scan], waivers: Sequence[Waiver], today: date, place: Place
) -> Iterator[_Judged]:
    for scan in scans:
        copies: Counter[tuple[str, ...]] = Counter()
        for found in sorted(scan.report.vulnerabilities, key=lambda v: (v.id, v.name, v.path)):
            key = (found.id, found.name, found.kind)
            copies[key] += 1
            waiver, over = find(waivers, found, today)
            print_ = fingerprint(*key, *([str(copies[key])] if copies[key] > 1 else []))
            finding = _finding(found, scan, print_, place(found), waiver)
            yield _Judged(finding=finding, vulnerability=found, waiver=waiver, over=over)


def _finding(
    found: Vulnerability, scan: Scan, print_: str, place: Location, waiver: Waiver | None
) -> Finding:
    facts = {
        "package": found.package,
        "installed": found.installed,
        "fixed": ", ".join(found.fixed),
        "kind": found.kind,
        "path": found.path,
        "url": found.url,
        "platforms": scan.platform,
    }
    title = f": {found.title}" if found.title else ""
    return Finding(
        rule=found.id,
        severity=found.severity,
        confidence=Confidence.HIGH,
        message=f"{found.package} {found.installed} has {found.id}{title}",
        locations=(place,),
        fingerprint=print_,
        about=found.purl or f"{found.kind}:{found.package}@{found.installed}",
        fix=_fix(found),
        suppressed=waiver.suppression() if waiver else None,
        properties={name: text for name, text in facts.items() if text},
    )


def _fix(found: Vulnerability) -> Fix | None:
    if not found.fixed:
        return None
    return Fix(summary=f"upgrade {found.package} to {' or '.join(found.fixed)}")


def _merge(judged: list[_Judged]) -> list[_Judged]:
    """Make one finding of what several platforms share; the worst first, else by name.

    What differs in anything that decides, an exception above all, stays apart.
    """
    merged: dict[tuple[object, ...], _Judged] = {}
    for item in judged:
        found = item.vulnerability
        key = (
            item.finding.fingerprint,
            found.installed,
            found.severity,
            found.fixed,
            id(item.waiver),
        )
        known = merged.setdefault(key, item)
        platform = item.finding.properties.get("platforms", "")
        if known is not item and platform:
            facts = dict(known.finding.properties)
            facts["platforms"] = f"{facts.get('platforms', '')}, {platform}"
            merged[key] = replace(known, finding=replace(known.finding, properties=facts))
    worst_first = sorted(merged.values(), key=lambda i: (i.finding.rule, i.finding.about))
    return sorted(worst_first, key=lambda i: i.finding.severity.rank, reverse=True)


def _counts(item: _Judged, policy: Policy) -> bool:
    """Whether a finding decides: nobody answers for it, and it can be mended if that is asked."""
    mendable = bool(item.vulnerability.fixed) or not policy.fixed_only
    return item.waiver is None and mendable


def _general(policy: Policy) -> Severity:
    """Return the severity from which on anything fails."""
    found = next((one for one in policy.thresholds if not one.scope), Threshold(severity=None))
    return found.severity or Severity.CRITICAL


def _against(judged: Sequence[_Judged], policy: Policy) -> Iterator[Reason]:
    failing = [
        item
        for item in judged
        if _counts(item, policy) and item.finding.severity.rank >= _general(policy).rank
    ]
    for item in failing[:_REASONS_NAMED]:
        yield _reason_against(item)
    if rest := failing[_REASONS_NAMED:]:
        yield no(
            f"{len(rest)} more vulnerabilities at {_general(policy)} or above",
            remedy="see the findings, the worst first",
        )


def _reason_against(item: _Judged) -> Reason:
    finding = item.finding
    what = f"{finding.severity}: {finding.message}"
    if item.over:
        what += f"; the exception of {item.over.owner} ended on {item.over.expires.isoformat()}"
    remedy = finding.fix.summary if finding.fix else "there is no fix yet: remove the package"
    remedy += ", or record an exception with a reason, an owner and a date"
    return no(what, remedy=remedy, where=finding.locations[0], rule=finding.rule)


def _unknown_severity(judged: Sequence[_Judged], policy: Policy) -> Iterator[Reason]:
    for item in judged:
        if item.finding.severity is Severity.UNKNOWN and _counts(item, policy):
            yield cannot_tell(
                f"nobody said how severe {item.finding.message} is",
                remedy="look it up, and record an exception for it or upgrade; or accept "
                "unknown-severity",
                where=item.finding.locations[0],
                rule="unknown-severity",
            )


def _nothing_known(scans: Sequence[Scan], judged: Sequence[_Judged], policy: Policy) -> Reason:
    packages = sum(scan.report.package_count for scan in scans)
    platforms = ", ".join(dict.fromkeys(scan.platform for scan in scans if scan.platform))
    of = f" of {platforms}" if platforms else ""
    left = f"; {len(judged)} lesser or excepted" if judged else ""
    mendable = " with a fix" if policy.fixed_only else ""
    return yes(
        f"no known vulnerability{mendable} at {_general(policy)} or above in {packages} packages"
        f"{of}{left}"
    )


def _examined(scans: Sequence[Scan]) -> dict[str, int]:
    return {
        "platforms": len(scans),
        "packages": sum(scan.report.package_count for scan in scans),
    }


def _notes(
    scans: Sequence[Scan],
    judged: Sequence[_Judged],
    waivers: Sequence[Waiver],
    lifted: Sequence[Reason],
    policy: Policy,
    now: datetime,
) -> Iterator[str]:
    yield from (f"Accepted ({reason.rule}): {reason.what}." for reason in lifted)
    yield from warnings(scans, policy.age, now)
    used = [w for item in judged for w in (item.waiver, item.over) if w]
    for waiver in waivers:
        if waiver not in used:
            yield f"{waiver.where}: the exception for {waiver.id} covers nothing: remove it."
        elif waiver.is_over(now.date()):
            yield f"{waiver.where}: the exception for {waiver.id} ended on {waiver.expires}."
        elif waiver.ends_soon(now.date()):
            yield (
                f"{waiver.where}: the exception for {waiver.id} ends on {waiver.expires}; "
                f"{waiver.owner} answers for it."
            )
