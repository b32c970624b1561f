"""The reports that tests render: cases/report/<name>/report.json, and what goes beside them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from cdkit.report.report import Report

FOLDER = Path(__file__).parent.parent / "cases" / "report"
CASES = sorted(path.parent.name for path in FOLDER.glob("*/report.json"))


def report(name: str) -> Report:
    """Return the report of a case."""
    data = (FOLDER / name / "report.json").read_bytes()
    return msgspec.json.decode(data, type=Report)
