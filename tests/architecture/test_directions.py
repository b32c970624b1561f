"""The directions between the rooms (docs/design.md), held by a walk over the syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "cdkit"
MODULES = sorted(PACKAGE.rglob("*.py"))

DOMAINS = frozenset({"image", "migrations", "scan", "evidence", "gate", "events", "dora"})
MAY_IMPORT = {
    "core": frozenset({"core"}),
    "ci": frozenset({"core", "ci"}),
    "report": frozenset({"core", "report"}),
    **{domain: frozenset({"core", domain}) for domain in DOMAINS},
    "steps": frozenset({"core", "steps"}) | DOMAINS,
    "cli": frozenset({"core", "ci", "report", "steps", "cli"}) | DOMAINS,
}
EXTENSIONS = frozenset(
    {"rules", "sources", "scanners", "formats", "stores", "sinks", "systems", "places"}
    | {"files", "registries", "tagtypes", "engines"}
)

OUTSIDE = frozenset(
    {
        "os",
        "io",
        "pathlib.Path",
        "urllib.request",
        "socket",
        "subprocess",
        "sqlite3",
        "http",
        "requests",
        "docker",
        "git",
        "shutil",
    }
    | {"tempfile", "glob", "multiprocessing", "threading", "ctypes", "time", "random"}
)
OPENERS = frozenset({"open", "input", "print"})
METHODS = frozenset(
    {"read_text", "read_bytes", "write_text", "write_bytes", "unlink", "mkdir", "iterdir", "rglob"}
    | {"getenv", "popen"}
)
CLOCKS = frozenset({"now", "utcnow", "today", "fromtimestamp"})
EXCEPTIONS = {
    "cdkit/events/outbox.py": "the outbox is a SQLite file: durability is SQLite's own affair",
    "cdkit/events/opening.py": "the same file, made or set aside",
    "cdkit/events/sqlite.py": "the same file's lock and failures",
    **dict.fromkeys(
        (
            "cdkit/migrations/rendering/inside/channel.py",
            "cdkit/migrations/rendering/inside/alembic_history.py",
            "cdkit/migrations/rendering/inside/django_history.py",
        ),
        "runs in the project's own Python, in a process of its own",
    ),
}
"""Files outside core/doors that open something themselves, each with its reason."""


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _room(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def _is_extension(path: Path) -> bool:
    return path.parent.name in EXTENSIONS and path.name != "__init__.py"


def _may_open(path: Path) -> bool:
    """Whether it is a door, the command line, or a named exception."""
    return _name(path).startswith(("cdkit/core/doors/", "cdkit/cli/")) or _name(path) in EXCEPTIONS


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            yield node.lineno, node.module or ""
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


@pytest.fixture(scope="module")
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}


def test_every_folder_has_its_place_in_the_house() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name[0] != "_"}
    assert rooms == set(MAY_IMPORT)


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_room_imports_only_what_its_direction_allows(
    path: Path, trees: dict[Path, ast.Module]
) -> None:
    room = _room(path)
    allowed = MAY_IMPORT.get(room, frozenset({"cli"}))
    for line, name in _imports(trees[path]):
        parts = name.split(".")
        if parts[0] == "cdkit" and len(parts) > 1 and (PACKAGE / parts[1]).is_dir():
            assert parts[1] in allowed, f"{_name(path)}:{line} imports {name}"


@pytest.mark.parametrize("path", [p for p in MODULES if _is_extension(p)], ids=_name)
def test_an_extension_imports_no_other_extension(path: Path, trees: dict[Path, ast.Module]) -> None:
    folder = path.parent
    package = ".".join(folder.relative_to(ROOT).parts)
    for line, name in _imports(trees[path]):
        other = name.startswith(f"{package}.") and not name.startswith(f"{package}._")
        assert not other, f"{_name(path)}:{line} imports {name}"


@pytest.mark.parametrize("path", [p for p in MODULES if not _may_open(p)], ids=_name)
def test_only_the_doors_open_anything(path: Path, trees: dict[Path, ast.Module]) -> None:
    name = _name(path)
    for line, imported in _imports(trees[path]):
        names = {imported.split(".")[0], imported}
        assert not names & OUTSIDE, f"{name}:{line} imports {imported}"
    for node in ast.walk(trees[path]):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in OPENERS, f"{name}:{node.lineno} calls {node.func.id}()"
        if isinstance(node, ast.Attribute):
            allowed = node.attr not in METHODS or _of_a_door(node)
            assert allowed, f"{name}:{node.lineno} uses .{node.attr}"


def _of_a_door(node: ast.Attribute) -> bool:
    """Whether the attribute is taken from the world (`world.clock.now`, `world.environ`)."""
    value = node.value
    owner = value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")
    return owner in {"world", "clock", "self", "_clock", "_world"}


def test_every_exception_is_still_needed() -> None:
    for name in EXCEPTIONS:
        assert (ROOT / name).is_file(), f"{name} is gone: take it out of EXCEPTIONS"


@pytest.mark.parametrize("path", [p for p in MODULES if _room(p) != "cli"], ids=_name)
def test_click_stays_in_the_command_line(path: Path, trees: dict[Path, ast.Module]) -> None:
    assert "click" not in {name.split(".")[0] for _, name in _imports(trees[path])}


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_importing_a_module_only_defines(path: Path, trees: dict[Path, ast.Module]) -> None:
    for node in trees[path].body:
        loop = isinstance(node, ast.For | ast.While | ast.With | ast.Try)
        call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        assert not loop, f"{_name(path)}:{node.lineno} does something when imported"
        assert not call, f"{_name(path)}:{node.lineno} calls something when imported"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_files_and_functions_stay_small(path: Path, trees: dict[Path, ast.Module]) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= 400, f"{_name(path)} has {lines} lines"
    for node in ast.walk(trees[path]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 60, f"{_name(path)}:{node.lineno} {node.name} has {length} lines"


def test_no_room_is_called_what_says_nothing() -> None:
    empty_words = {"utils", "helpers", "base", "manager", "common", "misc"}
    assert not [_name(path) for path in MODULES if path.stem in empty_words]
