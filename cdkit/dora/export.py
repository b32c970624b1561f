"""The numbers for machines: CSV, JSON, OpenMetrics."""

import csv
import json
from collections.abc import Iterable

from msgspec import to_builtins

from cdkit.dora.editions import Edition
from cdkit.dora.told import Asked, Measured
from cdkit.dora.words import lines

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NAMES = {
    "lead": "cdkit_dora_change_lead_time_seconds",
    "lead_merge": "cdkit_dora_change_lead_time_from_merge_seconds",
    "frequency": "cdkit_dora_deployments_per_day",
    "fail": "cdkit_dora_change_fail_ratio",
    "recovery": "cdkit_dora_failed_deployment_recovery_seconds",
    "rework": "cdkit_dora_deployment_rework_ratio",
    "restore": "cdkit_dora_time_to_restore_seconds",
}


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


def as_json(measured: Iterable[Measured], asked: Asked, edition: Edition) -> str:
    """Return everything that was measured, with the rules that were used."""
    found = [
        {
            **to_builtins(one),
            "metrics": [to_builtins(line) for line in lines(one, asked, edition)],
        }
        for one in measured
    ]
    whole = {"version": 1, "asked": to_builtins(asked), "edition": edition.name, "measured": found}
    return json.dumps(whole, indent=2) + "\n"


def as_openmetrics(measured: Iterable[Measured], asked: Asked, edition: Edition) -> str:
    """Return gauges of the metrics that can be told (OpenMetrics 1.0, text format)."""
    samples: dict[str, list[str]] = {name: [] for name in _NAMES.values()}
    for one in measured:
        labels = f'service="{_label(one.service)}",environment="{_label(asked.environment)}"'
        for line in lines(one, asked, edition):
            if line.value is not None:
                samples[_NAMES[line.key]].append(f"{{{labels}}} {line.value!r}")
    told = []
    for name, values in samples.items():
        if values:
            told.append(f"# TYPE {name} gauge")
            if name.endswith("_seconds"):
                told.append(f"# UNIT {name} seconds")
            told += [f"{name}{value}" for value in values]
    return "\n".join([*told, "# EOF"]) + "\n"


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
