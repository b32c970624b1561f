"""The judgement: reports in, findings and a verdict out; nothing is looked up on the way."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime

from msgspec import Struct

from cdkit.core.documents.inventory import Component, Known
from cdkit.core.finding import Finding, Location, Severity
from cdkit.core.verdict import Reason, Verdict, cannot_tell, judge, no, yes
from cdkit.scan.baseline import Baseline
from cdkit.scan.cover import Cover, Covers
from cdkit.scan.doubts import ACCEPTABLE, Scan, doubts
from cdkit.scan.key import canonical, issue_key, key_of
from cdkit.scan.merge import by_image, merged, settled
from cdkit.scan.policy import Policy
from cdkit.scan.report import Issue, Vulnerability
from cdkit.scan.tell import Judged, finding_of, notes, remedy_of, told_of
from cdkit.scan.untold import untold
from cdkit.scan.weigh import Feeds, Standing, Weighed, rated, weigh, weigh_issue

MOST_FINDINGS = 5_000
"""Findings that are kept, those that decide and the worst; the others are counted.

GitHub keeps no more of a run (docs.github.com, "SARIF support for code scanning").
"""

_REASONS_NAMED = 20

Place = Callable[[Vulnerability | Issue], Location]
"""Where a person should look: the Dockerfile's line, else the file in the image."""


class Facts(Struct, frozen=True, kw_only=True):
    """What a judgement takes into account beside the scans: all fetched before."""

    covers: tuple[Cover, ...] = ()
    feeds: Feeds = Feeds()
    baseline: Baseline | None = None


class Judgement(Struct, frozen=True, kw_only=True):
    """What came out.

    `findings` are the worst first, and `left_out` counts those beyond MOST_FINDINGS. `numbers`
    count all: those that nothing covers by severity, `new`, `clocked`, `overdue`, `suppressed`.
    `inventory` and `known` are for the record, and for the next judgement.
    """

    verdict: Verdict
    findings: tuple[Finding, ...]
    left_out: int
    numbers: dict[str, int]
    notes: tuple[str, ...]
    examined: dict[str, int]
    inventory: tuple[Component, ...]
    known: tuple[Known, ...]


def judge_scans(
    scans: Sequence[Scan],
    policy: Policy,
    facts: Facts,
    *,
    now: datetime,
    place: Place,
    trouble: Iterable[Reason] = (),
) -> Judgement:
    """Judge the scans of one image, one for each of its platforms.

    `trouble` are reasons that the caller has already found. The verdict is no for what fails and
    nothing living covers; "cannot tell" for any doubt that is not lifted; else yes, which means
    that nothing is known.
    """
    judged = _merge(_weighed(scans, policy, facts, now))
    raised = [*trouble, *(_doubted(scans, policy, now))]
    raised.extend(_unknown(judged, place))
    raised.extend(untold(judged, policy, facts.feeds))
    lifted = [reason for reason in raised if reason.rule in policy.accept & set(ACCEPTABLE)]
    reasons = list(_against(judged, facts.baseline, place))
    reasons += [reason for reason in raised if reason not in lifted]
    if scans and not reasons:
        reasons.append(_nothing_known(scans, judged, policy))
    kept = _worst(judged)
    return Judgement(
        verdict=judge(dict.fromkeys(reasons)),
        findings=tuple(finding_of(item, place(item.thing)) for item in kept),
        left_out=len(judged) - len(kept),
        numbers=_numbers(judged),
        notes=tuple(notes(scans, judged, facts, lifted, policy, now)),
        examined=_examined(scans),
        inventory=_inventory(scans),
        known=_known(judged, _learned(scans, now)),
    )


def _doubted(scans: Sequence[Scan], policy: Policy, now: datetime) -> Iterator[Reason]:
    """Yield each scan's doubts, but what another scanner of the same platform settles."""
    for group in by_image(scans):
        for scan in group:
            lessened, names = settled(scan, [one.report for one in group if one is not scan])
            for reason in doubts(lessened, policy.age, now):
                if reason.rule not in names:
                    yield reason


def _weighed(
    scans: Sequence[Scan], policy: Policy, facts: Facts, now: datetime
) -> Iterator[Judged]:
    today = now.date()
    covers = Covers(facts.covers)
    for group in by_image(scans):
        platform, image = group[0].platform, group[0].digests
        copies: Counter[str] = Counter()
        for one in sorted(merged(group), key=_order):
            first = key_of(one)
            copies[first] += 1
            key = first if copies[first] == 1 else key_of(one, copies[first])
            since = facts.baseline.since(key, one, today) if facts.baseline else None
            weighed = weigh(one, policy, facts.feeds, now, since)
            yield _judged(one, key, since, weighed, platform, image, covers, today)
        for key, issue in (pair for scan in group for pair in _keyed(scan.report.issues)):
            since = facts.baseline.since_of_issue(key, today) if facts.baseline else None
            weighed = weigh_issue(issue, policy, now, since)
            yield _judged(issue, key, since, weighed, platform, image, covers, today)


def _keyed(issues: Iterable[Issue]) -> Iterator[tuple[str, Issue]]:
    """Yield the issues of a report, each once and with its key."""
    copies: Counter[str] = Counter()
    for issue in sorted(dict.fromkeys(issues), key=_line):
        first = issue_key(issue)
        copies[first] += 1
        yield issue_key(issue, copies[first]), issue


def _line(issue: Issue) -> int:
    return issue.line


def _order(found: Vulnerability) -> tuple[str, ...]:
    return (canonical(found.names), found.name, found.path)


def _judged(
    thing: Vulnerability | Issue,
    key: str,
    since: date | None,
    weighed: Weighed,
    platform: str,
    image: frozenset[str],
    covers: Covers,
    today: date,
) -> Judged:
    cover, over = covers.find(thing, image, today)
    if cover:
        weighed = Weighed(standing=Standing.COVERED, severity=weighed.severity)
    return Judged(
        key=key,
        thing=thing,
        weighed=weighed,
        since=since,
        cover=cover,
        over=over,
        platforms=platform,
        images=(image,),
    )


def _merge(judged: Iterable[Judged]) -> list[Judged]:
    """Make one of what several platforms share; the worst first, else by name.

    What differs in anything that decides, an exception above all, stays apart.
    """
    merged: dict[tuple[object, ...], Judged] = {}
    for item in judged:
        thing = item.thing
        version = (thing.installed, thing.fixed) if isinstance(thing, Vulnerability) else ()
        key = (item.key, version, item.weighed.severity, item.weighed.standing, id(item.cover))
        known = merged.setdefault(key, item)
        if known is not item and item.platforms not in known.platforms.split(", "):
            known.platforms = f"{known.platforms}, {item.platforms}"
            known.images += item.images
    by_name = sorted(merged.values(), key=lambda item: (item.thing.id, item.about))
    return sorted(by_name, key=lambda item: item.weighed.severity.rank, reverse=True)


def _worst(judged: list[Judged]) -> list[Judged]:
    """Return what is kept: all of it, or what decides and then the worst."""
    if len(judged) <= MOST_FINDINGS:
        return judged
    first = sorted(judged, key=lambda item: item.weighed.standing not in _DECIDING)
    kept = first[:MOST_FINDINGS]
    return sorted(kept, key=lambda item: item.weighed.severity.rank, reverse=True)


_DECIDING = frozenset({Standing.FAILS, Standing.OVERDUE, Standing.UNKNOWN})


def _against(judged: Sequence[Judged], baseline: Baseline | None, place: Place) -> Iterator[Reason]:
    failing = [
        item for item in judged if item.weighed.standing in {Standing.FAILS, Standing.OVERDUE}
    ]
    for item in failing[:_REASONS_NAMED]:
        what = f"{item.weighed.why}: {told_of(item)}"
        if item.weighed.standing is Standing.OVERDUE and baseline:
            what += (
                f"; {baseline.environment} has it since {item.since}, and its time ended on "
                f"{item.weighed.until}"
            )
        where = place(item.thing)
        yield no(what, remedy=remedy_of(item.thing), where=where, rule=item.rule)
    if len(failing) > _REASONS_NAMED:
        rest = len(failing) - _REASONS_NAMED
        yield no(
            f"{rest} more vulnerabilities or issues fail",
            remedy="see the findings, the worst first",
        )


def _unknown(judged: Sequence[Judged], place: Place) -> Iterator[Reason]:
    unknown = [item for item in judged if item.weighed.standing is Standing.UNKNOWN]
    for item in unknown[:_REASONS_NAMED]:
        yield cannot_tell(
            f"nobody said how severe this is: {told_of(item)}",
            remedy="look it up, and record an exception for it or upgrade; or accept "
            "unknown-severity",
            where=place(item.thing),
            rule="unknown-severity",
        )
    if len(unknown) > _REASONS_NAMED:
        yield cannot_tell(
            f"nobody said how severe {len(unknown) - _REASONS_NAMED} more are",
            remedy="see the findings, or accept unknown-severity",
            rule="unknown-severity",
        )


def _nothing_known(scans: Sequence[Scan], judged: Sequence[Judged], policy: Policy) -> Reason:
    packages = sum(scan.report.package_count for scan in scans)
    platforms = ", ".join(dict.fromkeys(scan.platform for scan in scans if scan.platform))
    of = f" of {platforms}" if platforms else ""
    clocked = sum(item.weighed.standing is Standing.CLOCKED for item in judged)
    graced = sum(item.weighed.standing is Standing.GRACE for item in judged)
    lesser = len(judged) - clocked - graced
    left = f"; {clocked} on the clock" if clocked else ""
    left += f"; {graced} in their days of grace" if graced else ""
    left += f"; {lesser} lesser or excepted" if lesser else ""
    mendable = " with a fix" if policy.fixed_only else ""
    mendable += " that counts" if graced or any(_is_let(item, policy) for item in judged) else ""
    new = "new " if clocked else ""
    at = f" at {policy.general} or above" if policy.general else ""
    return yes(f"no {new}known vulnerability{mendable}{at} in {packages} packages{of}{left}")


def _is_let(item: Judged, policy: Policy) -> bool:
    """Whether a thing is as severe as what says no, and does not count by a narrower threshold."""
    shown = item.weighed.standing is Standing.SHOWN
    return (
        shown
        and policy.threshold(item.thing) is not policy.general
        and bool(policy.general and item.weighed.severity.rank >= policy.general.rank)
    )


def _numbers(judged: Sequence[Judged]) -> dict[str, int]:
    numbers = {severity.value: 0 for severity in Severity}
    numbers |= dict.fromkeys(("new", "clocked", "overdue", "suppressed"), 0)
    for item in judged:
        if item.cover:
            numbers["suppressed"] += 1
            continue
        thing = item.thing
        severity = rated(thing) if isinstance(thing, Vulnerability) else thing.severity
        numbers[severity.value] += 1
        if item.weighed.standing is Standing.FAILS:
            numbers["new"] += 1
        elif item.weighed.standing in {Standing.CLOCKED, Standing.OVERDUE}:
            numbers[item.weighed.standing.value] += 1
        if isinstance(thing, Issue):
            numbers[thing.kind.value] = numbers.get(thing.kind.value, 0) + 1
    return numbers


def _examined(scans: Sequence[Scan]) -> dict[str, int]:
    return {
        "platforms": len(scans),
        "packages": sum(scan.report.package_count for scan in scans),
    }


def _inventory(scans: Sequence[Scan]) -> tuple[Component, ...]:
    """Return the packages of all platforms, each once, without where a layer put them."""
    found = {
        (c.kind, c.name, c.version, c.purl, c.path): c
        for scan in scans
        for c in scan.report.components
    }
    return tuple(found[key] for key in sorted(found))


def _learned(scans: Sequence[Scan], now: datetime) -> date:
    """Return the day on which the scans found out: today, or the day of the newest made report.

    Whoever judges a report later has known of what is in it since it was made.
    """
    made = [scan.report.created_at if scan.made else now for scan in scans]
    return min(max((at or now for at in made), default=now), now).date()


def _known(judged: Sequence[Judged], learned: date) -> tuple[Known, ...]:
    since: dict[str, date] = {}
    for item in judged:
        moment = item.since or learned
        since[item.key] = min(since.get(item.key, moment), moment)
    return tuple(Known(key=key, since=since[key].isoformat()) for key in sorted(since))
