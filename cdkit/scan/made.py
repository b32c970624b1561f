"""What a report that was made elsewhere says of its own making: when, by which data, of what."""

from collections.abc import Iterator

from cdkit.core.documents.kinds import Database, Made
from cdkit.core.doors.clock import stamp
from cdkit.core.verdict import Reason
from cdkit.scan.doubts import doubt
from cdkit.scan.foreign import moment
from cdkit.scan.report import IssueKind, ScanReport
from cdkit.scan.scanner import Look

_ISSUES = {
    Look.SECRETS: IssueKind.SECRET,
    Look.MISCONFIGURATIONS: IssueKind.MISCONFIGURATION,
    Look.LICENSES: IssueKind.LICENSE,
}


def not_its(database: Database, report: ScanReport) -> str:
    """Return why a report cannot have been made by the database that lies there now, or ''."""
    if report.created_at is None or report.created_at.tzinfo is None:
        return f"{report.where} does not say when it was made"
    built = moment(database.updated_at)
    if built and built > report.created_at:
        made = f"{report.created_at:%Y-%m-%d %H:%M}"
        return f"{report.where} is of {made} UTC, and the database came after it"
    return ""


def made_of(report: ScanReport) -> Made:
    """Return when a report says that its scan was; a single time stands for both ends."""
    ended = report.created_at
    if ended is None:
        return Made(undated=1)
    started = min(report.started_at or ended, ended)
    return Made(started=stamp(started), ended=stamp(ended))


def note_of_made(report: ScanReport) -> str:
    """Say of when a report is, and what it cannot show: Trivy leaves no trace of `--severity`."""
    left_out = len(report.excluded)
    hidden = f" It says that {left_out} findings were kept out." if left_out else ""
    at = report.created_at
    when = f" on {at:%Y-%m-%d} at {at:%H:%M} UTC" if at else ""
    return (
        f"{report.where} was made elsewhere{when}: what its scanner was told to leave out cannot "
        f"be seen.{hidden}"
    )


def not_looked_for(report: ScanReport, look_for: tuple[Look, ...]) -> Iterator[Reason]:
    """Yield a doubt for what was asked for and a made report shows none of: who knows why."""
    shown = {issue.kind for issue in report.issues}
    for look in look_for:
        if look in _ISSUES and _ISSUES[look] not in shown:
            yield doubt(
                "not-looked-for",
                f"the report shows no {look}, and does not say that they were looked for",
                f"let cdkit scan it with --look-for {look}, or accept not-looked-for",
                report,
            )
