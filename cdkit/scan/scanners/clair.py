"""Clair 4: the vulnerability report of its matcher, as `clairctl report --out json` gives it.

Sources: quay/clair, the OpenAPI description (VulnerabilityReport), and quay/claircore,
vulnerabilityreport.go, updater/osv (how a range is written), enricher/cvss and enricher/epss (how
scores stand beside the vulnerabilities). `manifest_hash` is the digest of the manifest of one
platform.
"""

import contextlib
import re
from collections.abc import Iterator
from typing import TypeVar
from urllib.parse import parse_qs

import msgspec
from msgspec import Raw, Struct

from cdkit.core.documents.inventory import Component
from cdkit.core.errors import Unreadable
from cdkit.core.readable import Readable
from cdkit.scan.foreign import LONGEST_TITLE, moment, read_whole, severity_of
from cdkit.scan.key import is_cve
from cdkit.scan.report import Cvss, Distribution, Exploitation, ScanReport, Vulnerability
from cdkit.scan.scanner import Sample, Scanner

T = TypeVar("T")

_CVSS = "enricher=clair.cvss"
_EPSS = "enricher=clair.epss"
_CVE = re.compile(r"\bCVE-\d{4}-\d{4,}\b", re.ASCII)
_RANGE = re.compile(r"(?:introduced|fixed|lastAffected)=", re.ASCII)
_REMEDY = "let Clair report again: clairctl report --out json IMAGE"


class _Package(Struct, frozen=True, kw_only=True):
    name: str
    version: str = ""


class _Distribution(Struct, frozen=True, kw_only=True):
    did: str = ""
    version_id: str = ""


class _Environment(Struct, frozen=True, kw_only=True):
    package_db: str = ""
    distribution_id: str = ""


class _Vulnerability(Struct, frozen=True, kw_only=True):
    name: str
    description: str = ""
    issued: str = ""
    links: str = ""
    severity: str = ""
    normalized_severity: str = ""
    fixed_in_version: str = ""


class _Report(Struct, frozen=True, kw_only=True):
    manifest_hash: str
    packages: dict[str, _Package]
    distributions: dict[str, _Distribution] = {}
    environments: dict[str, tuple[_Environment, ...]] = {}
    vulnerabilities: dict[str, _Vulnerability]
    package_vulnerabilities: dict[str, tuple[str, ...]]
    enrichments: dict[str, Raw] | None = None


class _Score(Struct, frozen=True, kw_only=True, rename="camel"):
    version: str = ""
    vector_string: str = ""
    base_score: float | None = None


class _Epss(Struct, frozen=True, kw_only=True):
    epss: float | None = None
    percentile: float | None = None


def recognises(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a report of Clair's."""
    return head.lstrip().startswith(b"{") and b'"manifest_hash"' in head


def read(stream: Readable, where: str) -> ScanReport:
    """Read a report. Raises Unreadable where it is none, or speaks of what it does not hold."""
    report = read_whole(stream, _Report, where, _REMEDY)
    places = {id_: _place(report.environments.get(id_, ())) for id_ in report.packages}
    kinds = {id_: _kind(report, id_) for id_ in report.packages}
    counts: dict[str, int] = {}
    for kind in kinds.values():
        counts[kind] = counts.get(kind, 0) + 1
    return ScanReport(
        where=where,
        scanner="clair",
        digests=(report.manifest_hash,),
        distribution=_distribution(report),
        packages=counts,
        components=tuple(
            Component(name=one.name, version=one.version, kind=kinds[id_], path=places[id_])
            for id_, one in report.packages.items()
        ),
        vulnerabilities=tuple(_vulnerabilities(report, kinds, places, where)),
    )


def _kind(report: _Report, id_: str) -> str:
    """Return the sort of a package: of the distribution where Clair ties it to one."""
    for environment in report.environments.get(id_, ()):
        if distribution := report.distributions.get(environment.distribution_id):
            return f"os/{distribution.did or 'unknown'}"
    return "library/unknown"


def _place(environments: tuple[_Environment, ...]) -> str:
    return next((one.package_db for one in environments if one.package_db), "")


def _distribution(report: _Report) -> Distribution | None:
    if len(report.distributions) != 1:
        return None
    (one,) = report.distributions.values()
    return Distribution(family=one.did, version=one.version_id, judged=True) if one.did else None


def _vulnerabilities(
    report: _Report, kinds: dict[str, str], places: dict[str, str], where: str
) -> Iterator[Vulnerability]:
    held = {found for ids in report.package_vulnerabilities.values() for found in ids}
    if lost := sorted(report.vulnerabilities.keys() - held):
        what = f"holds the vulnerability {lost[0][:40]!r} of no package"
        raise Unreadable(what, where=where, remedy=_REMEDY)
    scores, attacks = _added(report, _CVSS, _Score), _added(report, _EPSS, _Epss)
    for id_, ids in report.package_vulnerabilities.items():
        for found in ids:
            package, made = report.packages.get(id_), report.vulnerabilities.get(found)
            if package is None or made is None:
                what = f"speaks of package {id_[:40]!r} with {found[:40]!r}, and lacks one of them"
                raise Unreadable(what, where=where, remedy=_REMEDY)
            system = kinds[id_].startswith("os/")
            name = _name(made.name)
            yield Vulnerability(
                id=name,
                several=_mentioned(name, made.links),
                package=package.name,
                installed=package.version,
                fixed=_fixed(made.fixed_in_version),
                # The last one that is affected: whether there is a later one it does not say.
                fix_told="lastAffected=" not in made.fixed_in_version,
                severity=severity_of(made.normalized_severity or made.severity),
                title=made.description.partition("\n")[0][:LONGEST_TITLE],
                url=made.links.partition(" ")[0],
                kind=kinds[id_],
                path="" if system else places[id_],
                published=moment(made.issued),
                cvss=tuple(map(_rating, scores.get(found, ()))),
                exploitation=_attacks(attacks.get(found, [])),
            )


def _mentioned(name: str, links: str) -> tuple[str, ...]:
    """Return the CVEs that a bulletin (`RHSA-2026:1`) links to: they name attacks."""
    return () if is_cve(name) else tuple(dict.fromkeys(_CVE.findall(links)))


def _added(report: _Report, enricher: str, kind: type[T]) -> dict[str, list[T]]:
    """Return what an enricher says, by the vulnerability; what is not its own is passed over.

    Clair puts it beside the vulnerabilities, by the name of the enricher.
    """
    found: dict[str, list[T]] = {}
    for name, data in (report.enrichments or {}).items():
        if enricher not in name:
            continue
        with contextlib.suppress(msgspec.DecodeError):
            for part in msgspec.json.decode(data, type=list[dict[str, list[kind]]]):  # type: ignore[valid-type]
                for id_, said in part.items():
                    found.setdefault(id_, []).extend(said)
    return found


def _rating(made: _Score) -> Cvss:
    score = made.base_score
    sound = score if score is not None and 0 <= score <= 10 else None
    return Cvss(source="clair", version=made.version, vector=made.vector_string, score=sound)


def _attacks(said: list[_Epss]) -> Exploitation | None:
    scores = [one for one in said if one.epss is not None and 0 <= one.epss <= 1]
    best = max(scores, key=lambda one: one.epss or 0.0, default=None)
    return Exploitation(epss=best.epss, percentile=best.percentile) if best else None


def _fixed(text: str) -> tuple[str, ...]:
    """Return the versions with the fix; OSV's are in a range, `fixed=2.0&introduced=1`."""
    if not _RANGE.match(text):
        return (text,) if text else ()
    return tuple(dict.fromkeys(parse_qs(text).get("fixed", ())))


def _name(text: str) -> str:
    """Return a vulnerability's name; some updaters put words behind it.

    Ubuntu's: `CVE-1 on Ubuntu …`; Red Hat's OVAL: `RHSA-2026:1: openssl security update (Low)`.
    """
    return text.partition(" ")[0].rstrip(":") or text


SCANNER = Scanner(
    name="clair",
    title="Clair 4's vulnerability report",
    recognises=recognises,
    read=read,
    samples=(Sample(path="clair/4.8/alpine.json", real=False, tool="Clair 4.8"),),
)
