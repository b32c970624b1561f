"""What scanners other than Trivy have advisories for, where several readers need to know."""

from collections.abc import Mapping
from itertools import takewhile

_GRYPE_FAMILIES = frozenset(
    {
        "alma", "almalinux", "alpine", "amazonlinux", "amzn", "arch", "azurelinux", "bitnami",
        "centos", "chainguard", "debian", "echo", "fedora", "mariner", "minimos", "ol",
        "oraclelinux", "photon", "redhat", "rhel", "rocky", "rockylinux", "sles", "ubuntu", "wolfi",
    }
)  # fmt: skip
"""Distributions that Grype has advisories for (grype documentation, "Supported sources")."""

_GRYPE_SINCE: Mapping[str, tuple[int, ...]] = {
    "arch": (0, 106), "echo": (0, 88), "fedora": (0, 88), "minimos": (0, 88), "photon": (0, 88),
}  # fmt: skip
"""From which release on, where not from the beginning of the reports that are read here.

Databases of schema 6, which 0.88 and later read, have had Photon and Fedora since February 2026
(anchore/grype-db, pull requests 876 and 894), and older ones never got what came after them. Arch
was switched off until its matcher came (anchore/grype, pull requests 1152 and 3154).
"""


def is_judged_by_grype(family: str, grype: str) -> bool:
    """Whether this release of Grype has advisories for a distribution; '' says no release."""
    return family in _GRYPE_FAMILIES and numbers_of(grype) >= _GRYPE_SINCE.get(family, ())


def numbers_of(version: str) -> tuple[int, ...]:
    """Return a version's numbers in order, `v0.88.1` as (0, 88, 1); what is none is a zero."""
    return tuple(map(_number, version.removeprefix("v").split(".")))


def _number(part: str) -> int:
    return int("".join(takewhile(str.isdecimal, part[:9])) or 0)
