"""Flyway: `V1__x.sql` once, `R__x.sql` whenever it changes, `U1__x.sql` back, `B1__x.sql` new.

Sources: Flyway documentation, "Migrations" (names, order, baseline), "Migration transaction
handling", "Callback events", "Placeholders"; Flyway's source, PostgreSQLParser.java (what it finds
out to be non-transactional) and ParserSqlScript.java (`mixed`). A file whose name does not fit is
ignored in silence unless validateMigrationNaming is set. Versions are compared part by part, as
numbers, `_` being `.`: 1.9 comes before 1.10. Java migrations are programs.
"""

import re
from collections.abc import Callable

from msgspec import structs

from cdkit.core.finding import Severity
from cdkit.migrations.flyway_config import (
    CODE,
    FILES,
    NO_SWITCH,
    SWITCHES,
    Config,
    config_of,
    configured,
    is_switch,
    root_of,
    script_config,
)
from cdkit.migrations.flyway_statements import transaction_of
from cdkit.migrations.folder import FolderTool, migration_of, natural, read_folder
from cdkit.migrations.lazy import pattern
from cdkit.migrations.look import Look, join, parent
from cdkit.migrations.placeholders import braces, fill
from cdkit.migrations.source import (
    Complaint,
    Late,
    Migration,
    Order,
    Project,
    Request,
    Script,
    Source,
)
from cdkit.migrations.text import Text

_CALLBACK = pattern(
    r"(?:(?:before|after)(?:Each)?(?:Migrate|Repeatables|Versioned|Undo|Clean|Info|Validate|Baseline"
    r"|Repair|Connect)\w*?|createSchema)(?:__[^/]*)?"
)
_IN_MIGRATE = pattern(r"(before|after)(?:Each)?(?:Migrate|Repeatables|Versioned|Connect)")
_NEAR = pattern(r"[vVUB]\d[\d._-]*(?:[_ -][^/]*)?\.\w+|[rR]_[^/]*")
_VENDORS = frozenset(
    {"postgresql", "mysql", "mariadb", "sqlite", "h2", "hsqldb", "oracle", "sqlserver", "db2"}
)
_LATE = Late(
    says="Flyway refuses to migrate (`outOfOrder` is off), and validate fails",
    severity=Severity.HIGH,
    remedy="give it a version after the newest released one; `outOfOrder=true` would run it late",
)
_CONCURRENTLY = pattern(rb"\bINDEX\s+CONCURRENTLY\b", re.IGNORECASE)


_AROUND = ("before", "after", "createSchema")
"""How the names of callbacks begin."""


def _kind(path: str, config: Config) -> tuple[str, str]:
    """Return which kind of migration a file is by its name (V, U, B, R), and its version."""
    name = path.rpartition("/")[2]
    found = config.names().fullmatch(name) if name.startswith(config.initials) else None
    if found is None or found.lastgroup is None:
        return "", ""
    kind = found.lastgroup
    return kind, _normal(found[kind]) if kind != "R" else ""


def _normal(version: str) -> str:
    """Return a version as Flyway compares it: no zeros before a part, none at the end."""
    parts = [str(int(part)) for part in re.split(r"[._]", version)]
    while len(parts) > 1 and parts[-1] == "0":
        parts.pop()
    return ".".join(parts)


def _is_callback(path: str, config: Config) -> bool:
    name = path.rpartition("/")[2]
    if not name.startswith(_AROUND):
        return False
    suffix = next((each for each in config.suffixes if each and name.endswith(each)), None)
    return suffix is not None and bool(_CALLBACK().fullmatch(name.removesuffix(suffix)))


def _place(path: str, config: Config) -> int:
    """Return where a callback runs: before all migrations, or after; 0 for what is none."""
    if _kind(path, config)[0] or not _is_callback(path, config):
        return 0
    found = _IN_MIGRATE().match(path.rpartition("/")[2])
    return (-1 if found[1] == "before" else 2) if found else 0


def _described(path: str, config: Config) -> bool:
    """Whether a name has the separator, so that hardly any other tool can mean it."""
    return config.separator in path.rpartition("/")[2]


def _is_project(folder: str, look: Look) -> bool:
    """Whether a folder holds a file that is surely Flyway's."""
    config = config_of(folder, look)

    def find() -> bool:
        return any(
            _kind(name, config)[0] and _described(name, config) for name in look.names(folder)
        )

    return look.once(("flyway files", folder), find)


def _owns(path: str, look: Look) -> bool:
    folder = parent(path)
    config = config_of(folder, look)
    kind, _ = _kind(path, config)
    if kind:
        return _described(path, config) or bool(config.settings) or _is_project(folder, look)
    name = path.rpartition("/")[2]
    near = name[:1] in "vVuUbBrR" and name.lower().endswith(".sql") and _NEAR().fullmatch(name)
    return bool(near or _is_callback(path, config)) and _is_project(folder, look)


def _may_own(beside: str, _folder: str, look: Look) -> bool:
    """Whether any name begins as those do that are its, or nearly so."""
    first = (*config_of(beside, look).initials, *"vVuUbBrR", *_AROUND)
    return any(name.startswith(first) for name in look.names(beside))


def _root(path: str, folder: str, look: Look) -> str | None:
    name = path.rpartition("/")[2]
    if name in {"flyway.toml", "flyway.conf"}:
        config = config_of(folder, look)
        return config.folder if config.locations else None
    if not _owns(path, look):
        return None
    root = root_of(path, folder, config_of(parent(path), look))
    # `{vendor}` in Spring Boot's locations: each database has the same versions in a folder.
    inside = _inside(path, root)
    return join(root, inside) if inside in _VENDORS else root


def _order(config: Config) -> Callable[[str], Order]:
    def order(path: str) -> Order:
        """Repeatable ones come last, by their description; callbacks around all."""
        if place := _place(path, config):
            return ((place, 0, ""), (0, 0, path))
        kind, version = _kind(path, config)
        name = path.rpartition("/")[2]
        if kind == "R":
            return ((1, 0, ""), (0, 0, name.partition(config.separator)[2]), (0, 0, path))
        if not version:
            return ((0, 0, ""), *natural(path))
        numbers = (0, *map(int, version.split(".")))
        # A baseline stands for what came up to its version.
        return (*((0, number, "") for number in numbers), (-1, int(kind == "B"), path))

    return order


def _misnamed(config: Config) -> Callable[[str], tuple[str, str] | None]:
    def misnamed(path: str) -> tuple[str, str] | None:
        if _kind(path, config)[0] or _is_callback(path, config):
            return None
        prefix, separator, suffix = config.prefixes[0][1], config.separator, config.suffixes[0]
        name = path.rpartition("/")[2]
        wanted = f"{prefix}<version>{separator}<description>{suffix}"
        return (
            f"Flyway does not run {name}, and does not say so: it looks for {wanted}",
            "rename it; with `validateMigrationNaming` Flyway refuses such a name",
        )

    return misnamed


def _up_of(config: Config) -> Callable[[str], tuple[str, ...]]:
    undo, versioned = config.prefixes[1][1], config.prefixes[0][1]

    def up_of(path: str) -> tuple[str, ...]:
        folder, slash, name = path.rpartition("/")
        if _kind(path, config)[0] != "U":
            return ()
        same = versioned + name.removeprefix(undo)
        version = same.partition(config.separator)[0]
        return (f"{folder}{slash}{same}", f"{folder}{slash}{version}{config.separator}*")

    return up_of


def _fill(config: Config) -> Callable[[Text], Text]:
    opening = config.get("placeholderPrefix", "${")
    closing = config.get("placeholderSuffix", "}")

    def filled(text: Text) -> Text:
        if not config.is_on("placeholderReplacement", default=True):
            return text
        if opening.encode() not in text.data:
            return text
        own = {"flyway:filename": text.path.rpartition("/")[2]}
        values = {**config.values, **own}
        return fill(text, braces(text.data, values, opening=opening, closing=closing))

    return filled


def _tool(config: Config) -> FolderTool:
    def script(_path: str, data: bytes) -> Script:
        wrapped, _ = transaction_of(data)
        return Script(sql=data, in_transaction=wrapped)

    def code(path: str) -> str:
        if not path.endswith(CODE):
            return ""
        return "log the statements of a run on a scratch database, or write the migration in SQL"

    def version(path: str) -> str:
        kind, number = _kind(path, config)
        return f"{'' if kind == 'V' else kind}{number}" if number else ""

    return FolderTool(
        name="flyway",
        title="Flyway",
        owns=_owns,
        script=script,
        up_of=_up_of(config),
        order=_order(config),
        repeats=lambda path: _kind(path, config)[0] == "R" or _is_callback(path, config),
        fill=_fill(config),
        version=version,
        twice="refuses to start (found more than one migration with this version)",
        misnamed=_misnamed(config),
        code=code,
        late=None if config.is_on("outOfOrder") else _LATE,
    )


def _read(request: Request) -> Project:
    look = request.look
    config = config_of(request.root, look)
    remote = {*config.remote} if request.root == config.folder else set()
    project = read_folder(_tool(config), request, _paths(request, config))
    project = _without_baselines(_without_callbacks(project, config), config)
    migrations, complaints = _run_as_configured(project.migrations, config, look)
    return structs.replace(
        project,
        migrations=migrations,
        complaints=(*project.complaints, *complaints),
        notes=(*project.notes, *_noted("locations that are not looked into", remote)),
        faults=config.faults,
        engine=_vendor(request.root) or config.engine,
        holds=lambda path: _kind(path, config)[0] in {"V", "R"},
        again=lambda path, data: (migration_of(_tool(config), Text(path, data)),),
    )


def _vendor(root: str) -> str:
    """Return the database whose name a root has, where each has a folder of its own."""
    name = root.rpartition("/")[2]
    return name if name in _VENDORS else ""


def _paths(request: Request, config: Config) -> list[str]:
    look = request.look
    places = config.locations if request.root == config.folder else ()
    there = (path for place in places for path in look.below(place))
    paths = there if places else look.below(request.root, request.depth)
    return [x for x in dict.fromkeys(paths) if _inside(x, request.root) not in _VENDORS]


def _inside(path: str, root: str) -> str:
    """Return the folder right below a root that a path is in."""
    return path.removeprefix(f"{root}/").partition("/")[0]


def _without_callbacks(project: Project, config: Config) -> Project:
    """Leave out the callbacks of other commands than migrate; those of migrate run each time."""
    calls = {
        one.path: _place(one.path, config)
        for one in project.migrations
        if not _kind(one.path, config)[0] and _is_callback(one.path, config)
    }
    out = {path for path, place in calls.items() if not place}
    return structs.replace(
        project,
        migrations=tuple(one for one in project.migrations if one.path not in out),
        notes=_noted("callbacks of other commands than migrate, not judged", out),
    )


def _noted(what: str, paths: set[str]) -> tuple[str, ...]:
    shown = sorted(paths)[:5]
    return (f"{what}: {', '.join(shown)}{' …' if len(paths) > 5 else ''}",) if paths else ()


def _without_baselines(project: Project, config: Config) -> Project:
    """Leave out baselines, which do not run where something runs already.

    Where the migrations are gone that a baseline stands for, it is the history itself.
    """
    kinds = [(one, _kind(one.path, config)[0]) for one in project.migrations]
    baselines = [one for one, kind in kinds if kind == "B"]
    newest = max(baselines, key=lambda one: one.order, default=None)
    before = [one for one, kind in kinds if kind == "V" and newest and one.order < newest.order]
    out = {one.path for one in baselines if before or one is not newest}
    return structs.replace(
        project,
        migrations=tuple(one for one in project.migrations if one.path not in out),
        downs=project.downs | out,
        stand_ins=tuple(one for one in baselines if one.path in out),
        notes=(*project.notes, *_noted("baselines are for new databases, not judged", out)),
    )


def _run_as_configured(
    migrations: tuple[Migration, ...], config: Config, look: Look
) -> tuple[tuple[Migration, ...], list[Complaint]]:
    """Let each script run as its own configuration has it; complain of what Flyway refuses."""
    done: list[Migration] = []
    complaints: list[Complaint] = []
    waits = config.get("postgresql.transactional.lock") != "false"
    for one in migrations:
        own = script_config(one.path, look).get("executeInTransaction")
        asked = own or config.get("executeInTransaction")
        wrapped, refused = transaction_of(one.script.sql)
        if own and not is_switch(own):
            complaints.append(_unsure(one, own))
        elif asked:
            wrapped = asked.strip().lower() != "false"
        elif refused >= 0 and not config.is_on("mixed"):
            complaints.append(_mixed(one, refused))
        if waits and not wrapped and (found := _CONCURRENTLY().search(one.script.sql)):
            complaints.append(_waits(one, found.start()))
        done.append(_wrapped(one, wanted=wrapped))
    return tuple(done), complaints


def _unsure(one: Migration, own: str) -> Complaint:
    return Complaint(
        rule="misplaced-marker",
        path=one.path,
        what=f"{one.path}.conf says {own[:40]!r} for executeInTransaction: {NO_SWITCH}",
        remedy=SWITCHES,
    )


def _waits(one: Migration, at: int) -> Complaint:
    return Complaint(
        rule="waiting-on-own-lock",
        path=one.path,
        line=one.text.line(at),
        what="Flyway 9.1.2 and newer hold their own lock in a transaction, and CONCURRENTLY was "
        "seen to wait for that for ever",
        remedy="set `flyway.postgresql.transactional.lock=false`",
    )


def _wrapped(one: Migration, *, wanted: bool) -> Migration:
    return structs.replace(one, script=structs.replace(one.script, in_transaction=wanted))


def _mixed(one: Migration, at: int) -> Complaint:
    return Complaint(
        rule="mixed-migration",
        path=one.path,
        line=one.text.line(at),
        what="here begins what Flyway runs in a transaction beside what it runs outside one: it "
        "refuses the file, since `mixed` is off",
        remedy="put it into a migration of its own, or say `executeInTransaction=false` in "
        f"{one.path.rpartition('/')[2]}.conf",
    )


def _migrations(path: str, data: bytes) -> tuple[Migration, ...]:
    return (migration_of(_tool(configured("")), Text(path, data)),)


SOURCE = Source(
    title="Flyway",
    root=_root,
    read=_read,
    may_own=_may_own,
    migrations=_migrations,
    up_of=_up_of(configured("")),
    marks=tuple(name for name in FILES if "/" not in name),
    sums="Flyway's sum of the file is another then, and it refuses to migrate until `repair`",
)
