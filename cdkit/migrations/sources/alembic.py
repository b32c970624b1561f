"""Alembic: revisions in Python that follow one another; its own offline mode renders their SQL.

Found by an ini file with a `script_location`, `[tool.alembic]` of a pyproject.toml, or an env.py.
The order, the transactions and the SQL are what `alembic upgrade heads --sql` makes of them, in the
project's own Python. Sources: Alembic documentation, "Tutorial" (the .ini file), "Generating SQL
Scripts", "Using pyproject.toml for configuration".
"""

import functools
import re
from collections.abc import Iterator

from msgspec import Struct, structs

from cdkit.core.errors import CannotTell
from cdkit.migrations.look import Look, ancestors, join, parent
from cdkit.migrations.source import Migration, Project, Request, Script, Source
from cdkit.migrations.text import Text

_TOML = "pyproject.toml"
_ENV = "env.py"
_INI = "alembic.ini"
_DEFAULT = "alembic"


class _Place(Struct, frozen=True, kw_only=True):
    """A script location: its folder, those of its revisions, the file and section that name it."""

    folder: str
    versions: tuple[str, ...]
    file: str
    section: str = _DEFAULT


def _root(path: str, folder: str, look: Look) -> str | None:
    del folder
    name = path.rpartition("/")[2]
    if name == _TOML or name.endswith(".ini"):
        return next((place.folder for place in _places(path, look)), None)
    if name == _ENV:
        return parent(path) if _is_env(path, look) else None
    if not name.endswith(".py") or name == "__init__.py":
        return None
    for place in _above(path, look):
        if any(path.startswith(f"{join(versions, '')}") for versions in place.versions):
            return place.folder
    near = (above for above in ancestors(path) if "versions" in path.removeprefix(above).split("/"))
    return next((above for above in near if _is_env(join(above, _ENV), look)), None)


def _is_env(path: str, look: Look) -> bool:
    return look.is_file(path) and b"run_migrations" in look.read(path)


def _above(path: str, look: Look) -> Iterator[_Place]:
    """Yield the script locations that files in the folders above a path name."""
    for above in ancestors(path):
        for name in look.names(above):
            if name == _TOML or name.endswith(".ini"):
                yield from _places(join(above, name), look)


def _places(file: str, look: Look) -> Iterator[_Place]:
    """Yield the script locations that a file names; what is no configuration names none."""
    home = parent(file)
    for section, location, versions in _sections(look.read(file), file.endswith(".toml")):
        folders = [found for found in _folders(location, home, look) if look.is_dir(found)]
        for folder in folders[:1]:
            others = (each for entry in versions for each in _folders(entry, home, look))
            yield _Place(
                folder=folder,
                versions=(join(folder, "versions"), *others),
                file=file,
                section=section,
            )


@functools.lru_cache(maxsize=64)
def _sections(data: bytes, toml: bool) -> tuple[tuple[str, str, tuple[str, ...]], ...]:  # noqa: FBT001 - the cache's key
    """Return the sections with a script_location, the location, and where its revisions are."""
    if b"script_location" not in data:
        return ()
    import configparser
    import tomllib

    text = data.decode("utf-8", "replace")
    tables: dict[str, dict[str, object]] = {}
    try:
        if toml:
            tables = {_DEFAULT: tomllib.loads(text).get("tool", {}).get("alembic", {})}
        else:
            parser = configparser.RawConfigParser(strict=False)
            parser.read_string(text)
            tables = {name: dict(parser.items(name)) for name in parser.sections()}
    except (configparser.Error, tomllib.TOMLDecodeError, AttributeError):
        # Alembic itself says what is wrong with it; an env.py without it cannot be told.
        return ()
    found = []
    for name, table in sorted(tables.items(), key=lambda each: each[0] != _DEFAULT):
        given = table.get("version_locations", "")
        entries = given if isinstance(given, list) else re.split(r"[\s,;]+", str(given))
        if location := str(table.get("script_location", "")).strip():
            found.append((name, location, tuple(str(each) for each in entries if each)))
    return tuple(found)


def _folders(written: str, home: str, look: Look) -> Iterator[str]:
    """Yield what folder a location may mean: a path, or `package:folder`."""
    del look
    plain = written.replace("\\", "/").strip()
    for here in ("%(here)s/", "%%(here)s/", "./"):
        plain = plain.removeprefix(here)
    package, colon, inside = plain.partition(":")
    if colon:
        plain = f"{package.replace('.', '/')}/{inside}"
        yield join(home, f"src/{plain}".rstrip("/"))
    yield plain.rstrip("/") if plain.startswith("/") else join(home, plain.rstrip("/"))


def _place_of(request: Request) -> _Place:
    """Return the configuration of a script location. Raises CannotTell where none names it."""
    for place in _above(join(request.root, _ENV), request.look):
        if place.folder == request.root:
            return place
    raise CannotTell(
        "no alembic.ini and no [tool.alembic] here names this folder as its script_location, so "
        "Alembic cannot render its revisions",
        where=request.root,
        remedy="run cdkit where the configuration is, or add one",
    )


def _read(request: Request) -> Project:
    """Let the project's Alembic render every revision."""
    from cdkit.migrations.rendering.history import History
    from cdkit.migrations.rendering.project import Tool, failed, project_of
    from cdkit.migrations.rendering.python import Asked, ask

    tool = Tool(
        name="alembic",
        title="Alembic",
        by_hand="alembic upgrade heads --sql",
        merge="alembic merge heads",
        holds=lambda path: path.startswith(f"{request.root}/"),
    )
    asked = Asked(
        title=tool.title,
        by_hand=tool.by_hand,
        rendering=request.rendering,
        world=request.world,
    )
    try:
        place = _place_of(request)
        folders = tuple(join(each, "") for each in (request.root, *place.versions))
        tool = structs.replace(tool, holds=lambda path: path.startswith(folders))
        home, _, name = place.file.rpartition("/")
        has_toml = request.look.is_file(join(home, _TOML)) and any(
            _places(join(home, _TOML), request.look)
        )
        given = {
            "ini": name
            if name != _TOML
            else _INI
            if request.look.is_file(join(home, _INI))
            else "",
            "toml": _TOML if has_toml else "",
            "section": place.section,
        }
        history = ask("alembic_history", given, History, home or ".", asked)
    except CannotTell as fault:
        return failed(fault, tool)
    look = request.look
    files = {path for folder in folders for path in look.below(folder.rstrip("/"))}
    beside = frozenset(path for path in files if _is_revision(path) and _revises(path, look))
    asked_for = structs.replace(request, asked=request.asked | beside)
    return project_of(history, tool, asked_for, home or ".")


def _is_revision(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.endswith(".py") and name not in {"__init__.py", _ENV}


def _revises(path: str, look: Look) -> bool:
    """Whether a file says what it follows: a helper that lies beside revisions does not."""
    return b"down_revision" in look.read(path)


def _migrations(path: str, data: bytes) -> tuple[Migration, ...]:
    """Return the migration that a file alone is: nobody knows its SQL."""
    text = Text(path, data)
    order = ((0, 0, path),)
    return (Migration(text=text, script=Script(sql=b""), source="alembic", order=order),)


SOURCE = Source(
    title="Alembic",
    root=_root,
    read=_read,
    may_own=lambda *_: False,
    migrations=_migrations,
    named=_is_revision,
    goes_back=True,
    marks=(_INI, _TOML, _ENV),
)
