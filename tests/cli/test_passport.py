"""The command passport: a page of what the records know, and what it says where they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_inventory import A, B, Call, call, deployed, put
from tests.evidence.doubles import evidence, identity

__all__ = ["call"]


def test_a_page_is_written_with_the_releases_before(call: Call, tmp_path: Path) -> None:
    put(identity(image=A, digest=A.rpartition("@")[2]), A)
    put(evidence(), A)
    put(evidence(), B)
    deployed(B, 8)
    deployed(A, 9)
    code, out, _ = call("passport", A)
    assert (code, out) == (0, "wrote passport.html: 3 facts, 1 releases before\n")
    page = (tmp_path / "passport.html").read_text(encoding="utf-8")
    assert "3 tests passed" in page
    assert "Tests that ran over 2 releases" in page


def test_a_later_release_is_none_before(call: Call) -> None:
    put(evidence(), A)
    deployed(A, 8)
    deployed(B, 9)
    assert call("passport", A)[1] == "wrote passport.html: 2 facts, 0 releases before\n"


def test_of_what_nothing_is_known_there_is_no_passport(call: Call, tmp_path: Path) -> None:
    code, _, said = call("passport", A)
    assert code == 3
    assert "nothing is known of" in said
    assert not (tmp_path / "passport.html").exists()


def test_a_record_that_cannot_be_read_is_on_the_page_and_in_the_code(
    call: Call, tmp_path: Path
) -> None:
    put(evidence(), A)
    folder = tmp_path / ".cdkit/records/subjects/sha256" / ("a" * 64)
    (folder / f"{'0' * 64}.json").write_text("{")
    code, _, said = call("passport", A, "--output", "p/page.html")
    assert code == 4
    assert "0000.json" in said
    assert "1 records could not be read" in (tmp_path / "p/page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("image", ["orders:latest", "", "orders@sha256:1"])
def test_an_image_without_a_digest_has_no_passport(call: Call, image: str) -> None:
    assert call("passport", image)[0] == 2
