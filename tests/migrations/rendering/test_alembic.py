"""Alembic: real projects, rendered by the real Alembic in offline mode."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from cdkit.core.verdict import Answer
from cdkit.core.world import Change
from tests.migrations.rendering.projects import (
    ENV,
    FIRST,
    INI,
    alembic,
    found,
    judged,
    laid_out,
    reasons,
    revision,
    shown,
    there,
)
from tests.worlds import FakeGit

DROP = "op.drop_column('orders', 'note')"
ADD = "op.add_column('orders', sa.Column('total', sa.Integer))"


def test_a_statement_is_told_at_the_line_of_the_call_that_asks_for_it(tmp_path: Path) -> None:
    second = revision("b2", "a1", f"{ADD}\n    {DROP}")
    outcome = judged(alembic(tmp_path, {"1.py": FIRST, "2.py": second}))
    assert shown(outcome) == ["2.py:9 missing-lock-timeout", "2.py:10 dropped-column"]
    assert outcome.verdict.answer is Answer.NO


def test_sql_in_a_string_is_told_at_its_own_line(tmp_path: Path) -> None:
    text = 'op.execute("""\n        ALTER TABLE orders\n          DROP COLUMN note\n    """)'
    outcome = judged(alembic(tmp_path, {"1.py": FIRST, "2.py": revision("b2", "a1", text)}))
    assert "2.py:11 dropped-column" in shown(outcome)


def test_the_order_is_that_of_the_revisions_and_not_of_the_names(tmp_path: Path) -> None:
    files = {"z.py": FIRST, "a.py": revision("b2", "a1", ADD), "m.py": revision("c3", "b2", DROP)}
    one = found(alembic(tmp_path, files))
    assert [each.path for each in one.project.migrations] == [
        "db/versions/z.py",
        "db/versions/a.py",
        "db/versions/m.py",
    ]


def test_branches_that_are_merged_are_one_history(tmp_path: Path) -> None:
    merge = revision("d4", None, "pass").replace("= None", "= ('b2', 'c3')")
    files = {"1.py": FIRST, "2.py": revision("b2", "a1", ADD), "3.py": revision("c3", "a1", "pass")}
    outcome = judged(alembic(tmp_path, {**files, "4.py": merge}))
    assert shown(outcome) == ["2.py:9 missing-lock-timeout"]
    assert outcome.verdict.answer is Answer.YES


def test_several_heads_are_a_finding_at_each_of_them(tmp_path: Path) -> None:
    files = {"1.py": FIRST, "2.py": revision("b2", "a1", ADD), "3.py": revision("c3", "a1", "pass")}
    outcome = judged(alembic(tmp_path, files))
    assert {"2.py:0 forked-history", "3.py:0 forked-history"} <= set(shown(outcome))


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"2.py": revision("b2", "zz", ADD)}, "zz"),
        ({"2.py": revision("a1", None, ADD)}, "Revision a1 is present more than once"),
        ({"1.py": revision("a1", "b2", ADD), "2.py": revision("b2", "a1", ADD)}, "Cycle"),
        ({"2.py": "def upgrade(:\n"}, "SyntaxError"),
        ({"2.py": "x = 1\n"}, "revision"),
    ],
)
def test_a_history_that_is_none_cannot_be_told(
    files: dict[str, str], said: str, tmp_path: Path
) -> None:
    outcome = judged(alembic(tmp_path, {"1.py": FIRST, **files}))
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert said in reasons(outcome)


def test_a_transaction_is_around_a_revision_where_env_opens_one(tmp_path: Path) -> None:
    one = found(alembic(tmp_path, {"1.py": FIRST}))
    assert one.project.migrations[0].script.in_transaction is True
    bare = ENV.replace("with context.begin_transaction():\n    context", "context")
    (tmp_path / "db/env.py").write_text(bare.replace("{options}", ""))
    assert found(tmp_path).project.migrations[0].script.in_transaction is False


def test_an_autocommit_block_is_outside_of_the_transaction(tmp_path: Path) -> None:
    index = "op.create_index('i', 'orders', ['note'], postgresql_concurrently=True)"
    block = f"with op.get_context().autocommit_block():\n        {index}"
    files = {
        "1.py": FIRST,
        "2.py": revision("b2", "a1", block),
        "3.py": revision("c3", "b2", index),
    }
    folder = alembic(tmp_path, files, "transaction_per_migration=True")
    assert shown(judged(folder)) == ["3.py:9 concurrently-in-transaction"]


def test_what_env_executes_counts_for_every_revision(tmp_path: Path) -> None:
    timeout = (
        "with context.begin_transaction():\n    context.execute(\"SET lock_timeout = '2s'\")\n"
    )
    env = ENV.replace("with context.begin_transaction():\n", timeout)
    outcome = judged(alembic(tmp_path, {"1.py": FIRST, "2.py": revision("b2", "a1", ADD)}, env=env))
    assert shown(outcome) == []


def test_a_revision_that_reads_the_database_cannot_be_told_and_the_others_can(
    tmp_path: Path,
) -> None:
    reads = "rows = sa.inspect(op.get_bind()).get_table_names()"
    files = {"1.py": FIRST, "2.py": revision("b2", "a1", reads), "3.py": revision("c3", "b2", DROP)}
    outcome = judged(alembic(tmp_path, files))
    assert {"2.py:9 unread-code", "3.py:9 dropped-column"} <= set(shown(outcome))


def test_code_that_somebody_looked_at_can_be_allowed_where_it_stands(tmp_path: Path) -> None:
    said = "# cdkit: allow unread-code (only reads)\n    "
    reads = f"{said}rows = sa.inspect(op.get_bind()).get_table_names()"
    files = {"1.py": FIRST, "2.py": revision("b2", "a1", reads)}
    outcome = judged(alembic(tmp_path, files))
    assert outcome.verdict.answer is Answer.YES
    assert [x.rule for x in outcome.findings if x.suppressed] == ["unread-code"]


@pytest.mark.parametrize("down", ["raise NotImplementedError", "pass", "op.drop_column('o', 'a')"])
def test_a_way_back_is_there_where_downgrade_comes_to_its_end(down: str, tmp_path: Path) -> None:
    files = {"1.py": FIRST, "2.py": revision("b2", "a1", ADD, down)}
    back = found(alembic(tmp_path, files)).project.migrations[1].script.down
    assert (back is None) == down.startswith("raise")
    if back is not None:
        assert (b"DROP COLUMN a" in back.sql) == ("drop" in down)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ("raise RuntimeError('no way')", "RuntimeError: no way"),
        ("import sys\nsys.exit(0)", "SystemExit: 0"),
        ("import os\nos._exit(0)", "ended with 0 and gave no SQL"),
        ("import os\nos.environ['SHOP_URL']", "SHOP_URL"),
        ("from alembic import context\n", "runs no migration"),
        ("import nowhere", "install the project's requirements"),
        ("print('[]')\nraise ValueError(1)", "it printed last: []"),
        ("import os\nos.chdir('/')\nraise ValueError('there')", "ValueError: there"),
    ],
)
def test_an_env_that_does_not_render_cannot_be_told(env: str, said: str, tmp_path: Path) -> None:
    outcome = judged(alembic(tmp_path, {"1.py": FIRST}, env=env))
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert said in reasons(outcome)


def test_what_does_not_render_is_said_at_its_line(tmp_path: Path) -> None:
    env = "import os\nraise RuntimeError('no way')"
    (reason,) = judged(alembic(tmp_path, {"1.py": FIRST}, env=env)).verdict.reasons
    assert reason.where is not None
    assert (reason.where.path, reason.where.line) == ("db/env.py", 2)


@pytest.mark.parametrize(
    "env",
    [
        "import time\ntime.sleep(600)",
        "import os, time\nos.fork() or time.sleep(600)",
        "while True: print('x' * 1000)",
    ],
)
def test_an_env_that_does_not_end_is_ended(env: str, tmp_path: Path) -> None:
    outcome = judged(alembic(tmp_path, {"1.py": FIRST}, env=env), project_timeout=2)
    assert "did not end within 2 s" in reasons(outcome)


def test_a_child_that_env_forks_tells_nothing_a_second_time(tmp_path: Path) -> None:
    env = "import os\nos.fork()\n" + ENV
    outcome = judged(alembic(tmp_path, {"1.py": FIRST}, env=env))
    assert outcome.verdict.answer is Answer.YES


def test_the_environment_of_the_project_holds_no_secret_of_ours(tmp_path: Path) -> None:
    env = "import os\nraise ValueError(sorted(os.environ), os.environ.get('SHOP_TOKEN'))"
    folder = alembic(tmp_path, {"1.py": FIRST}, env=env)
    world = there(folder, environ={"CI_TOKEN": "s3cr3t", "SHOP_TOKEN": "t0psecret"})
    assert "CI_TOKEN" not in reasons(judged(folder, world=world))
    told = reasons(judged(folder, world=world, project_env=("SHOP_TOKEN",)))
    assert "SHOP_TOKEN" in told
    assert "***" in told
    assert "t0psecret" not in told


def test_a_password_in_an_address_is_not_shown(tmp_path: Path) -> None:
    env = "raise ValueError('no answer of postgresql://app:geheim@db/orders')"
    told = reasons(judged(alembic(tmp_path, {"1.py": FIRST}, env=env)))
    assert "postgresql://app:***@db/orders" in told
    assert "geheim" not in told


def test_a_variable_that_is_wanted_and_there_is_named(tmp_path: Path) -> None:
    folder = alembic(tmp_path, {"1.py": FIRST}, env="import os\nos.environ['SHOP_URL']")
    world = there(folder, environ={"SHOP_URL": "postgresql://db"})
    assert "`--project-env SHOP_URL`" in reasons(judged(folder, world=world))


def test_nothing_of_the_project_runs_where_nothing_may(tmp_path: Path) -> None:
    folder = alembic(tmp_path, {"1.py": FIRST}, env="open('ran', 'w')")
    outcome = judged(folder, python="none")
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "`alembic upgrade heads --sql`" in reasons(outcome)
    assert not (tmp_path / "ran").exists()


def test_rendering_leaves_no_file_behind(tmp_path: Path) -> None:
    folder = alembic(tmp_path, {"1.py": FIRST})
    before = sorted(tmp_path.rglob("*"))
    judged(folder)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_database_that_nobody_here_reads_cannot_be_told(tmp_path: Path) -> None:
    folder = alembic(tmp_path, {"1.py": FIRST})
    (folder / "alembic.ini").write_text(INI.replace("postgresql:", "oracle:"))
    outcome = judged(folder)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "renders for oracle" in reasons(outcome)


def test_a_project_is_found_by_a_section_of_another_name_and_by_pyproject(tmp_path: Path) -> None:
    ini = INI.replace("[alembic]", "[shop]")
    folder = alembic(tmp_path, {"1.py": FIRST, "2.py": revision("b2", "a1", DROP)})
    (folder / "alembic.ini").write_text(ini)
    assert "2.py:9 dropped-column" in shown(judged(folder))
    (folder / "alembic.ini").unlink()
    env = (
        (folder / "db/env.py")
        .read_text()
        .replace('context.config.get_main_option("sqlalchemy.url")', '"postgresql://"')
    )
    toml = '[tool.alembic]\nscript_location = "%(here)s/db"\n'
    laid_out(folder, {"pyproject.toml": toml, "db/env.py": env})
    assert "2.py:9 dropped-column" in shown(judged(folder))


def test_revisions_without_a_configuration_cannot_be_told(tmp_path: Path) -> None:
    folder = alembic(tmp_path, {"1.py": FIRST})
    (folder / "alembic.ini").unlink()
    outcome = judged(folder)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "no alembic.ini" in reasons(outcome)


def test_one_revision_that_is_named_brings_the_others_along(tmp_path: Path) -> None:
    folder = alembic(tmp_path, {"1.py": FIRST, "2.py": revision("b2", "a1", DROP)})
    one = found(folder, "db/versions/2.py")
    assert one.asked == {"db/versions/2.py"}
    assert len(one.project.migrations) == 2


def since(old: str, *, status: str = "M") -> FakeGit:
    changed = (Change(status=status, path="db/versions/1.py"),)
    return FakeGit(changed=changed, contents={("v1", "db/versions/1.py"): old.encode()})


def test_a_released_revision_may_get_another_comment_and_no_other_code(tmp_path: Path) -> None:
    folder = alembic(tmp_path, {"1.py": FIRST})
    comment = since(FIRST.replace("\n\n\ndef up", "\n\n\n# first\ndef up"))
    outcome = judged(folder, world=there(folder, git=comment), since="v1")
    assert outcome.verdict.answer is Answer.YES
    code = since(FIRST.replace("String(20)", "String(10)"))
    outcome = judged(folder, world=there(folder, git=code), since="v1")
    assert shown(outcome) == ["1.py:9 edited-migration"]


def test_a_released_revision_that_is_gone_is_a_finding(tmp_path: Path) -> None:
    folder = alembic(tmp_path, {"2.py": FIRST})
    git = since(FIRST, status="D")
    assert "1.py:1 edited-migration" in shown(
        judged(folder, world=there(folder, git=git), since="v1")
    )


@pytest.mark.needs("postgres")
def test_what_is_rendered_runs_both_ways_on_a_server(tmp_path: Path, postgres: str) -> None:
    files = {"1.py": FIRST, "2.py": revision("b2", "a1", ADD, "op.drop_column('orders', 'total')")}
    migrations = found(alembic(tmp_path, files)).project.migrations
    with psycopg.connect(postgres, autocommit=True) as connection:
        for each in migrations:
            connection.execute(sql.SQL(each.script.sql.decode()))
        for each in reversed(migrations):
            assert each.script.down
            connection.execute(sql.SQL(each.script.down.sql.decode()))
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'orders'")
        assert row.fetchone() == (0,)


def untold_since(folder: Path, *paths: str, status: str = "A") -> str:
    """Judge what a change to these files brings; return the reasons of the answer."""
    changed = tuple(Change(status=status, path=path) for path in paths)
    contents = {("main", path): b"down_revision = None" for path in paths}
    git = FakeGit(changed=changed, contents=contents)
    outcome = judged(folder, world=there(folder, git=git), since="main")
    assert outcome.verdict.answer is not Answer.YES
    return reasons(outcome)


@pytest.mark.parametrize(
    ("files", "env", "said"),
    [
        ({"2.py": revision("b2", "zz", DROP)}, ENV, "KeyError: 'zz'"),
        ({"2.py": revision("b2", "c3", ADD), "3.py": revision("c3", "b2", ADD)}, ENV, "Cycle"),
        ({"2.py": revision("b2", "a1", ADD), "3.py": revision("b2", "a1", DROP)}, ENV, "once"),
        ({"2.py": revision("b2", "a1", DROP)}, "import nowhere  # run_migrations", "nowhere"),
    ],
)
def test_a_change_to_a_history_that_cannot_be_rendered_is_no_yes(
    files: dict[str, str], env: str, said: str, tmp_path: Path
) -> None:
    folder = alembic(tmp_path, {"1.py": FIRST, **files}, env=env)
    assert said in untold_since(folder, "db/versions/2.py")
    assert said in untold_since(folder, "db/env.py", status="M")
    assert said in untold_since(folder, "db/versions/gone.py", status="D")


def test_what_cannot_be_rendered_is_a_note_where_the_change_is_elsewhere(tmp_path: Path) -> None:
    folder = alembic(tmp_path, {"1.py": FIRST}, env="import nowhere  # run_migrations")
    git = FakeGit(changed=(Change(status="M", path="app/models.py"),))
    outcome = judged(folder, world=there(folder, git=git), since="main")
    assert outcome.verdict.answer is Answer.YES
    assert any("cannot be read, and nothing of it is new" in note for note in outcome.notes)


def test_a_revision_that_alembic_does_not_load_cannot_be_told(tmp_path: Path) -> None:
    folder = alembic(tmp_path, {"1.py": FIRST, "2026/2.py": revision("b2", "a1", DROP)})
    assert "db/versions/2026/2.py: Alembic does not load" in untold_since(
        folder, "db/versions/2026/2.py"
    )


@pytest.mark.parametrize("separator", ["space", "os"])
def test_revisions_may_lie_in_several_folders(separator: str, tmp_path: Path) -> None:
    folder = alembic(tmp_path, {"1.py": FIRST})
    sign = {"space": " ", "os": ":"}[separator]
    more = f"version_locations = %(here)s/db/versions{sign}%(here)s/more\n"
    ini = f"{INI}{more}version_path_separator = {separator}\n"
    laid_out(folder, {"alembic.ini": ini, "more/2.py": revision("b2", "a1", DROP)})
    assert "2.py:9 dropped-column" in shown(judged(folder))


def test_branches_that_have_labels_are_no_fork(tmp_path: Path) -> None:
    other = revision("b2", None, "op.execute('SELECT 1')")
    labelled = other.replace("down_revision", "branch_labels = ('other',)\ndown_revision")
    assert shown(judged(alembic(tmp_path, {"1.py": FIRST, "2.py": labelled}))) == []


@pytest.mark.parametrize(
    ("asks", "said"),
    [
        ("context.is_offline_mode()", "it asks whether SQL is only rendered"),
        ("context.get_x_argument(as_dictionary=True).get('all')", "`-x`"),
        ("op.get_bind().execute(sa.text('SELECT 1 FROM orders'))", "asks the database"),
        ("op.get_bind().execute(sa.text('SELECT 1')).scalar()", "asks the database"),
        ("list(op.get_bind().execute(sa.text('SELECT 1')))", "asks the database"),
        ("sa.inspect(op.get_bind())", "asks the database what is there, and what it does then"),
    ],
)
def test_a_revision_that_decides_when_it_runs_cannot_be_told(
    asks: str, said: str, tmp_path: Path
) -> None:
    second = revision("b2", "a1", f"from alembic import context\n    if {asks}:\n        {DROP}")
    outcome = judged(alembic(tmp_path, {"1.py": FIRST, "2.py": second}))
    assert "2.py:10 unread-code" in shown(outcome)
    assert said in reasons(outcome)


DYNAMIC = 'op.execute("""DO $$ BEGIN EXECUTE (SELECT note FROM orders); END $$""")'


def test_what_is_to_be_said_in_the_file_is_said_as_its_comments_are(tmp_path: Path) -> None:
    second = revision("b2", "a1", DYNAMIC)
    outcome = judged(alembic(tmp_path, {"1.py": FIRST, "2.py": second}))
    (found,) = (each for each in outcome.findings if each.rule == "unread-code")
    assert found.fix
    assert "`# cdkit: allow unread-code (reason)`" in found.fix.summary
    allowed = second.replace(DYNAMIC, f"{DYNAMIC}  # cdkit: allow unread-code (reason)")
    outcome = judged(alembic(tmp_path / "again", {"1.py": FIRST, "2.py": allowed}))
    assert outcome.verdict.answer is Answer.YES
