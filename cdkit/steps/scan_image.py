"""Scan an image for known vulnerabilities, and never take silence for a clean bill."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from cdkit.core.documents.dockerfile import read_instructions
from cdkit.core.documents.kinds import Findings, Tool
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.finding import Finding, Location, Severity
from cdkit.core.oci.image import Image, PlatformImage
from cdkit.core.oci.layout import open_layout, read_image
from cdkit.core.oci.reference import Reference, parse_pinned
from cdkit.core.rule import Rule
from cdkit.core.step import Options, Outcome, Outputs, Step, Table, option
from cdkit.core.subject import Subject
from cdkit.core.verdict import Reason
from cdkit.core.world import World
from cdkit.scan.dockerfile import lines_of_layers
from cdkit.scan.doubts import ACCEPTABLE, Age
from cdkit.scan.exceptions import Waiver, read_exceptions
from cdkit.scan.judge import Judgement, Place, Policy, judge_scans
from cdkit.scan.obtain import Obtained, Wanted, obtain
from cdkit.scan.report import Vulnerability
from cdkit.steps.origin import origin_of
from cdkit.steps.protected import read_protected

NAME = "scan-image"
EVIDENCE = "vulnerabilities"
_ROWS = 20


class ScanImageOptions(Options, frozen=True, kw_only=True):
    """The inputs of scan-image."""

    image: Annotated[
        str,
        option("The image, by digest: `repository@sha256:…`.", shared=True),
    ] = ""
    layout: Annotated[
        str,
        option("An OCI image layout (folder or tar file) that holds the image.", metavar="PATH"),
    ] = ""
    platform: Annotated[
        str,
        option("Judge this platform alone, `linux/amd64`; by default each one in the index."),
    ] = ""
    reports: Annotated[
        tuple[str, ...],
        option(
            "A report that was made already (`trivy image --format json --list-all-pkgs`, with no "
            "filter and no ignore file); one for each platform.",
            flag="--report",
            metavar="FILE",
        ),
    ] = ()
    recorded: Annotated[
        tuple[str, ...],
        option(
            "A recorded report with its sidecar: it counts in a replay, `cdkit run --at`, only.",
            metavar="FILE",
        ),
    ] = ()
    scanner: Annotated[
        Literal["auto", "docker", "trivy", "none"],
        option("How to scan: in a container, by the `trivy` on this machine, or not at all."),
    ] = "auto"
    scanner_image: Annotated[
        str, option("The scanner's image, by digest. By default Trivy 0.69.3 from ghcr.io.")
    ] = ""
    database: Annotated[
        str,
        option(
            "The scanner's cache folder with its database in it: nothing is fetched. For a report "
            "that was made already: where its database's date is read.",
            metavar="DIR",
        ),
    ] = ""
    timeout: Annotated[int, option("Seconds that the scan of one platform may take.")] = 300
    dockerfile: Annotated[
        str,
        option(
            "The Dockerfile that findings are shown in; by default `Dockerfile`, where there is "
            "one.",
            metavar="FILE",
        ),
    ] = ""
    fail_on: Annotated[
        Literal["low", "medium", "high", "critical"],
        option("The severity from which on a vulnerability says no."),
    ] = "high"
    fixed_only: Annotated[
        bool, option("Count only what a new version mends; the rest is shown.")
    ] = False
    exceptions: Annotated[
        str,
        option(
            "Vulnerabilities that somebody answers for: a YAML file of id, reason, owner, expires. "
            "In a pull request it counts as it stands on the target branch.",
            metavar="FILE",
        ),
    ] = ""
    accept: Annotated[
        tuple[str, ...],
        option(f"A doubt that you take on yourself: {', '.join(ACCEPTABLE)}.", metavar="DOUBT"),
    ] = ()
    warn_after: Annotated[int, option("Days after which an old database is warned of.")] = 5
    stale_after: Annotated[
        int, option("Days after which an old database, or report, is no longer believed.")
    ] = 14


class ScanImageOutputs(Outputs, frozen=True, kw_only=True):
    """The outputs of scan-image: what was found and is not covered by an exception."""

    image: Annotated[str, Meta(description="`repository@digest` of what was scanned.")] = ""
    critical: Annotated[str, Meta(description="How many critical vulnerabilities.")] = ""
    high: Annotated[str, Meta(description="How many high ones.")] = ""
    medium: Annotated[str, Meta(description="How many medium ones.")] = ""
    low: Annotated[str, Meta(description="How many low ones.")] = ""
    unknown: Annotated[str, Meta(description="How many whose severity nobody said.")] = ""
    suppressed: Annotated[str, Meta(description="How many an exception covers.")] = ""
    packages: Annotated[str, Meta(description="How many packages were looked at.")] = ""


class _Target(Struct, frozen=True, kw_only=True):
    image: Image
    name: Reference | None
    called: str
    platforms: tuple[PlatformImage, ...]


def run(options: ScanImageOptions, world: World) -> Outcome:
    """Get the scans of the image, judge them, and leave the findings."""
    policy = _policy(options)
    target = _target(options, world)
    waivers, waiver_trouble = _waivers(options, world)
    obtained = obtain(_wanted(options, target), world)
    judgement = judge_scans(
        obtained.scans,
        policy,
        waivers,
        now=world.clock.now(),
        place=_place(options, obtained, target, world),
        trouble=(*waiver_trouble, *obtained.trouble),
    )
    return Outcome(
        verdict=judgement.verdict,
        outputs=_outputs(target, judgement),
        document=_document(judgement, obtained, world),
        subjects=(_subject(target),),
        findings=judgement.findings,
        rules=_rules(judgement.findings),
        tables=_tables(judgement.findings),
        notes=(*obtained.notes, *judgement.notes, *_platform_note(options, target)),
    )


def _policy(options: ScanImageOptions) -> Policy:
    if unknown := set(options.accept) - set(ACCEPTABLE):
        raise RequestError(
            f"there is no doubt {min(unknown)!r} that could be accepted",
            remedy=f"name one of: {', '.join(ACCEPTABLE)}",
        )
    for name in ("timeout", "warn_after", "stale_after"):
        if getattr(options, name) <= 0:
            raise RequestError(
                f"{name.replace('_', '-')} is {getattr(options, name)}", remedy="give a number > 0"
            )
    return Policy(
        fail_on=Severity(options.fail_on),
        fixed_only=options.fixed_only,
        accept=frozenset(options.accept),
        age=Age(warn_after=options.warn_after, stale_after=options.stale_after),
    )


def _target(options: ScanImageOptions, world: World) -> _Target:
    """Take the image apart: without its config digests no report can be held against it."""
    if not options.image and not options.layout:
        raise RequestError(
            "no image is named", remedy="give --image repository@sha256:… or --layout PATH"
        )
    name = parse_pinned(options.image) if options.image else None
    image = _image(options, name, world)
    platforms = (image.choose(options.platform),) if options.platform else image.platforms
    called = name.name if name else options.layout
    return _Target(image=image, name=name, called=called, platforms=platforms)


def _image(options: ScanImageOptions, name: Reference | None, world: World) -> Image:
    if options.layout:
        with open_layout(options.layout, world.files) as layout:
            return read_image(layout, digest=name.digest if name else None)
    from cdkit.core.oci.registry import Registry

    if name is None:  # pragma: no cover - `_target` has made sure
        raise RequestError("no image is named", remedy="give --image")
    try:
        return Registry(world).image(name)
    except CannotTell as fault:
        raise CannotTell(
            f"cannot find out what {name} holds: {fault.what}",
            where=fault.where,
            remedy=f"{fault.remedy}; or give the layout that it was built into, --layout",
        ) from fault


def _wanted(options: ScanImageOptions, target: _Target) -> Wanted:
    return Wanted(
        image=target.image,
        name=target.name or Reference(registry="", repository=options.layout),
        layout=options.layout,
        platforms=target.platforms,
        reports=options.reports,
        recorded=options.recorded,
        way="program" if options.scanner == "trivy" else options.scanner,
        scanner_image=options.scanner_image,
        database=options.database,
        timeout=options.timeout,
    )


def _waivers(
    options: ScanImageOptions, world: World
) -> tuple[tuple[Waiver, ...], tuple[Reason, ...]]:
    """Read the exceptions as they stand where nobody could have written them for this change."""
    path = options.exceptions
    if not path:
        return (), ()
    try:
        data = read_protected(path, "exception", world)
    except CannotTell as fault:
        return (), (fault.reason(),)
    return (read_exceptions(data, where=path) if data is not None else ()), ()


def _place(options: ScanImageOptions, obtained: Obtained, target: _Target, world: World) -> Place:
    """Return what finds the place to look at: the Dockerfile's line, else the file in the image."""
    path = options.dockerfile or "Dockerfile"
    lines: dict[str, int] = {}
    if options.dockerfile or world.files.is_file(path):
        instructions = read_instructions(world.files.read(path))
        for scan in obtained.scans:
            lines |= lines_of_layers(instructions, scan.report.history, scan.report.diff_ids)

    def place(found: Vulnerability) -> Location:
        if line := lines.get(found.layer):
            return Location(path=path, line=line)
        return Location(path=found.path or target.called)

    return place


def _document(judgement: Judgement, obtained: Obtained, world: World) -> Findings:
    first = obtained.scans[0] if obtained.scans else None
    tool = Tool(
        name=first.report.scanner if first else "none",
        version=first.report.version if first else "",
        database=first.database if first else None,
    )
    return Findings(
        origin=origin_of(world, NAME),
        evidence=EVIDENCE,
        verdict=judgement.verdict,
        tool=tool,
        examined=judgement.examined,
        findings=judgement.findings,
    )


def _subject(target: _Target) -> Subject:
    digest = target.image.digest
    return Subject(name=target.called, digest={digest.algorithm: digest.encoded})


def _outputs(target: _Target, judgement: Judgement) -> ScanImageOutputs:
    counted = [finding for finding in judgement.findings if finding.suppressed is None]
    counts = {s: str(sum(finding.severity is s for finding in counted)) for s in Severity}
    return ScanImageOutputs(
        image=f"{target.name.name}@{target.image.digest}" if target.name else "",
        critical=counts[Severity.CRITICAL],
        high=counts[Severity.HIGH],
        medium=counts[Severity.MEDIUM],
        low=counts[Severity.LOW],
        unknown=counts[Severity.UNKNOWN],
        suppressed=str(len(judgement.findings) - len(counted)),
        packages=str(judgement.examined["packages"]),
    )


def _rules(findings: tuple[Finding, ...]) -> tuple[Rule, ...]:
    rules: dict[str, Rule] = {}
    for finding in findings:
        url = finding.properties.get("url", "")
        title = finding.message.partition(": ")[2] or finding.rule
        rules.setdefault(
            finding.rule,
            Rule(
                id=finding.rule,
                domain="scan",
                title=title,
                severity=finding.severity,
                sources=(url,) if url else (),
            ),
        )
    return tuple(rules.values())


def _tables(findings: tuple[Finding, ...]) -> tuple[Table, ...]:
    """Show what a person has to do: one row a package, the worst first."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for finding in findings:
        if finding.suppressed is None:
            facts = finding.properties
            key = (
                finding.severity.value,
                facts.get("package", ""),
                facts.get("installed", ""),
                facts.get("fixed", "") or "no fix yet",
            )
            rows.setdefault(key, []).append(finding.rule)
    if not rows:
        return ()
    shown = [(*key, ", ".join(dict.fromkeys(ids))) for key, ids in rows.items()]
    heading = "What to upgrade"
    if len(shown) > _ROWS:
        heading += f" (the first {_ROWS} of {len(shown)})"
    columns = ("Severity", "Package", "Installed", "Fixed in", "Vulnerabilities")
    return (Table(heading=heading, columns=columns, rows=tuple(shown[:_ROWS])),)


def _platform_note(options: ScanImageOptions, target: _Target) -> tuple[str, ...]:
    left = len(target.image.platforms) - len(target.platforms)
    if not left:
        return ()
    return (f"Only {options.platform} was judged; {left} more platforms are in the index.",)


STEP = Step(
    name=NAME,
    summary="Scan an image for known vulnerabilities.",
    question="Does it carry known vulnerabilities?",
    options=ScanImageOptions,
    outputs=ScanImageOutputs,
    run=run,
    icon="shield",
)
