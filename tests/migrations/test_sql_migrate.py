"""What sql-migrate refuses in a file of its own, as its parser goes through the lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.migrations.find import find
from tests.worlds import world

ADD = "ALTER TABLE t ADD COLUMN a int;"
BODY = "CREATE FUNCTION f() RETURNS int AS $$\nBEGIN\n RETURN 1;\nEND;\n$$ LANGUAGE plpgsql;"


def refused(folder: Path, text: str) -> list[int]:
    """The lines at which a file is refused that lies beside one of sql-migrate's."""
    (folder / "migrations").mkdir()
    (folder / "migrations" / "1_a.sql").write_text("-- +migrate Up\nSELECT 1;\n", encoding="utf-8")
    (folder / "migrations" / "2_b.sql").write_bytes(text.encode())
    (found,), _ = find((), world(folder))
    assert found.source == "sql_migrate"
    complaints = found.project.complaints
    assert {each.rule for each in complaints} <= {"misplaced-marker"}
    return [each.line for each in complaints]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"-- +migrate Up\n{ADD[:-1]}\n-- +migrate Down\nSELECT 1;\n", 2),
        (f"-- +migrate Up\n{ADD[:-1]}", 2),
        (f"-- +migrate Up\n{BODY}\n", 2),
        ("-- +migrate Up\n-- +migrate StatementBegin\nSELECT 1;\n", 2),
        (f"--+migrate Up\n{ADD}\n", 1),
        (f"-- +migrate up\n{ADD}\n", 1),
        (f"{ADD}\n", 1),
    ],
)
def test_a_file_is_refused_at_a_line(text: str, line: int, tmp_path: Path) -> None:
    assert refused(tmp_path, text) == [line]


@pytest.mark.parametrize(
    "text",
    [
        f"-- why\n-- +migrate Up notransaction\r\n{ADD} -- so\r\n\r\n-- +migrate Down\r\n",
        f"-- +migrate Up\n-- +migrate StatementBegin\n{BODY}\n-- +migrate StatementEnd\n",
        f"-- +migrate Down\nSELECT 1;\n-- +migrate Up\n{ADD}\n-- +migrate Up\n{ADD}\n",
    ],
)
def test_a_file_is_taken(text: str, tmp_path: Path) -> None:
    assert refused(tmp_path, text) == []
