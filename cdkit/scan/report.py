"""What a scanner reported, whichever scanner it was."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from cdkit.core.documents.inventory import Component
from cdkit.core.documents.kinds import Database
from cdkit.core.finding import Severity
from cdkit.core.oci.manifest import History


class Cvss(Struct, frozen=True, kw_only=True):
    """One CVSS rating: who rates, by which version (`3.1`), the vector, the base score 0 to 10."""

    source: str
    version: str = ""
    vector: str = ""
    score: float | None = None


class Exploitation(Struct, frozen=True, kw_only=True):
    """What is known of attacks: EPSS (FIRST: probability and percentile, 0 to 1), KEV (CISA).

    None means that nobody said, which is not "no".
    """

    epss: float | None = None
    percentile: float | None = None
    known_exploited: bool | None = None


class Word(Struct, frozen=True, kw_only=True):
    """What one scanner said of a vulnerability, kept where several were merged."""

    scanner: str
    id: str
    severity: Severity
    fixed: tuple[str, ...] = ()


class Vulnerability(Struct, frozen=True, kw_only=True):
    """A vulnerable package in the image.

    `aliases` are other names of it (a GHSA's CVE), `several` the CVEs of a bulletin about more than
    one, which name attacks and excuse nothing; `kind` is the sort of package (`os/alpine`,
    `library/python-pkg`), `path` the file in the image that names it (empty for the
    distribution's own), `layer` the diff ID of the layer that brought it, `fixed` the versions
    that mend it, `status` what its vendor says of a fix where nobody gives a version
    (`will_not_fix`, in Trivy's words). `fix_told` is false where the format does not say whether
    there is a fix: that is not "no fix". `words` are what each scanner said, where there were
    several.
    """

    id: str
    aliases: tuple[str, ...] = ()
    several: tuple[str, ...] = ()
    package: str
    purl: str = ""
    installed: str = ""
    fixed: tuple[str, ...] = ()
    fix_told: bool = True
    status: str = ""
    severity: Severity
    title: str = ""
    url: str = ""
    kind: str
    path: str = ""
    layer: str = ""
    published: datetime | None = None
    cwes: tuple[str, ...] = ()
    cvss: tuple[Cvss, ...] = ()
    exploitation: Exploitation | None = None
    words: tuple[Word, ...] = ()

    @property
    def name(self) -> str:
        """The package without its version: `pkg:apk/alpine/openssl`, else `kind:name`."""
        return versionless(self.purl) if self.purl else f"{self.kind}:{self.package}"

    @property
    def names(self) -> frozenset[str]:
        """Its identifier and all aliases."""
        return frozenset((self.id, *self.aliases))

    @property
    def attacked_as(self) -> frozenset[str]:
        """The names under which attacks on it are told of."""
        return self.names | frozenset(self.several)

    @property
    def is_system(self) -> bool:
        """Whether the package is the distribution's own."""
        return self.kind.startswith("os/")

    @property
    def score(self) -> float | None:
        """The highest CVSS base score that anybody gave, or None."""
        return max((rating.score for rating in self.cvss if rating.score is not None), default=None)


class IssueKind(StrEnum):
    """What else a scanner finds."""

    SECRET = "secret"  # noqa: S105 - a sort of finding
    MISCONFIGURATION = "misconfiguration"
    LICENSE = "license"


IMAGE_CONFIG = "image config"
"""Where something stands that is in no file of the image: its environment, its history."""


class Issue(Struct, frozen=True, kw_only=True):
    """A secret, a misconfiguration or a licence that was found in the image.

    `id` is the scanner's rule (`aws-access-key-id`, `DS-0002`) or the licence's SPDX identifier;
    `package` the package that a licence is of; `path`, `line` and `end_line` the place in the
    image, which may be its config (`IMAGE_CONFIG`). The text of a secret is never kept.
    """

    kind: IssueKind
    id: str
    title: str
    message: str = ""
    remedy: str = ""
    severity: Severity
    package: str = ""
    path: str = ""
    line: int = 0
    end_line: int = 0
    layer: str = ""
    url: str = ""


class Excluded(Struct, frozen=True, kw_only=True):
    """A vulnerability that the scanner found and was told to leave out, where it says so."""

    id: str
    package: str = ""
    purl: str = ""
    status: str
    statement: str = ""
    source: str = ""


class Distribution(Struct, frozen=True, kw_only=True):
    """The Linux distribution in the image.

    `judged` says whether the scanner has advisories for it at all, `known` that nothing speaks
    against its having some for this very release, `ended` that its vendor no longer mends it.
    """

    family: str
    version: str = ""
    judged: bool
    known: bool = True
    ended: bool = False

    def __str__(self) -> str:
        """Return `alpine 3.22.2`."""
        return f"{self.family} {self.version}".strip()


class ScanReport(Struct, frozen=True, kw_only=True):
    """A scanner's report.

    `created_at` is when it says that it was made, and `started_at` when its scan began, where it
    tells the two apart. `image_id` is the digest of the config of the image that was scanned,
    `digests` are those of manifests under which the report names it; `layers` are the diff IDs of
    all its layers, where the format knows no other name of an image. `looked` is false where
    nothing shows that anybody looked for vulnerabilities at all, `traceless` true where a report
    shows other things only, and reads the same whether its scanner was told to look for
    vulnerabilities or not. `unlisting` says that this scanner's reports never list what was looked
    at. `packages` counts the packages by kind, and is None where the report does not list them;
    `components` are they, for the scanners that name them; `unjudged` are the kinds that the
    scanner lists and has no advisories for; `excluded` are the findings that its own settings kept
    out of the report, where it says so; `database` is the date that the report itself gives for its
    vulnerability data. `history` and `diff_ids` are the image's own and lead from a layer to the
    instruction that made it.
    """

    where: str
    scanner: str
    version: str = ""
    started_at: datetime | None = None
    created_at: datetime | None = None
    image_id: str = ""
    digests: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    looked: bool = True
    traceless: bool = False
    unlisting: bool = False
    distribution: Distribution | None = None
    packages: dict[str, int] | None = None
    unjudged: frozenset[str] = frozenset()
    components: tuple[Component, ...] = ()
    vulnerabilities: tuple[Vulnerability, ...] = ()
    issues: tuple[Issue, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    database: Database | None = None
    history: tuple[History, ...] = ()
    diff_ids: tuple[str, ...] = ()

    @property
    def shown(self) -> bool:
        """Whether it shows that its scanner was told to look for vulnerabilities."""
        return self.looked and bool(not self.traceless or self.vulnerabilities or self.excluded)

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
