"""Projects of several databases: each is rendered, and judged against its own schema."""

from __future__ import annotations

from pathlib import Path

import alembic.templates
import pytest

from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.core.world import Change
from tests.migrations.rendering.projects import (
    ENV,
    FIRST,
    INITIAL,
    SETTINGS,
    django,
    judged,
    laid_out,
    migration,
    reasons,
    revision,
    shown,
    there,
)
from tests.worlds import FakeGit

TEMPLATE = Path(alembic.templates.__path__[0]) / "multidb" / "env.py"
"""The env.py that `alembic init --template multidb` writes."""

INI = """[alembic]
script_location = db
databases = shop, audit

[shop]
sqlalchemy.url = postgresql://x/shop

[audit]
sqlalchemy.url = {audit}

[loggers]
keys = root
[handlers]
keys = none
[formatters]
keys =
[logger_root]
handlers = none
[handler_none]
class = NullHandler
args = ()
"""
HEAD = """from alembic import op
import sqlalchemy as sa

revision = {name!r}
down_revision = {after!r}


def upgrade(engine_name):
    globals()["upgrade_%s" % engine_name]()


def downgrade(engine_name):
    globals()["downgrade_%s" % engine_name]()


def upgrade_shop():
    {shop}


def upgrade_audit():
    {audit}


def downgrade_shop():
    pass


def downgrade_audit():
    pass
"""
"""A revision of the template: the shop's first statement is in line 17, the audit's in line 21."""

TABLE = "op.create_table({name!r}, sa.Column('id', sa.BigInteger), sa.Column('note', sa.Text))"
ADD = "op.add_column('orders', sa.Column('total', sa.Integer, nullable=False))"
DROP = "op.drop_column('orders', 'note')"


def multi(name: str, after: str | None, shop: str = "pass", audit: str = "pass") -> str:
    return HEAD.format(name=name, after=after, shop=shop, audit=audit)


def project(folder: Path, *revisions: str, audit: str = "postgresql://x/audit") -> Path:
    files = {f"db/versions/{number}.py": text for number, text in enumerate(revisions, 1)}
    env = TEMPLATE.read_text(encoding="utf-8")
    return laid_out(folder, {"alembic.ini": INI.format(audit=audit), "db/env.py": env, **files})


def names(outcome: Outcome) -> list[str]:
    """The migrations that were judged."""
    (table,) = outcome.tables
    return [row[0] for row in table.rows]


BOTH = multi("a1", None, TABLE.format(name="orders"), TABLE.format(name="events"))


def test_each_database_is_judged_against_its_own_schema(tmp_path: Path) -> None:
    # The audit makes a table of its own, which is as new to it as the shop's is old.
    second = multi("b2", "a1", ADD, f"{TABLE.format(name='orders')}\n    {ADD}")
    outcome = judged(project(tmp_path, BOTH, second), paths=("db/versions/2.py",))
    assert "2.py:17 required-column" in shown(outcome)
    assert not any("2.py:22" in each for each in shown(outcome))
    assert names(outcome) == ["db/versions/2.py#shop", "db/versions/2.py#audit"]
    assert outcome.verdict.answer is Answer.NO


def test_what_breaks_the_second_database_is_said_at_its_own_line(tmp_path: Path) -> None:
    second = multi("b2", "a1", "pass", "op.drop_column('events', 'note')")
    outcome = judged(project(tmp_path, BOTH, second), paths=("db/versions/2.py",))
    assert "2.py:21 dropped-column" in shown(outcome)


def test_each_database_has_an_engine_of_its_own(tmp_path: Path) -> None:
    second = multi("b2", "a1", "pass", "op.alter_column('events', 'note', nullable=False,"
                   " existing_type=sa.Text())")  # fmt: skip
    folder = project(tmp_path, BOTH, second, audit="mysql+pymysql://x/audit")
    outcome = judged(folder, paths=("db/versions/2.py",), server="postgres:16")
    assert "2.py:21 rebuilding-alter" in shown(outcome)


def test_no_file_of_sql_is_written(tmp_path: Path) -> None:
    folder = project(tmp_path, BOTH)
    judged(folder)
    assert list(folder.rglob("*.sql")) == []


def test_a_database_without_its_function_cannot_be_told_and_the_other_can(tmp_path: Path) -> None:
    second = multi("b2", "a1", DROP).replace("def upgrade_audit", "def upgrade_audits")
    outcome = judged(project(tmp_path, BOTH, second), paths=("db/versions/2.py",))
    assert {"2.py:17 dropped-column", "2.py:9 unread-code"} <= set(shown(outcome))


def test_databases_that_run_the_same_are_judged_once(tmp_path: Path) -> None:
    same = FIRST.replace("():", "(engine_name):")
    outcome = judged(project(tmp_path, same))
    assert names(outcome) == ["db/versions/1.py"]
    assert "databases that run the same as another are judged with it: 1" in outcome.notes


def test_databases_without_a_name_cannot_be_told(tmp_path: Path) -> None:
    turns = ENV.replace("{options}", "").replace(
        "context.run_migrations()", "context.run_migrations(number=1)"
    )
    other = (
        "\ncontext.configure(url='postgresql://x/b', literal_binds=True)\n"
        "context.run_migrations(number=2)\n"
    )
    first = FIRST.replace("():", "(number):").replace('"orders",', '"orders%s" % number,')
    ini = "[alembic]\nscript_location = db\nsqlalchemy.url = postgresql://x/a\n"
    files = {"alembic.ini": ini, "db/env.py": turns + other, "db/versions/1.py": first}
    outcome = judged(laid_out(tmp_path, files))
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "does not name them" in reasons(outcome)


def test_an_edited_revision_is_told_for_each_database_that_it_was_released_for(
    tmp_path: Path,
) -> None:
    folder = project(tmp_path, BOTH, multi("b2", "a1", DROP))
    path = "db/versions/2.py"
    git = FakeGit(
        changed=(Change(status="M", path=path),),
        contents={("main", path): multi("b2", "a1").encode()},
    )
    outcome = judged(folder, world=there(folder, git=git), since="main")
    assert "2.py:17 edited-migration" in shown(outcome)
    assert names(outcome) == [f"{path}#shop", f"{path}#audit"]


LABELS = """[alembic]
script_location = db
version_locations = %(here)s/shop %(here)s/audit
path_separator = space
sqlalchemy.url = postgresql://x/a
"""


def test_branches_with_labels_in_folders_of_their_own_are_no_fork(tmp_path: Path) -> None:
    shop = revision("a1", None, TABLE.format(name="orders")) + "\nbranch_labels = ('shop',)\n"
    audit = revision("c1", None, TABLE.format(name="events")) + "\nbranch_labels = ('audit',)\n"
    files = {
        "alembic.ini": LABELS,
        "db/env.py": ENV.replace("{options}", ""),
        "shop/1.py": shop,
        "shop/2.py": revision("b2", "a1", DROP),
        "audit/1.py": audit,
    }
    outcome = judged(laid_out(tmp_path, files), paths=("shop/2.py",))
    assert "2.py:9 dropped-column" in shown(outcome)
    assert "forked-history" not in " ".join(shown(outcome))


DELETE = "migrations.RemoveField('order', 'note')"
OTHER = SETTINGS.replace(
    "}}", '}, "other": {"ENGINE": "django.db.backends.postgresql", "NAME": "o"}}'
)
ROUTED = OTHER + 'DATABASE_ROUTERS = ["routers.Router"]\n'


ROUTER = "class Router:\n    def allow_migrate(self, db, app_label, **hints):\n        return "


def routed(folder: Path, rule: str, *operations: str, settings: str = ROUTED) -> Path:
    files = {"0001_initial.py": INITIAL, "0002_b.py": migration("0001_initial", *operations)}
    return laid_out(django(folder, files, settings), {"routers.py": f"{ROUTER}{rule}\n"})


SECOND = ("shop/migrations/0002_b.py",)


def test_what_a_router_sends_to_another_database_is_judged_there(tmp_path: Path) -> None:
    outcome = judged(routed(tmp_path, "db == 'other'", DELETE), paths=SECOND)
    assert "0002_b.py:10 dropped-column" in shown(outcome)
    assert names(outcome) == list(SECOND)


def test_each_database_that_something_is_sent_to_is_judged(tmp_path: Path) -> None:
    sql = "migrations.RunSQL('DROP TABLE gone', hints={'target': 'other'})"
    outcome = judged(routed(tmp_path, "hints.get('target', 'default') == db", sql), paths=SECOND)
    assert names(outcome) == [
        "shop/migrations/0002_b.py#default",
        "shop/migrations/0002_b.py#other",
    ]


def test_a_hint_sends_one_operation_to_another_database(tmp_path: Path) -> None:
    sql = "migrations.RunSQL('DROP TABLE gone', hints={'target': 'other'})"
    outcome = judged(routed(tmp_path, "hints.get('target', 'default') == db", sql), paths=SECOND)
    assert "0002_b.py:10 dropped-table" in shown(outcome)


def test_code_is_told_only_where_a_router_lets_it_run(tmp_path: Path) -> None:
    code = "migrations.RunPython(print, hints={'target': 'nowhere'})"
    outcome = judged(routed(tmp_path, "hints.get('target', 'default') == db", code), paths=SECOND)
    assert shown(outcome) == []


def test_another_database_has_an_engine_of_its_own(tmp_path: Path) -> None:
    lite = ROUTED.replace(
        '"other": {"ENGINE": "django.db.backends.postgresql"',
        '"other": {"ENGINE": "django.db.backends.sqlite3"',
    )
    outcome = judged(
        routed(tmp_path, "True", DELETE, settings=lite), paths=SECOND, server="postgres:16"
    )
    assert [each for each in shown(outcome) if "dropped" in each] == [
        "0002_b.py:10 dropped-column"
    ] * 2


def test_what_goes_to_a_database_without_a_backend_cannot_be_told(tmp_path: Path) -> None:
    gone = ROUTED.replace(
        '"other": {"ENGINE": "django.db.backends.postgresql"', '"other": {"ENGINE": "nowhere"'
    )
    outcome = judged(routed(tmp_path, "db == 'other'", DELETE, settings=gone), paths=SECOND)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "runs on the database other" in reasons(outcome)


@pytest.mark.parametrize("settings", [OTHER, ROUTED])
def test_what_runs_on_all_databases_alike_is_judged_once(settings: str, tmp_path: Path) -> None:
    outcome = judged(routed(tmp_path, "True", DELETE, settings=settings), paths=SECOND)
    assert shown(outcome) == ["0002_b.py:10 dropped-column", "0002_b.py:10 missing-lock-timeout"]


def test_default_may_be_empty_where_a_router_sends_all_elsewhere(tmp_path: Path) -> None:
    empty = ROUTED.replace('"ENGINE": "django.db.backends.postgresql", "NAME": "orders"', "")
    outcome = judged(routed(tmp_path, "db == 'other'", DELETE, settings=empty), paths=SECOND)
    assert "0002_b.py:10 dropped-column" in shown(outcome)
    assert names(outcome) == list(SECOND)
