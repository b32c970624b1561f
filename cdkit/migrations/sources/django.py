"""Django: migrations in Python, over all applications of a project; its own code renders their SQL.

The plan, each migration's transaction (`atomic`) and its SQL are what Django itself makes of them,
in the project's own Python, without a database. RunPython is code, and cannot be told. A squashed
migration runs nothing where those that it replaces have run, so while they stand beside it it is
history. Sources: Django documentation, "Migrations", "Migration Operations".
"""

import re

from cdkit.core.errors import CannotTell
from cdkit.migrations.look import Look, ancestors, join, parent
from cdkit.migrations.source import Migration, Project, Request, Script, Source
from cdkit.migrations.text import Text

_MARK = "manage.py"


def _root(path: str, folder: str, look: Look) -> str | None:
    del folder
    if path.rpartition("/")[2] == _MARK:
        return parent(path) if _is_django(path, look) else None
    if not _is_migration(path):
        return None
    managed = (above for above in ancestors(path) if look.is_file(join(above, _MARK)))
    return next((above for above in managed if _is_django(join(above, _MARK), look)), None)


def _is_django(path: str, look: Look) -> bool:
    return b"execute_from_command_line" in look.read(path)


def _is_migration(path: str) -> bool:
    above, _, name = path.rpartition("/")
    inside = above.rpartition("/")[2] == "migrations"
    return inside and name.endswith(".py") and name != "__init__.py"


def _may_be_migration(path: str) -> bool:
    """Whether a path has a migration's name: MIGRATION_MODULES may put them into any folder."""
    return _is_migration(path) or bool(re.search(r"(?:^|/)\d{4}_\w+\.py$", path))


def _read(request: Request) -> Project:
    """Let the project render every migration of its plan."""
    from cdkit.migrations.rendering.history import History
    from cdkit.migrations.rendering.project import Tool, failed, project_of, version_of
    from cdkit.migrations.rendering.python import Asked, ask

    tool = Tool(
        name="django",
        title="Django",
        by_hand="python manage.py sqlmigrate APP MIGRATION",
        merge="python manage.py makemigrations --merge",
    )
    asked = Asked(
        title=tool.title,
        by_hand=tool.by_hand,
        rendering=request.rendering,
        world=request.world,
    )
    server = version_of(request)
    given = {
        "manage": _MARK,
        "server": server.engine if server else "",
        "version": server.version if server else (),
    }
    try:
        history = ask("django_history", given, History, request.root, asked)
    except CannotTell as fault:
        return failed(fault, tool)
    return project_of(history, tool, request, request.root)


def _migrations(path: str, data: bytes) -> tuple[Migration, ...]:
    """Return the migration that a file alone is: nobody knows its SQL."""
    text = Text(path, data)
    order = ((0, 0, path),)
    return (Migration(text=text, script=Script(sql=b""), source="django", order=order),)


SOURCE = Source(
    title="Django",
    root=_root,
    read=_read,
    may_own=lambda *_: False,
    migrations=_migrations,
    named=_may_be_migration,
    goes_back=True,
    marks=(_MARK,),
)
