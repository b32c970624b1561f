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
