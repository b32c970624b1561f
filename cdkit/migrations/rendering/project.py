"""From a rendered history to a project: its migrations, and whatever makes it no history."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from cdkit.core.errors import CdkitError
from cdkit.core.escape import terminal
from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.migrations.engine import Server
from cdkit.migrations.look import join
from cdkit.migrations.rendering.history import History, Rendition, migration_of
from cdkit.migrations.server import engines, server_of
from cdkit.migrations.source import Complaint, Migration, Project, Request

_SHOWN = 5


class Tool(Struct, frozen=True, kw_only=True):
    """A tool that renders: its source's name, its title, its own commands to render and merge.

    `holds` says whether a path may be one of the project's migrations, by its name alone.
    """

    name: str
    title: str
    by_hand: str
    merge: str
    holds: Callable[[str], bool] = lambda _: True


def project_of(history: History, tool: Tool, request: Request, home: str) -> Project:
    """Return the project of a history: nothing is left out of it without a reason.

    `home` is the folder that it was rendered in, which paths are relative to.
    """
    if doubts := (*_missed(history, tool, request), *_engine_doubts(history, tool, request)):
        # What would be judged is not what runs, so that every finding could be a false alarm.
        return Project(faults=doubts, holds=tool.holds)
    one = Rendition(source=tool.name, root=home, look=request.look, prelude=history.prelude)
    migrations: list[Migration] = []
    unread: list[Reason] = []
    for number, unit in enumerate(history.units):
        try:
            migrations.append(migration_of(unit, number, one))
        except CdkitError as fault:
            unread.append(fault.reason())
    unread += _unloaded(history, migrations, tool, request, home)
    squashes = {join(home, unit.path) for unit in history.units if unit.replaces}
    return Project(
        migrations=tuple(migrations),
        unread=tuple(unread),
        complaints=tuple(_forked(history, home, tool)),
        engine=engine_of(history.engine),
        holds=tool.holds,
        replaced=tuple(join(home, path) for unit in history.units for path in unit.replaces),
        stand_ins=tuple(one for one in migrations if one.path in squashes),
        notes=tuple(_notes(history, tool)),
    )


def failed(fault: CdkitError, tool: Tool) -> Project:
    """Return the project of which nothing can be told."""
    return Project(faults=(fault.reason(),), holds=tool.holds)


def engine_of(dialect: str) -> str:
    """Return the engine that a framework means by its name for it, empty where none is known."""
    names = {alias: name for name, one in engines().items() for alias in (name, *one.aliases)}
    return names.get(dialect, "")


def version_of(request: Request) -> Server | None:
    """Return the server that the user named, or None."""
    return server_of(request.rendering.server) if request.rendering.server else None


def _engine_doubts(history: History, tool: Tool, request: Request) -> Iterator[Reason]:
    """Yield why the SQL is not of a server that anybody here knows."""
    engine = engine_of(history.engine)
    if not engine and history.runs == 1:
        known = ", ".join(each.title for each in engines().values())
        yield cannot_tell(
            f"{tool.title} renders for {terminal(history.engine) or 'no database'}, and cdkit "
            f"reads {known}",
            where=_where(request),
            remedy="let the project's settings name such a database",
        )
    wanted = version_of(request)
    if engine and wanted is not None and wanted.engine != engine and not _alike(wanted, engine):
        yield cannot_tell(
            f"the project's own settings are for {engines()[engine].title}, and the server is "
            f"{wanted}: the SQL would be another",
            where=_where(request),
            remedy="let the settings name the real database: `--project-env NAME=VALUE`",
        )


def _alike(wanted: Server, engine: str) -> bool:
    """Whether frameworks mean both by one name: MariaDB is reached as MySQL is."""
    return {wanted.engine, engine} == {"mysql", "mariadb"}


def _missed(history: History, tool: Tool, request: Request) -> Iterator[Reason]:
    """Yield why what is here is not all of what was asked for."""
    if history.runs != 1:
        what = "runs no migration" if history.runs == 0 else "migrates several databases in turn"
        yield cannot_tell(
            f"env.py {what}, so what would run where cannot be told",
            where=_where(request),
            remedy=f"let `{tool.by_hand}` render each database, and give the SQL",
        )
    elif history.ran < len(history.units):
        yield cannot_tell(
            f"{tool.title} runs {history.ran} of {len(history.units)} migrations",
            where=_where(request),
            remedy="see that env.py calls run_migrations() and filters nothing",
        )
    for doubt in dict.fromkeys(history.doubts):
        yield cannot_tell(
            f"{tool.title} warns: {terminal(doubt)[:300]}",
            where=_where(request),
            remedy="mend the history, so that each revision has one file, and one that it follows",
        )


def _unloaded(
    history: History, migrations: list[Migration], tool: Tool, request: Request, home: str
) -> Iterator[Reason]:
    """Yield which files that were asked for the tool itself passes over."""
    known = {each.said.path for each in migrations}
    known |= {join(home, path) for unit in history.units for path in unit.replaces}
    for path in sorted(request.asked - known):
        if _may_migrate(path):
            yield cannot_tell(
                f"{tool.title} does not load this file, so what it does cannot be told",
                where=Location(path=path),
                remedy="see that the tool looks into its folder, and knows its name",
                rule="unread-code",
            )


def _may_migrate(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.endswith(".py") and name not in {"__init__.py", "env.py"}


def _forked(history: History, home: str, tool: Tool) -> Iterator[Complaint]:
    """Yield that the history has several ends, at each of them."""
    paths = {unit.key: unit.path for unit in history.units}
    for head in history.heads if len(history.heads) > 1 else ():
        yield Complaint(
            rule="forked-history",
            path=join(home, paths.get(head) or head),
            what=f"this is one of {len(history.heads)} ends of the history",
            about=terminal(head),
            remedy=f"merge them: `{tool.merge}`",
        )


def _notes(history: History, tool: Tool) -> Iterator[str]:
    """Yield what people should know."""
    yield f"rendered by {tool.title} {terminal(history.version)} in the project's own Python"
    if history.databases:
        names = ", ".join(map(terminal, history.databases[:_SHOWN]))
        yield f"only the database `default` was rendered, not {names}"
    if history.down_fault is not None:
        said = f"{history.down_fault.kind}: {terminal(history.down_fault.said)[:200]}"
        yield f"the ways back could not be rendered: {said}"


def _where(request: Request) -> Location:
    return Location(path=request.root)
