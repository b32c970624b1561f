"""From the options of scan-image to a policy, to exceptions, and to what others know."""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import TypeVar

from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.finding import Severity
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.core.world import World
from cdkit.scan.cover import Cover
from cdkit.scan.doubts import ACCEPTABLE, Age
from cdkit.scan.exceptions import read_exceptions
from cdkit.scan.feed import FEED_LIMIT, read_epss, read_kev
from cdkit.scan.policy import DEFAULT_CLOCK, PATTERNS, SORTS, Policy, Threshold
from cdkit.scan.statement import Statement, read_vex, words_of
from cdkit.scan.weigh import Feeds
from cdkit.steps.protected import read_protected
from cdkit.steps.scan_options import ScanImageOptions

T = TypeVar("T")

NEVER = "never"
_MOST_DAYS = 3650
_SEVERITIES = ("low", "medium", "high", "critical")


def policy_of(options: ScanImageOptions) -> Policy:
    """Return the policy that the options amount to; RequestError where one makes no sense."""
    if unknown := set(options.accept) - set(ACCEPTABLE):
        raise RequestError(
            f"there is no doubt {min(unknown)!r} that could be accepted",
            where="accept",
            remedy=f"name one of: {', '.join(ACCEPTABLE)}{_like(min(unknown), ACCEPTABLE)}",
        )
    for name in ("timeout", "warn_after", "stale_after", "memory"):
        if getattr(options, name) <= 0:
            where = name.replace("_", "-")
            raise RequestError(
                f"{where} is {getattr(options, name)}", where=where, remedy="give a number > 0"
            )
    _check_heard("epss", options.epss, options.fail_on_epss, "0.1")
    _check_heard("kev", options.kev, options.fail_on_kev, "")
    general = Threshold(severity=Severity(options.fail_on))
    narrower = (_threshold(scope, text) for scope, text in options.thresholds.items())
    return Policy(
        thresholds=(general, *narrower),
        fixed_only=options.fixed_only,
        cvss=_number("fail-on-cvss", options.fail_on_cvss, 10),
        epss=_number("fail-on-epss", options.fail_on_epss, 1),
        known_exploited=options.fail_on_kev,
        grace=_days("grace", options.grace),
        clock=_days("clock", {s.value: str(d) for s, d in DEFAULT_CLOCK.items()} | options.clock),
        accept=frozenset(options.accept),
        age=Age(warn_after=options.warn_after, stale_after=options.stale_after),
    )


def _check_heard(name: str, path: str, limit: float, value: str) -> None:
    """Refuse a file that nothing looks at: who gives it takes it to decide."""
    if path and not limit:
        flag = f"--fail-on-{name} {value}".strip()
        raise RequestError(
            f"{path} is given, and decides nothing",
            where=name,
            remedy=f"say what it decides, {flag}; or leave it out",
        )


def feeds_of(options: ScanImageOptions, world: World) -> tuple[Feeds, tuple[Reason, ...]]:
    """Read what others know of attacks; an old file is a doubt where it decides."""
    doubts: list[Reason] = []
    epss = _read(options.epss, read_epss, doubts, world)
    kev = _read(options.kev, read_kev, doubts, world)
    dates = [(options.epss, epss.scored_at)] if epss else []
    dates += [(options.kev, kev.released_at)] if kev else []
    for path, moment in dates:
        days = (world.clock.now() - moment).days
        if days >= options.stale_after or days < -1:
            doubts.append(
                cannot_tell(
                    f"{path} is of {moment:%Y-%m-%d}: {abs(days)} days are too many",
                    remedy="fetch it again",
                    rule="stale-feed",
                )
            )
    return Feeds(epss=epss, kev=kev), tuple(doubts)


def _read(
    path: str, read: Callable[[bytes, str], T], doubts: list[Reason], world: World
) -> T | None:
    """Read a file; one that cannot be read is a doubt, and hides no other."""
    if not path:
        return None
    try:
        return read(world.files.read(path, limit=FEED_LIMIT), path)
    except CannotTell as fault:
        doubts.append(fault.reason())
        return None


def covers_of(
    options: ScanImageOptions, world: World
) -> tuple[tuple[Cover, ...], tuple[Reason, ...]]:
    """Read exceptions and VEX as they stand where no change could have written its own."""
    covers: list[Cover] = []
    statements: list[Statement] = []
    doubts: list[Reason] = []
    asked = [(options.exceptions, "exception")] if options.exceptions else []
    for path, what in (*asked, *((path, "VEX statement") for path in options.vex)):
        try:
            data = read_protected(path, what, world)
            if data is not None and what == "exception":
                covers.extend(read_exceptions(data, where=path))
            elif data is not None:
                statements.extend(_of_today(read_vex(data, path), doubts, world))
        except CannotTell as fault:
            doubts.append(fault.reason())
    return (*covers, *words_of(statements)), tuple(doubts)


def _of_today(
    statements: tuple[Statement, ...], doubts: list[Reason], world: World
) -> Iterator[Statement]:
    """Yield statements that were made already: one of the future would outdo all until then."""
    latest = world.clock.now() + timedelta(days=1)
    for one in statements:
        if one.issued is None or one.issued <= latest:
            yield one
            continue
        what = f"its statement on {min(one.names)[:100]} is of {one.issued:%Y-%m-%d}, in the future"
        doubts.append(cannot_tell(what, where=one.where, remedy="mend its date, or leave it out"))


def _threshold(scope: str, text: str) -> Threshold:
    sound = scope in SORTS or any(scope.startswith(p) and scope != p for p in PATTERNS)
    if not sound:
        raise RequestError(
            f"there is no scope {scope[:100]!r}",
            where="thresholds",
            remedy=f"write one of {', '.join(SORTS)}, path:GLOB, purl:GLOB{_like(scope, SORTS)}",
        )
    if text == NEVER:
        return Threshold(scope=scope, severity=None)
    if text not in _SEVERITIES:
        raise RequestError(
            f"{text[:100]!r} is no severity for {scope}",
            where="thresholds",
            remedy=f"write one of {', '.join(_SEVERITIES)}, {NEVER}{_like(text, _SEVERITIES)}",
        )
    return Threshold(scope=scope, severity=Severity(text))


def _number(name: str, value: float, most: float) -> float | None:
    if not 0 <= value <= most:
        raise RequestError(f"{name} is {value:g}", where=name, remedy=f"give 0 to {most:g}")
    return value or None


def _days(name: str, given: Mapping[str, str]) -> dict[Severity, timedelta]:
    found = {}
    for word, text in given.items():
        if word not in _SEVERITIES:
            raise RequestError(
                f"{word[:100]!r} is no severity",
                where=name,
                remedy=f"write one of {', '.join(_SEVERITIES)}{_like(word, _SEVERITIES)}",
            )
        if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= _MOST_DAYS):
            raise RequestError(
                f"{text[:100]!r} is no number of days for {word}",
                where=name,
                remedy=f"write {word}=30, at most {_MOST_DAYS}",
            )
        found[Severity(word)] = timedelta(days=int(text))
    return found


def _like(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""
