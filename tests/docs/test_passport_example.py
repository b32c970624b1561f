"""The example of a passport in the documentation is one; `WRITE_GOLDEN=1` writes it again."""

from __future__ import annotations

import os
from pathlib import Path

from cdkit.core.names import TOOL
from cdkit.report.passport.page import passport
from tests.report.passport.dossiers import everything

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "passport-example.html"


def test_the_example_of_a_passport_is_what_cdkit_writes(tmp_path: Path) -> None:
    # The version of cdkit stands in every page; a release is no reason to write the example again.
    page = passport(everything(tmp_path, releases=24)).replace(TOOL, "cdkit")
    if os.environ.get("WRITE_GOLDEN"):
        EXAMPLE.write_bytes(page.encode())
    assert page == EXAMPLE.read_bytes().decode()
