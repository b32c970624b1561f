"""Django: real projects, rendered by the real Django without a database."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo, sql

from cdkit.core.verdict import Answer
from cdkit.core.world import Change
from tests.migrations.rendering.projects import (
    INITIAL,
    MANAGE,
    SETTINGS,
    django,
    found,
    judged,
    laid_out,
    migration,
    reasons,
    shown,
    there,
)
from tests.worlds import FakeGit

ADD = "migrations.AddField('order', 'total', models.IntegerField(null=True))"
DROP = "migrations.RemoveField('order', 'note')"
CODE = "migrations.RunPython(lambda apps, editor: None, migrations.RunPython.noop)"
INDEX = "AddIndexConcurrently('order', models.Index(fields=['note'], name='i'))"


def test_an_operation_is_told_at_its_line(tmp_path: Path) -> None:
    second = migration("0001_initial", ADD, DROP)
    outcome = judged(django(tmp_path, {"0001_initial.py": INITIAL, "0002_b.py": second}))
    assert shown(outcome) == ["0002_b.py:10 missing-lock-timeout", "0002_b.py:11 dropped-column"]
    assert outcome.verdict.answer is Answer.NO


def test_sql_in_a_string_is_told_at_its_own_line(tmp_path: Path) -> None:
    text = (
        'migrations.RunSQL("""\n            ALTER TABLE shop_order\n              DROP note\n""")'
    )
    second = migration("0001_initial", text)
    outcome = judged(django(tmp_path, {"0001_initial.py": INITIAL, "0002_b.py": second}))
    assert "0002_b.py:12 dropped-column" in shown(outcome)


def test_a_migration_that_changes_no_table_is_no_finding(tmp_path: Path) -> None:
    second = migration(
        "0001_initial", "migrations.AlterModelOptions('order', {'ordering': ['id']})"
    )
    folder = django(tmp_path, {"0001_initial.py": INITIAL, "0002_b.py": second})
    outcome = judged(folder, paths=("shop/migrations/0002_b.py",))
    assert shown(outcome) == []
    assert outcome.verdict.answer is Answer.YES


def test_python_cannot_be_told_and_what_does_nothing_can(tmp_path: Path) -> None:
    noop = "migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop)"
    files = {"0002_b.py": migration("0001_initial", noop, CODE)}
    outcome = judged(django(tmp_path, {"0001_initial.py": INITIAL, **files}))
    assert shown(outcome) == ["0002_b.py:11 unread-code"]
    assert outcome.verdict.answer is Answer.CANNOT_TELL


@pytest.mark.parametrize("atomic", [True, False])
def test_an_index_is_built_concurrently_outside_of_a_transaction(
    *, atomic: bool, tmp_path: Path
) -> None:
    second = migration("0001_initial", INDEX, atomic=atomic)
    outcome = judged(django(tmp_path, {"0001_initial.py": INITIAL, "0002_b.py": second}))
    assert ("0002_b.py:10 concurrently-in-transaction" in shown(outcome)) is atomic


def test_the_order_goes_over_all_applications(tmp_path: Path) -> None:
    late = migration("0002_b", "migrations.CreateModel('Late', [])").replace("'shop'", "'shop'")
    early = migration("0001_initial", ADD).replace("('shop', '0001_initial')", "('able', '0001_a')")
    folder = django(tmp_path, {"0001_initial.py": INITIAL, "0003_c.py": late, "0002_b.py": early})
    able = migration("0001_initial", "migrations.CreateModel('Able', [])")
    laid_out(folder, {"able/__init__.py": "", "able/migrations/__init__.py": ""})
    laid_out(folder, {"able/migrations/0001_a.py": able})
    (folder / "settings.py").write_text(SETTINGS.replace('["shop"]', '["able", "shop"]'))
    one = found(folder)
    assert [each.path.rpartition("/")[2] for each in one.project.migrations] == [
        "0001_initial.py",
        "0001_a.py",
        "0002_b.py",
        "0003_c.py",
    ]


def test_what_packages_bring_is_history_and_never_the_change(tmp_path: Path) -> None:
    folder = django(tmp_path, {"0001_initial.py": INITIAL})
    more = SETTINGS.replace('["shop"]', '["django.contrib.contenttypes", "shop"]')
    (folder / "settings.py").write_text(more)
    one = found(folder)
    assert one.asked == {"shop/migrations/0001_initial.py"}
    assert len(one.project.migrations) == 3


def test_two_ends_of_an_application_are_a_finding_at_both(tmp_path: Path) -> None:
    files = {"0002_b.py": migration("0001_initial", ADD), "0002_c.py": migration("0001_initial")}
    outcome = judged(django(tmp_path, {"0001_initial.py": INITIAL, **files}))
    assert {"0002_b.py:0 forked-history", "0002_c.py:0 forked-history"} <= set(shown(outcome))


def squashed(*replaced: str) -> str:
    line = f"    replaces = {[('shop', name) for name in replaced]!r}\n    initial = True\n"
    return INITIAL.replace("    initial = True\n", line)


def test_a_squash_beside_what_it_replaces_is_history(tmp_path: Path) -> None:
    files = {"0001_initial.py": INITIAL, "0001_squashed.py": squashed("0001_initial")}
    later = migration("0001_squashed", DROP)
    outcome = judged(django(tmp_path, {**files, "0002_b.py": later}), since="nothing")
    assert shown(outcome) == ["0002_b.py:10 dropped-column", "0002_b.py:10 missing-lock-timeout"]
    assert "cannot be told" not in reasons(outcome)
    said = "0001_squashed.py stands for others that are still there: it and they count as released"
    assert any(note.endswith(said) for note in outcome.notes)


def test_an_original_that_the_change_adds_beside_its_squash_cannot_be_told(tmp_path: Path) -> None:
    files = {
        "0001_initial.py": INITIAL,
        "0002_b.py": migration("0001_initial", DROP),
        "0001_squashed.py": squashed("0001_initial", "0002_b"),
    }
    path = "shop/migrations/0002_b.py"
    git = FakeGit(changed=(Change(status="A", path=path),))

    folder = django(tmp_path, files)
    outcome = judged(folder, world=there(folder, git=git), since="main")

    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert f"{path}: is part of this change, and a squashed migration" in reasons(outcome)


def test_a_squash_whose_originals_are_gone_is_a_migration(tmp_path: Path) -> None:
    one = found(django(tmp_path, {"0001_squashed.py": squashed("0001_initial")}))
    assert one.asked == {"shop/migrations/0001_squashed.py"}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"0002_b.py": migration("0009_gone", ADD)}, "NodeNotFoundError"),
        ({"0002_b.py": migration("0002_b", ADD)}, "CircularDependencyError"),
        ({"0002_b.py": "import nowhere\n"}, "install the project's requirements"),
        ({"0002_b.py": "x = 1\n"}, "BadMigrationError"),
        ({"0002_b.py": "class Migration(:\n"}, "SyntaxError"),
    ],
)
def test_a_history_that_is_none_cannot_be_told(
    files: dict[str, str], said: str, tmp_path: Path
) -> None:
    outcome = judged(django(tmp_path, {"0001_initial.py": INITIAL, **files}))
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert said in reasons(outcome)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("import os\nSECRET_KEY = os.environ['SHOP_KEY']\n", "`--project-env SHOP_KEY=VALUE`"),
        ("raise SystemExit(0)\n", "SystemExit: 0"),
        (SETTINGS.replace('["shop"]', '["nowhere"]'), "No module named 'nowhere'"),
        (SETTINGS.replace("postgresql", "oracle"), "oracle"),
        (SETTINGS.replace('["shop"]', "[]"), "Django does not load this file"),
    ],
)
def test_a_project_that_does_not_import_cannot_be_told(
    settings: str, said: str, tmp_path: Path
) -> None:
    outcome = judged(django(tmp_path, {"0001_initial.py": INITIAL}, settings))
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert said in reasons(outcome)


def test_a_file_that_django_does_not_load_cannot_be_told(tmp_path: Path) -> None:
    folder = django(tmp_path, {"0001_initial.py": INITIAL, "_0002_b.py": migration("0001", DROP)})
    assert "shop/migrations/_0002_b.py: Django does not load" in reasons(judged(folder))


def test_settings_for_another_database_than_the_server_cannot_be_told(tmp_path: Path) -> None:
    folder = django(
        tmp_path, {"0001_initial.py": INITIAL}, SETTINGS.replace("postgresql", "sqlite3")
    )
    outcome = judged(folder, server="postgres:16")
    assert outcome.verdict.answer is Answer.CANNOT_TELL


def test_an_operation_that_asks_the_database_cannot_be_told(tmp_path: Path) -> None:
    made = 'migrations.RunSQL("CREATE UNLOGGED TABLE shop_odd (id bigint)", state_operations=['
    made += "migrations.CreateModel('Odd', [('id', models.BigAutoField(primary_key=True)), "
    made += "('a', models.IntegerField(unique=True))])])"
    alter = "migrations.AlterField('odd', 'a', models.IntegerField())"
    files = {"0001_initial.py": INITIAL, "0002_b.py": migration("0001_initial", made, alter)}
    outcome = judged(django(tmp_path, files))
    assert "0002_b.py:11 unread-code" in shown(outcome)
    assert "asks the database for the constraints of shop_odd" in reasons(outcome)


def test_a_way_back_is_there_where_every_operation_has_one(tmp_path: Path) -> None:
    files = {"0002_b.py": migration("0001_initial", ADD)}
    files["0003_c.py"] = migration("0002_b", "migrations.RunSQL('SELECT 1')")
    one = found(django(tmp_path, {"0001_initial.py": INITIAL, **files}))
    _, second, third = one.project.migrations
    assert second.script.down
    assert b'DROP COLUMN "total"' in second.script.down.sql
    assert third.script.down is None


def test_a_manage_that_does_nothing_cannot_be_told(tmp_path: Path) -> None:
    folder = django(tmp_path, {"0001_initial.py": INITIAL})
    (folder / "manage.py").write_text("# execute_from_command_line\n")
    assert "manage.py does not call execute_from_command_line()" in reasons(judged(folder))


def test_a_released_migration_that_is_gone_is_a_finding(tmp_path: Path) -> None:
    folder = django(tmp_path, {"0001_initial.py": INITIAL})
    gone = "shop/migrations/0002_b.py"
    git = FakeGit(
        changed=(Change(status="D", path=gone),),
        contents={("v1", gone): migration("0001_initial", ADD).encode()},
    )
    outcome = judged(folder, world=there(folder, git=git), since="v1")
    assert "0002_b.py:1 edited-migration" in shown(outcome)


MANY = [
    ADD,
    "migrations.AlterUniqueTogether('order', set())",
    "migrations.AlterField('customer', 'name', models.CharField(max_length=40))",
    "migrations.AlterField('order', 'note', models.TextField())",
    "migrations.RenameField('order', 'number', 'no')",
    "migrations.AlterField('order', 'no', models.BigIntegerField(unique=True))",
    (
        "migrations.AddConstraint('order', models.CheckConstraint("
        "condition=models.Q(no__gt=0) | models.Q(note='a%b'), name='c'))"
    ),
    (
        "migrations.AlterField('order', 'customer', models.ForeignKey("
        "'shop.Customer', models.SET_NULL, null=True, db_constraint=False))"
    ),
    "migrations.AddField('order', 'kind', models.CharField(max_length=3, default=\"o'k\"))",
    "migrations.RenameModel('Customer', 'Client')",
    "migrations.AlterModelTable('order', 'purchase')",
    "migrations.AddIndex('order', models.Index(fields=['total', 'no'], name='two'))",
    "migrations.RemoveConstraint('order', 'c')",
    "migrations.AlterField('order', 'total', models.IntegerField(default=7))",
    "migrations.RunSQL('UPDATE purchase SET total = 1', 'SELECT 1')",
    "migrations.DeleteModel('Order')",
]


@pytest.mark.needs("postgres")
def test_what_is_rendered_is_what_sqlmigrate_prints_on_a_real_server(
    tmp_path: Path, postgres: str
) -> None:
    """Each operation a migration, since sqlmigrate looks at the database as it is before it."""
    names = ["0001_initial", *(f"{number:04}_m" for number in range(2, len(MANY) + 2))]
    files = {f"{names[0]}.py": INITIAL}
    for before, name, operation in zip(names, names[1:], MANY, strict=False):
        files[f"{name}.py"] = migration(before, operation)
    folder = django(tmp_path, files)
    ours = {each.path: each.script.sql.decode() for each in found(folder).project.migrations}
    where = conninfo.conninfo_to_dict(postgres)
    database = f'"NAME": "{where["dbname"]}", "HOST": "{where["host"]}", "USER": "{where["user"]}"'
    real = SETTINGS.replace('"NAME": "orders"', f'{database}, "PORT": "5432"')
    (folder / "settings.py").write_text(real)
    with psycopg.connect(postgres, autocommit=True) as connection:
        for name in names:
            text = ours[f"shop/migrations/{name}.py"]
            assert statements(text) == statements(manage(folder, "sqlmigrate", "shop", name))
            if text.strip():
                connection.execute(sql.SQL(text))


def manage(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def statements(text: str) -> list[str]:
    """Return the statements of SQL, without comments and without BEGIN and COMMIT."""
    plain = re.sub(r"(?m)^--.*$", "", text)
    found = [" ".join(each.split()) for each in plain.split(";")]
    return [each for each in found if each and each not in {"BEGIN", "COMMIT"}]


def test_manage_is_what_sets_a_project_up(tmp_path: Path) -> None:
    folder = django(tmp_path, {"0001_initial.py": INITIAL})
    (folder / "manage.py").write_text(MANAGE.replace('"settings"', '"other"'))
    (folder / "other.py").write_text("from settings import *  # noqa: F403\nprint('hello')\n")
    assert judged(folder).verdict.answer is Answer.YES


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        (f"state_operations=[{DROP}]", []),
        (f"database_operations=[{CODE}]", ["0002_b.py:10 unread-code"]),
        (
            f"database_operations=[{DROP}, {CODE}]",
            [
                "0002_b.py:10 unread-code",
                "0002_b.py:10 dropped-column",
                "0002_b.py:10 missing-lock-timeout",
            ],
        ),
    ],
)
def test_what_stands_below_separate_operations_counts(
    inside: str, expected: list[str], tmp_path: Path
) -> None:
    second = migration("0001_initial", f"migrations.SeparateDatabaseAndState({inside})")
    folder = django(tmp_path, {"0001_initial.py": INITIAL, "0002_b.py": second})
    outcome = judged(folder, paths=("shop/migrations/0002_b.py",))
    assert sorted(shown(outcome)) == sorted(expected)


def test_a_migration_with_an_apply_of_its_own_cannot_be_told(tmp_path: Path) -> None:
    own = "    def apply(self, state, editor, collect_sql=False):\n        return state\n"
    second = migration("0001_initial", ADD) + own
    outcome = judged(django(tmp_path, {"0001_initial.py": INITIAL, "0002_b.py": second}))
    assert "an apply() of its own" in reasons(outcome)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("0002_b.py", migration("0009_gone", ADD), "NodeNotFoundError"),
        ("0002_b.py", "import nowhere\n", "No module named 'nowhere'"),
        ("0002_b.py", "class Migration(:\n", "SyntaxError"),
        ("../../settings.py", "import nowhere\n", "No module named 'nowhere'"),
    ],
)
def test_a_change_to_a_project_that_cannot_be_rendered_is_no_yes(
    name: str, text: str, said: str, tmp_path: Path
) -> None:
    files = {"0001_initial.py": INITIAL, "0002_b.py": migration("0001_initial", ADD), name: text}
    folder = django(tmp_path, files)
    git = FakeGit(changed=(Change(status="A", path="shop/migrations/0002_b.py"),))
    outcome = judged(folder, world=there(folder, git=git), since="main")
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert said in reasons(outcome)


@pytest.mark.parametrize(("edit", "found_it"), [("# why\n", False), ("x = 1\n", True)])
def test_an_edit_of_a_released_squash_beside_its_originals_is_a_finding(
    edit: str, *, found_it: bool, tmp_path: Path
) -> None:
    path, before = "shop/migrations/0001_squashed.py", squashed("0001_initial")
    files = {"0001_initial.py": INITIAL, "0001_squashed.py": before + edit}
    git = FakeGit(
        changed=(Change(status="M", path=path),), contents={("main", path): before.encode()}
    )
    folder = django(tmp_path, files)
    outcome = judged(folder, world=there(folder, git=git), since="main")
    assert ("0001_squashed.py:0 edited-migration" in shown(outcome)) is found_it
