"""Scans an image for known vulnerabilities, and judges the report itself.

Yes means that nothing is known: every package of a supported distribution was looked at, with a
database of known and recent date, and nothing at the threshold was found. Everything doubtful (no
package found, an unknown distribution, a stale database, a report of another image, a scanner that
failed) is "cannot tell", with what would settle it.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from cdkit.core.documents.kinds import Findings, Tool
from cdkit.core.errors import RequestError
from cdkit.core.finding import Location, Severity
from cdkit.core.oci.image import Image
from cdkit.core.oci.layout import open_layout, read_image
from cdkit.core.oci.reference import Reference, parse_pinned
from cdkit.core.step import Options, Outcome, Outputs, Step, Table, option
from cdkit.core.subject import image_subject
from cdkit.core.world import World
from cdkit.scan.dockerfile import lines_of_layers, read_instructions
from cdkit.scan.doubts import ACCEPTABLE, Age
from cdkit.scan.exceptions import Waiver, read_exceptions
from cdkit.scan.judge import Judgement, Place, Policy, judge_scans
from cdkit.scan.obtain import Obtained, Wanted, obtain
from cdkit.scan.report import Vulnerability
from cdkit.steps.origin import origin_of

NAME = "scan-image"
_ROWS = 20


class ScanImageOptions(Options, frozen=True, kw_only=True):
    """The inputs of scan-image."""

    image: Annotated[
        str, option("The image, `repository@sha256:…`.", shared=True, metavar="IMAGE")
    ] = ""
    layout: Annotated[
        str, option("The OCI layout (a folder or a tar file) that holds the image.", metavar="PATH")
    ] = ""
    reports: Annotated[
        tuple[str, ...],
        option(
            "Reports that a scanner made of this image: Trivy's JSON.",
            flag="--report",
            metavar="FILE",
        ),
    ] = ()
    recorded: Annotated[
        tuple[str, ...],
        option(
            "Recorded reports, each with its sidecar: they count in a replay (`cdkit run --at`).",
            metavar="FILE",
        ),
    ] = ()
    scanner: Annotated[
        Literal["auto", "docker", "program", "none"],
        option("What to scan with: Trivy in a container, the program `trivy`, or nothing."),
    ] = "auto"
    scanner_image: Annotated[
        str, option("The scanner's image, by digest; a default is built in.", metavar="IMAGE")
    ] = ""
    database: Annotated[
        str,
        option("The folder with the scanner's database: nothing is fetched then.", metavar="DIR"),
    ] = ""
    platform: Annotated[
        tuple[str, ...],
        option("The platforms that count, `linux/amd64`; by default all of the image's."),
    ] = ()
    dockerfile: Annotated[
        str,
        option("The Dockerfile, so that a finding names the line that brought it.", metavar="FILE"),
    ] = ""
    fail_on: Annotated[
        Literal["low", "medium", "high", "critical"],
        option("The severity from which a vulnerability is a no."),
    ] = "high"
    fixed_only: Annotated[bool, option("Only vulnerabilities that have a fix count.")] = False
    exceptions: Annotated[
        str,
        option("The file of exceptions: id, reason, owner, expires.", metavar="FILE"),
    ] = ""
    accept: Annotated[
        tuple[str, ...],
        option("Doubts that you take on, by name: see this page.", metavar="DOUBT"),
    ] = ()
    warn_after: Annotated[
        int, option("Days from which an old vulnerability database is warned of.")
    ] = 5
    stale_after: Annotated[
        int, option("Days from which it is no longer believed: cannot tell.")
    ] = 14
    timeout: Annotated[int, option("Seconds that one scan may take.")] = 300


class ScanImageOutputs(Outputs, frozen=True, kw_only=True):
    """The outputs of scan-image."""

    image: Annotated[str, Meta(description="The image that was scanned.")] = ""
    findings: Annotated[str, Meta(description="How many vulnerabilities are known in it.")] = "0"


def run(options: ScanImageOptions, world: World) -> Outcome:
    """Get the reports, judge them, leave the fact."""
    _check(options)
    name = parse_pinned(options.image, where="image")
    image = _image(options, name, world)
    wanted = _wanted(options, image, name)
    waivers: tuple[Waiver, ...] = ()
    if options.exceptions:
        data = world.files.read(options.exceptions)
        waivers = read_exceptions(data, where=options.exceptions)
    obtained = obtain(wanted, world)
    judgement = judge_scans(
        obtained.scans,
        _policy(options),
        waivers,
        now=world.clock.now(),
        place=_place(options, obtained, world),
        trouble=obtained.trouble,
    )
    return _outcome(options, name, obtained, judgement, world)


def _check(options: ScanImageOptions) -> None:
    if not options.image:
        raise RequestError(
            "no image is named",
            where="image",
            remedy="give --image repository@sha256:…, as `cdkit tag-image` prints it",
        )
    unknown = sorted(set(options.accept) - set(ACCEPTABLE))
    if unknown:
        raise RequestError(
            f"{unknown[0][:80]!r} is no doubt that can be taken on",
            where="accept",
            remedy=f"name one of: {', '.join(ACCEPTABLE)}",
        )
    if not 0 < options.warn_after <= options.stale_after or options.timeout <= 0:
        raise RequestError(
            "days and seconds must be above zero, and warn-after not above stale-after",
            remedy="write warn-after 5, stale-after 14, timeout 300",
        )


def _image(options: ScanImageOptions, name: Reference, world: World) -> Image:
    """Read the image's own manifests: a report is held to what they say."""
    if options.layout:
        with open_layout(options.layout, world.files) as layout:
            return read_image(layout, digest=name.digest)
    from cdkit.core.oci.registry import Registry

    return Registry(world).image(name)


def _wanted(options: ScanImageOptions, image: Image, name: Reference) -> Wanted:
    chosen = tuple(image.choose(platform) for platform in options.platform)
    return Wanted(
        image=image,
        name=name,
        layout=options.layout,
        platforms=chosen or image.platforms,
        reports=options.reports,
        recorded=options.recorded,
        way=options.scanner,
        scanner_image=options.scanner_image,
        database=options.database,
        timeout=options.timeout,
    )


def _policy(options: ScanImageOptions) -> Policy:
    return Policy(
        fail_on=Severity(options.fail_on),
        fixed_only=options.fixed_only,
        accept=frozenset(options.accept),
        age=Age(warn_after=options.warn_after, stale_after=options.stale_after),
    )


def _place(options: ScanImageOptions, obtained: Obtained, world: World) -> Place:
    """Return what tells where a person should look: the Dockerfile's line, else the file."""
    lines: dict[str, int] = {}
    if options.dockerfile:
        instructions = read_instructions(world.files.read(options.dockerfile))
        for scan in obtained.scans:
            lines |= lines_of_layers(instructions, scan.report.history, scan.report.diff_ids)

    def place(found: Vulnerability) -> Location:
        if line := lines.get(found.layer):
            return Location(path=options.dockerfile, line=line)
        return Location(path=found.path or options.dockerfile or found.kind)

    return place


def _outcome(
    options: ScanImageOptions,
    name: Reference,
    obtained: Obtained,
    judgement: Judgement,
    world: World,
) -> Outcome:
    reports = [scan.report for scan in obtained.scans]
    databases = [scan.database for scan in obtained.scans if scan.database]
    tool = Tool(
        name=reports[0].scanner if reports else "none",
        version=reports[0].version if reports else "",
        database=min(databases, key=lambda database: database.updated_at, default=None),
    )
    subject = (image_subject(name.name, name.digest),) if name.digest else ()
    return Outcome(
        verdict=judgement.verdict,
        outputs=ScanImageOutputs(image=options.image, findings=str(len(judgement.findings))),
        document=Findings(
            origin=origin_of(world, NAME),
            evidence="vulnerabilities",
            verdict=judgement.verdict,
            tool=tool,
            examined=judgement.examined,
            findings=judgement.findings,
        ),
        subjects=subject,
        findings=judgement.findings,
        tables=tuple(_tables(judgement)),
        notes=(*obtained.notes, *_database_note(tool), *judgement.notes),
    )


def _tables(judgement: Judgement) -> Iterator[Table]:
    """Show what to upgrade to what, the worst first."""
    rows = tuple(
        (
            finding.severity.value,
            finding.rule,
            finding.properties.get("package", ""),
            finding.properties.get("installed", ""),
            finding.properties.get("fixed", "") or "no fix yet",
        )
        for finding in judgement.findings[:_ROWS]
    )
    if rows:
        columns = ("severity", "id", "package", "installed", "fixed in")
        yield Table(heading="Vulnerabilities", columns=columns, rows=rows)


def _database_note(tool: Tool) -> Iterator[str]:
    if tool.database and tool.database.updated_at:
        yield f"Judged by {tool.name} {tool.version}, database of {tool.database.updated_at}."


STEP = Step(
    name=NAME,
    summary="Scan an image for known vulnerabilities, and judge the report.",
    question="Does the image carry known vulnerabilities?",
    options=ScanImageOptions,
    outputs=ScanImageOutputs,
    run=run,
    icon="shield",
)
