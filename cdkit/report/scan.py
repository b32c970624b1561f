"""A scan's fact as the formats made of it want it: the image, the tool, the times, the packages."""

from collections import Counter
from collections.abc import Callable

from msgspec import Struct

from cdkit.core.digest import Digest
from cdkit.core.documents.inventory import Component
from cdkit.core.documents.kinds import Findings
from cdkit.core.documents.purl import image_purl
from cdkit.core.errors import RequestError
from cdkit.report.report import Report

STEP = "scan-image"


class Scanned(Struct, frozen=True, kw_only=True):
    """What was scanned, by what, when (RFC 3339), with which result.

    `key` names this image in this run and no other; `system` is the distribution that most of its
    own packages are of.
    """

    name: str
    digest: str
    purl: str
    key: str
    tool: str
    version: str
    database_date: str
    database_version: str
    started: str
    ended: str
    url: str
    system: str
    numbers: dict[str, int]
    left_out: int
    inventory: tuple[Component, ...]

    @property
    def image(self) -> str:
        """The image as `name@digest`."""
        return f"{self.name}@{self.digest}" if self.digest else self.name


class ScanFormat(Struct, frozen=True, kw_only=True):
    """A format that is made of a scan's fact."""

    name: str
    render: Callable[[Report, Scanned], str]


def scanned_of(report: Report) -> Scanned:
    """Return what a report's fact says of the scan.

    Raises RequestError where it is of another step, or left no fact.
    """
    document = report.document
    if not isinstance(document, Findings) or report.step != STEP:
        raise RequestError(
            f"this format is made of a scan, and {report.step[:60]} left none",
            remedy=f"ask {STEP} for it",
        )
    subject = next(iter(report.subjects), None)
    hexadecimal = subject.digest.get("sha256", "") if subject else ""
    digest = f"sha256:{hexadecimal}" if hexadecimal else ""
    name = subject.name if subject else report.subject
    database = document.tool.database
    ended = document.origin.recorded_at
    started = report.started_at
    return Scanned(
        name=name,
        digest=digest,
        purl=_purl(name, hexadecimal),
        key=f"{name}@{digest} {report.context.build_id} {ended}",
        tool=document.tool.name,
        version=document.tool.version,
        database_date=database.updated_at if database else "",
        database_version=database.version if database else "",
        started=started.strftime("%Y-%m-%dT%H:%M:%SZ") if started else ended,
        ended=ended,
        url=document.origin.url,
        system=_system(document.inventory),
        numbers=document.numbers,
        left_out=document.left_out,
        inventory=document.inventory,
    )


def _purl(name: str, hexadecimal: str) -> str:
    if not name or not hexadecimal or "/" not in name:
        return ""
    return str(image_purl(name, Digest(algorithm="sha256", encoded=hexadecimal)))


def _system(inventory: tuple[Component, ...]) -> str:
    kinds = Counter(one.kind[3:] for one in inventory if one.kind.startswith("os/"))
    return kinds.most_common(1)[0][0] if kinds else ""


def https(url: str) -> str:
    """Return an address of the web, or an empty string for anything else."""
    plain = url.isascii() and url.isprintable() and " " not in url
    return url if url.startswith(("https://", "http://")) and plain else ""
