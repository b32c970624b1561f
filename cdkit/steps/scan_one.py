"""One image scanned and judged: what scan-image says of it, and the fact that it leaves."""

from msgspec.structs import replace

from cdkit.core.documents.dockerfile import read_instructions
from cdkit.core.documents.kinds import Findings, Made, Tool
from cdkit.core.finding import Finding, Location
from cdkit.core.rule import Rule
from cdkit.core.step import Outcome
from cdkit.core.verdict import Reason, cannot_tell, judge
from cdkit.core.world import World
from cdkit.scan.baseline import Baseline
from cdkit.scan.dockerfile import bases_of, lines_of_layers
from cdkit.scan.judge import Facts, Judgement, Place, judge_scans
from cdkit.scan.obtain import Obtained, obtain
from cdkit.scan.policy import Policy
from cdkit.scan.report import Issue, Vulnerability
from cdkit.scan.scanner import TargetKind
from cdkit.scan.target import Target
from cdkit.steps.origin import origin_of
from cdkit.steps.scan_baseline import EVIDENCE, Found, baseline_of
from cdkit.steps.scan_options import ScanImageOptions, ScanImageOutputs
from cdkit.steps.scan_policy import covers_of, feeds_of
from cdkit.steps.scan_summary import Bases, headline, upgrades
from cdkit.steps.scanning import refuse_formats, wanted

NAME = "scan-image"


def scan(
    options: ScanImageOptions,
    target: Target,
    policy: Policy,
    world: World,
    running: Baseline | None = None,
) -> Outcome:
    """Get the scans of a target, judge them, and say what was found.

    `running` is what counts as deployed already, where the caller knows it.
    """
    if target.subject is None:
        refuse_formats(options, f"{target.called} has none")
    covers, untaken = covers_of(options, world)
    feeds, unfed = feeds_of(options, world)
    found = Found(baseline=running) if running else baseline_of(options, target, world)
    obtained = obtain(wanted(options, target), world)
    place, bases = _places(options, obtained, target, world)
    judgement = judge_scans(
        obtained.scans,
        policy,
        Facts(covers=covers, feeds=feeds, baseline=found.baseline),
        now=world.clock.now(),
        place=place,
        trouble=(*untaken, *unfed, *obtained.trouble, *_doubts(target)),
    )
    if found.doubt and judgement.numbers["clocked"]:
        verdict = judge((*judgement.verdict.reasons, found.doubt))
        judgement = replace(judgement, verdict=verdict)
    return Outcome(
        verdict=judgement.verdict,
        outputs=_outputs(target, judgement),
        document=_document(judgement, obtained, world) if target.subject else None,
        subjects=target.judged,
        findings=judgement.findings,
        rules=_rules(judgement.findings),
        headline=headline(judgement.numbers),
        tables=upgrades(judgement.findings, bases),
        notes=(
            *target.notes,
            *found.notes,
            *obtained.notes,
            *_left_out(judgement),
            *judgement.notes,
            *_platform_note(options, target),
        ),
    )


def _doubts(target: Target) -> tuple[Reason, ...]:
    """Return the doubt about a list of packages: a partial one would say yes for a whole image."""
    if target.kind is not TargetKind.SBOM:
        return ()
    return (
        cannot_tell(
            "what is scanned is a list that somebody made, and it may lack packages of the image",
            where=Location(path=target.path),
            remedy="scan the image itself; or accept foreign-list, if you made the list yourself",
            rule="foreign-list",
        ),
    )


def _places(
    options: ScanImageOptions, obtained: Obtained, target: Target, world: World
) -> tuple[Place, Bases]:
    """Return what finds the place to look at: the Dockerfile's line, else the file in the image.

    And the lines of the Dockerfile that name what is built on.
    """
    path = options.dockerfile or "Dockerfile"
    lines: dict[str, int] = {}
    names: dict[int, str] = {}
    if options.dockerfile or world.files.is_file(path):
        instructions = read_instructions(world.files.read(path))
        for scan in obtained.scans:
            lines |= lines_of_layers(instructions, scan.report.history, scan.report.diff_ids)
        names = bases_of(instructions)

    def place(found: Vulnerability | Issue) -> Location:
        if line := lines.get(found.layer):
            return Location(path=path, line=line)
        line_in_file = found.line if isinstance(found, Issue) else 0
        return Location(path=found.path.lstrip("/") or target.called, line=line_in_file)

    return place, Bases(dockerfile=path, names=names)


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
        left_out=judgement.left_out,
        numbers=judgement.numbers,
        inventory=judgement.inventory,
        known=judgement.known,
        made=_made(obtained),
    )


def _made(obtained: Obtained) -> Made | None:
    """Return when the reports that were made elsewhere were made, as far as they say."""
    made = [scan.made for scan in obtained.scans if scan.made]
    if not made:
        return None
    return Made(
        started=min((one.started for one in made if one.started), default=""),
        ended=max((one.ended for one in made if one.ended), default=""),
        undated=sum(one.undated for one in made),
    )


def _outputs(target: Target, judgement: Judgement) -> ScanImageOutputs:
    numbers = judgement.numbers
    return ScanImageOutputs(
        image=_named(target),
        critical=str(numbers["critical"]),
        high=str(numbers["high"]),
        medium=str(numbers["medium"]),
        low=str(numbers["low"]),
        unknown=str(numbers["unknown"]),
        new=str(numbers["new"]),
        clocked=str(numbers["clocked"]),
        overdue=str(numbers["overdue"]),
        suppressed=str(numbers["suppressed"]),
        packages=str(judgement.examined["packages"]),
    )


def _named(target: Target) -> str:
    if target.name is None or target.subject is None:
        return ""
    return f"{target.name.name}@{next(iter(target.subject.keys()))}"


def _rules(findings: tuple[Finding, ...]) -> tuple[Rule, ...]:
    rules: dict[str, Rule] = {}
    for finding in findings:
        url = finding.properties.get("url", "")
        because = finding.properties.get("because", "")
        title = finding.message.removesuffix(f"; {because}").partition(": ")[2] or finding.rule
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


def _left_out(judgement: Judgement) -> tuple[str, ...]:
    if not judgement.left_out:
        return ()
    what = f"{judgement.left_out} findings, the least severe, are counted and not shown"
    return (f"{what}; the record knows all of them.",)


def _platform_note(options: ScanImageOptions, target: Target) -> tuple[str, ...]:
    left = len(target.others)
    if not left:
        return ()
    what = f"Only {options.platform} was judged; {left} more platforms are in the index."
    return (f"{what} The fact is about this one: a gate for the image wants one of each.",)
