"""Finding migrations: which files, in which order, and what only takes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.core.errors import CannotTell, NoInput
from cdkit.migrations.find import Found, find
from cdkit.migrations.find import read as read_all
from cdkit.migrations.source import Migration
from tests.worlds import world

SQL = "SELECT 1;\n"


def laid_out(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(SQL)
    return folder


def found(folder: Path, *paths: str) -> list[str]:
    projects, _ = find(paths, world(folder))
    return [m.path for one in projects for m in one.project.migrations]


def only(folder: Path, *paths: str) -> Found:
    ((one,), _) = find(paths, world(folder))
    return one


def read(path: str, data: bytes) -> Migration:
    (one,) = read_all(path, data)
    return one


def test_numbers_are_sorted_by_value_and_repeatable_files_come_last(tmp_path: Path) -> None:
    names = ["V2__a.sql", "V2.1__c.sql", "V10__b.sql", "R__views.sql"]
    laid_out(tmp_path, *(f"migrations/{name}" for name in reversed(names)))
    assert found(tmp_path) == [f"migrations/{name}" for name in names]


def test_prisma_keeps_each_migration_in_a_folder(tmp_path: Path) -> None:
    first, second = "2_b/migration.sql", "10_a/migration.sql"
    laid_out(tmp_path, f"prisma/migrations/{first}", f"prisma/migrations/{second}")
    assert found(tmp_path) == [f"prisma/migrations/{first}", f"prisma/migrations/{second}"]


def test_every_folder_called_migrations_is_found_but_not_in_dependencies(tmp_path: Path) -> None:
    laid_out(tmp_path, "a/migrations/1.sql", "node_modules/b/migrations/1.sql", "db/migrate/2.sql")
    assert found(tmp_path) == ["a/migrations/1.sql", "db/migrate/2.sql"]


@pytest.mark.parametrize(
    ("text", "source"),
    [("-- +goose Up\nSELECT 1;\n", "goose"), ("-- migrate:up\nSELECT 1;\n", "dbmate")],
)
def test_sql_that_a_tool_claims_is_found_in_a_folder_of_any_name(
    tmp_path: Path, text: str, source: str
) -> None:
    laid_out(tmp_path, "a/migrations/1.sql", "b/sql/schema/20240101000000_x.sql", "b/sql/seed.sql")
    (tmp_path / "b/sql/schema/20240101000000_x.sql").write_text(text)
    projects, unread = find((), world(tmp_path))
    assert [(one.root, one.source, sorted(one.asked)) for one in projects] == [
        ("a/migrations", "plain", ["a/migrations/1.sql"]),
        ("b/sql/schema", source, ["b/sql/schema/20240101000000_x.sql"]),
    ]
    assert not unread


@pytest.mark.parametrize(
    ("up", "down"),
    [
        ("1.up.sql", "1.down.sql"),
        ("1_up.sql", "1_down.sql"),
        ("1/up.sql", "1/down.sql"),
        ("V1__a.sql", "U1__a.sql"),
        ("deploy/a.sql", "revert/a.sql"),
        ("up/1.sql", "down/1.sql"),
    ],
)
def test_what_takes_another_file_back_is_left_out(up: str, down: str, tmp_path: Path) -> None:
    laid_out(tmp_path, f"migrations/{up}", f"migrations/{down}")
    one = only(tmp_path)
    assert [m.path for m in one.project.migrations] == [f"migrations/{up}"]
    assert one.left == 1


@pytest.mark.parametrize("name", ["13_scale_down.sql", "down/1.sql", "1.down.sql", "U1__a.sql"])
def test_a_name_alone_takes_nothing_back(name: str, tmp_path: Path) -> None:
    laid_out(tmp_path, f"migrations/{name}", "migrations/2.sql")
    assert f"migrations/{name}" in found(tmp_path)


@pytest.mark.parametrize("name", ["1.SQL", "1.ddl", "1.psql"])
def test_no_file_is_missed_for_its_suffix(name: str, tmp_path: Path) -> None:
    laid_out(tmp_path, f"migrations/{name}")
    assert found(tmp_path) == [f"migrations/{name}"]


def test_a_linked_file_is_a_migration_like_others(tmp_path: Path) -> None:
    laid_out(tmp_path, "shared/1.sql")
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations/1.sql").symlink_to(tmp_path / "shared/1.sql")
    assert found(tmp_path) == ["migrations/1.sql"]


def test_a_named_file_brings_the_others_along_as_history(tmp_path: Path) -> None:
    laid_out(tmp_path, "m/1.sql", "m/2.sql", "m/deep/3.sql")
    one = only(tmp_path, "m/2.sql")
    assert [m.path for m in one.project.migrations] == ["m/1.sql", "m/2.sql"]
    assert one.asked == {"m/2.sql"}


def test_migrations_in_code_cannot_be_told(tmp_path: Path) -> None:
    laid_out(tmp_path, "shop/migrations/0001_initial.py", "shop/migrations/__init__.py")
    _, (reason,) = find((), world(tmp_path))
    assert reason.rule == "unread-code"


def test_a_named_file_that_is_no_sql_cannot_be_told(tmp_path: Path) -> None:
    laid_out(tmp_path, "notes.txt")
    _, (reason,) = find(("notes.txt",), world(tmp_path))
    assert reason.rule == "unread-code"


def test_a_named_path_that_is_not_there_cannot_be_told(tmp_path: Path) -> None:
    _, (reason,) = find(("nowhere",), world(tmp_path))
    assert reason.what == "'nowhere' is named, and there is no such file or folder"


def test_no_migration_at_all_is_no_input(tmp_path: Path) -> None:
    laid_out(tmp_path, "src/query.sql")
    with pytest.raises(NoInput):
        find((), world(tmp_path))


def test_a_file_that_two_tools_claim_cannot_be_told() -> None:
    with pytest.raises(CannotTell, match="dbmate and goose"):
        read("1.sql", b"-- migrate:up\n-- +goose Up\nSELECT 1;")


def test_each_sample_is_of_exactly_one_source() -> None:
    samples = {b"SELECT 1;": "plain", b"-- migrate:up\n": "dbmate", b"-- +goose Up\n": "goose"}
    assert {data: read("1.sql", data).source for data in samples} == samples


def test_the_down_part_of_a_file_is_blank_and_lines_stay() -> None:
    script = read("1.sql", b"-- migrate:up\nSELECT 1;\n-- migrate:down\nDROP TABLE a;\n").script
    assert script.sql.split(b"\n")[1] == b"SELECT 1;"
    assert not script.sql.split(b"\n", 2)[2].strip()
    assert script.in_transaction is True


def test_what_stands_before_the_first_marker_is_judged() -> None:
    script = read("1.sql", b"DROP TABLE a;\n-- +goose Up\nSELECT 1;\n").script
    assert script.sql.startswith(b"DROP TABLE a;")


def test_goose_without_a_transaction_says_so() -> None:
    assert read("1.sql", b"-- +goose NO TRANSACTION\n-- +goose Up\n").script.in_transaction is False
