"""Small real projects of Alembic and Django, written into a folder, and judged."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from cdkit.core.doors.process import SystemProcesses
from cdkit.core.finding import Finding
from cdkit.core.step import Outcome
from cdkit.core.world import Git, World
from cdkit.migrations.find import Found, find
from cdkit.migrations.source import Rendering
from cdkit.steps.lint_migrations import LintMigrationsOptions, run
from tests.migrations.judging import ABOUT_OTHERS
from tests.worlds import FakeGit, world

INI = """[alembic]
script_location = db
sqlalchemy.url = postgresql://app:geheim@localhost/orders
"""
ENV = """from alembic import context

context.configure(
    url=context.config.get_main_option("sqlalchemy.url"), literal_binds=True, {options}
)
with context.begin_transaction():
    context.run_migrations()
"""
MANAGE = """import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
execute_from_command_line(sys.argv)
"""
SETTINGS = """SECRET_KEY = "x"
INSTALLED_APPS = ["shop"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "orders"}}
"""
FIRST = """from alembic import op
import sqlalchemy as sa

revision = "a1"
down_revision = None


def upgrade():
    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("note", sa.String(20)),
    )


def downgrade():
    op.drop_table("orders")
"""
INITIAL = """from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel("Customer", [
            ("id", models.BigAutoField(primary_key=True)),
            ("name", models.CharField(max_length=20, unique=True)),
        ]),
        migrations.CreateModel("Order", [
            ("id", models.BigAutoField(primary_key=True)),
            ("number", models.PositiveIntegerField(db_index=True)),
            ("note", models.CharField(max_length=20, db_index=True)),
            ("customer", models.ForeignKey("shop.Customer", models.CASCADE)),
        ], options={"unique_together": {("customer", "number")}}),
    ]
"""


def revision(name: str, after: str | None, up: str, down: str = "pass") -> str:
    """Return a revision of Alembic; its upgrade begins in line 9."""
    return (
        "from alembic import op\nimport sqlalchemy as sa\n\n"
        f"revision = {name!r}\ndown_revision = {after!r}\n\n\n"
        f"def upgrade():\n    {up}\n\n\ndef downgrade():\n    {down}\n"
    )


def alembic(folder: Path, revisions: Mapping[str, str], options: str = "", env: str = ENV) -> Path:
    """Write a project of Alembic."""
    files = {"alembic.ini": INI, "db/env.py": env.replace("{options}", options)}
    files |= {f"db/versions/{name}": text for name, text in revisions.items()}
    return laid_out(folder, files)


def migration(after: str, *operations: str, atomic: bool = True) -> str:
    """Return a migration of Django's app shop; its operations begin in line 10."""
    lines = "\n".join(f"        {operation}," for operation in operations)
    return (
        "from django.contrib.postgres.operations import AddIndexConcurrently\n"
        "from django.db import migrations, models\n\n\n"
        "class Migration(migrations.Migration):\n"
        f"    dependencies = [('shop', {after!r})]\n"
        f"    atomic = {atomic}\n\n"
        f"    operations = [\n{lines}\n    ]\n"
    )


def django(folder: Path, migrations: Mapping[str, str], settings: str = SETTINGS) -> Path:
    """Write a project of Django with one app, shop."""
    files = {"manage.py": MANAGE, "settings.py": settings}
    files |= {"shop/__init__.py": "", "shop/migrations/__init__.py": ""}
    files |= {f"shop/migrations/{name}": text for name, text in migrations.items()}
    return laid_out(folder, files)


def laid_out(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files into a folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def there(
    folder: Path, *, git: Git | None = None, environ: Mapping[str, str] | None = None
) -> World:
    """Return a world in which programs can be run."""
    return world(folder, processes=SystemProcesses(), git=git or FakeGit(), environ=environ)


def judged(folder: Path, *, world: World | None = None, **options: object) -> Outcome:
    """Judge a project with the Python of these tests."""
    given = {"python": sys.executable, "disable": ABOUT_OTHERS, **options}
    return run(LintMigrationsOptions(**given), world or there(folder))  # type: ignore[arg-type]


def found(folder: Path, *paths: str) -> Found:
    """Return the one project of a folder."""
    rendering = Rendering(python=sys.executable)
    ((one,), _) = find(paths, there(folder), rendering)
    return one


def shown(outcome: Outcome) -> list[str]:
    """Return each finding that counts as `file:line rule`."""
    counted = (one for one in outcome.findings if not one.suppressed)
    return [_shown(one) for one in counted if not one.message.startswith("on the way back")]


def _shown(finding: Finding) -> str:
    place = finding.locations[0]
    return f"{place.path.rpartition('/')[2]}:{place.line} {finding.rule}"


def reasons(outcome: Outcome) -> str:
    """Return all reasons of an answer, one a line, with what to do."""
    return "\n".join(f"{x.where}: {x.what} ({x.remedy})" for x in outcome.verdict.reasons)
