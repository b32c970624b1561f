"""What a report says, before anybody judges it."""

from msgspec import Struct

from cdkit.core.documents.kinds import Counts, Failure
from cdkit.core.verdict import Reason
from cdkit.evidence.lines import Source

MOST_FAILURES = 1000
"""Failures kept with their text; the others are counted."""

MOST_REASONS = 100
"""Reasons that one report may give beside its failures."""

LONGEST_NAME = 500
LONGEST_MESSAGE = 2000


class Reading(Struct, frozen=True, kw_only=True):
    """What one report holds: tests, or coverage, or neither of them (which proves nothing).

    `line` is where the tests begin, for the message that there are none. `reasons` speak against
    the report beside its failed tests: a suite that broke, a test whose end nobody understands.
    `notes` tell of contradictions that change nothing. `duration` is in seconds.
    """

    counts: Counts | None = None
    sources: dict[str, Source] | None = None
    duration: float = 0.0
    failures: tuple[Failure, ...] = ()
    failures_left_out: int = 0
    line: int = 1
    reasons: tuple[Reason, ...] = ()
    notes: tuple[str, ...] = ()
