"""atlas.sum: the sums that Atlas writes hold, and each difference is said at its first place."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.migrations.atlas_sum import mismatches
from cdkit.migrations.look import Look
from tests.worlds import world

NAMES = ("1_a.sql", "2_b.sql", "3_c.sql")


def differences(folder: Path) -> list[tuple[str, str]]:
    found = mismatches("m", Look(world(folder).files))
    return [(one.rule, one.path) for one in found]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the sums that a program of its own made, after Atlas's description."""
    import base64
    import hashlib

    (tmp_path / "m").mkdir()
    running, lines = b"", []
    for name in NAMES:
        text = f"SELECT '{name}';\n".encode()
        (tmp_path / "m" / name).write_bytes(text)
        running += name.encode() + text
        digest = base64.b64encode(hashlib.sha256(running).digest()).decode()
        lines.append((name, digest))
    whole = hashlib.sha256("".join(name + digest for name, digest in lines).encode()).digest()
    listed = [f"h1:{base64.b64encode(whole).decode()}"]
    listed += [f"{name} h1:{digest}" for name, digest in lines]
    (tmp_path / "m" / "atlas.sum").write_text("\n".join(listed) + "\n")
    return tmp_path


def test_a_folder_as_it_was_summed_has_no_difference(folder: Path) -> None:
    assert differences(folder) == []


def test_an_edit_is_said_where_it_is_and_not_behind(folder: Path) -> None:
    (folder / "m/2_b.sql").write_text("SELECT 2;\n")
    assert differences(folder) == [("checksum-mismatch", "m/2_b.sql")]


def test_a_file_that_was_added_is_said(folder: Path) -> None:
    (folder / "m/4_d.sql").write_text("SELECT 4;\n")
    assert differences(folder) == [("checksum-mismatch", "m/4_d.sql")]


def test_a_file_that_is_gone_is_said_at_the_list(folder: Path) -> None:
    (folder / "m/3_c.sql").unlink()
    assert differences(folder) == [("missing-migration", "m/atlas.sum")]


@pytest.mark.parametrize("text", ["", "x", "h1:x\n1_a.sql\n", "\0\xff"])
def test_what_is_no_list_of_sums_is_said(text: str, folder: Path) -> None:
    (folder / "m/atlas.sum").write_text(text)
    assert differences(folder) == [("checksum-mismatch", "m/atlas.sum")]


def test_the_first_line_must_hold_the_others_together(folder: Path) -> None:
    path = folder / "m/atlas.sum"
    first, *rest = path.read_text().splitlines()
    path.write_text("\n".join([first, *rest[:-1]]) + "\n")
    assert differences(folder) == [("checksum-mismatch", "m/atlas.sum")]


def test_the_sum_of_a_real_list_is_what_atlas_wrote(tmp_path: Path) -> None:
    # The names and sums of a real atlas.sum (real, from a public repository of 2023).
    (tmp_path / "m").mkdir()
    (tmp_path / "m/atlas.sum").write_text(
        "h1:Dj3hpGITG4AqImhvV2KOYzQhNq6VazS4PKXMdULuZFk=\n"
        "20230822094154.sql h1:INSZsppisFSRdfZ9LjE2KetF1u+dPiLRR29g+fJ8lKg=\n"
    )
    assert differences(tmp_path) == [("missing-migration", "m/atlas.sum")]


def test_a_folder_without_sums_is_not_checked(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    assert differences(tmp_path) == []
