"""A scan's fact as the formats made of it want it: the image, the tool, the times, the packages."""

from collections import Counter
from collections.abc import Callable

from msgspec import Struct

from cdkit.core.digest import Digest
from cdkit.core.documents.inventory import Component
from cdkit.core.documents.kinds import Findings
from cdkit.core.documents.purl import image_purl
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.verdict import Answer
from cdkit.report.report import Report, reasons_of

STEP = "scan-image"


class Scanned(Struct, frozen=True, kw_only=True):
    """What was scanned, by what, when (RFC 3339), with which result.

    `started` and `ended` are the scan's own times, empty where a report that was made `elsewhere`
    does not say them; `judged` is when that was judged. `key` names this image in this run and no
    other; `system` is the distribution that most of its own packages are of. `doubts` are why
    nobody can tell what is in it: a list of packages or of vulnerabilities may then lack some.
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
    judged: str
    url: str
    system: str
    numbers: dict[str, int]
    left_out: int
    inventory: tuple[Component, ...]
    elsewhere: bool = False
    doubts: tuple[str, ...] = ()

    @property
    def image(self) -> str:
        """The image as `name@digest`."""
        return f"{self.name}@{self.digest}" if self.digest else self.name


class ScanFormat(Struct, frozen=True, kw_only=True):
    """A format that is made of a scan's fact.

    `says_failure`: it can say that nothing was scanned. In any other an empty list would read as
    an image without packages and without vulnerabilities, so none is written.
    """

    name: str
    render: Callable[[Report, Scanned], str]
    says_failure: bool = False


def written(form: ScanFormat, report: Report) -> str:
    """Return a scan's report in this format.

    Raises RequestError for the report of another step, and CannotTell where nothing was scanned
    and the format has no word for that.
    """
    if report.step != STEP:
        raise RequestError(
            f"{form.name} is made of a scan, and {report.step[:60]} makes none",
            remedy=f"ask {STEP} for it",
        )
    document = report.document
    if isinstance(document, Findings) and document.examined.get("platforms", 1):
        return form.render(report, _scanned(report, document))
    if form.says_failure:
        return form.render(report, _unscanned(report))
    raise CannotTell(
        f"nothing was scanned, so no {form.name} is written: an empty one would read as clean",
        remedy="do what the other reasons say, and scan again",
    )


def _unscanned(report: Report) -> Scanned:
    """Return what is known of a scan that was not: when it was tried, and why it was not."""
    moment = _moment(report, "1970-01-01T00:00:00Z")
    return Scanned(
        name=report.subject,
        digest="",
        purl="",
        key=f"{report.subject} {report.context.build_id} {moment}",
        tool="",
        version="",
        database_date="",
        database_version="",
        started=moment,
        ended=moment,
        judged=moment,
        url=report.context.url,
        system="",
        numbers={},
        left_out=0,
        inventory=(),
        doubts=_doubts(report),
    )


def _moment(report: Report, otherwise: str) -> str:
    started = report.started_at
    return started.strftime("%Y-%m-%dT%H:%M:%SZ") if started else otherwise


def _doubts(report: Report) -> tuple[str, ...]:
    return tuple(reason.what for reason in reasons_of(report, Answer.CANNOT_TELL))


def _scanned(report: Report, document: Findings) -> Scanned:
    subject = next(iter(report.subjects), None)
    hexadecimal = subject.digest.get("sha256", "") if subject else ""
    digest = f"sha256:{hexadecimal}" if hexadecimal else ""
    name = subject.name if subject else report.subject
    database = document.tool.database
    judged = document.origin.recorded_at
    started, ended = _times(report, document)
    return Scanned(
        name=name,
        digest=digest,
        purl=_purl(name, hexadecimal),
        key=f"{name}@{digest} {report.context.build_id} {judged}",
        tool=document.tool.name,
        version=document.tool.version,
        database_date=database.updated_at if database else "",
        database_version=database.version if database else "",
        started=started,
        ended=ended,
        judged=judged,
        url=document.origin.url,
        system=_system(document.inventory),
        numbers=document.numbers,
        left_out=document.left_out,
        inventory=document.inventory,
        elsewhere=document.made is not None,
        doubts=_doubts(report),
    )


def _times(report: Report, document: Findings) -> tuple[str, str]:
    """Return when the scan began and ended; where one report does not say it, nobody knows."""
    made, judged = document.made, document.origin.recorded_at
    if made is None:
        return _moment(report, judged), judged
    return ("", "") if made.undated else (made.started, made.ended)


def _purl(name: str, hexadecimal: str) -> str:
    if not name or not hexadecimal or "/" not in name:
        return ""
    return str(image_purl(name, Digest(algorithm="sha256", encoded=hexadecimal)))


def _system(inventory: tuple[Component, ...]) -> str:
    kinds = Counter(one.kind[3:] for one in inventory if one.kind.startswith("os/"))
    return kinds.most_common(1)[0][0] if kinds else ""


def https(url: str) -> str:
    """Return an address of the web, or an empty string for anything else."""
    return url if url.startswith(("https://", "http://")) and _is_plain(url) else ""


def written_purl(purl: str) -> str:
    """Return a package URL, or an empty string for what is none: a reader would refuse the file."""
    return purl if purl.startswith("pkg:") and "/" in purl and _is_plain(purl) else ""


def _is_plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url
