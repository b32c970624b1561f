"""Getting at the scans of an image: reports that were made, a live scanner, or a recording."""

from dataclasses import dataclass, field

from msgspec.structs import replace

from cdkit.core import plugins
from cdkit.core.digest import sha256
from cdkit.core.documents.kinds import Database, Made
from cdkit.core.doors.clock import stamp
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.finding import Location
from cdkit.core.readable import HashedStream, Whole
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.core.world import World
from cdkit.scan import live, scanners
from cdkit.scan.database import read_database
from cdkit.scan.doubts import Scan, doubt
from cdkit.scan.made import made_of, not_its, not_looked_for, note_of_made
from cdkit.scan.plan import plan_of
from cdkit.scan.recorded import Recording, read_recording
from cdkit.scan.report import ScanReport
from cdkit.scan.running import Plan, Ran
from cdkit.scan.scanner import HEAD, Look, Runner, Scanner
from cdkit.scan.target import Part, Target

DEFAULT_SCANNER = "trivy"
_OFF = "live scans are switched off"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What the user asked for: made reports, recordings, or a way to scan.

    `way` is `auto`, `docker`, `podman`, `program` or `none`. `memory` is in MiB.
    """

    target: Target
    reports: tuple[str, ...] = ()
    recorded: tuple[str, ...] = ()
    scanner: str = DEFAULT_SCANNER
    way: str = "auto"
    server: str = ""
    scanner_image: str = ""
    database: str = ""
    mirrors: tuple[str, ...] = ()
    look_for: tuple[Look, ...] = (Look.VULNERABILITIES,)
    timeout: int = 300
    memory: int = 4096


@dataclass(kw_only=True, slots=True)
class Obtained:
    """The scans, what stood in the way, what people should know, and which bytes were read.

    `covered` are the target's parts that a scan is of.
    """

    scans: list[Scan] = field(default_factory=list)
    trouble: list[Reason] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    report_digests: list[str] = field(default_factory=list)
    covered: list[Part] = field(default_factory=list)


def obtain(wanted: Wanted, world: World) -> Obtained:
    """Get the scans that cover the wanted platforms.

    Reports that were given are read. Else a scanner is run; a recording serves only where none
    can be, or in a replay. What fails becomes a reason, and the other platforms go on. A report of
    another image is one more reason, never a scan.
    """
    obtained = Obtained()
    if wanted.reports:
        _read_reports(wanted, world, obtained)
    elif world.replay and wanted.recorded:
        _read_recordings(wanted, world, obtained)
    else:
        _run_or_replay(wanted, world, obtained)
    _check_coverage(wanted, obtained)
    return obtained


def load_scanners() -> dict[str, Scanner]:
    """Return every scanner that there is, by name."""
    return dict(plugins.collect(scanners, "SCANNER", Scanner))


def _read_reports(wanted: Wanted, world: World, obtained: Obtained) -> None:
    known = load_scanners()
    for path in wanted.reports:
        try:
            report, scanner, digest = _read_made(path, known, world)
            report = replace(report, traceless=bool(report.issues) and not scanner.tells_looks)
            database = _database(wanted, scanner, world)
        except CannotTell as fault:
            obtained.trouble.append(fault.reason())
            continue
        if database and (why := not_its(database, report)):
            obtained.notes.append(f"The database in {wanted.database} says nothing here: {why}.")
            database = None
        database = report.database or database
        scan = Scan(report=report, database=database, made=made_of(report))
        if _add(scan, digest, wanted, obtained):
            obtained.notes.append(note_of_made(report))
            obtained.trouble.extend(not_looked_for(report, wanted.look_for))


def _read_made(
    path: str, known: dict[str, Scanner], world: World
) -> tuple[ScanReport, Scanner, str]:
    """Read a report in a stream; return it, whose it is, and the digest of its bytes."""
    with world.files.open(path) as opened:
        stream = HashedStream(opened, path)
        scanner = _recognise(stream.head(HEAD), path, known)
        report = _believed(scanner, scanner.read(stream, path))
        stream.drain()
    return report, scanner, stream.digest()


def _database(wanted: Wanted, scanner: Scanner, world: World) -> Database | None:
    """Read the database's date where the user says that it lies."""
    if not wanted.database or scanner.runner is None:
        return None
    return read_database(wanted.database, scanner.runner, world)


def _read_recordings(wanted: Wanted, world: World, obtained: Obtained) -> None:
    known = load_scanners()
    for path in wanted.recorded:
        try:
            recording = _recording(path, wanted.target, world)
            scanner = known.get(recording.scanner) or _recognise(recording.report, path, known)
            report = _believed(scanner, scanner.read(Whole(recording.report), path))
        except CannotTell as fault:
            obtained.trouble.append(fault.reason())
            continue
        version = report.version or recording.scanner_version
        at = stamp(recording.recorded_at)
        scan = Scan(
            report=_versioned(report, version),
            database=recording.database,
            made=Made(started=at, ended=at),
        )
        if _add(scan, str(sha256(recording.report)), wanted, obtained):
            obtained.notes.append(
                f"{path}: recorded at {recording.recorded_at:%Y-%m-%d %H:%M} UTC with "
                f"{scanner.name} {version}, replayed: the image was not scanned again."
            )


def _recording(path: str, target: Target, world: World) -> Recording:
    if target.image is None:
        raise CannotTell(
            f"{target.where} has no digest by which a recording could be of it",
            where=path,
            remedy="give the image by digest, or its layout",
        )
    return read_recording(path, target.image, world.files)


def _no_scan_of_today(wanted: Wanted) -> Reason:
    """A recording lies beside the code that it judges: it shows something, and proves nothing."""
    return cannot_tell(
        f"{wanted.recorded[0]} is a recording, which counts in a replay only",
        remedy="start Docker, or install trivy, and scan the image; for a replay: "
        "cdkit run --at TIME",
        rule="recording",
    )


def _run_or_replay(wanted: Wanted, world: World, obtained: Obtained) -> None:
    scanner = _scanner(wanted)
    plan, why = plan_of(wanted, scanner, world) if scanner else (None, _OFF)
    if plan:
        _run(plan, wanted, world, obtained)
        return
    if wanted.recorded:
        obtained.notes.append(f"Not scanned live: {why}.")
        _read_recordings(wanted, world, obtained)
        obtained.trouble.append(_no_scan_of_today(wanted))
        return
    obtained.trouble.append(
        cannot_tell(
            f"{wanted.target.called} cannot be scanned: {why}",
            remedy="start Docker, install the scanner, or give a report with --report",
        )
    )


def _scanner(wanted: Wanted) -> Scanner | None:
    if wanted.scanner == "none" or wanted.way == "none":
        return None
    known = load_scanners()
    scanner = known.get(wanted.scanner)
    if scanner is None or scanner.runner is None:
        able = ", ".join(name for name, one in known.items() if one.runner)
        raise RequestError(
            f"{wanted.scanner} is not run by this release", where="scanner", remedy=f"use {able}"
        )
    return scanner


def _run(plan: Plan, wanted: Wanted, world: World, obtained: Obtained) -> None:
    for part in wanted.target.parts:
        try:
            with live.scan_part(plan, wanted.target, part, world) as ran:
                report, digest = _read_ran(plan, wanted.target, ran, world)
        except CannotTell as fault:
            obtained.trouble.append(fault.reason())
            continue
        if plan.runner.is_unknown_release(ran.said):
            obtained.trouble.append(_unknown_release(report))
        elif not plan.server:
            report = _known(report, plan.runner)
        report = _versioned(report, report.version or ran.version)
        # What the report itself names is the database that was used, whatever lay there before.
        scan = Scan(report=report, database=report.database or ran.database)
        _add(scan, digest, wanted, obtained, scanned=part)
        _note_version(report, obtained)


def _read_ran(plan: Plan, target: Target, ran: Ran, world: World) -> tuple[ScanReport, str]:
    """Read the report of a scan in a stream; return it, and the digest of its bytes."""
    kind = target.kind
    with world.files.open(ran.report) as opened:
        stream = HashedStream(opened, target.where)
        if not stream.head(HEAD).strip():
            raise CannotTell(
                f"{plan.scanner.name} gave no report",
                where=target.where,
                remedy="scan again, or look at what the scanner says by itself",
            )
        read = plan.runner.read_scan(stream, target.where, kind, ran.packages)
        report = _believed(plan.scanner, read)
        stream.drain()
    return report, stream.digest()


def _note_version(report: ScanReport, obtained: Obtained) -> None:
    """Say where a scanner hides which release it is, so that a malicious one would not be seen."""
    if report.version in {"", "dev"}:
        note = f"This {report.scanner} does not say which release it is."
        if note not in obtained.notes:
            obtained.notes.append(note)


def _recognise(data: bytes, path: str, known: dict[str, Scanner]) -> Scanner:
    head = data[:HEAD]
    if head[:2] == b"\x1f\x8b":
        raise CannotTell("is packed with gzip", where=path, remedy="unpack it first")
    found = [scanner for scanner in known.values() if scanner.recognises(head)]
    if len(found) == 1:
        return found[0]
    raise CannotTell(
        "is no report of a scanner that is known here" if data.strip() else "is empty",
        where=path,
        remedy=f"give a report of {', '.join(known)}: trivy image --format json --list-all-pkgs",
    )


def _believed(scanner: Scanner, report: ScanReport) -> ScanReport:
    if why := scanner.refusal(report.version):
        raise CannotTell(
            f"the report was made by {why}",
            where=report.where,
            remedy="scan with another release, and renew every secret that this one could read",
        )
    return report


def _versioned(report: ScanReport, version: str) -> ScanReport:
    return replace(report, version=version)


def _known(report: ScanReport, runner: Runner) -> ScanReport:
    """Take a release for known that the scanner would warn of; a server warns nobody here."""
    found = report.distribution
    if found is None or found.family in runner.unwarned:
        return report
    return replace(report, distribution=replace(found, known=True))


def _unknown_release(report: ScanReport) -> Reason:
    return doubt(
        "unknown-distribution",
        f"{report.scanner} does not know the release {report.distribution or 'of the distribution'}"
        ", so its advisories may be missing",
        "use a newer release of the scanner, or accept unknown-distribution",
        report,
    )


def _add(
    scan: Scan, digest: str, wanted: Wanted, obtained: Obtained, scanned: Part | None = None
) -> bool:
    """Keep a scan that is of this image; one of another image is a reason against believing it.

    What has no config can only be tied to a scan that was made here, of `scanned`. Of several parts
    with one config a report names none: it is of the one that was scanned.
    """
    target = wanted.target
    part = target.part_of(scan.report)
    if scanned and (target.is_bare or (part and part.config_digest == scanned.config_digest)):
        part = scanned
    if part is None and (part := target.only_part(scan.report)):
        obtained.trouble.append(_of_unnamed(scan.report, target))
    if part is None:
        obtained.trouble.append(_of_another(scan.report, target))
        return False
    if part in target.parts:
        kept = Scan(
            report=scan.report,
            database=scan.database,
            platform=part.platform,
            digests=target.digests_of(part),
            made=scan.made,
        )
        obtained.scans.append(kept)
        obtained.report_digests.append(digest)
        obtained.covered.append(part)
    return True


def _of_unnamed(report: ScanReport, target: Target) -> Reason:
    return doubt(
        "unnamed-image",
        f"the report does not say which image it is of, so nothing ties it to {target.called}",
        "give the scanner's own JSON, of a scan by digest; or accept unnamed-image, if you know "
        "that it was made of this image",
        report,
    )


def _of_another(report: ScanReport, target: Target) -> Reason:
    named = (report.image_id, *report.digests)
    unnamed = "an image with other layers" if report.layers else "an image that it does not name"
    found = next((name for name in named if name), unnamed)
    configs = [part.config_digest for part in (*target.parts, *target.others) if part.config_digest]
    if not configs:
        what = f"nothing ties the report to {target.called}: it is no image"
        return doubt("other-image", what, "have it scanned here, without --report", report)
    subject = target.subject
    image = next(iter(subject.keys())) if subject else target.called
    return doubt(
        "other-image",
        f"the report is of {found}; the image {image} has the config {' or '.join(configs)}",
        "scan this very image, by its digest",
        report,
    )


def _check_coverage(wanted: Wanted, obtained: Obtained) -> None:
    """Add a reason for each platform that nobody looked at, unless all of it failed already.

    What has the config of another has the same content (OCI image-spec, "Layer DiffID"): an index
    may hold an image twice, with its layers packed by gzip and by zstd.
    """
    looked_at = {part.config_digest for part in obtained.covered}
    for part in wanted.target.parts:
        if part.config_digest not in looked_at and (obtained.covered or not obtained.trouble):
            obtained.trouble.append(_unscanned(part, wanted.target))


def _unscanned(part: Part, target: Target) -> Reason:
    return cannot_tell(
        f"{part.called} was not scanned",
        where=Location(path=target.where),
        remedy="give a report for it too, or name the platform that counts: --platform",
        rule="unscanned-platform",
    )
