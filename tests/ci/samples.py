"""Every sample environment: those in the systems' own files, and tests/cases/ci for the rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import yaml

from cdkit.ci.detect import all_systems
from cdkit.ci.system import CiSystem, Sample
from cdkit.ci.table import ROWS

FOLDER = Path(__file__).parent.parent / "cases" / "ci"
SYSTEMS = all_systems()
ROW_NAMES = tuple(row.name for row in ROWS)


def samples_of(system: CiSystem) -> tuple[Sample, ...]:
    """Return a system's samples; those of a row are read from its file."""
    if system.name not in ROW_NAMES:
        return system.samples
    given: list[dict[str, Any]] = yaml.safe_load((FOLDER / f"{system.name}.yaml").read_text())
    for sample in given:
        sample["context"] = {"system": system.name, **sample["context"]}
    return msgspec.convert(given, tuple[Sample, ...])


SAMPLES = {name: samples_of(system) for name, system in SYSTEMS.items()}
