"""What counts: thresholds, grace, exceptions to them by class, path and package."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from fnmatch import fnmatchcase

from msgspec import Struct

from cdkit.core.finding import Severity
from cdkit.scan.doubts import Age
from cdkit.scan.report import Issue, IssueKind, Vulnerability, versionless

DEFAULT_CLOCK: Mapping[Severity, int] = {
    Severity.CRITICAL: 7,
    Severity.HIGH: 30,
    Severity.MEDIUM: 90,
    Severity.LOW: 180,
}
"""Days to mend what was found in what runs already."""

SORTS = ("os", "library", *IssueKind)
"""The sorts of things that have a threshold of their own."""

PATTERNS = ("path:", "purl:")
"""How a scope begins that names things by a shell pattern."""


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

    def threshold(self, thing: Vulnerability | Issue) -> Severity | None:
        """Return from which severity on a thing fails; None where it never does.

        The narrowest scope that fits counts: a purl, then a path, then the sort, then all; of two
        patterns the longer one, of two alike the stricter.
        """
        if len(self.thresholds) == 1 and not self.thresholds[0].scope:
            return self.thresholds[0].severity
        fitting = [one for one in self.thresholds if _fits(one.scope, thing)]
        if not fitting:
            return None
        narrowest = max(_narrowness(one.scope) for one in fitting)
        chosen = [one.severity for one in fitting if _narrowness(one.scope) == narrowest]
        return min((s for s in chosen if s is not None), key=_rank, default=None)

    @property
    def general(self) -> Severity | None:
        """The threshold for all that no narrower one names."""
        return next((one.severity for one in self.thresholds if not one.scope), None)


def sort_of(thing: Vulnerability | Issue) -> str:
    """Return what sort a thing is, as scopes name it."""
    if isinstance(thing, Issue):
        return thing.kind.value
    return "os" if thing.is_system else "library"


def _fits(scope: str, thing: Vulnerability | Issue) -> bool:
    if not scope or scope == sort_of(thing):
        return True
    pattern = scope.partition(":")[2]
    if scope.startswith("path:"):
        return bool(thing.path) and fnmatchcase(thing.path.lstrip("/"), pattern.lstrip("/"))
    if scope.startswith("purl:") and isinstance(thing, Vulnerability) and thing.purl:
        return any(fnmatchcase(text, pattern) for text in _spellings(thing.purl))
    return False


def _spellings(purl: str) -> Iterable[str]:
    return (purl, purl.partition("?")[0], versionless(purl))


def _narrowness(scope: str) -> tuple[int, int]:
    for rank, beginning in ((3, "purl:"), (2, "path:")):
        if scope.startswith(beginning):
            return rank, len(scope)
    return (1, 0) if scope else (0, 0)


def _rank(severity: Severity) -> int:
    return severity.rank
