"""What of the migrations is the change: what is new since a revision, and what it edits."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.core.world import Change, Files, Git
from cdkit.migrations.find import Found, sources
from cdkit.migrations.folder import is_sql, takes_back
from cdkit.migrations.look import join, parent
from cdkit.migrations.source import Migration
from cdkit.migrations.text import Text

_WHOLE = "raw::includeAll"
"""Liquibase's name for the changeset that a file of plain SQL is."""


class StandIns(Struct, frozen=True, kw_only=True):
    """The paths of migrations that stand for others: those released, those of them edited."""

    released: frozenset[str] = frozenset()
    edited: tuple[str, ...] = ()


class Scope(Struct, frozen=True, kw_only=True):
    """The change: names of its migrations, and those that it edits, as they were released.

    `gone` are migrations that were released and are not there any more, `backs` the names of those
    of which only the way back is new, in a file of its own. `stand_ins` are the migrations
    that stand for others. `ahead` are migrations that were released when the branch had left, and
    `strange` files of which git cannot say whether they are new.
    """

    change: frozenset[str]
    released: Mapping[str, Migration] = {}
    gone: tuple[Migration, ...] = ()
    backs: frozenset[str] = frozenset()
    stand_ins: StandIns = StandIns()
    ahead: tuple[Migration, ...] = ()
    strange: tuple[str, ...] = ()


def since(found: Found, revision: str, git: Git, files: Files) -> Scope:
    """Return what differs from a revision in a project.

    Raises CannotTell where git does not know the revision or is not there.
    """
    here, files_here = _here(found, files)
    changed: set[str] = set()
    alike: set[str] = set()
    released: dict[str, Migration] = {}
    gone: list[Migration] = []
    changes = git.changes(revision)
    for change in changes:
        there = here.get(posixpath.normpath(change.path), [])
        before = (
            _before(change, found, changes, revision, git) if there or change.status == "D" else ()
        )
        old = _by_key(before, there)
        now = _by_key(_alone(change.path, found, files), there) if old and there else {}
        for migration in there:
            was = old.pop(migration.key, None)
            read = now.get(migration.key, migration)
            if was is not None and _goes_back_alike(was, read):
                alike.add(migration.name)
            if was is not None and _same(was, read):
                continue
            changed.add(migration.name)
            if was is not None:
                released[migration.name] = was
        # What is there and does not run here (for another database) is not gone.
        gone += (one for key, one in old.items() if key not in now)
    for kept, over in _reworked(found, changed, changes, revision, git):
        changed.discard(kept)
        released.pop(over, None)
    return Scope(
        change=frozenset(changed),
        released=released,
        gone=tuple(gone),
        backs=_backs(found, changes) - changed - alike,
        stand_ins=_stand_ins(found, changes, revision, git),
        ahead=tuple(_ahead(found, changes, revision, git)),
        strange=git.strangers(revision, files_here - {posixpath.normpath(x.path) for x in changes}),
    )


def of_commit(found: Found, others: str, git: Git, files: Files) -> Scope:
    """Return what files that are named do to those that a commit of others holds, and no more.

    What else is gone, or has come there meanwhile, is no doing of these files.
    """
    scope = since(found, others, git, files)
    named = {
        path for one in found.project.migrations if one.name in found.asked for path in one.files
    }
    return Scope(
        change=scope.change,
        released=scope.released,
        gone=tuple(one for one in scope.gone if one.path in named),
        backs=scope.backs | found.backs,
    )


def _here(found: Found, files: Files) -> tuple[dict[str, list[Migration]], set[str]]:
    """Return the migrations that were asked for by the paths that git may call their files.

    The others are the paths of the files themselves, where links are followed.
    """
    here: dict[str, list[Migration]] = {}
    kept: set[str] = set()
    top, folders = f"{files.real('.').rstrip('/')}/", dict[str, str]()
    for migration in found.project.migrations:
        if migration.name not in found.asked:
            continue
        for path in {posixpath.normpath(path) for path in migration.files}:
            folder, _, name = path.rpartition("/")
            if folder not in folders:
                folders[folder] = files.real(folder or ".")
            real = files.real(path) if files.is_link(path) else join(folders[folder], name)
            real = real.removeprefix(top)
            kept |= {real} if files.is_file(path) else set()
            for each in {path, real}:
                here.setdefault(each, []).append(migration)
    return here, kept


def _ahead(
    found: Found, changes: tuple[Change, ...], revision: str, git: Git
) -> Iterator[Migration]:
    """Yield the migrations that a revision has, and the branch has not got yet."""
    for path in git.missing(revision):
        yield from _before(Change(status="D", path=path), found, changes, revision, git)


def strange(found: Found, scope: Scope) -> Iterator[Reason]:
    """Yield why nobody can tell whether files are new that git does not keep here."""
    first, *more = scope.strange or ("",)
    if first:
        others = f" (and {len(more)} more of {found.root})" if more else ""
        yield cannot_tell(
            f"git does not keep this file{others}, so nobody can tell whether it is new",
            where=Location(path=first),
            remedy="commit it; what is of a submodule or of another repository can be judged "
            "there, what lies outside this folder from one above both",
        )


def _stand_ins(found: Found, changes: tuple[Change, ...], revision: str, git: Git) -> StandIns:
    ours = {posixpath.normpath(one.said.path): one.said for one in found.project.stand_ins}
    status = {posixpath.normpath(change.path): change.status for change in changes}
    released = {path: text for path, text in ours.items() if status.get(path) not in {"A", "C"}}
    edited = (
        text.path
        for path, text in sorted(released.items())
        if status.get(path) == "M" and not _alike(git.read(revision, path), text)
    )
    return StandIns(
        released=frozenset(text.path for text in released.values()), edited=tuple(edited)
    )


def _alike(old: bytes, new: Text) -> bool:
    """Whether a file is what it was, comments of Python aside."""
    return old == new.data or (new.path.endswith(".py") and _code(old) == _code(new.data))


def _goes_back_alike(one: Migration, other: Migration) -> bool:
    """Whether two states of a migration are taken back by the same SQL, in the file itself."""
    downs = (one.script.down, other.script.down)
    back, again = (down.sql.split() if down else None for down in downs)
    return back is not None and back == again


def _backs(found: Found, changes: tuple[Change, ...]) -> frozenset[str]:
    """Return the migrations whose way back stands in a file that the change touches."""
    paths = {posixpath.normpath(change.path) for change in changes}
    return frozenset(
        one.name
        for one in found.project.migrations
        if one.name in found.asked | found.backs
        and one.script.down
        and posixpath.normpath(one.script.down.text.path) in paths
    )


_BESIDE = (
    *("doc/*", "docs/*", "*/doc/*", "*/docs/*", "*.md", "*.rst", "*.adoc", "*.txt"),
    *("test/*", "tests/*", "spec/*", "*/test/*", "*/tests/*", "*/spec/*", "*/__tests__/*"),
    *("*_test.*", "*.test.*", "*.spec.*", "*_spec.rb", "test_*.py", "*/test_*.py"),
    *(".*", "*/.*", "*.yml", "*.yaml", "Jenkinsfile", "CHANGELOG*", "LICENSE*", "CODEOWNERS"),
    *("*structure.sql", "*schema.rb", "*schema.sql", "*atlas.sum"),
    *("*sqitch.plan", "*_journal.json", "*_snapshot.json", "*.prisma"),
)
"""What is no application code: documentation, tests, pipelines, dumps of the schema."""


def own(found: Found) -> Iterator[str]:
    """Yield the folders and files that are a project of migrations: where its files are.

    A root that is the working directory itself (`alembic.ini`, `sqitch.plan`) holds the
    application as well.
    """
    yield found.root
    for one in found.project.migrations:
        paths = [*one.files, *([one.script.down.text.path] if one.script.down else ())]
        yield from paths
        yield from map(parent, paths)


def application(
    changes: tuple[Change, ...], roots: frozenset[str], patterns: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the paths of application code in a change, sorted.

    With `patterns` what matches one of them (`*` for any text, `/` too), else everything but what
    lies in the projects of migrations (`roots`, folders and files), documentation, tests and
    pipelines.
    """
    from fnmatch import fnmatchcase

    paths = sorted({posixpath.normpath(change.path) for change in changes})
    if patterns:
        return tuple(path for path in paths if any(fnmatchcase(path, each) for each in patterns))
    known = {posixpath.normpath(root) for root in roots} - {"."}
    folders = tuple(f"{root}/" for root in known)
    return tuple(
        path
        for path in paths
        if path not in known
        and not path.startswith(folders)
        and not any(fnmatchcase(path, each) for each in _BESIDE)
    )


def _reworked(
    found: Found, changed: set[str], changes: tuple[Change, ...], revision: str, git: Git
) -> Iterator[tuple[str, str]]:
    """Yield the new files that only keep what another one was, each with the name of that one.

    What stands in the other one now is new, and nothing that is released was edited.
    """
    keeps = sources()[found.source].keeps
    by_path = {one.said.path: one for one in found.project.migrations}
    edited = {change.path for change in changes if change.status == "M"}
    for one in found.project.migrations:
        over = keeps(one.said.path) if one.name in changed else ""
        path = posixpath.normpath(over)
        if over in by_path and path in edited and git.read(revision, path) == one.said.data:
            yield one.name, by_path[over].name


def faults_since(found: Found, revision: str, git: Git) -> tuple[Reason, ...]:
    """Return why nobody can tell of the whole project, where the change may touch it.

    It may where it touches one of the tool's own files, or what has the name of a migration here.
    """
    if not revision or not found.project.faults:
        return found.project.faults
    source, root = sources()[found.source], posixpath.normpath(found.root)

    def touches(path: str) -> bool:
        below = root != "." and path.startswith(f"{root}/")
        named = (source.named or is_sql)(path) and found.project.holds(path)
        return below or named or path.rpartition("/")[2] in source.marks

    changes = git.changes(revision)
    paths = {posixpath.normpath(x) for each in changes for x in (each.path, each.old_path) if x}
    return found.project.faults if any(map(touches, paths)) else ()


def unread_since(found: Found, revision: str, git: Git) -> tuple[Reason, ...]:
    """Return why files of the change cannot be judged; those that are as they were are history.

    Without a revision every file that was asked for is the change.
    """
    if not revision or not (found.unread or found.project.replaced):
        return found.unread
    new = {posixpath.normpath(change.path) for change in git.changes(revision)}
    unread = (
        each
        for each in found.unread
        if each.where is None or posixpath.normpath(each.where.path) in new
    )
    replaced = (path for path in found.project.replaced if posixpath.normpath(path) in new)
    return (*unread, *map(_replaced, replaced))


def _replaced(path: str) -> Reason:
    """A migration that a squash stands for is not in the plan, and yet new to what runs."""
    return cannot_tell(
        "is part of this change, and a squashed migration beside it stands for it: a database that "
        "ran the others runs it, and one that ran none does not",
        where=Location(path=path),
        remedy="release it before the squash, or let a migration after the squash do it",
        rule="unread-code",
    )


def _by_key(held: Iterable[Migration], there: list[Migration]) -> dict[str, Migration]:
    """Return what a file holds by key; a file without keys is the one migration that runs it."""
    found = {migration.key: migration for migration in held}
    if len(found) == len(there) == 1 and _WHOLE in found:
        return {there[0].key: found[_WHOLE]}
    return found


def _alone(path: str, found: Found, files: Files) -> tuple[Migration, ...]:
    """Return what a file holds now, read by itself as its earlier state is."""
    reading = found.project.again or sources()[found.source].migrations
    return reading(path, files.read(path)) if reading is not None else ()


def _before(
    change: Change, found: Found, changes: tuple[Change, ...], revision: str, git: Git
) -> tuple[Migration, ...]:
    """Return what a file of this project held before the change; nothing where it is new."""
    reading = found.project.again or sources()[found.source].migrations
    old = change.old_path or change.path
    if change.status in {"A", "C"} or reading is None:
        return ()
    if change.status in {"D", "R"} and not _is_migration(old, found, changes):
        return ()
    return reading(old, git.read(revision, old))


def _same(old: Migration, new: Migration) -> bool:
    """Whether a change to the file leaves this migration of it as it was."""
    if new.said.path.endswith(".py"):
        return _code(old.said.data) == _code(new.said.data)
    return bool(new.key) and old.script.sql.split() == new.script.sql.split()


def _code(data: bytes) -> str:
    """Return Python without its comments and spaces; as it is where it is none."""
    import ast

    try:
        return ast.dump(ast.parse(data))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return data.decode("latin-1")


def _is_migration(path: str, found: Found, changes: tuple[Change, ...]) -> bool:
    """Whether a path that is gone was a migration of this project, and none that takes back."""
    root = posixpath.normpath(found.root)
    inside = root == "." or posixpath.normpath(path).startswith(root + "/")
    inside = inside and found.project.holds(path)
    known = {migration.path for migration in found.project.migrations}
    known |= {name for change in changes for name in (change.path, change.old_path)}
    source = sources()[found.source]
    is_down = takes_back(path, known, source.up_of(path))
    return inside and (source.named or is_sql)(path) and not is_down
