"""What a report says, before anybody judges it."""

from msgspec import Struct, field

from cdkit.core.documents.kinds import Counts, Coverage, Failure, Metric
from cdkit.core.documents.names import Names
from cdkit.core.verdict import Reason
from cdkit.evidence.lines import Source

MOST_FAILURES = 1000
"""Failures kept with their text, and flaky tests kept by name; the others are counted."""

MOST_SAID = 1000
"""Characters kept of what statements say under one name."""

MOST_REASONS = 100
"""Reasons that one report may give beside its failures."""

MOST_METRICS = 1000
"""Numbers that one report may give."""

LONGEST_MESSAGE = 2000


class Load(Struct, frozen=True, kw_only=True):
    """What a load test sent: requests, and how many of them failed.

    `judged` is true where the report holds thresholds of its own, which say what may fail.
    """

    requests: int
    failed: int
    judged: bool = False


class Reading(Struct, frozen=True, kw_only=True):
    """What one report holds; one that holds nothing of it proves nothing.

    `counts` are tests; `sources` the lines of each file, or `coverage` where a tool writes totals
    alone; `load` and `metrics` what was measured; `found` the findings of an analysis by severity,
    with `target` that it looked at; `said` what a statement says. `line` is where the tests begin,
    for the message that there are none. `reasons` speak against the report beside its failed tests:
    a suite that broke, a test whose end nobody understands. `notes` tell of contradictions that
    change nothing. `duration` is in seconds; `at` is when a statement says that it was found out.
    """

    counts: Counts | None = None
    sources: dict[str, Source] | None = None
    coverage: Coverage | None = None
    load: Load | None = None
    metrics: tuple[Metric, ...] = ()
    found: dict[str, int] | None = None
    said: dict[str, str] = field(default_factory=dict)
    duration: float = 0.0
    at: str = ""
    failures: tuple[Failure, ...] = ()
    failures_left_out: int = 0
    flaky: tuple[str, ...] = ()
    ran: Names | None = None
    line: int = 1
    reasons: tuple[Reason, ...] = ()
    notes: tuple[str, ...] = ()
