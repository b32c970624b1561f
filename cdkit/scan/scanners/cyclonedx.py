"""CycloneDX 1.4 to 1.6 (JSON) with vulnerabilities: Amazon Inspector's answers, and many others'.

Sources: cyclonedx.org, JSON reference, `components`, `vulnerabilities`, `analysis`; Amazon
Inspector, user guide, "API output formats" of the ScanSbom API; and documents of a real Trivy.

It is a list of packages first, and an empty list of vulnerabilities does not say that anybody
looked: Trivy writes one where it was not asked to look for any. Only a document of Grype, which
does nothing else, or one in which Inspector counts what it found, shows that it was looked into; in
any other one an empty list is a doubt that nobody can lift. What a document's own `analysis` says
of a vulnerability is shown and does not count: whoever wants it to count gives the document as a
VEX. It does not say whether the distribution is still mended.
"""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from urllib.parse import unquote

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Severity
from cdkit.core.readable import Readable
from cdkit.scan import cyclonedx as cdx
from cdkit.scan.advised import is_judged_by_grype
from cdkit.scan.foreign import (
    LONGEST_TITLE,
    aliases_of,
    cves_of,
    moment,
    read_whole,
    severity_of,
    severity_of_score,
)
from cdkit.scan.listed import (
    INSPECTOR,
    component_of,
    counts_of,
    kind_of,
    packages_of,
    property_of,
    type_of,
    walk,
)
from cdkit.scan.report import (
    Cvss,
    Distribution,
    Exploitation,
    ScanReport,
    Vulnerability,
    version_of,
)
from cdkit.scan.scanner import Sample, Scanner
from cdkit.scan.trivy.advised import JUDGED_FAMILIES, JUDGED_TYPES, is_known_release

_REMEDY = "give a CycloneDX document (JSON) in which a scanner has put its vulnerabilities"
_IMAGE_IDS = frozenset({"aquasecurity:trivy:ImageID", "amazon:inspector:sbom_generator:image_id"})
_IMAGE_DIGESTS = frozenset({"aquasecurity:trivy:RepoDigest"})
_METHODS = {"CVSSv2": "2.0", "CVSSv3": "3.0", "CVSSv31": "3.1", "CVSSv4": "4.0"}


def recognises(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a CycloneDX document."""
    return head.lstrip().startswith(b"{") and b'"bomFormat"' in head


def read(stream: Readable, where: str) -> ScanReport:
    """Read a document with the vulnerabilities in it. Raises Unreadable where it is none."""
    answer = read_whole(stream, cdx.Answer, where, _REMEDY)
    bom = answer.sbom or answer
    if bom.spec not in {"1.4", "1.5", "1.6", "1.7"}:
        raise Unreadable(f"is of version {bom.spec[:20]!r}", where=where, remedy=_REMEDY)
    metadata = bom.metadata or cdx.Metadata()
    tool = _tool(metadata)
    if bom.vulnerabilities is None and tool.name != "inspector":
        raise Unreadable("holds no list of vulnerabilities", where=where, remedy=_REMEDY)
    held = tuple(walk(bom.components or ()))
    parts = {one.ref: one for one in (metadata.component, *held) if one and one.ref}
    packages = packages_of(held)
    components = tuple(map(component_of, packages))
    found = tuple(_vulnerabilities(bom.vulnerabilities or (), parts, tool.name, where))
    if (counted := _counted(metadata)) > len(found):
        what = f"counts {counted} vulnerabilities and holds {len(found)}"
        raise Unreadable(what, where=where, remedy=_REMEDY)
    return ScanReport(
        where=where,
        scanner=tool.name,
        version=tool.version,
        created_at=moment(metadata.timestamp),
        image_id=_image_id(metadata.component),
        digests=_digests(metadata.component),
        distribution=_distribution(held, tool, found),
        packages=counts_of(components),
        looked=bool(found) or tool.name in {"grype", "inspector"},
        unjudged=frozenset(kind_of(one) for one in packages if _is_skipped(one, tool.name)),
        components=components,
        vulnerabilities=found,
    )


def _tool(metadata: cdx.Metadata) -> cdx.Tool:
    """Return who looked for vulnerabilities; of several tools a scanner that is known here."""
    tools = metadata.tools
    if isinstance(tools, cdx.Tools):
        tools = (*(tools.components or ()), *(tools.services or ()))
    named = [cdx.Tool(name=one.name.lower(), version=one.version) for one in tools or ()]
    first = next(iter(named), cdx.Tool())
    if any(one.name.startswith(INSPECTOR) for one in metadata.properties or ()):
        return cdx.Tool(name="inspector", version=first.version)
    known = next((one for one in named if one.name in {"trivy", "grype"}), first)
    # The name alone proves nothing: Inspector is known by its counts.
    return known if known.name not in {"", "inspector"} else cdx.Tool(name="cyclonedx")


def _counted(metadata: cdx.Metadata) -> int:
    """Return how many vulnerabilities Inspector says that it found."""
    name = f"{INSPECTOR}*_vulnerabilities"
    said = (one.value for one in metadata.properties or () if fnmatchcase(one.name, name))
    return sum(int(text) for text in said if text.isascii() and text.isdigit() and len(text) < 10)


def _is_skipped(made: cdx.Component, tool: str) -> bool:
    """Whether the tool lists a package and has no advisories for its kind."""
    if tool == "trivy":
        return kind_of(made).startswith("library/") and type_of(made) not in JUDGED_TYPES
    said = (property_of(made, f"{INSPECTOR}{name}") for name in ("warning", "info"))
    return any(text.lower().startswith("component skipped") for text in said)


def _image_id(component: cdx.Component | None) -> str:
    properties = component.properties or () if component else ()
    return next((one.value for one in properties if one.name in _IMAGE_IDS), "")


def _digests(component: cdx.Component | None) -> tuple[str, ...]:
    """Return the digests that name the image: of its package URL, its version, its properties."""
    if component is None:
        return ()
    said = [component.version, version_of(component.purl).replace("%3A", ":")]
    held = component.properties or ()
    said += [one.value.rpartition("@")[2] for one in held if one.name in _IMAGE_DIGESTS]
    return tuple(dict.fromkeys(text for text in said if text.startswith("sha256:")))


def _distribution(
    parts: Iterable[cdx.Component], tool: cdx.Tool, found: tuple[Vulnerability, ...]
) -> Distribution | None:
    """Return the distribution; it is judged where the tool has advisories, or shows a finding."""
    systems = [one for one in parts if one.type == "operating-system"]
    if len(systems) != 1:
        return None
    family = systems[0].name
    known = (
        tool.name == "inspector"
        or (tool.name == "trivy" and family in JUDGED_FAMILIES)
        or (tool.name == "grype" and is_judged_by_grype(family, tool.version))
    )
    judged = known or any(one.is_system for one in found)
    version = systems[0].version
    release = tool.name != "trivy" or is_known_release(family, version, tool.version)
    return Distribution(family=family, version=version, judged=judged, known=release)


def _vulnerabilities(
    made: tuple[cdx.Vulnerability, ...], parts: dict[str, cdx.Component], tool: str, where: str
) -> Iterator[Vulnerability]:
    """Yield each vulnerability of each component; what is affected must be in the document."""
    for one in made:
        if not one.affects:
            what = f"does not say what {one.id[:100]!r} affects"
            raise Unreadable(what, where=where, remedy=_REMEDY)
        for affected in one.affects:
            component = parts.get(affected.ref) or parts.get(_linked(affected.ref))
            if component is None:
                raise Unreadable(
                    f"{one.id[:100]} affects {affected.ref[:100]!r}, which is no component of it",
                    where=where,
                    remedy=_REMEDY,
                )
            yield _vulnerability(one, component, tool)


def _linked(ref: str) -> str:
    """Return what a BOM-Link leads to (`urn:cdx:SERIAL/VERSION#REF`)."""
    return unquote(ref.partition("#")[2]) if ref.startswith("urn:cdx:") else ""


def _vulnerability(made: cdx.Vulnerability, component: cdx.Component, tool: str) -> Vulnerability:
    package = component_of(component)
    ratings = [one for one in made.ratings or () if not _is_epss(one)]
    fixed, told = _fix(made, component, tool)
    others = tuple(one.id for one in made.references or ())
    return Vulnerability(
        id=made.id,
        aliases=aliases_of(made.id, others),
        several=cves_of(made.id, others),
        package=package.name,
        purl=package.purl,
        installed=package.version,
        fixed=fixed,
        fix_told=told,
        status=made.analysis.state if made.analysis else "",
        severity=_severity(ratings),
        title=made.description.partition("\n")[0][:LONGEST_TITLE],
        url=made.source.url if made.source else "",
        kind=package.kind,
        path=package.path,
        layer=property_of(component, "aquasecurity:trivy:LayerDiffID"),
        published=moment(made.published or made.created),
        cwes=tuple(f"CWE-{number}" for number in made.cwes or ()),
        cvss=tuple(_cvss(one) for one in ratings if _is_cvss(one)),
        exploitation=_exploitation(made),
    )


def _fix(
    made: cdx.Vulnerability, component: cdx.Component, tool: str
) -> tuple[tuple[str, ...], bool]:
    """Return the versions with the fix, and whether there being none would mean anything."""
    name = f"{INSPECTOR}fixed_version:{component.ref}"
    fixed = tuple(one.value for one in made.properties or () if one.name == name and one.value)
    if tool == "trivy":
        _, by, versions = made.recommendation.rpartition(f"{component.name} to version ")
        fixed = tuple(text.strip() for text in versions.split(",") if text.strip()) if by else ()
    return fixed, bool(fixed) or tool == "inspector" or (
        tool == "trivy" and not made.recommendation
    )


def _is_epss(rating: cdx.Rating) -> bool:
    return bool(rating.source) and rating.source.name.upper() == "EPSS"  # type: ignore[union-attr]


def _is_cvss(rating: cdx.Rating) -> bool:
    """Whether its score is one of CVSS: another method has another scale."""
    return rating.method in _METHODS or (not rating.method and rating.vector.startswith("CVSS:"))


def _severity(ratings: Iterable[cdx.Rating]) -> Severity:
    """Return the worst that anybody says, by word or by score."""
    said = [severity_of(one.severity) for one in ratings if one.severity]
    said += [severity_of_score(one.score or 0.0) for one in ratings if _is_cvss(one)]
    known = [one for one in said if one is not Severity.UNKNOWN]
    return max(known, key=lambda one: one.rank, default=Severity.UNKNOWN)


def _cvss(rating: cdx.Rating) -> Cvss:
    score = rating.score if rating.score is not None and 0 <= rating.score <= 10 else None
    return Cvss(
        source=rating.source.name if rating.source else "",
        version=_METHODS.get(rating.method, ""),
        vector=rating.vector,
        score=score,
    )


def _exploitation(made: cdx.Vulnerability) -> Exploitation | None:
    """Return EPSS, a rating of its own, and the day on which Inspector says that CISA listed it."""
    said = [one.score for one in made.ratings or () if _is_epss(one) and one.score is not None]
    epss = max((score for score in said if 0 <= score <= 1), default=None)
    listed = f"{INSPECTOR}cisa_kev_date_added"
    known = any(one.name == listed and one.value for one in made.properties or ())
    return Exploitation(epss=epss, known_exploited=known or None) if known or said else None


_TRIVY = "trivy 0.68.2 (CycloneDX 1.6)"

SCANNER = Scanner(
    name="cyclonedx",
    title="CycloneDX 1.4 to 1.7 with vulnerabilities (Amazon Inspector, Trivy, Grype and others)",
    recognises=recognises,
    read=read,
    samples=(
        Sample(path="cyclonedx/1.6/trivy.json", real=True, tool=_TRIVY),
        Sample(path="cyclonedx/1.6/trivy-clean.json", real=True, tool=_TRIVY),
        Sample(path="cyclonedx/1.6/trivy-not-scanned.json", real=True, tool=_TRIVY),
        Sample(path="cyclonedx/1.6/grype.json", real=False, tool="grype 0.104.0 (CycloneDX 1.6)"),
        Sample(path="cyclonedx/1.5/inspector.json", real=False, tool="Amazon Inspector"),
    ),
)
