"""Each case in each format, byte for byte; `WRITE_GOLDEN=1 pytest tests/report` writes them."""

from __future__ import annotations

import os

import pytest
from msgspec.structs import replace

from cdkit.report.report import render
from tests.report.cases import CASES, FOLDER, report

FILES = {
    "azure": "azure.txt",
    "codequality": "codequality.json",
    "github": "github.txt",
    "json": "report-v1.json",
    "junit": "junit.xml",
    "markdown": "markdown.md",
    "sarif": "sarif.json",
    "text": "text.txt",
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", FILES)
def test_a_report_reads_as_it_is_written_down(name: str, form: str) -> None:
    shown = render(form, report(name))
    path = FOLDER / name / "expected" / FILES[form]
    if os.environ.get("WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(shown.encode())
    assert shown == path.read_bytes().decode()


def test_a_terminal_gets_colours_when_it_asks_for_them() -> None:
    shown = render("text", replace(report("closed-migration"), colour=True))
    plain = render("text", report("closed-migration"))
    assert "\x1b[1;31mno\x1b[0m" in shown
    assert "\x1b" not in plain
