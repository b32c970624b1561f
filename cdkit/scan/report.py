"""What a scanner reported, whichever scanner it was."""

from datetime import datetime

from msgspec import Struct

from cdkit.core.finding import Severity
from cdkit.core.oci.manifest import History


class Vulnerability(Struct, frozen=True, kw_only=True):
    """A vulnerable package in the image.

    `kind` is the sort of package (`os/alpine`, `library/python-pkg`), `path` the file in the image
    that names it (empty for the distribution's own), `layer` the diff ID of the layer that brought
    it, `fixed` the versions that mend it.
    """

    id: str
    package: str
    purl: str = ""
    installed: str = ""
    fixed: tuple[str, ...] = ()
    severity: Severity
    title: str = ""
    url: str = ""
    kind: str
    path: str = ""
    layer: str = ""

    @property
    def name(self) -> str:
        """The package without its version: `pkg:apk/alpine/openssl`, else `kind:name`."""
        return versionless(self.purl) if self.purl else f"{self.kind}:{self.package}"


class Distribution(Struct, frozen=True, kw_only=True):
    """The Linux distribution in the image.

    `judged` says whether the scanner has advisories for it at all, `ended` that its vendor no
    longer mends it.
    """

    family: str
    version: str = ""
    judged: bool
    ended: bool = False

    def __str__(self) -> str:
        """Return `alpine 3.22.2`."""
        return f"{self.family} {self.version}".strip()


class ScanReport(Struct, frozen=True, kw_only=True):
    """A scanner's report.

    `image_id` is the digest of the config of the image that was scanned. `packages` counts the
    packages by kind, and is None where the report does not list them; `unjudged` are the kinds
    that the scanner lists and has no advisories for; `hidden` counts the findings that its own
    settings kept out of the report, where it says so. `history` and `diff_ids` are the image's own
    and lead from a layer to the instruction that made it.
    """

    where: str
    scanner: str
    version: str = ""
    created_at: datetime | None = None
    image_id: str = ""
    distribution: Distribution | None = None
    packages: dict[str, int] | None = None
    unjudged: frozenset[str] = frozenset()
    vulnerabilities: tuple[Vulnerability, ...] = ()
    hidden: int = 0
    history: tuple[History, ...] = ()
    diff_ids: tuple[str, ...] = ()

    @property
    def package_count(self) -> int:
        """How many packages were listed; zero where they were not."""
        return sum((self.packages or {}).values())

    @property
    def system_packages(self) -> int:
        """How many of them are the distribution's own."""
        kinds = (self.packages or {}).items()
        return sum(count for kind, count in kinds if kind.startswith("os/"))


def versionless(purl: str) -> str:
    """Return a package URL without version, qualifiers and subpath (purl-spec, "Rules").

    What is left is the same in yesterday's build and in today's.
    """
    bare = purl.partition("#")[0].partition("?")[0]
    head, at, tail = bare.rpartition("@")
    return head if at and "/" not in tail else bare


def version_of(purl: str) -> str:
    """Return the version in a package URL, or an empty string."""
    bare = purl.partition("#")[0].partition("?")[0]
    return bare[len(versionless(purl)) + 1 :]
