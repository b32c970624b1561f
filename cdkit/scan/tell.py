"""What people read of a judgement: findings, and notes on what was assumed or runs out."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from cdkit.core.finding import Confidence, Finding, Fix, Location
from cdkit.core.verdict import Reason
from cdkit.scan.cover import Cover, Covers
from cdkit.scan.doubts import Scan, warnings
from cdkit.scan.key import rule_of
from cdkit.scan.policy import Policy
from cdkit.scan.report import Issue, IssueKind, Vulnerability
from cdkit.scan.weigh import Standing, Weighed

if TYPE_CHECKING:
    from cdkit.scan.judge import Facts


UNUSED = ("covers nothing: remove it.", "VEX statements is about this image or a package in it.")
"""How a note ends on an exception, or on a VEX document, that nothing in an image needs."""


class Judged(Struct, kw_only=True):
    """A thing that was found, with what became of it.

    `key` survives rebuilds; `since` is the day since when what is deployed has it; `cover` takes it
    out of the count, and `over` did until it ended. `platforms` names those that share it, and
    `images` holds the digests of the image of each.
    """

    key: str
    thing: Vulnerability | Issue
    weighed: Weighed
    since: date | None
    cover: Cover | None
    over: Cover | None
    platforms: str
    images: tuple[frozenset[str], ...]

    @property
    def rule(self) -> str:
        """The rule that a finding of it has: the vulnerability, or the scanner's rule."""
        return self.thing.id if isinstance(self.thing, Vulnerability) else rule_of(self.thing.id)

    @property
    def about(self) -> str:
        """What it is about: a package at its version, or a file."""
        thing = self.thing
        if isinstance(thing, Issue):
            return thing.path or thing.package
        return thing.purl or f"{thing.kind}:{thing.package}@{thing.installed}"


def message_of(thing: Vulnerability | Issue) -> str:
    """Return a sentence on what was found."""
    title = f": {thing.title}" if thing.title else ""
    if isinstance(thing, Vulnerability):
        return f"{thing.package} {thing.installed} has {thing.id}{title}"
    place = f" in {thing.path}" if thing.path else ""
    match thing.kind:
        case IssueKind.SECRET:
            return f"a secret stands{place} ({thing.id}){title}"
        case IssueKind.MISCONFIGURATION:
            return f"{rule_of(thing.id)}{title}{place}"
        case IssueKind.LICENSE:
            of = thing.package or thing.path or "a file"
            return f"{of} is licensed as {thing.id}"


def told_of(item: Judged) -> str:
    """Return what was found, and who excepted it until when, where that is over."""
    return "; ".join(filter(None, (message_of(item.thing), _over(item))))


def _over(item: Judged) -> str:
    return f"{item.over.name} {item.over.ended(date.max)}" if item.over else ""


def remedy_of(thing: Vulnerability | Issue) -> str:
    """Return what would mend it."""
    exception = "or record an exception with a reason, an owner and a date"
    if isinstance(thing, Vulnerability):
        fix = _fix(thing)
        told = fix.summary if fix else "there is no fix yet: remove the package"
        return f"{told}, {exception}"
    match thing.kind:
        case IssueKind.SECRET:
            return f"renew the secret, build the image without it, {exception}"
        case IssueKind.MISCONFIGURATION:
            return f"{thing.remedy.rstrip('.') or 'mend the configuration'}, {exception}"
        case IssueKind.LICENSE:
            return f"replace the package, or let a lawyer look at it, {exception}"


def finding_of(item: Judged, place: Location) -> Finding:
    """Return what the reports show of a thing; `because` is what its severity alone does not say.

    Who sees that something low fails must see that it is exploited, or that its exception is over.
    """
    thing = item.thing
    because = "; ".join(filter(None, (item.weighed.beside, _over(item))))
    facts = _facts(thing) | {"platforms": item.platforms, "because": because} | _time(item)
    return Finding(
        rule=item.rule,
        severity=item.weighed.severity,
        confidence=Confidence.HIGH,
        message="; ".join(filter(None, (message_of(thing), because))),
        locations=(place,),
        fingerprint=item.key,
        about=item.about,
        fix=_fix(thing),
        suppressed=item.cover.suppression() if item.cover else None,
        properties={name: text for name, text in facts.items() if text},
    )


def _facts(thing: Vulnerability | Issue) -> dict[str, str]:
    if isinstance(thing, Issue):
        return {"kind": thing.kind.value, "path": thing.path, "url": thing.url}
    attacks = thing.exploitation
    return {
        "package": thing.package,
        "installed": thing.installed,
        "fixed": ", ".join(thing.fixed),
        "status": thing.status,
        "kind": thing.kind,
        "path": thing.path,
        "url": thing.url,
        "aliases": ", ".join(thing.aliases),
        "security-severity": f"{thing.score:.1f}" if thing.score else "",
        "cvss": next((rating.vector for rating in thing.cvss if rating.vector), ""),
        "epss": f"{attacks.epss:.5f}" if attacks and attacks.epss is not None else "",
        "known-exploited": "yes" if attacks and attacks.known_exploited else "",
        "published": thing.published.date().isoformat() if thing.published else "",
        "said": "; ".join(f"{w.scanner}: {w.id} {w.severity}" for w in thing.words),
    }


def _time(item: Judged) -> dict[str, str]:
    return {
        "standing": item.weighed.standing.value,
        "since": item.since.isoformat() if item.since else "",
        "until": item.weighed.until.isoformat() if item.weighed.until else "",
    }


def _fix(thing: Vulnerability | Issue) -> Fix | None:
    if isinstance(thing, Issue):
        return Fix(summary=thing.remedy) if thing.remedy else None
    if not thing.fixed:
        return None
    return Fix(summary=f"upgrade {thing.package} to {' or '.join(thing.fixed)}")


def notes(
    scans: Sequence[Scan],
    judged: Sequence[Judged],
    facts: "Facts",
    lifted: Sequence[Reason],
    policy: Policy,
    now: datetime,
) -> Iterator[str]:
    """Yield what people should know beside the findings."""
    yield from (f"Accepted ({reason.rule}): {reason.what}." for reason in lifted)
    yield from warnings(scans, policy.age, now)
    yield from _of_time(judged, facts)
    yield from _of_covers(facts.covers, judged, now.date())


def _of_covers(covers: Sequence[Cover], judged: Sequence[Judged], today: date) -> Iterator[str]:
    """Yield what is to be said of each exception, and of a VEX document as a whole.

    A vendor's document speaks of many products, so its statements are not told one by one.
    """
    used = {id(cover) for item in judged for cover in (item.cover, item.over) if cover}
    speaking = Covers(covers).speaking(
        (item.thing, image) for item in judged for image in item.images
    )
    idle: dict[str, bool] = {}
    for cover in covers:
        if cover.document:
            speaks = id(cover) in speaking
            idle[cover.document] = idle.get(cover.document, True) and not speaks
        elif id(cover) in used:
            told = cover.ending(today)
            yield from (f"{cover.where}: {cover.name} {told}.",) if told else ()
        elif id(cover) in speaking:
            yield f"{cover.where}: {cover.name} is not needed: another covers the same."
        else:
            yield f"{cover.where}: {cover.name} {UNUSED[0]}"
    yield from (f"{path}: none of its {UNUSED[1]}" for path, is_idle in idle.items() if is_idle)


def _of_time(judged: Sequence[Judged], facts: "Facts") -> Iterator[str]:
    clocked = [item for item in judged if item.weighed.standing is Standing.CLOCKED]
    if facts.baseline and clocked:
        yield (
            f"{facts.baseline.environment} has {len(clocked)} of these already: they are on the "
            f"clock. {_first(clocked)}"
        )
    if graced := [item for item in judged if item.weighed.standing is Standing.GRACE]:
        yield f"{len(graced)} were published only lately and do not count yet. {_first(graced)}"


def _first(items: Sequence[Judged]) -> str:
    dated = [(item.weighed.until, item) for item in items if item.weighed.until]
    until, item = min(dated, key=lambda pair: pair[0])
    return f"The first time ends on {until}: {item.rule}, {item.about}."
