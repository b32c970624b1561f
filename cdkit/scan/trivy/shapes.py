"""What stands in a Trivy report, as far as it is read (trivy, pkg/types/report.go, finding.go).

Trivy leaves out what is empty, so every key may be missing; what is there must be of its type.
"""

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct, field

from cdkit.core.oci.manifest import History

Cut = tuple[Literal[0], ...] | None
"""An array whose elements were cut out and are read one by one."""


class Os(Struct, frozen=True, kw_only=True, rename="pascal"):
    """The distribution."""

    family: str = ""
    name: str = ""
    eosl: bool = field(default=False, name="EOSL")


class Rootfs(Struct, frozen=True, kw_only=True):
    """The layers, as the image's config has them."""

    diff_ids: tuple[str, ...] | None = None


class ImageConfig(Struct, frozen=True, kw_only=True):
    """The image's config."""

    history: tuple[History, ...] | None = None
    rootfs: Rootfs | None = None


class Metadata(Struct, frozen=True, kw_only=True, rename="pascal"):
    """What the report says of the image."""

    os: Os | None = field(default=None, name="OS")
    image_id: str = field(default="", name="ImageID")
    diff_ids: tuple[str, ...] | None = field(default=None, name="DiffIDs")
    image_config: ImageConfig | None = None


class About(Struct, frozen=True, kw_only=True, rename="pascal"):
    """Which Trivy wrote it."""

    version: str = ""


class Result(Struct, frozen=True, kw_only=True, rename="pascal"):
    """One target in the image: its packages and what was found in them, cut out."""

    target: str = ""
    class_: str = field(default="", name="Class")
    type: str = ""
    packages: Cut = None
    vulnerabilities: Cut = None
    misconfigurations: Cut = None
    secrets: Cut = None
    licenses: Cut = None
    experimental_modified_findings: Cut = None


class Report(Struct, frozen=True, kw_only=True, rename="pascal"):
    """The report without what was cut out."""

    schema_version: int
    trivy: About | None = None
    created_at: datetime | None = None
    artifact_name: str = ""
    artifact_type: str = ""
    metadata: Metadata | None = None
    results: tuple[Result, ...] | None = None


class Identifier(Struct, frozen=True, kw_only=True, gc=False):
    """A package's identifier."""

    purl: str = field(default="", name="PURL")


class Layer(Struct, frozen=True, kw_only=True, rename="pascal", gc=False):
    """A layer."""

    diff_id: str = field(default="", name="DiffID")


class Package(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A package (trivy, pkg/fanal/types/package.go)."""

    name: str = ""
    version: str = ""
    release: str = ""
    epoch: int = 0
    identifier: Identifier | None = None
    licenses: tuple[str, ...] | None = None
    layer: Layer | None = None
    file_path: str = ""


class Rating(Struct, frozen=True, kw_only=True):
    """A CVSS rating by one source."""

    v2_vector: str = field(default="", name="V2Vector")
    v3_vector: str = field(default="", name="V3Vector")
    v40_vector: str = field(default="", name="V40Vector")
    v2_score: float | None = field(default=None, name="V2Score")
    v3_score: float | None = field(default=None, name="V3Score")
    v40_score: float | None = field(default=None, name="V40Score")


class Vulnerability(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A vulnerable package."""

    vulnerability_id: str = field(name="VulnerabilityID")
    vendor_ids: tuple[str, ...] | None = field(default=None, name="VendorIDs")
    pkg_name: str
    pkg_path: str = ""
    pkg_identifier: Identifier | None = None
    installed_version: str = ""
    fixed_version: str = ""
    status: str = ""
    layer: Layer | None = None
    primary_url: str = field(default="", name="PrimaryURL")
    title: str = ""
    severity: str = ""
    cwe_ids: tuple[str, ...] | None = field(default=None, name="CweIDs")
    cvss: msgspec.Raw = field(default=msgspec.Raw(b"null"), name="CVSS")
    published_date: datetime | None = None


class Cause(Struct, frozen=True, kw_only=True, rename="pascal"):
    """Where a misconfiguration stands."""

    start_line: int = 0
    end_line: int = 0


class Misconfiguration(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A check of a configuration, passed or not."""

    id: str = field(default="", name="ID")
    avd_id: str = field(default="", name="AVDID")
    title: str = ""
    message: str = ""
    resolution: str = ""
    severity: str = ""
    primary_url: str = field(default="", name="PrimaryURL")
    status: str = ""
    layer: Layer | None = None
    cause_metadata: Cause | None = None


class Secret(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A secret: its text (`Match`, `Code`) is not even read."""

    rule_id: str = field(default="", name="RuleID")
    title: str = ""
    severity: str = ""
    start_line: int = 0
    end_line: int = 0
    layer: Layer | None = None


class License(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A licence that was found."""

    name: str = ""
    severity: str = ""
    pkg_name: str = ""
    file_path: str = ""
    link: str = ""


class ModifiedVulnerability(Struct, frozen=True, kw_only=True, rename="pascal"):
    """What was left out, as far as it names a vulnerability."""

    vulnerability_id: str = field(default="", name="VulnerabilityID")
    id: str = field(default="", name="ID")
    rule_id: str = field(default="", name="RuleID")
    name: str = ""
    pkg_name: str = ""
    pkg_identifier: Identifier | None = None


class Modified(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A finding that Trivy was told to leave out (trivy 0.55 and later, --show-suppressed)."""

    status: str = ""
    statement: str = ""
    source: str = ""
    finding: ModifiedVulnerability | None = None
