"""Tables in files: what is odd, but legal, is read as what it says; what is cut off is no table."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.core.errors import Unreadable
from cdkit.dora.engine import measure
from cdkit.dora.told import Told
from tests.dora.test_engine import ASKED, only


def test_a_quoted_row_after_many_that_are_not_is_read_as_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "deployments.csv"
    rows = [f"orders,staging,2026-01-02T10:00:00Z,{number}" for number in range(25_000)]
    late = '"orders, all","production","2026-01-03T10:00:00Z","b""c"'
    path.write_text("\n".join(["service,environment,at,digest", *rows, late]) + "\n")
    found = only(Told(deployment_files=(str(path),)))
    assert (found.service, found.deployments) == ("orders, all", 1)


@pytest.mark.parametrize("at", [10, 25_000])
def test_a_quote_that_is_never_closed_is_no_table(tmp_path: Path, at: int) -> None:
    path = tmp_path / "deployments.csv"
    rows = [f"orders,production,2026-01-02T10:00:00Z,{number}" for number in range(25_100)]
    rows[at] = '"orders,production,2026-01-02T10:00:00Z,x'
    path.write_text("\n".join(["service,environment,at,digest", *rows]) + "\n")
    with pytest.raises(Unreadable, match="cannot be read"):
        measure(Told(deployment_files=(str(path),)), ASKED)


HEAD = "service,environment,at,digest\n"
ROWS = "".join(f"orders,production,2026-01-{n:02d}T00:00:00Z,d{n}\n" for n in range(1, 13))
LONGER = "".join(f"orders,production,2026-01-{n:02d}T00:00:00Z,d{n},x\n" for n in range(13, 19))


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}{ROWS}service,environment,at,digest,id\n{LONGER}",  # a file put behind another
        f"{HEAD}{ROWS}{LONGER}",
        f"{HEAD}{ROWS}orders,production\n",
    ],
)
def test_rows_of_another_length_are_not_passed_over(tmp_path: Path, text: str) -> None:
    path = tmp_path / "deployments.csv"
    path.write_text(text)
    with pytest.raises(Unreadable, match="has no column 'service'") as told:
        measure(Told(deployment_files=(str(path),)), ASKED)
    assert "as many cells as the first" in told.value.remedy


def test_what_looks_like_a_comment_is_not_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "deployments.csv"
    path.write_text(HEAD + ROWS.replace("orders", "#orders"))
    assert only(Told(deployment_files=(str(path),))).service == "#orders"
    path.write_text(f"# made today\n{HEAD}{ROWS}" + ROWS.replace("orders", "#orders"))
    with pytest.raises(Unreadable, match="has no column 'service'"):
        measure(Told(deployment_files=(str(path),)), ASKED)


@pytest.mark.parametrize("time", ["infinity", "-infinity", "0044-03-15 (BC) 00:00:00+00"])
def test_what_is_no_moment_is_not_passed_over(tmp_path: Path, time: str) -> None:
    deployments, incidents = tmp_path / "deployments.csv", tmp_path / "incidents.csv"
    deployments.write_text(f"{HEAD}{ROWS}orders,production,{time},x\n")
    with pytest.raises(Unreadable, match="1 row without 'at'"):
        measure(Told(deployment_files=(str(deployments),)), ASKED)
    deployments.write_text(HEAD + ROWS)
    incidents.write_text(f"service,environment,opened_at\norders,production,{time}\n")
    told = Told(deployment_files=(str(deployments),), incident_files=(str(incidents),))
    with pytest.raises(Unreadable, match="1 row without 'opened_at'"):
        measure(told, ASKED)
