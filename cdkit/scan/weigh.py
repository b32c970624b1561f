"""Weighing one vulnerability or issue: it fails, is on the clock, or nobody knows."""

from datetime import date, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from cdkit.core.finding import Severity
from cdkit.scan.feed import Epss, Kev
from cdkit.scan.policy import Policy
from cdkit.scan.report import Exploitation, Issue, Vulnerability


class Standing(StrEnum):
    """What becomes of a thing that was found."""

    FAILS = "fails"
    OVERDUE = "overdue"
    CLOCKED = "clocked"
    GRACE = "grace"
    UNKNOWN = "unknown"
    SHOWN = "shown"
    COVERED = "covered"


class Weighed(Struct, frozen=True, kw_only=True):
    """What becomes of a thing, and why in a few words.

    `severity` is the scanner's, or the CVSS score's where it named none. `until` is the last day
    of the time that is left for it.
    """

    standing: Standing
    severity: Severity
    why: str = ""
    until: date | None = None

    @property
    def beside(self) -> str:
        """What counts beside the severity: `known to be exploited`, `CVSS 9.8`, or nothing."""
        return self.why.partition(", ")[2]


class Feeds(Struct, frozen=True, kw_only=True):
    """What others know of attacks, where the user gave it."""

    epss: Epss | None = None
    kev: Kev | None = None

    def of(self, found: Vulnerability) -> Exploitation:
        """Return what is known of a vulnerability: the feeds' word, else the report's.

        A CVE that CISA's catalogue does not name is not known to be exploited; one that FIRST has
        no score for has none.
        """
        told = found.exploitation or Exploitation()
        epss, percentile, known = told.epss, told.percentile, told.known_exploited
        if self.epss:
            scores = [s for name in found.attacked_as if (s := self.epss.scores.get(name))]
            best = max(scores, key=lambda score: score.epss, default=None)
            if best:
                epss, percentile = best.epss, best.percentile
        if self.kev:
            known = bool(found.attacked_as & self.kev.ids) or bool(known)
        return Exploitation(epss=epss, percentile=percentile, known_exploited=known)


def weigh(
    found: Vulnerability,
    policy: Policy,
    feeds: Feeds,
    now: datetime,
    since: date | None,
) -> Weighed:
    """Weigh a vulnerability that no exception covers.

    `since` is the day since when what runs has it, None where it is new. A severity that nobody
    said is "unknown" unless a CVSS score tells it (FIRST, CVSS v3.1, "Qualitative Severity Rating
    Scale"), or the vulnerability fails for another reason. Where nobody says whether there is a
    fix, it counts under `fixed_only` too.
    """
    severity = rated(found)
    threshold = policy.threshold(found)
    if threshold is None or not counts(found, policy):
        return Weighed(standing=Standing.SHOWN, severity=severity)
    attacks = feeds.of(found)
    why = _why(found, severity, threshold, policy, attacks)
    if not why:
        unknown = severity is Severity.UNKNOWN
        return Weighed(standing=Standing.UNKNOWN if unknown else Standing.SHOWN, severity=severity)
    exploited = policy.known_exploited and attacks.known_exploited
    return _timed(why, severity, policy, now, since, None if exploited else found.published)


def counts(found: Vulnerability, policy: Policy) -> bool:
    """Whether a vulnerability can fail at all: not where its scope never does, or it has no fix."""
    unfixed = found.fix_told and not found.fixed
    return policy.threshold(found) is not None and not (policy.fixed_only and unfixed)


def weigh_issue(issue: Issue, policy: Policy, now: datetime, since: date | None) -> Weighed:
    """Weigh a secret, a misconfiguration or a licence that no exception covers."""
    threshold = policy.threshold(issue)
    if threshold is None:
        return Weighed(standing=Standing.SHOWN, severity=issue.severity)
    if issue.severity is Severity.UNKNOWN:
        return Weighed(standing=Standing.UNKNOWN, severity=issue.severity)
    if issue.severity.rank < threshold.rank:
        return Weighed(standing=Standing.SHOWN, severity=issue.severity)
    return _timed(issue.severity.value, issue.severity, policy, now, since, None)


def rated(found: Vulnerability) -> Severity:
    """Return the severity, by the highest CVSS score where nobody named one."""
    if found.severity is not Severity.UNKNOWN or found.score is None or not found.score:
        return found.severity
    for severity, least in _SCALE:
        if found.score >= least:
            return severity
    return Severity.UNKNOWN


_SCALE = (
    (Severity.CRITICAL, 9.0),
    (Severity.HIGH, 7.0),
    (Severity.MEDIUM, 4.0),
    (Severity.LOW, 0.1),
)


def _why(
    found: Vulnerability,
    severity: Severity,
    threshold: Severity,
    policy: Policy,
    attacks: Exploitation,
) -> str:
    if policy.known_exploited and attacks.known_exploited:
        return f"{severity}, known to be exploited"
    if severity is not Severity.UNKNOWN and severity.rank >= threshold.rank:
        return severity.value
    if policy.cvss is not None and found.score is not None and found.score >= policy.cvss:
        return f"{severity}, CVSS {found.score:g}"
    if policy.epss is not None and attacks.epss is not None and attacks.epss >= policy.epss:
        return f"{severity}, EPSS {attacks.epss:.2f}"
    return ""


def _timed(
    why: str,
    severity: Severity,
    policy: Policy,
    now: datetime,
    since: date | None,
    published: datetime | None,
) -> Weighed:
    """Put what fails on the clock where what runs has it, and hold back what is in its grace.

    Who fails what is exploited gives it no grace.
    """
    today = now.date()
    # A severity that nobody said fails for another reason: it gets the least time that there is.
    if since is not None:
        days = policy.clock.get(severity, min(policy.clock.values(), default=timedelta()))
        until = since + days
        standing = Standing.OVERDUE if today > until else Standing.CLOCKED
        return Weighed(standing=standing, severity=severity, why=why, until=until)
    grace = policy.grace.get(severity)
    if grace and published is not None and published <= now:
        until = published.date() + grace
        if today <= until:
            return Weighed(standing=Standing.GRACE, severity=severity, why=why, until=until)
    return Weighed(standing=Standing.FAILS, severity=severity, why=why)
