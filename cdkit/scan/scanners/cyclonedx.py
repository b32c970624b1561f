"""CycloneDX 1.4 to 1.6 (JSON) with vulnerabilities: Amazon Inspector's answers, and many others'.

Sources: cyclonedx.org, JSON reference, `components`, `vulnerabilities`, `analysis`; Amazon
Inspector's ScanSbom API gives this format. A document without `vulnerabilities` was judged by
nobody, which is not the same as an empty list. What its own `analysis` says of a vulnerability is
shown and does not count: whoever wants it to count gives the document as a VEX.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from cdkit.core.documents.inventory import Component
from cdkit.core.errors import Unreadable
from cdkit.core.finding import Severity
from cdkit.core.readable import Readable
from cdkit.scan.foreign import (
    LONGEST_TITLE,
    moment,
    read_whole,
    severity_of,
    severity_of_score,
)
from cdkit.scan.report import (
    Cvss,
    Distribution,
    ScanReport,
    Vulnerability,
    version_of,
)
from cdkit.scan.scanner import Sample, Scanner

_REMEDY = "give a CycloneDX document (JSON) in which a scanner has put its vulnerabilities"
_SYSTEM = frozenset({"apk", "deb", "rpm", "alpm"})


class _Property(Struct, frozen=True, kw_only=True):
    name: str = ""
    value: str = ""


class _License(Struct, frozen=True, kw_only=True):
    id: str = ""
    name: str = ""


class _Choice(Struct, frozen=True, kw_only=True):
    license: _License | None = None
    expression: str = ""


class _Component(Struct, frozen=True, kw_only=True, rename={"ref": "bom-ref"}):
    name: str
    type: str = ""
    version: str = ""
    purl: str = ""
    ref: str = ""
    licenses: tuple[_Choice, ...] | None = None
    properties: tuple[_Property, ...] | None = None
    components: tuple["_Component", ...] | None = None


class _Tool(Struct, frozen=True, kw_only=True):
    name: str = ""
    version: str = ""


class _Tools(Struct, frozen=True, kw_only=True):
    components: tuple[_Tool, ...] | None = None
    services: tuple[_Tool, ...] | None = None


class _Metadata(Struct, frozen=True, kw_only=True):
    timestamp: str = ""
    component: _Component | None = None
    tools: tuple[_Tool, ...] | _Tools | None = None


class _Source(Struct, frozen=True, kw_only=True):
    name: str = ""
    url: str = ""


class _Rating(Struct, frozen=True, kw_only=True):
    source: _Source | None = None
    score: float | None = None
    severity: str = ""
    method: str = ""
    vector: str = ""


class _Reference(Struct, frozen=True, kw_only=True):
    id: str = ""


class _Affects(Struct, frozen=True, kw_only=True):
    ref: str


class _Analysis(Struct, frozen=True, kw_only=True):
    state: str = ""
    justification: str = ""
    detail: str = ""


class _Vulnerability(Struct, frozen=True, kw_only=True):
    id: str
    source: _Source | None = None
    references: tuple[_Reference, ...] | None = None
    ratings: tuple[_Rating, ...] | None = None
    cwes: tuple[int, ...] | None = None
    description: str = ""
    recommendation: str = ""
    published: str = ""
    affects: tuple[_Affects, ...] | None = None
    analysis: _Analysis | None = None


class _Bom(Struct, frozen=True, kw_only=True):
    format: str = field(name="bomFormat")
    spec: str = field(name="specVersion")
    metadata: _Metadata | None = None
    components: tuple[_Component, ...] | None = None
    vulnerabilities: tuple[_Vulnerability, ...] | None = None


class _Answer(Struct, frozen=True, kw_only=True):
    """A document, by itself or below `sbom`, as Amazon Inspector's API answers it."""

    sbom: _Bom | None = None
    format: str = field(default="", name="bomFormat")
    spec: str = field(default="", name="specVersion")
    metadata: _Metadata | None = None
    components: tuple[_Component, ...] | None = None
    vulnerabilities: tuple[_Vulnerability, ...] | None = None


def recognises(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a CycloneDX document."""
    return head.lstrip().startswith(b"{") and b'"bomFormat"' in head


def read(stream: Readable, where: str) -> ScanReport:
    """Read a document with the vulnerabilities in it. Raises Unreadable where it is none."""
    answer = read_whole(stream, _Answer, where, _REMEDY)
    bom = answer.sbom or answer
    if bom.spec not in {"1.4", "1.5", "1.6", "1.7"}:
        raise Unreadable(f"is of version {bom.spec[:20]!r}", where=where, remedy=_REMEDY)
    if bom.vulnerabilities is None:
        raise Unreadable("holds no list of vulnerabilities", where=where, remedy=_REMEDY)
    metadata = bom.metadata or _Metadata()
    parts = {one.ref: one for one in _walk(bom.components or ()) if one.ref}
    components = tuple(_component(one) for one in parts.values() if one.type != "operating-system")
    tool = _tool(metadata)
    return ScanReport(
        where=where,
        scanner=tool.name.lower() or "cyclonedx",
        version=tool.version,
        created_at=moment(metadata.timestamp),
        image_id=_image_id(metadata.component),
        digests=_digests(metadata.component),
        distribution=_distribution(parts.values()),
        packages=_counts(components),
        components=components,
        vulnerabilities=tuple(_vulnerabilities(bom.vulnerabilities, parts, where)),
    )


def _walk(components: tuple[_Component, ...], depth: int = 0) -> Iterator[_Component]:
    for one in components:
        yield one
        if one.components and depth < 20:
            yield from _walk(one.components, depth + 1)


def _tool(metadata: _Metadata) -> _Tool:
    tools = metadata.tools
    if isinstance(tools, _Tools):
        tools = (*(tools.components or ()), *(tools.services or ()))
    return next(iter(tools or ()), _Tool())


def _component(made: _Component) -> Component:
    kind = made.purl.removeprefix("pkg:").partition("/")[0] if made.purl else made.type
    licenses = (
        choice.expression or (choice.license.id or choice.license.name if choice.license else "")
        for choice in made.licenses or ()
    )
    return Component(
        name=made.name,
        version=made.version or version_of(made.purl),
        purl=made.purl,
        kind=f"{'os' if kind in _SYSTEM else 'library'}/{kind or 'unknown'}",
        licenses=tuple(text for text in licenses if text),
    )


def _counts(components: tuple[Component, ...]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in components:
        counts[one.kind] = counts.get(one.kind, 0) + 1
    return counts


def _image_id(component: _Component | None) -> str:
    properties = component.properties or () if component else ()
    return next((one.value for one in properties if one.name.endswith(":ImageID")), "")


def _digests(component: _Component | None) -> tuple[str, ...]:
    """Return the digests that name the image: of its package URL, its version, its properties."""
    if component is None:
        return ()
    said = [component.version, version_of(component.purl).replace("%3A", ":")]
    held = component.properties or ()
    said += [one.value.rpartition("@")[2] for one in held if "Digest" in one.name]
    return tuple(dict.fromkeys(text for text in said if text.startswith("sha256:")))


def _distribution(parts: Iterable[_Component]) -> Distribution | None:
    systems = [one for one in parts if one.type == "operating-system"]
    if len(systems) != 1:
        return None
    return Distribution(family=systems[0].name, version=systems[0].version, judged=True)


def _vulnerabilities(
    made: tuple[_Vulnerability, ...], parts: dict[str, _Component], where: str
) -> Iterator[Vulnerability]:
    """Yield each vulnerability of each component; what is affected must be a component."""
    for one in made:
        for affected in one.affects or ():
            component = parts.get(affected.ref)
            if component is None:
                raise Unreadable(
                    f"{one.id[:100]} affects {affected.ref[:100]!r}, which is no component of it",
                    where=where,
                    remedy=_REMEDY,
                )
            yield _vulnerability(one, component)


def _vulnerability(made: _Vulnerability, component: _Component) -> Vulnerability:
    package = _component(component)
    ratings = made.ratings or ()
    return Vulnerability(
        id=made.id,
        aliases=tuple(
            dict.fromkeys(r.id for r in made.references or () if r.id not in ("", made.id))
        ),
        package=package.name,
        purl=package.purl,
        installed=package.version,
        status=made.analysis.state if made.analysis else "",
        severity=_severity(ratings),
        title=made.description.partition("\n")[0][:LONGEST_TITLE],
        url=made.source.url if made.source else "",
        kind=package.kind,
        published=moment(made.published),
        cwes=tuple(f"CWE-{number}" for number in made.cwes or ()),
        cvss=tuple(map(_cvss, ratings)),
    )


def _aliases(made: _Vulnerability) -> tuple[str, ...]:
    names = (reference.id for reference in made.references or ())
    return tuple(dict.fromkeys(name for name in names if name and name != made.id))


def _severity(ratings: tuple[_Rating, ...]) -> Severity:
    """Return the worst that anybody says, by word or by score."""
    said = [severity_of(one.severity) for one in ratings if one.severity]
    said += [severity_of_score(one.score) for one in ratings if one.score is not None]
    known = [one for one in said if one is not Severity.UNKNOWN]
    return max(known, key=lambda one: one.rank, default=Severity.UNKNOWN)


def _cvss(rating: _Rating) -> Cvss:
    score = rating.score if rating.score is not None and 0 <= rating.score <= 10 else None
    version = {"CVSSv2": "2.0", "CVSSv3": "3.0", "CVSSv31": "3.1", "CVSSv4": "4.0"}
    return Cvss(
        source=rating.source.name if rating.source else "",
        version=version.get(rating.method, ""),
        vector=rating.vector,
        score=score,
    )


SCANNER = Scanner(
    name="cyclonedx",
    title="CycloneDX 1.4 to 1.7 with vulnerabilities (Amazon Inspector, Trivy, Grype and others)",
    recognises=recognises,
    read=read,
    samples=(Sample(path="cyclonedx/1.6/inspector.json", real=False, tool="CycloneDX 1.6"),),
)
