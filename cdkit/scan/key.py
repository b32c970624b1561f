"""Names of vulnerabilities and packages that are the same in yesterday's build and in today's."""

import re
from functools import lru_cache

from cdkit.core.documents.inventory import Component
from cdkit.core.documents.purl import Purl, parse_purl
from cdkit.core.errors import RequestError
from cdkit.core.finding import fingerprint
from cdkit.scan.report import Issue, Vulnerability, versionless

_CVE = re.compile(r"CVE-\d{4}-\d{4,}", re.ASCII)
_BULLETIN = re.compile(
    r"(?:RH[SBE]A|CESA|DSA|DTSA|DLA|USN|LSN|ALAS\w*|ELSA|ALSA|RLSA|RXSA|PHSA|GLSA|MGASA|OESA"
    r"|SUSE-[A-Z]+|openSUSE-[A-Z]+|FEDORA)-",
    re.ASCII,
)
_VERSIONED_SCHEMES = re.compile(r"(?:AVD-)?([A-Z]{2,})-?(\d+)", re.ASCII)


def is_cve(name: str) -> bool:
    """Whether this is the name of a CVE."""
    return _CVE.fullmatch(name) is not None


def is_bulletin(name: str) -> bool:
    """Whether this is the name of a vendor's bulletin, which may be about several vulnerabilities.

    The prefixes are those that distributions give their bulletins.
    """
    return _BULLETIN.match(name) is not None


def is_same(names: frozenset[str], others: frozenset[str]) -> bool:
    """Whether these are names of one vulnerability: a CVE that both have, where both have any.

    A bulletin or an advisory that both name may be about several.
    """
    cves, theirs = (frozenset(filter(is_cve, given)) for given in (names, others))
    return bool(cves & theirs if cves and theirs else names & others)


def canonical(names: frozenset[str]) -> str:
    """Return the name that stands for a vulnerability: its CVE, else the first of its names."""
    cves = sorted(name for name in names if _CVE.fullmatch(name))
    return cves[0] if cves else min(names)


def key_of(found: Vulnerability, copy: int = 1) -> str:
    """Return what a vulnerability is known by from build to build.

    It is made of the canonical name, the package without its version, and whether that is the
    distribution's: not of the image, the layer, the version or Trivy's Fingerprint, which change
    when the same source is built again, or when a package moves to another version that is
    vulnerable too.
    `copy` counts the same library at several paths, from 1.
    """
    sort = "os" if found.is_system else "library"
    name = found.name if found.purl else f"{sort}:{found.package}"
    parts = (canonical(found.names), name, sort)
    return fingerprint(*parts, *([str(copy)] if copy > 1 else []))


def issue_key(issue: Issue, copy: int = 1) -> str:
    """Return what a secret, a misconfiguration or a licence is known by from build to build.

    Not by its line, which moves, nor by a secret's text, which is not kept: `copy` counts those
    that one rule finds at one place, from 1. One more than before is new.
    """
    parts = (issue.kind, rule_of(issue.id), issue.package, issue.path)
    return fingerprint(*parts, *([str(copy)] if copy > 1 else []))


def rule_of(name: str) -> str:
    """Return the name of a misconfiguration as Trivy writes it today: `DS002` is `DS-0002`.

    Trivy changed the form between 0.68 and 0.70, and wrote `AVD-DS-0002` beside it before.
    """
    match = _VERSIONED_SCHEMES.fullmatch(name)
    return f"{match[1]}-{int(match[2]):04d}" if match and len(match[2]) <= 4 else name


def is_package(wanted: str, purl: str) -> bool:
    """Whether a package URL, with or without a version, names a package.

    What it says must be so in the package's own: a version, each qualifier (`distro`, `arch`), the
    subpath. What is said of Debian 12 is not said of Debian 13.
    """
    if not wanted or not purl:
        return False
    asked, held = meant(wanted), meant(purl)
    if asked is None or held is None:
        return wanted in {purl, versionless(purl)}
    same = (asked.type, asked.namespace, asked.name) == (held.type, held.namespace, held.name)
    return (
        same
        and asked.version in {"", held.version}
        and asked.subpath in {"", held.subpath}
        and set(asked.qualifiers) <= set(held.qualifiers)
    )


@lru_cache(maxsize=100_000)
def meant(purl: str) -> Purl | None:
    """Return what a package URL means, or None; a vendor's document holds the same ones often."""
    try:
        return parse_purl(purl)
    except RequestError:
        return None


def package_of(component: Component | Vulnerability) -> str:
    """Return a package at its version: the purl's without qualifiers, else kind, name, version.

    Qualifiers (`arch`, `distro`) and subpaths differ between platforms and scanners and do not
    make another package.
    """
    version = component.version if isinstance(component, Component) else component.installed
    if component.purl:
        purl = meant(component.purl)
        if purl is None:
            return f"{versionless(component.purl)}@{version}"
        space = f"{purl.namespace}/" if purl.namespace else ""
        return f"pkg:{purl.type}/{space}{purl.name}@{purl.version or version}"
    name = component.name if isinstance(component, Component) else component.package
    return f"{component.kind}:{name}@{version}"
