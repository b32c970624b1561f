"""Formats of one step's own: made of what it exhibits, and nobody else's."""

from __future__ import annotations

import pytest

from cdkit.cli.table import STEP_NAMES
from cdkit.core.errors import RequestError
from cdkit.core.plugins import names
from cdkit.core.verdict import judge, yes
from cdkit.report import exhibits
from cdkit.report.exhibit import ExhibitFormat, exhibit_format_names, exhibited
from cdkit.report.report import Report, render


def test_each_folder_of_formats_is_of_a_step() -> None:
    assert {name.replace("_", "-") for name in names(exhibits)} <= set(STEP_NAMES)


def test_a_step_without_a_folder_has_none() -> None:
    assert exhibit_format_names("lint-migrations") == ()
    report = Report(step="lint-migrations", verdict=judge([yes("x")]))
    assert exhibited("html", report) is None


def test_a_format_of_one_step_is_none_of_another() -> None:
    report = Report(step="lint-migrations", verdict=judge([yes("x")]))
    with pytest.raises(RequestError, match="there is no report format 'svg'"):
        render("svg", report)


def test_a_format_is_named_as_its_file_is() -> None:
    from cdkit.core.plugins import load
    from cdkit.report.exhibits import report_dora

    assert exhibit_format_names("report-dora") == ("html", "svg")
    for name in exhibit_format_names("report-dora"):
        assert load(report_dora, name, "FORMAT", ExhibitFormat).name == name
