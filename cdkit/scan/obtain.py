"""Getting at the scans of an image: reports that were made, a live scanner, or a recording."""

from dataclasses import dataclass, field

from cdkit.core import plugins
from cdkit.core.digest import sha256
from cdkit.core.documents.kinds import Database
from cdkit.core.errors import CannotTell
from cdkit.core.finding import Location
from cdkit.core.oci.image import Image, PlatformImage
from cdkit.core.oci.reference import Reference
from cdkit.core.readable import HashedStream, Whole
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.core.world import World
from cdkit.scan import live, scanners
from cdkit.scan.doubts import Scan, doubt
from cdkit.scan.recorded import read_recording
from cdkit.scan.report import ScanReport
from cdkit.scan.scanner import HEAD, Runner, Scanner

DEFAULT_SCANNER = "trivy"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What the user asked for: made reports, recordings, or a way to scan.

    `way` is `auto`, `docker`, `program` or `none`; `platforms` are those that must be covered.
    """

    image: Image
    name: Reference
    layout: str = ""
    platforms: tuple[PlatformImage, ...]
    reports: tuple[str, ...] = ()
    recorded: tuple[str, ...] = ()
    way: str = "auto"
    scanner_image: str = ""
    database: str = ""
    timeout: int = 300


@dataclass(kw_only=True, slots=True)
class Obtained:
    """The scans, what stood in the way, what people should know, and which bytes were read."""

    scans: list[Scan] = field(default_factory=list)
    trouble: list[Reason] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    report_digests: list[str] = field(default_factory=list)


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
            database = _database(wanted, scanner, world) or report.database
        except CannotTell as fault:
            obtained.trouble.append(fault.reason())
            continue
        if _add(Scan(report=report, database=database), digest, wanted, obtained):
            obtained.notes.append(_note_of_made(report))


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
    return live.read_database(wanted.database, scanner.runner, world)


def _note_of_made(report: ScanReport) -> str:
    """Say what a report cannot show: Trivy leaves no trace of `--severity` and the like."""
    left_out = len(report.excluded)
    hidden = f" It says that {left_out} findings were kept out." if left_out else ""
    return (
        f"{report.where} was made elsewhere: what its scanner was told to leave out cannot be "
        f"seen.{hidden}"
    )


def _read_recordings(wanted: Wanted, world: World, obtained: Obtained) -> None:
    known = load_scanners()
    for path in wanted.recorded:
        try:
            recording = read_recording(path, wanted.image, world.files)
            scanner = known.get(recording.scanner) or _recognise(recording.report, path, known)
            report = _believed(scanner, scanner.read(Whole(recording.report), path))
        except CannotTell as fault:
            obtained.trouble.append(fault.reason())
            continue
        version = report.version or recording.scanner_version
        scan = Scan(report=_versioned(report, version), database=recording.database)
        if _add(scan, str(sha256(recording.report)), wanted, obtained):
            obtained.notes.append(
                f"{path}: recorded at {recording.recorded_at:%Y-%m-%d %H:%M} UTC with "
                f"{scanner.name} {version}, replayed: the image was not scanned again."
            )


def _no_scan_of_today(wanted: Wanted) -> Reason:
    """A recording lies beside the code that it judges: it shows something, and proves nothing."""
    return cannot_tell(
        f"{wanted.recorded[0]} is a recording, which counts in a replay only",
        remedy="start Docker, or install trivy, and scan the image; for a replay: "
        "cdkit run --at TIME",
        rule="recording",
    )


def _run_or_replay(wanted: Wanted, world: World, obtained: Obtained) -> None:
    plan, why = _plan(wanted, world)
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
            f"the image cannot be scanned: {why}",
            remedy="start Docker, install trivy, or give a report with --report",
        )
    )


def _plan(wanted: Wanted, world: World) -> tuple[live.Plan | None, str]:
    """Return the way to scan, or why there is none; a container is preferred to a program."""
    scanner = load_scanners()[DEFAULT_SCANNER]
    runner = scanner.runner
    if runner is None:
        return None, f"{scanner.name} is not run by cdkit"
    whys: list[str] = []
    if wanted.way in {"auto", "docker"}:
        image = live.check_image(wanted.scanner_image or runner.image, scanner)
        plan, why = _container_plan(wanted, scanner, runner, image, world)
        if plan:
            return plan, ""
        whys.append(why)
    if wanted.way in {"auto", "program"}:
        if program := world.processes.which(runner.program):
            plan = live.Plan(
                scanner=scanner,
                runner=runner,
                program=program,
                database=wanted.database,
                timeout=wanted.timeout,
            )
            return plan, ""
        whys.append(f"no program {runner.program} on the PATH")
    return None, "; ".join(whys) or "live scans are switched off"


def _container_plan(
    wanted: Wanted, scanner: Scanner, runner: Runner, image: str, world: World
) -> tuple[live.Plan | None, str]:
    if world.engine is None:
        return None, "no container engine"
    if why := world.engine.missing():
        return None, why
    try:
        world.talk.say(f"Scanning with {scanner.name} in a container ({image}).")
        world.engine.obtain(image)
    except CannotTell as fault:
        return None, fault.what
    plan = live.Plan(
        scanner=scanner,
        runner=runner,
        engine=world.engine,
        image=image,
        database=wanted.database,
        timeout=wanted.timeout,
    )
    return plan, ""


def _run(plan: live.Plan, wanted: Wanted, world: World, obtained: Obtained) -> None:
    for part in wanted.platforms:
        try:
            ran = live.scan_part(
                plan, wanted.image, part, layout=wanted.layout, name=wanted.name, world=world
            )
            where = wanted.layout or wanted.name.familiar
            report = _believed(plan.scanner, plan.scanner.read(Whole(ran.report), where))
        except CannotTell as fault:
            obtained.trouble.append(fault.reason())
            continue
        if plan.runner.is_unknown_release(ran.said):
            obtained.trouble.append(_unknown_release(report))
        scan = Scan(report=_versioned(report, report.version or ran.version), database=ran.database)
        _add(scan, str(sha256(ran.report)), wanted, obtained)


def _recognise(data: bytes, path: str, known: dict[str, Scanner]) -> Scanner:
    head = data[:HEAD]
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
    from msgspec.structs import replace

    return replace(report, version=version)


def _unknown_release(report: ScanReport) -> Reason:
    return doubt(
        "unknown-distribution",
        f"{report.scanner} does not know the release {report.distribution or 'of the distribution'}"
        ", so its advisories may be missing",
        "use a newer release of the scanner, or accept unknown-distribution",
        report,
    )


def _add(scan: Scan, digest: str, wanted: Wanted, obtained: Obtained) -> bool:
    """Keep a scan that is of this image; one of another image is a reason against believing it."""
    part = _part_of(scan.report, wanted.image)
    if part is None:
        named = (scan.report.image_id, *scan.report.digests)
        found = next((name for name in named if name), "an image that it does not name")
        ours = " or ".join(str(part.config_digest) for part in wanted.image.platforms)
        obtained.trouble.append(
            doubt(
                "other-image",
                f"the report is of {found}; the image {wanted.image.digest} has the config {ours}",
                "scan this very image, by its digest",
                scan.report,
            )
        )
        return False
    if part in wanted.platforms:
        obtained.scans.append(
            Scan(report=scan.report, database=scan.database, platform=part.platform)
        )
        obtained.report_digests.append(digest)
    return True


def _part_of(report: ScanReport, image: Image) -> PlatformImage | None:
    """Return the platform that a report is of: by its config, its manifest, or a lone one's index.

    A report that names a config is of that one, whatever else it names.
    """
    if report.image_id:
        parts = {str(part.config_digest): part for part in image.platforms}
        return parts.get(report.image_id)
    manifests = {str(part.digest): part for part in image.platforms}
    if len(image.platforms) == 1:
        manifests[str(image.digest)] = image.platforms[0]
    found = [manifests[digest] for digest in report.digests if digest in manifests]
    return found[0] if found else None


def _check_coverage(wanted: Wanted, obtained: Obtained) -> None:
    """Add a reason for each platform that nobody looked at, unless all of it failed already."""
    covered = {scan.platform for scan in obtained.scans}
    for part in wanted.platforms:
        if part.platform not in covered and (covered or not obtained.trouble):
            obtained.trouble.append(
                cannot_tell(
                    f"{part.platform} ({part.digest}) was not scanned",
                    where=Location(path=wanted.layout or wanted.name.familiar),
                    remedy="give a report for it too, or name the platform that counts: --platform",
                    rule="unscanned-platform",
                )
            )
