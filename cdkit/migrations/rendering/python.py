"""The project's own Python: which one it is, what of the environment it gets, what it answers.

What it runs is code of the change under judgement, with the rights of whoever runs cdkit. So its
environment holds nothing but what any program needs and what the user hands over by name: no token
of the CI system, none of cdkit's.
"""

import re
from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec
from msgspec import Struct

from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.escape import terminal, terminal_lines
from cdkit.core.finding import Location
from cdkit.core.world import MIB, World
from cdkit.migrations.look import ancestors, join
from cdkit.migrations.rendering.history import Fault
from cdkit.migrations.source import Rendering

T = TypeVar("T")

NEVER = "none"
"""The Python that runs nothing of the project."""

LIMIT = 64 * MIB
"""The longest answer, in bytes: a history of 10,000 migrations has some 10 MB."""

_KEPT = (
    *("PATH", "HOME", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP"),
    *("SYSTEMROOT", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONPATH", "DJANGO_SETTINGS_MODULE"),
)
_FOLDERS = (".venv", "venv", "env")
_PROGRAMS = ("bin/python", "Scripts/python.exe")
_MANAGERS = {
    "poetry.lock": ("poetry", "env", "info", "--executable"),
    "Pipfile": ("pipenv", "--py"),
    "pdm.lock": ("pdm", "info", "--python"),
}
_PASSWORD = re.compile(r"(://[^:/@\s'\"]*:)[^@\s'\"]+@")
_TOLD = 3


class Answer(Struct, frozen=True, kw_only=True):
    """What every renderer answers at least: its fault, and the end of what the project printed."""

    fault: Fault | None = None
    heard: str = ""


def ask(
    renderer: str, given: Mapping[str, object], kind: type[T], folder: str, asked: "Asked"
) -> T:
    """Let a renderer run in the project's Python, in a folder, and return what it answers.

    Raises CannotTell, with the project's own last words, where it gives no answer.
    """
    python = python_of(folder, asked)
    program = asked.channel
    done = asked.world.processes.run(
        [python, program, renderer],
        stdin=msgspec.json.encode(given),
        timeout=asked.rendering.patience,
        environ=environ_of(asked.rendering, asked.world.environ),
        cwd=asked.world.files.absolute(folder),
    )
    if len(done.stdout) > LIMIT:
        raise CannotTell(
            f"{asked.title} rendered more than {LIMIT // MIB} MiB of SQL",
            where=folder,
            remedy="render it yourself, and give the files",
        )
    try:
        answer = msgspec.json.decode(done.stdout, type=Answer)
        if answer.fault is None:
            return msgspec.json.decode(done.stdout, type=kind)
    except msgspec.MsgspecError as wrong:
        last = _masked(_last(done.stderr.decode("utf-8", "replace")), asked)
        raise CannotTell(
            f"{python} ended with {done.code} and gave no SQL{last and f': {last}'}",
            where=folder,
            remedy=f"see that `{asked.by_hand}` works there",
        ) from wrong
    raise _failed(python, folder, answer.fault, answer.heard, asked)


class Asked(Struct, frozen=True, kw_only=True):
    """Who asks: the tool's title, its own command that does the same by hand, the world."""

    title: str
    by_hand: str
    rendering: Rendering
    world: World

    @property
    def channel(self) -> str:
        """The program that runs in the project's Python."""
        from cdkit.migrations.rendering import inside

        return join(inside.__path__[0], "channel.py")


def python_of(folder: str, asked: Asked) -> str:
    """Return the project's own Python.

    What the user named; else a virtual environment in the folder or above; else the active one;
    else what Poetry, PDM or Pipenv say; else python3. Raises CannotTell where there is none, and
    where nothing of the project may run.
    """
    named = asked.rendering.python
    if named == NEVER:
        raise CannotTell(
            f"only {asked.title} itself can say which SQL its migrations run, and no code of the "
            "project may run here",
            where=folder,
            remedy=f"let `{asked.by_hand}` render them elsewhere, and give the SQL",
        )
    if named:
        return asked.world.files.absolute(named) if "/" in named else named
    for found in _pythons(folder, asked.world):
        return found
    raise CannotTell(
        f"there is no Python here that could let {asked.title} render its migrations",
        where=folder,
        remedy="make the project's environment first, or name its Python: `--python PATH`",
    )


def _pythons(folder: str, world: World) -> Iterator[str]:
    files = world.files
    folders = (folder, *ancestors(folder))
    beside = (join(join(above, env), p) for above in folders for env in _FOLDERS for p in _PROGRAMS)
    yield from (files.absolute(path) for path in beside if files.is_file(path))
    if active := world.environ.get("VIRTUAL_ENV"):
        paths = (f"{active}/{program}" for program in _PROGRAMS)
        yield from (path for path in paths if files.is_file(path))
    for above in folders:
        for lock, command in _MANAGERS.items():
            if files.is_file(join(above, lock)):
                yield from _managed(command, above, world)
    for name in ("python3", "python"):
        if path := world.processes.which(name):
            yield path


def _managed(command: tuple[str, ...], folder: str, world: World) -> Iterator[str]:
    """Yield the Python that a manager of environments names."""
    if world.processes.which(command[0]) is None:
        return
    try:
        done = world.processes.run(
            command,
            cwd=world.files.absolute(folder),
            environ=environ_of(Rendering(), world.environ),
        )
    except CannotTell:
        # Without it there is python3, which tells by itself what it lacks.
        return
    path = done.stdout.decode("utf-8", "replace").strip()
    if done.code == 0 and world.files.is_file(path):
        yield path


def environ_of(rendering: Rendering, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the project's process.

    Raises RequestError where the user hands over a variable that is not there.
    """
    kept = {name: environ[name] for name in _KEPT if name in environ}
    kept |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "ignore"}
    for each in rendering.environ:
        name, given, value = each.partition("=")
        if not given and name not in environ:
            raise RequestError(
                f"the environment has no {name!r} to hand over",
                where="project-env",
                remedy=f"set it, or write `{name}=VALUE`",
            )
        kept[name] = value if given else environ[name]
    return kept


def _failed(python: str, folder: str, fault: Fault, heard: str, asked: Asked) -> CannotTell:
    """Return what the project's own code says against rendering."""
    said = _masked(f"{fault.kind}: {terminal(fault.said)[:600]}", asked)
    place = Location(path=join(folder, fault.path), line=fault.line) if fault.path else None
    last = _masked(_last(heard), asked)
    told = f"; it printed last: {last}" if last else ""
    return CannotTell(
        f"{asked.title} cannot render the migrations, with {python}: {said}{told}",
        where=place or folder,
        remedy=_remedy(fault, asked),
    )


def _remedy(fault: Fault, asked: Asked) -> str:
    """Return what would let the project's code render."""
    words = set(re.findall(r"[A-Z][A-Z0-9_]{2,}", fault.said))
    handed = {each.partition("=")[0] for each in asked.rendering.environ}
    known = sorted((words & set(asked.world.environ)) - handed - set(_KEPT))
    if known:
        return f"it seems to want {known[0]}, which it does not get: `--project-env {known[0]}`"
    if fault.kind in {"ModuleNotFoundError", "ImportError"}:
        return "install the project's requirements, or name its Python: `--python PATH`"
    if fault.kind == "KeyError" and words:
        name = min(words)
        return f"if that is a variable of the environment, set it: `--project-env {name}=VALUE`"
    return f"make `{asked.by_hand}` work there; hand variables over with `--project-env NAME`"


def _masked(text: str, asked: Asked) -> str:
    """Return text without what was handed over, and without passwords in addresses."""
    values = environ_of(asked.rendering, asked.world.environ)
    handed = (values[each.partition("=")[0]] for each in asked.rendering.environ)
    for value in sorted(filter(None, handed), key=len, reverse=True):
        text = text.replace(value, "***")
    return _PASSWORD.sub(r"\1***@", text)


def _last(text: str) -> str:
    """Return the last lines of what was printed, as one."""
    lines = [line for line in terminal_lines(text[-4000:]) if line.strip()]
    return " | ".join(lines[-_TOLD:])[:600]
