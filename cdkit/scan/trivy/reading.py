"""Reading a Trivy report, element by element: memory grows with what was found, not with its text.

Sources: trivy, pkg/types/report.go and finding.go; docs, "Reporting"; versions 0.44 to 0.74.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cdkit.core.documents.cut import Element, Rest, cut
from cdkit.core.documents.inventory import Component
from cdkit.core.errors import Unreadable
from cdkit.core.finding import Severity
from cdkit.core.readable import Readable
from cdkit.core.world import MIB
from cdkit.scan.foreign import aliases_of, in_utc
from cdkit.scan.key import rule_of
from cdkit.scan.report import (
    IMAGE_CONFIG,
    Cvss,
    Distribution,
    Excluded,
    Issue,
    IssueKind,
    ScanReport,
    Vulnerability,
)
from cdkit.scan.trivy import shapes
from cdkit.scan.trivy.advised import JUDGED_FAMILIES, JUDGED_TYPES, is_known_release

_SEVERITIES = {
    "LOW": Severity.LOW,
    "MEDIUM": Severity.MEDIUM,
    "HIGH": Severity.HIGH,
    "CRITICAL": Severity.CRITICAL,
}
_CLASSES = {"os-pkgs": "os", "lang-pkgs": "library"}


_KINDS: dict[str, type[Struct]] = {
    "Packages": shapes.Package,
    "Vulnerabilities": shapes.Vulnerability,
    "Misconfigurations": shapes.Misconfiguration,
    "Secrets": shapes.Secret,
    "Licenses": shapes.License,
    "ExperimentalModifiedFindings": shapes.Modified,
}
_ARRAYS = frozenset(("Results", name) for name in _KINDS)
_MOST = 64 * MIB
_LONGEST_TITLE = 300
_REMEDY = "scan again: trivy image --format json --list-all-pkgs"
_IMAGE = "container_image"

T = TypeVar("T")


class _Where(Struct, frozen=True):
    """The result that an element stands in."""

    kind: str
    target: str
    is_system: bool
    has_target: bool


class _Found:
    """What was read so far. Strings that come again are kept once."""

    def __init__(self) -> None:
        self.components: list[Component] = []
        self.counts: dict[str, int] = {}
        self.vulnerabilities: list[Vulnerability] = []
        self.issues: list[Issue] = []
        self.excluded: list[Excluded] = []
        self.kept: dict[Any, Any] = {}

    def once(self, value: T) -> T:
        """Return the first value that was equal to this one."""
        return self.kept.setdefault(value, value)  # type: ignore[no-any-return]


def read(stream: Readable, where: str, artifacts: frozenset[str]) -> ScanReport:
    """Read a report as `trivy image --format json` writes it, about one of these artifact types.

    Raises Unreadable where it is not that, where it is cut off, of another version, or of
    something else.
    """
    found = _Found()
    rest = _walk(stream, where, found)
    report = _decode(rest, shapes.Report, where)
    if report.schema_version != 2:
        raise _unreadable(f"is of SchemaVersion {report.schema_version}, not 2", where)
    if report.artifact_type not in {"", *artifacts}:
        raise _unreadable(f"is about a {report.artifact_type[:60]!r}, not an image", where)
    metadata = report.metadata or shapes.Metadata()
    config = metadata.image_config or shapes.ImageConfig()
    rootfs = config.rootfs or shapes.Rootfs()
    results = report.results or ()
    return ScanReport(
        where=where,
        scanner="trivy",
        version=report.trivy.version if report.trivy else "",
        created_at=_zoned(report.created_at),
        image_id=metadata.image_id,
        distribution=_distribution(metadata.os, report.trivy.version if report.trivy else ""),
        packages=_packages(results, found.counts),
        unjudged=frozenset(_kind(r.class_, r.type) for r in results if _is_unjudged(r)),
        components=tuple(found.components),
        vulnerabilities=tuple(found.vulnerabilities),
        issues=tuple(_placed(one, report) for one in found.issues),
        excluded=tuple(found.excluded),
        history=config.history or (),
        diff_ids=metadata.diff_ids or rootfs.diff_ids or (),
    )


def _placed(issue: Issue, report: shapes.Report) -> Issue:
    """Return an issue with a place that is the same in the next build.

    What stands in the image's own config Trivy places in the image, by the name that it was called.
    """
    is_image = report.artifact_type in {"", _IMAGE}
    in_config = is_image and issue.path == report.artifact_name != ""
    return replace(issue, path=IMAGE_CONFIG) if in_config else issue


def _walk(stream: Readable, where: str, found: _Found) -> bytes:
    """Read every element into `found`; return the rest of the document."""
    first = stream.read(1)
    while first and first in b" \t\r\n":
        first = stream.read(1)
    if first == b"\xef":
        raise _unreadable("begins with a byte order mark, which JSON does not allow", where)
    if first == b"\x1f":
        raise _unreadable("is packed with gzip; unpack it first", where)
    if not first:
        raise _unreadable("is empty", where)
    whole = _Prefixed(first, stream)
    last: tuple[tuple[str, ...], bytes] = ((), b"")
    place = _Where("", "", is_system=False, has_target=False)
    early: list[Element] = []
    for piece in cut(whole, _ARRAYS, where, most=_MOST, remedy=_REMEDY):
        if isinstance(piece, Rest):
            _add_early(early, piece.data, where, found)
            return piece.data
        if last != (piece.path, piece.head):
            last = (piece.path, piece.head)
            place = _place(piece.head, where)
        if place.has_target:
            _ADD[piece.path[-1]](_decode(piece.data, _KINDS[piece.path[-1]], where), place, found)
        else:
            early.append(piece)
    raise _unreadable("is empty", where)  # pragma: no cover - `cut` ends with the rest


class _Prefixed:
    """A stream with a byte that was taken from it put back."""

    def __init__(self, first: bytes, stream: Readable) -> None:
        self._first = first
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        first, self._first = self._first, b""
        return first or self._stream.read(size)


def _place(head: bytes, where: str) -> _Where:
    """Return in which result an array stands, by what came before it.

    Trivy writes Target, Class and Type first. A report that was sorted by another tool has them
    later: its elements wait for the end.
    """
    result = _decode(head, shapes.Result, where)
    return _in(result)


def _in(result: shapes.Result) -> _Where:
    return _Where(
        kind=_kind(result.class_, result.type),
        target=result.target,
        is_system=result.class_ == "os-pkgs",
        has_target=bool(result.target),
    )


def _add_early(early: list[Element], rest: bytes, where: str, found: _Found) -> None:
    if not early:
        return
    results = _decode(rest, shapes.Report, where).results or ()
    for piece in early:
        name = piece.path[-1]
        _ADD[name](_decode(piece.data, _KINDS[name], where), _in(results[piece.index]), found)


def _add_package(made: shapes.Package, place: _Where, found: _Found) -> None:
    found.counts[place.kind] = found.counts.get(place.kind, 0) + 1
    epoch = f"{made.epoch}:" if made.epoch else ""
    version = f"{epoch}{made.version}" + (f"-{made.release}" if made.release else "")
    found.components.append(
        Component(
            name=made.name,
            version=version,
            purl=made.identifier.purl if made.identifier else "",
            kind=place.kind,
            path=made.file_path or ("" if place.is_system else place.target),
            layer=found.once(made.layer.diff_id if made.layer else ""),
            licenses=found.once(made.licenses or ()),
        )
    )


def _add_vulnerability(made: shapes.Vulnerability, place: _Where, found: _Found) -> None:
    once = found.once
    fixed = (version.strip() for version in made.fixed_version.split(","))
    others = (name for name in made.vendor_ids or () if name.startswith(("CVE-", "GHSA-")))
    found.vulnerabilities.append(
        Vulnerability(
            id=once(made.vulnerability_id),
            aliases=once(aliases_of(made.vulnerability_id, others)),
            package=once(made.pkg_name),
            purl=once(made.pkg_identifier.purl if made.pkg_identifier else ""),
            installed=once(made.installed_version),
            fixed=once(tuple(version for version in fixed if version)),
            status=once(made.status),
            severity=_severity(made.severity),
            title=once(made.title[:_LONGEST_TITLE]),
            url=once(made.primary_url),
            kind=place.kind,
            path="" if place.is_system else once(made.pkg_path or place.target),
            layer=once(made.layer.diff_id if made.layer else ""),
            published=once(_aware(made.published_date)),
            cwes=once(made.cwe_ids or ()),
            cvss=_ratings(bytes(made.cvss), found),
        )
    )


def _ratings(data: bytes, found: _Found) -> tuple[Cvss, ...]:
    """Return who rates a vulnerability how; many packages share one and the same text."""
    known: tuple[Cvss, ...] | None = found.kept.get(data)
    if known is None:
        try:
            rated = (
                msgspec.json.decode(data, type=dict[str, shapes.Rating] | None) if data else None
            )
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            raise _unreadable(f"is not what Trivy writes: CVSS: {fault}", "") from fault
        known = tuple(_rating(source, one) for source, one in (rated or {}).items())
        found.kept[data] = known
    return known


def _rating(source: str, made: shapes.Rating) -> Cvss:
    """Return the newest version that a source rates by."""
    for version, vector, score in (
        ("4.0", made.v40_vector, made.v40_score),
        ("3.1", made.v3_vector, made.v3_score),
        ("2.0", made.v2_vector, made.v2_score),
    ):
        if score is not None or vector:
            sound = score if score is not None and 0 <= score <= 10 else None
            return Cvss(source=source, version=version, vector=vector, score=sound)
    return Cvss(source=source)


def _add_misconfiguration(made: shapes.Misconfiguration, place: _Where, found: _Found) -> None:
    """Keep a check that failed; passed and excepted ones are listed too, and are none."""
    if made.status in {"PASS", "EXCEPTION"}:
        return
    cause = made.cause_metadata or shapes.Cause()
    found.issues.append(
        Issue(
            kind=IssueKind.MISCONFIGURATION,
            id=rule_of(made.id or made.avd_id),
            title=made.title[:_LONGEST_TITLE],
            message=made.message[:_LONGEST_TITLE],
            remedy=made.resolution[:_LONGEST_TITLE],
            severity=_severity(made.severity),
            path=place.target,
            line=max(cause.start_line, 0),
            end_line=max(cause.end_line, 0),
            layer=made.layer.diff_id if made.layer else "",
            url=made.primary_url,
        )
    )


def _add_secret(made: shapes.Secret, place: _Where, found: _Found) -> None:
    found.issues.append(
        Issue(
            kind=IssueKind.SECRET,
            id=made.rule_id,
            title=made.title[:_LONGEST_TITLE],
            severity=_severity(made.severity),
            path=place.target,
            line=max(made.start_line, 0),
            end_line=max(made.end_line, 0),
            layer=made.layer.diff_id if made.layer else "",
        )
    )


def _add_license(made: shapes.License, place: _Where, found: _Found) -> None:
    found.issues.append(
        Issue(
            kind=IssueKind.LICENSE,
            id=made.name,
            title="",
            severity=_severity(made.severity),
            package=made.pkg_name,
            path=made.file_path or ("" if made.pkg_name else place.target),
            url=made.link,
        )
    )


def _add_excluded(made: shapes.Modified, place: _Where, found: _Found) -> None:
    del place
    told = made.finding or shapes.ModifiedVulnerability()
    found.excluded.append(
        Excluded(
            id=told.vulnerability_id or told.rule_id or told.id or told.name,
            package=told.pkg_name,
            purl=told.pkg_identifier.purl if told.pkg_identifier else "",
            status=made.status,
            statement=made.statement[:_LONGEST_TITLE],
            source=made.source,
        )
    )


_ADD: dict[str, Callable[[Any, _Where, _Found], None]] = {
    "Packages": _add_package,
    "Vulnerabilities": _add_vulnerability,
    "Misconfigurations": _add_misconfiguration,
    "Secrets": _add_secret,
    "Licenses": _add_license,
    "ExperimentalModifiedFindings": _add_excluded,
}


def _severity(word: str) -> Severity:
    return _SEVERITIES.get(word, Severity.UNKNOWN)


def _zoned(moment: datetime | None) -> datetime | None:
    """Return when the report was made; Trivy always writes a zone, so one without is no time."""
    return in_utc(moment) if moment and moment.tzinfo else None


def _aware(moment: datetime | None) -> datetime | None:
    """Return a time with its zone; one without is in UTC, as Trivy's database has them."""
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def _distribution(os: shapes.Os | None, trivy: str) -> Distribution | None:
    if os is None or os.family in {"", "none"}:
        return None
    return Distribution(
        family=os.family,
        version=os.name,
        judged=os.family in JUDGED_FAMILIES,
        known=is_known_release(os.family, os.name, trivy),
        ended=os.eosl,
    )


def _kind(class_: str, type_: str) -> str:
    return f"{_CLASSES.get(class_, class_ or 'unknown')}/{type_ or 'unknown'}"


def _is_unjudged(result: shapes.Result) -> bool:
    return bool(result.packages) and result.class_ != "os-pkgs" and result.type not in JUDGED_TYPES


def _packages(results: tuple[shapes.Result, ...], counts: dict[str, int]) -> dict[str, int] | None:
    """Count packages by kind; None where the report was made without --list-all-pkgs."""
    listed = [result for result in results if result.packages is not None]
    if not listed:
        return None
    return {_kind(r.class_, r.type): 0 for r in listed} | counts


def _decode(data: bytes, kind: type[T], where: str) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise _unreadable(f"is not what Trivy writes: {fault}", where) from fault


def _unreadable(what: str, where: str) -> Unreadable:
    return Unreadable(what, where=where, remedy=_REMEDY)
