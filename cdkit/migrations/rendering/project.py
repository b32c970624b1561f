"""From a rendered history to a project: its migrations, and whatever makes it no history."""

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct, structs

from cdkit.core.errors import CdkitError
from cdkit.core.escape import terminal
from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.migrations.engine import Server
from cdkit.migrations.look import join
from cdkit.migrations.rendering.history import Database, History, Rendition, migration_of
from cdkit.migrations.server import engines, is_of, server_of
from cdkit.migrations.source import Complaint, Migration, Project, Request, Script
from cdkit.migrations.text import Text

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

    `home` is the folder that it was rendered in, which paths are relative to. Where it is of
    several databases, each but the first is one of the project's `others`.
    """
    if doubts := (*_missed(history, tool, request), *_engine_doubts(history, tool, request)):
        # What would be judged is not what runs, so that every finding could be a false alarm.
        return Project(faults=doubts, holds=tool.holds)
    first, *rest = history.apart
    several = bool(rest)
    others = [_of_database(each, tool, request, home, several=several) for each in rest]
    project = _of_database(first, tool, request, home, several=several)
    unread = (*project.unread, *_unloaded(history, project.migrations, tool, request, home))
    return structs.replace(
        project,
        unread=unread,
        complaints=tuple(_forked(history, home, tool)),
        replaced=tuple(join(home, path) for unit in history.units for path in unit.replaces),
        others=tuple(others),
        notes=(*_notes(history, tool), *project.notes),
    )


def _of_database(
    database: Database,
    tool: Tool,
    request: Request,
    home: str,
    *,
    several: bool,
) -> Project:
    """Return what runs on one database; of `several` each migration bears its name."""
    name = terminal(database.name) if several else ""
    one = Rendition(
        source=tool.name, root=home, look=request.look, prelude=database.prelude, database=name
    )
    migrations: list[Migration] = []
    unread: list[Reason] = []
    for number, unit in enumerate(database.units):
        try:
            migrations.append(migration_of(unit, number, one))
        except CdkitError as fault:
            unread.append(fault.reason())
    squashes = {join(home, unit.path) for unit in database.units if unit.replaces}

    def again(path: str, data: bytes) -> tuple[Migration, ...]:
        """Read another version of a file: its SQL is not known, but which database it is for."""
        script, order = Script(sql=b""), ((0, 0, path),)
        text = Text(path, data)
        return (Migration(text=text, script=script, source=tool.name, order=order, key=name),)

    return Project(
        migrations=tuple(migrations),
        unread=tuple(unread),
        engine=engine_of(database.engine),
        holds=tool.holds,
        again=again if name else None,
        database=name,
        stand_ins=tuple(one for one in migrations if one.path in squashes),
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
    found = [engine_of(each.engine) for each in history.apart]
    for each, engine in zip(history.apart, found, strict=True):
        if not engine and not history.nothing:
            known = ", ".join(one.title for one in engines().values())
            yield cannot_tell(
                f"{tool.title} renders for {terminal(each.engine) or 'no database'}, and cdkit "
                f"reads {known}",
                where=_where(request),
                remedy="let the project's settings name such a database",
            )
    wanted, engine = version_of(request), found[0]
    if wanted is not None and all(found) and not any(is_of(wanted, each) for each in found):
        yield cannot_tell(
            f"the project's own settings are for {engines()[engine].title}, and the server is "
            f"{wanted}: the SQL would be another",
            where=_where(request),
            remedy="let the settings name the real database: `--project-env NAME=VALUE`",
        )


def _missed(history: History, tool: Tool, request: Request) -> Iterator[Reason]:
    """Yield why what is here is not all of what was asked for."""
    if history.nothing:
        yield cannot_tell(
            "env.py runs no migration, so what would run cannot be told",
            where=_where(request),
            remedy=f"see that it calls run_migrations() when `{tool.by_hand}` asks it to",
        )
    for each in history.apart if not history.nothing else ():
        if each.ran < len(each.units):
            on = f" on the database {terminal(each.name)}" if history.others else ""
            yield cannot_tell(
                f"{tool.title} runs {each.ran} of {len(each.units)} migrations{on}",
                where=_where(request),
                remedy="see that env.py calls run_migrations() and filters nothing",
            )
    names = [each.name for each in history.apart]
    if len(names) > 1 and (len(set(names)) < len(names) or not all(names)):
        yield cannot_tell(
            "env.py migrates several databases in turn and does not name them, so what would run "
            "where cannot be told",
            where=_where(request),
            remedy="let it say which: `context.run_migrations(engine_name=name)`",
        )
    for doubt in dict.fromkeys(history.doubts):
        yield cannot_tell(
            f"{tool.title} warns: {terminal(doubt)[:300]}",
            where=_where(request),
            remedy="mend the history, so that each revision has one file, and one that it follows",
        )


def _unloaded(
    history: History, migrations: Sequence[Migration], tool: Tool, request: Request, home: str
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
    if len(apart := history.apart) > 1:
        yield f"judged each database by itself: {', '.join(terminal(each.name) for each in apart)}"
    if alike := len(history.others) + 1 - len(apart):
        yield f"databases that run the same as another are judged with it: {alike}"
    if history.databases:
        names = ", ".join(map(terminal, history.databases[:_SHOWN]))
        yield f"only the database `default` was rendered, not {names}"
    stand = [terminal(each.path) for each in history.units if each.replaces]
    for path in stand[:_SHOWN]:
        yield f"{path} stands for others that are still there: it and they count as released"
    if len(stand) > _SHOWN:
        yield f"so do {len(stand) - _SHOWN} more"
    if history.down_fault is not None:
        said = f"{history.down_fault.kind}: {terminal(history.down_fault.said)[:200]}"
        yield f"the ways back could not be rendered: {said}"


def _where(request: Request) -> Location:
    return Location(path=request.root)
