"""The numbers for machines: CSV, JSON, OpenMetrics."""

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import to_builtins

from cdkit.core.documents.delivery import Delivery, Service
from cdkit.dora.editions import Edition
from cdkit.dora.told import Asked, Measured
from cdkit.dora.words import lines

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NAMES = {
    "lead": (
        "cdkit_dora_change_lead_time_seconds",
        "seconds",
        "Median time from a commit to the end of the deployment that brought it.",
    ),
    "lead_merge": (
        "cdkit_dora_change_lead_time_from_merge_seconds",
        "seconds",
        "Median time from a merge to the end of the deployment that brought it.",
    ),
    "frequency": (
        "cdkit_dora_deployments_per_day",
        "",
        "Deployments that brought a change, a day.",
    ),
    "fail": (
        "cdkit_dora_change_fail_ratio",
        "ratio",
        "Share of the deployments that failed or caused an incident.",
    ),
    "recovery": (
        "cdkit_dora_failed_deployment_recovery_seconds",
        "seconds",
        "Median time from a failed deployment until it was mended.",
    ),
    "rework": (
        "cdkit_dora_deployment_rework_ratio",
        "ratio",
        "Share of roll-backs and unplanned deployments in all.",
    ),
    "restore": (
        "cdkit_dora_time_to_restore_seconds",
        "seconds",
        "Median length of the incidents that no deployment caused.",
    ),
}
"""By metric: name, unit (which OpenMetrics wants at the end of the name), what it is."""

_SAMPLES = (
    "cdkit_dora_samples",
    "",
    "How many a metric rests on; below the minimum nobody can tell it.",
)

_COMPLETE = "cdkit_dora_complete"


class _Text:
    """Where the rows go."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def write(self, text: str) -> None:
        """Take a row."""
        self.parts.append(text)


def as_csv(measured: Iterable[Measured], asked: Asked, edition: Edition) -> str:
    """Return a row for each metric of each service; a value is empty where nobody can tell."""
    text = _Text()
    writer = csv.writer(text, lineterminator="\n")
    head = ["service", "services", "environment", "since", "until", "metric", "value", "unit"]
    writer.writerow([*head, "n", "band", "edition", "why"])
    for one in measured:
        name = f"'{one.service}" if one.service.startswith(_FORMULA) else one.service
        when = [asked.environment, asked.since.isoformat(), asked.until.isoformat()]
        for line in lines(one, asked, edition):
            value = "" if line.value is None else repr(line.value)
            told = [line.key, value, line.unit, line.n, line.band, edition.name, line.why]
            writer.writerow([name, one.services, *when, *told])
    return "".join(text.parts)


def as_json(
    measured: Iterable[Measured], asked: Asked, edition: Edition, shown: Delivery | None = None
) -> str:
    """Return everything that was measured, with the rules that were used.

    With `shown` also its course: each metric in the window before, and part by part (null where
    nobody tells it); and whether all could be read.
    """
    found = [
        {
            **to_builtins(one),
            "metrics": [to_builtins(line) for line in lines(one, asked, edition)],
        }
        for one in measured
    ]
    whole = {"version": 1, "asked": to_builtins(asked), "edition": edition.name, "measured": found}
    if shown is not None:
        course = None if shown.untold else _course(shown)
        whole |= {"complete": shown.complete, "course": course}
    return json.dumps(whole, indent=2) + "\n"


def _course(shown: Delivery) -> dict[str, Any]:
    together = (shown.together,) if shown.together else ()
    return {
        "step-days": shown.step,
        "until": shown.until.isoformat(),
        "services": [_course_of(one) for one in (*shown.services, *together)],
    }


def _course_of(service: Service) -> dict[str, Any]:
    metrics = [
        {
            "key": one.key,
            "before": to_builtins(one.before),
            "change": one.change,
            "turn": one.turn,
            "values": [part.value for part in one.parts],
            "of": [part.n for part in one.parts],
        }
        for one in service.metrics
    ]
    return {"service": service.name, "services": service.services, "metrics": metrics}


def as_openmetrics(
    measured: Iterable[Measured], asked: Asked, edition: Edition, shown: Delivery | None = None
) -> str:
    """Return gauges of the metrics that can be told (OpenMetrics 1.0, text format).

    What nobody can tell has no sample, nor has what is but a least; how many are known has one
    always. With `shown` it tells too whether all could be read. A roll-up has a label
    of its own, so that a sum over the services does not count it too.
    """
    families: dict[str, list[str]] = {name: [] for name, _, _ in (*_NAMES.values(), _SAMPLES)}
    for one in measured:
        labels = _labels(one, asked)
        for line in lines(one, asked, edition):
            key = f'{labels},metric="{line.key}"'
            families[_SAMPLES[0]].append(f"{_SAMPLES[0]}{{{key}}} {line.n}")
            if line.value is not None and not line.why:
                name = _NAMES[line.key][0]
                families[name].append(f"{name}{{{labels}}} {line.value!r}")
    told = []
    for name, unit, meaning in (*_NAMES.values(), _SAMPLES):
        if families[name]:
            told += [f"# TYPE {name} gauge", *([f"# UNIT {name} {unit}"] if unit else [])]
            told += [f"# HELP {name} {meaning}", *families[name]]
    return "\n".join([*told, *_complete(shown), "# EOF"]) + "\n"


def _complete(shown: Delivery | None) -> Iterator[str]:
    if shown is not None:
        yield f"# TYPE {_COMPLETE} gauge"
        yield f"# HELP {_COMPLETE} 1 where all that was asked could be read, else 0."
        yield f'{_COMPLETE}{{environment="{_label(shown.environment)}"}} {int(shown.complete)}'


def _labels(one: Measured, asked: Asked) -> str:
    rolled = f',rollup="{one.services} services"' if one.services > 1 else ""
    named = f'service="{_label(one.service)}",environment="{_label(asked.environment)}"'
    return named + rolled


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
