"""Why a report may not be believed: the ways to find nothing without having looked."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from cdkit.core.documents.kinds import Database, Made
from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.scan.report import ScanReport

ACCEPTABLE: Mapping[str, str] = {
    "no-distribution": "an image without a distribution (FROM scratch)",
    "unknown-distribution": "a distribution that the scanner has no advisories for",
    "ended-distribution": "a distribution that its vendor no longer mends",
    "no-system-packages": "a distribution without a package database",
    "unjudged-packages": "packages that the scanner has no advisories for",
    "unlisted-packages": "a report that does not list what its scanner looked at",
    "not-looked-for": "a made report that does not show that what you ask for was looked for",
    "unnamed-image": "a report that does not say which image it is of (SARIF, Snyk's by a tag)",
    "foreign-list": "a list of packages (SBOM): nobody here sees that it lists all that is there",
    "undated-database": "a database of unknown age",
    "undated-report": "a made report that does not say when: you know that it is of now",
    "unknown-severity": "vulnerabilities whose severity nobody said",
    "untold-scores": "reports without any CVSS score, where a limit on it is set",
    "unscored-vulnerability": "vulnerabilities without an EPSS score, where a limit on it is set",
}
"""Doubts that a user may take on, by name; the others cannot be lifted."""

FIRM: Mapping[str, str] = {
    "unscanned-list": "a list of packages in which nothing shows that anybody looked",
    "no-packages": "not one package was found, or the report does not list them",
    "stale-database": "a database that is too old, or from the future",
    "old-report": "a report that is too old, or from the future",
    "other-image": "a report of another image",
    "unscanned-platform": "a platform that nobody scanned",
    "unnamed-service": "what is on the clock, in an image that nothing ties to what runs",
    "recording": "a recording outside of a replay",
    "untold-attacks": "EPSS or KEV decide, and nobody says them",
    "stale-feed": "a file of EPSS or KEV that is too old",
    "cut-feed": "a file of EPSS scores that lacks what must be in it",
}
"""Doubts that nobody can lift."""

_CLOCK_SLACK = timedelta(hours=1)


class Scan(Struct, frozen=True, kw_only=True):
    """A report, with what is known beside it: the database's date, and what was scanned.

    `digests` are those of this platform's image and of the index around it, not of the others in
    there: what somebody says of one platform is not said of another. `made` is when the scan was,
    where it was made elsewhere; None of one that was made here.
    """

    report: ScanReport
    database: Database | None = None
    made: Made | None = None
    platform: str = ""
    digests: frozenset[str] = frozenset()


class Age(Struct, frozen=True, kw_only=True):
    """From how many days on a database (and a report) is warned of, and no longer believed."""

    warn_after: int = 5
    stale_after: int = 14


def doubts(scan: Scan, age: Age, now: datetime) -> Iterator[Reason]:
    """Yield a "cannot tell" for everything that makes a report without findings worthless."""
    yield from _about_packages(scan.report)
    yield from _about_distribution(scan.report)
    yield from _about_database(scan, age, now)
    yield from _about_date(scan, age, now)


def warnings(scans: Iterable[Scan], age: Age, now: datetime) -> Iterator[str]:
    """Yield a sentence for a database that is getting old."""
    for date in sorted({scan.database.updated_at for scan in scans if scan.database}):
        moment = _moment(date)
        days = (now - moment).days if moment else 0
        if moment and age.warn_after <= days < age.stale_after:
            yield (
                f"The vulnerability database is {days} days old; from {age.stale_after} on it is "
                "no longer believed."
            )


def _about_packages(report: ScanReport) -> Iterator[Reason]:
    if report.packages is None and report.unlisting:
        yield doubt(
            "unlisted-packages",
            f"reports of {report.scanner} do not list the packages that were looked at",
            "give a report that lists them beside it (Trivy's, CycloneDX), or accept "
            "unlisted-packages",
            report,
        )
    elif report.packages is None:
        yield doubt(
            "no-packages",
            "the report does not list the packages that were looked at",
            "scan with --list-all-pkgs",
            report,
        )
    elif report.package_count == 0:
        yield doubt(
            "no-packages",
            "not one package was found in the image, so nothing was judged",
            "check that the image is the right one and keeps its package databases",
            report,
        )
    if report.packages and not report.shown and report.looked:
        yield doubt(
            "not-looked-for",
            f"the report shows secrets, misconfigurations or licences and no vulnerability, and "
            f"{report.scanner} writes the same where it was not told to look for any",
            "let cdkit scan it; or accept not-looked-for, if you know that it was",
            report,
        )
    if not report.looked:
        yield doubt(
            "unscanned-list",
            f"the list of vulnerabilities is empty, which {report.scanner} writes whether it "
            "looked for any or not",
            "give the scanner's own JSON: trivy image --format json --list-all-pkgs",
            report,
        )
        return
    for kind in sorted(report.unjudged):
        count = (report.packages or {}).get(kind, 0)
        yield doubt(
            "unjudged-packages",
            f"{count} packages of the kind {kind} were listed, and nothing shows that "
            f"{report.scanner} has advisories for them",
            "judge them with a scanner that has, or accept unjudged-packages",
            report,
        )


def _about_distribution(report: ScanReport) -> Iterator[Reason]:
    distribution = report.distribution
    if distribution is None:
        yield doubt(
            "no-distribution",
            "no distribution was recognised in the image, so no system package was judged",
            "check /etc/os-release in it; for an image FROM scratch accept no-distribution",
            report,
        )
        return
    if not distribution.judged:
        yield doubt(
            "unknown-distribution",
            f"{report.scanner} has no advisories for {distribution}",
            "take a base image that it knows, or another scanner",
            report,
        )
    elif not distribution.known and not any(one.is_system for one in report.vulnerabilities):
        yield doubt(
            "unknown-distribution",
            f"the report shows no vulnerability in {distribution}, and {report.scanner} writes the "
            "same of a release that it does not know",
            "let cdkit scan it, which hears what the scanner says of it; or accept "
            "unknown-distribution",
            report,
        )
    if distribution.ended:
        yield doubt(
            "ended-distribution",
            f"{distribution} is no longer mended by its vendor: new vulnerabilities stay unknown",
            "build on a release that is supported",
            report,
        )
    if report.packages is not None and report.system_packages == 0:
        yield doubt(
            "no-system-packages",
            f"no package of {distribution} was found: its package database is missing",
            "keep the package database in the image (/lib/apk/db, /var/lib/dpkg, /var/lib/rpm)",
            report,
        )


def _about_database(scan: Scan, age: Age, now: datetime) -> Iterator[Reason]:
    moment = _moment(scan.database.updated_at) if scan.database else None
    if moment is None:
        yield doubt(
            "undated-database",
            "nobody says how old the vulnerability database was",
            "give --db, the folder that the scanner keeps it in (Trivy: --cache-dir)",
            scan.report,
        )
        return
    days = (now - moment).days
    if moment - now > _CLOCK_SLACK:
        yield doubt(
            "stale-database",
            f"the vulnerability database is from the future ({moment:%Y-%m-%d %H:%M} UTC)",
            "set this machine's clock",
            scan.report,
        )
    elif days >= age.stale_after:
        yield doubt(
            "stale-database",
            f"the vulnerability database is {days} days old, of {moment:%Y-%m-%d}; "
            f"{age.stale_after} are too many",
            "let the scanner fetch a new one, and scan again",
            scan.report,
        )


def _about_date(scan: Scan, age: Age, now: datetime) -> Iterator[Reason]:
    report = scan.report
    moment = report.created_at
    if moment is None or moment.tzinfo is None:
        if scan.made:
            yield doubt(
                "undated-report",
                "the report does not say when it was made, so it may be of any age",
                "let cdkit scan it; or accept undated-report, if you know that it was made now",
                report,
            )
        return
    days = (now - moment).days
    if days >= age.stale_after:
        yield doubt("old-report", f"the scan is {days} days old", "scan the image again", report)
    elif moment - now > _CLOCK_SLACK:
        yield doubt(
            "old-report",
            f"the scan is from the future ({moment:%Y-%m-%d %H:%M} UTC)",
            "set this machine's clock",
            report,
        )


def doubt(name: str, what: str, remedy: str, report: ScanReport) -> Reason:
    """Return a doubt under its name."""
    return cannot_tell(what, remedy=remedy, where=Location(path=report.where), rule=name)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
