"""The clock of the machine, and one that stands still for a replay."""

import time
from datetime import UTC, datetime


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class ReplayClock(SystemClock):
    """A clock that always shows the same time; waiting still takes as long as it takes."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """Return the time that is replayed."""
        return self._at


def stamp(moment: datetime) -> str:
    """Return a time as RFC 3339 in UTC, to the second: `2026-11-23T09:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
