"""What counts: thresholds, grace, exceptions to them by class, path and package."""

from collections.abc import Mapping
from datetime import timedelta

from msgspec import Struct

from cdkit.core.finding import Severity
from cdkit.scan.doubts import Age

DEFAULT_CLOCK: Mapping[Severity, int] = {
    Severity.CRITICAL: 7,
    Severity.HIGH: 30,
    Severity.MEDIUM: 90,
    Severity.LOW: 180,
}
"""Days to mend what was found in what runs already."""


class Threshold(Struct, frozen=True, kw_only=True):
    """From which severity on something fails; None: never.

    `scope` is empty for all, or `os`, `library`, `secret`, `misconfiguration`, `license`,
    `path:GLOB`, `purl:GLOB`. The narrowest that fits counts: purl, then path, then the sort.
    """

    scope: str = ""
    severity: Severity | None


class Policy(Struct, frozen=True, kw_only=True):
    """What counts.

    `thresholds` hold at least the one for all. `cvss` (0 to 10) and `epss` (0 to 1) fail from that
    number on, whatever the severity; `known_exploited` fails what CISA's catalogue names. `grace`
    are days since publication, by severity, in which a vulnerability does not fail yet; `clock`
    those in which one may stay that is in what is deployed already. `accept` are doubts that the
    user takes on.
    """

    thresholds: tuple[Threshold, ...] = (Threshold(severity=Severity.HIGH),)
    fixed_only: bool = False
    cvss: float | None = None
    epss: float | None = None
    known_exploited: bool = False
    grace: Mapping[Severity, timedelta] = {}
    clock: Mapping[Severity, timedelta] = {}
    accept: frozenset[str] = frozenset()
    age: Age = Age()
