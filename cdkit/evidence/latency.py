"""Response times of a load test: how many, how many failed, and the percentiles.

Times are kept in a table of how often each came, so that memory does not grow with the requests;
where there are very many different ones they are rounded to three digits.
"""

import math
from collections import Counter

from cdkit.core.documents.kinds import Metric
from cdkit.evidence.reading import Load

_MOST_DIFFERENT = 200_000
_PERCENTILES = (50, 90, 95, 99)
LONGEST = 1e12


class Latencies:
    """Takes requests, one by one; times are in milliseconds."""

    def __init__(self) -> None:
        self.requests = self.failed = 0
        self._times: Counter[float] = Counter()
        self._sum = self._squares = 0.0
        self._begin = math.inf
        self._end = -math.inf
        self._digits = 0

    def add(self, milliseconds: float, *, failed: bool, at: float | None = None) -> None:
        """Take a request that began at `at` (milliseconds since any moment)."""
        self.requests += 1
        self.failed += failed
        self._sum += milliseconds
        self._squares += milliseconds * milliseconds
        self._times[self._rounded(milliseconds)] += 1
        if len(self._times) > _MOST_DIFFERENT and not self._digits:
            self._digits = 3
            taken, self._times = self._times, Counter()
            for time, number in taken.items():
                self._times[self._rounded(time)] += number
        if at is not None:
            self._begin = min(self._begin, at)
            self._end = max(self._end, at + milliseconds)

    @property
    def seconds(self) -> float:
        """How long the requests took from the first one's beginning to the last one's end."""
        return max(0.0, self._end - self._begin) / 1000 if self.requests else 0.0

    def load(self) -> Load:
        """Return what was sent."""
        return Load(requests=self.requests, failed=self.failed)

    def metrics(self) -> tuple[Metric, ...]:
        """Return the times, and the requests a second where their moments are known."""
        if not self.requests:
            return ()
        mean = self._sum / self.requests
        noise = math.sqrt(max(0.0, self._squares / self.requests - mean * mean))
        found = [self._metric("mean", round(mean, 3), noise)]
        found += [self._metric(f"p{p}", value, noise) for p, value in self._percentiles()]
        found.append(self._metric("max", max(self._times), noise))
        if math.isfinite(self.seconds) and self.seconds > 0:
            rate = round(self.requests / self.seconds, 3)
            found.append(Metric(name="rps", value=rate, unit="1/s", better="higher"))
        return tuple(found)

    def _metric(self, name: str, value: float, noise: float) -> Metric:
        return Metric(
            name=name,
            value=value,
            unit="ms",
            better="lower",
            samples=self.requests,
            noise=round(noise, 3),
        )

    def _percentiles(self) -> list[tuple[int, float]]:
        """Return the nearest-rank percentiles: the smallest time that so many do not exceed."""
        found, seen = [], 0
        left = [(p, math.ceil(p * self.requests / 100)) for p in _PERCENTILES]
        for time in sorted(self._times):
            seen += self._times[time]
            while left and seen >= left[0][1]:
                found.append((left.pop(0)[0], time))
        return found

    def _rounded(self, time: float) -> float:
        if not self._digits or time <= 0:
            return time
        return round(time, self._digits - 1 - math.floor(math.log10(time)))
