"""What goose refuses in a file of its own, as its parser goes through the lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.migrations.find import find
from tests.worlds import world

ADD = "ALTER TABLE t ADD COLUMN a int;"
DROP = "ALTER TABLE t DROP COLUMN a;"


def refused(folder: Path, text: str) -> list[int]:
    """The lines at which a file is refused."""
    (folder / "migrations").mkdir()
    (folder / "migrations" / "1_a.sql").write_bytes(text.encode())
    (found,), _ = find((), world(folder))
    complaints = found.project.complaints
    assert {each.rule for each in complaints} <= {"misplaced-marker"}
    return [each.line for each in complaints]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"-- +goose Up\n{ADD}\n-- +goose Down\n{DROP}\n-- +goose Up\nSELECT 1;\n", 5),
        (f"-- +goose Up\n{ADD}\n-- +goose Down\n{DROP}\n-- +goose Down\nSELECT 1;\n", 5),
        (f"-- +goose Down\n-- +goose Up\n{ADD}\n", 1),
        (f"-- +goose Up\n{ADD}\n-- +goose StatementEnd\n", 3),
        (f"-- +goose Up\n{ADD[:-1]}\n-- +goose Down\n{DROP}\n", 2),
        (f"-- +goose Up\n{ADD}\n-- +goose Down\n{DROP[:-1]}\n", 4),
        (f"-- +goose Up\n{ADD}\n/* done */\n-- +goose Down\n{DROP}\n", 3),
        (f"-- +goose Up\n-- +goose NOTRANSACTION\n{ADD}\n", 2),
    ],
)
def test_a_file_is_refused_at_a_line(text: str, line: int, tmp_path: Path) -> None:
    assert refused(tmp_path, text) == [line]


@pytest.mark.parametrize(
    "text",
    [
        f"--+goose Up\n{ADD}\n--+goose Down\n{DROP}\n",
        f"-- +goose Up\r\n{ADD} -- why\r\n\r\n-- +goose Down\r\n{DROP}\r\n",
        "-- +goose Up\nALTER TABLE t\n  -- why\n  ADD COLUMN a int\n;\n-- at the end\n",
        "-- +goose Up\n-- +goose StatementBegin\nSELECT 1\n-- +goose StatementEnd\n",
        f"-- +goose NO TRANSACTION\n-- +goose Up\n{ADD}",
    ],
)
def test_a_file_is_taken(text: str, tmp_path: Path) -> None:
    assert refused(tmp_path, text) == []


def test_a_mark_without_a_space_parts_the_file(tmp_path: Path) -> None:
    assert refused(tmp_path, f"--+goose Up\n{ADD}\n--+goose Down\n{DROP}\n") == []
    (found,), _ = find((), world(tmp_path))
    (one,) = found.project.migrations
    assert b"DROP" not in one.script.sql
    assert one.script.down is not None
