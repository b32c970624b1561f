"""What the tests of delivery share: a world with a clock that runs by sleeping, and envelopes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from cdkit.core.doors.quick_http import QuickHttp
from cdkit.core.world import Clock, World
from cdkit.events.catalogue import find
from cdkit.events.cloudevents import CloudEvent, wrap
from tests import worlds
from tests.events.samples import sample


class RunningClock:
    """A clock that goes on while somebody sleeps, and otherwise stands."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.jump = timedelta()

    def now(self) -> datetime:
        return worlds.NOW + timedelta(seconds=sum(self.slept)) + self.jump

    def monotonic(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def world(
    folder: Path,
    *,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> World:
    """Return a world whose quick HTTP door is real, without the machine's proxies."""
    made = worlds.world(folder, environ=environ)
    return replace(made, clock=clock or RunningClock(), quick_http=QuickHttp({}))


def envelope(name: str = "1", *, subject: str = "orders") -> CloudEvent:
    """Return an event with this id."""
    event = sample(find("service.deployed"), full=False)
    event["context"]["id"] = name
    event["subject"]["id"] = subject
    return wrap(event)
