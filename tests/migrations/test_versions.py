"""Versions: taken twice, out of order, edited or gone: what each tool makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import Struct

from cdkit.core.world import Change
from cdkit.steps.lint_migrations import LintMigrationsOptions, run
from tests.migrations.judging import ABOUT_OTHERS
from tests.worlds import FakeGit, world

TABLE = "CREATE TABLE orders (id bigint PRIMARY KEY);\n"
ADDED = "ALTER TABLE orders ADD {} int;\n"


class Tool(Struct, frozen=True, kw_only=True):
    """How a tool's files are called and what they hold; whether it refuses what is asked here."""

    path: str
    text: str = "{}"
    beside: dict[str, str] = {}
    twice: bool = True
    late: bool = True
    sums: bool = False


TOOLS = {
    "flyway": Tool(path="db/migration/V{n}__{t}.sql", sums=True),
    "golang-migrate": Tool(path="migrations/{n}_{t}.up.sql"),
    "goose": Tool(path="migrations/{n}_{t}.sql", text="-- +goose Up\n{}"),
    "dbmate": Tool(
        path="migrations/{n}_{t}.sql", text="-- migrate:up\n{}-- migrate:down\n", late=False
    ),
    "sql-migrate": Tool(
        path="migrations/{n}_{t}.sql", text="-- +migrate Up\n{}", twice=False, late=False
    ),
    "prisma": Tool(
        path="migrations/2026010{n}000000_{t}/migration.sql",
        beside={"migrations/migration_lock.toml": 'provider = "postgresql"\n'},
        twice=False,
        late=False,
    ),
    "sqlx": Tool(
        path="migrations/{n}_{t}.sql",
        beside={"Cargo.toml": '[dependencies]\nsqlx = "0.8"\n'},
        late=False,
        sums=True,
    ),
    "diesel": Tool(
        path="migrations/2026-01-0{n}-000000_{t}/up.sql", beside={"diesel.toml": ""}, late=False
    ),
    "hasura": Tool(
        path="migrations/default/170000000000{n}_{t}/up.sql",
        beside={"config.yaml": "version: 3\nendpoint: http://localhost\n"},
        late=False,
    ),
    "supabase": Tool(
        path="supabase/migrations/2026010{n}000000_{t}.sql",
        beside={"supabase/config.toml": 'project_id = "orders"\n'},
        late=False,
    ),
    "node-pg-migrate": Tool(path="migrations/{n}_{t}.sql", text="-- Up Migration\n{}", twice=False),
    "tern": Tool(
        path="migrations/{n}_{t}.sql", text="{}---- create above / drop below ----\nSELECT 1;\n"
    ),
    "plain SQL": Tool(path="migrations/{n}_{t}.sql", twice=False, late=False),
}
EVERY = pytest.mark.parametrize("name", TOOLS)


def found(folder: Path, tool: Tool, changed: dict[str, str | None]) -> list[tuple[str, str, str]]:
    """Return file, rule and severity of what is said of versions, after a change to 1 and 3."""
    released = {
        tool.path.format(n=1, t="a"): tool.text.format(TABLE),
        tool.path.format(n=3, t="c"): tool.text.format(ADDED.format("c")),
        **tool.beside,
    }
    for name, text in {**released, **changed}.items():
        if text is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    status = {name: "M" if name in released else "A" for name in changed}
    status |= {name: "D" for name, text in changed.items() if text is None}
    git = FakeGit(
        changed=tuple(Change(status=each, path=name) for name, each in status.items()),
        contents={("main", name): text.encode() for name, text in released.items()},
    )
    outcome = run(LintMigrationsOptions(since="main", disable=ABOUT_OTHERS), world(folder, git=git))
    rules = {"duplicate-version", "out-of-order-version", "edited-migration"}
    return [
        (each.locations[0].path, each.rule, each.severity.value)
        for each in outcome.findings
        if each.rule in rules
    ]


def new(tool: Tool, number: int, title: str) -> tuple[str, str]:
    path = tool.path.format(n=number, t=title)
    return path, tool.text.format(ADDED.format(title))


REFUSED = [name for name in TOOLS if name != "plain SQL"]


@pytest.mark.parametrize("name", REFUSED)
def test_a_version_that_two_have_is_a_finding_where_the_tool_minds(
    name: str, tmp_path: Path
) -> None:
    tool = TOOLS[name]
    changed = dict([new(tool, 4, "d"), new(tool, 4, "e")])
    expected = [(new(tool, 4, "e")[0], "duplicate-version", "high")] if tool.twice else []
    assert found(tmp_path, tool, dict(changed)) == expected


def test_a_number_that_two_have_is_said_of_the_new_one_where_no_tool_is_known(
    tmp_path: Path,
) -> None:
    path, text = new(TOOLS["plain SQL"], 3, "before")
    assert found(tmp_path, TOOLS["plain SQL"], {path: text}) == [(path, "duplicate-version", "low")]


def test_a_number_is_a_file_s_own_in_its_folder_alone(tmp_path: Path) -> None:
    assert found(tmp_path, TOOLS["plain SQL"], {"migrations/more/3_c.sql": "SELECT 1;\n"}) == []


@EVERY
def test_a_version_that_comes_late_is_a_finding_where_the_tool_minds(
    name: str, tmp_path: Path
) -> None:
    tool = TOOLS[name]
    path, text = new(tool, 2, "b")
    expected = [(path, "out-of-order-version", "high")] if tool.late else []
    assert found(tmp_path, tool, {path: text}) == expected


@EVERY
def test_a_released_file_that_runs_something_else_is_a_finding(name: str, tmp_path: Path) -> None:
    tool = TOOLS[name]
    path = tool.path.format(n=1, t="a")
    other = tool.text.format(TABLE.replace("bigint", "int"))
    assert found(tmp_path, tool, {path: other}) == [(path, "edited-migration", "medium")]


@EVERY
def test_a_comment_in_a_released_file_fails_where_the_tool_keeps_sums(
    name: str, tmp_path: Path
) -> None:
    tool = TOOLS[name]
    path = tool.path.format(n=1, t="a")
    other = tool.text.format(f"-- why\n{TABLE}")
    severity = "medium" if tool.sums else "low"
    assert found(tmp_path, tool, {path: other}) == [(path, "edited-migration", severity)]


@EVERY
def test_a_released_file_that_is_gone_is_a_finding(name: str, tmp_path: Path) -> None:
    tool = TOOLS[name]
    path = tool.path.format(n=3, t="c")
    assert found(tmp_path, tool, {path: None}) == [(path, "edited-migration", "medium")]


def test_tern_refuses_a_number_that_is_left_out(tmp_path: Path) -> None:
    for number in (1, 3):
        text = "SELECT 1;\n---- create above / drop below ----\nSELECT 1;\n"
        (tmp_path / f"{number:03}_x.sql").write_text(text)
    outcome = run(LintMigrationsOptions(paths=(".",), since="nothing"), world(tmp_path))
    assert ("003_x.sql", "missing-migration") in [
        (each.locations[0].path, each.rule) for each in outcome.findings
    ]
