"""The shapes of a CycloneDX document with vulnerabilities (cyclonedx.org, JSON reference)."""

from msgspec import Struct, field


class Property(Struct, frozen=True, kw_only=True):
    """A named value that a tool adds."""

    name: str = ""
    value: str = ""


class License(Struct, frozen=True, kw_only=True):
    """A licence by its SPDX identifier or by a name."""

    id: str = ""
    name: str = ""


class Choice(Struct, frozen=True, kw_only=True):
    """A licence, or an expression of several."""

    license: License | None = None
    expression: str = ""


class Component(Struct, frozen=True, kw_only=True, rename={"ref": "bom-ref"}):
    """A package, the distribution, or the image itself."""

    name: str
    type: str = ""
    version: str = ""
    purl: str = ""
    ref: str = ""
    licenses: tuple[Choice, ...] | None = None
    properties: tuple[Property, ...] | None = None
    components: tuple["Component", ...] | None = None


class Tool(Struct, frozen=True, kw_only=True):
    """A tool that made the document, or a service."""

    name: str = ""
    version: str = ""


class Tools(Struct, frozen=True, kw_only=True):
    """Tools as CycloneDX 1.5 and later list them."""

    components: tuple[Tool, ...] | None = None
    services: tuple[Tool, ...] | None = None


class Metadata(Struct, frozen=True, kw_only=True):
    """What the document is about, and who made it."""

    timestamp: str = ""
    component: Component | None = None
    properties: tuple[Property, ...] | None = None
    tools: tuple[Tool, ...] | Tools | None = None


class Source(Struct, frozen=True, kw_only=True):
    """Who speaks of a vulnerability."""

    name: str = ""
    url: str = ""


class Rating(Struct, frozen=True, kw_only=True):
    """How severe somebody says that it is, by a method."""

    source: Source | None = None
    score: float | None = None
    severity: str = ""
    method: str = ""
    vector: str = ""


class Reference(Struct, frozen=True, kw_only=True):
    """Another name of a vulnerability."""

    id: str = ""


class Affects(Struct, frozen=True, kw_only=True):
    """A component that a vulnerability is in."""

    ref: str


class Analysis(Struct, frozen=True, kw_only=True):
    """What the document's maker says of it (VEX)."""

    state: str = ""
    justification: str = ""
    detail: str = ""


class Vulnerability(Struct, frozen=True, kw_only=True):
    """A vulnerability."""

    id: str
    source: Source | None = None
    references: tuple[Reference, ...] | None = None
    ratings: tuple[Rating, ...] | None = None
    cwes: tuple[int, ...] | None = None
    description: str = ""
    recommendation: str = ""
    published: str = ""
    created: str = ""
    affects: tuple[Affects, ...] | None = None
    properties: tuple[Property, ...] | None = None
    analysis: Analysis | None = None


class Bom(Struct, frozen=True, kw_only=True):
    """A document."""

    format: str = field(name="bomFormat")
    spec: str = field(name="specVersion")
    metadata: Metadata | None = None
    components: tuple[Component, ...] | None = None
    vulnerabilities: tuple[Vulnerability, ...] | None = None


class Answer(Struct, frozen=True, kw_only=True):
    """A document, by itself or below `sbom`, as Amazon Inspector's API answers it."""

    sbom: Bom | None = None
    format: str = field(default="", name="bomFormat")
    spec: str = field(default="", name="specVersion")
    metadata: Metadata | None = None
    components: tuple[Component, ...] | None = None
    vulnerabilities: tuple[Vulnerability, ...] | None = None
