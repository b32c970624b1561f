"""The examples of a delivery in the documentation; `WRITE_GOLDEN=1` writes them again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cdkit.core.names import TOOL
from cdkit.core.verdict import judge, yes
from cdkit.report.report import Report, render
from tests.dora.lives import LIVES, delivered, told

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize(("form", "name"), [("html", "dora-example.html"), ("svg", "dora.svg")])
def test_the_example_of_a_delivery_is_what_cdkit_writes(form: str, name: str) -> None:
    report = Report(
        step="report-dora",
        question="How well do we deliver?",
        verdict=judge([yes("measured")]),
        exhibit=delivered(told(LIVES[0], LIVES[1], LIVES[4])),
    )
    # The version of cdkit stands in every page; a release is no reason to write the example again.
    page = render(form, report).replace(TOOL, "cdkit")
    if os.environ.get("WRITE_GOLDEN"):
        (DOCS / name).write_bytes(page.encode())
    assert page == (DOCS / name).read_bytes().decode()
