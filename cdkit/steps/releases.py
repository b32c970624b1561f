"""Which commit a release is that a contract names, and whether it is part of what runs."""

import re
from collections.abc import Iterable, Mapping

from cdkit.core.documents.kinds import Identity
from cdkit.core.errors import CannotTell, Missing
from cdkit.core.world import World
from cdkit.migrations.contract import Release, Terms
from cdkit.migrations.declared import Declared
from cdkit.migrations.find import sources
from cdkit.migrations.source import Migration

_DIGEST = r"(?a)(?:\S+@)?(sha256:[0-9a-f]{64})"
_COMMIT = r"[0-9a-f]{7,64}"
_NO_RECORDS = "none"


def terms_of(
    migrations: Iterable[Migration],
    said: Mapping[str, Declared],
    *,
    baseline: str,
    whose: str,
    records: str,
    world: World,
) -> dict[str, Terms]:
    """Return what each migration declares, with what is known of the release that it names.

    `said` are the declarations by the migration's name. `baseline` is the revision that counts as
    released (empty: what is checked out), `whose` says in words what that is. A tag or a commit is
    looked up in git, a digest among the identities of images in the store; a branch is no release,
    since it moves.
    """
    terms = {}
    for migration in migrations:
        if (declared := said.get(migration.name)) is None:
            continue
        release = Release()
        if declared.since and not declared.fault:
            release = _release(declared.since, migration, baseline, whose, records, world)
        terms[migration.name] = Terms(declared=declared, release=release)
    return terms


def _release(
    name: str, migration: Migration, baseline: str, whose: str, records: str, world: World
) -> Release:
    try:
        commit = _commit(name, records, world)
        base = world.git.resolve(baseline or "HEAD")
        contained = world.git.is_ancestor(commit, base)
        brings = _brings(commit, migration, world)
    except CannotTell as fault:
        return Release(unknown=fault.what, remedy=fault.remedy or "")
    early = "" if contained else f"{whose} ({base[:12]}) does not contain it"
    if brings:
        early = "that release brings this very migration: a contract comes in a later one"
    remedy = "let the release that stopped using it run everywhere first, and name that one"
    return Release(commit=commit, early=early, remedy=remedy if early else "")


def _commit(name: str, records: str, world: World) -> str:
    """Return the commit of a release. Raises CannotTell where nobody can say which it is."""
    if digest := re.fullmatch(_DIGEST, name):
        return world.git.resolve(_built_from(digest[1], records, world))
    if re.fullmatch(_COMMIT, name):
        commit = world.git.resolve(name)
        if commit.startswith(name):
            return commit
    try:
        return world.git.resolve(f"refs/tags/{name}")
    except CannotTell as fault:
        raise CannotTell(
            f"git knows no tag and no commit {name[:80]!r}",
            remedy=fault.remedy or "check its name: `git tag`",
        ) from fault


def _built_from(digest: str, records: str, world: World) -> str:
    if records == _NO_RECORDS:
        raise CannotTell(
            "a digest is looked up among the records, and `records` is none",
            remedy="name the release by its tag, or the folder of the records",
        )
    from cdkit.evidence.store import open_store

    told = open_store(records, world).about(frozenset({digest}))
    identities = [fact.document for fact in told.facts if isinstance(fact.document, Identity)]
    here = [one for one in identities if one.origin.replay in {None, world.replay}]
    commits = {one.commit for one in here if not one.origin.dirty} - {""}
    if len(commits) != 1 or told.unreadable:
        found = "records contradict each other on" if len(commits) > 1 else "no record says"
        raise CannotTell(
            f"{found} from which commit {digest[:19]}… was built",
            remedy="`cdkit tag-image --digest IMAGE` in the checkout that it was built from, or "
            "name the release by its tag",
        )
    return commits.pop()


def _brings(commit: str, migration: Migration, world: World) -> bool:
    """Whether a release holds a migration already: then it cannot be the one before it."""
    here = world.files.absolute(".").rstrip("/.") + "/"
    path = migration.said.path.removeprefix(here).removeprefix("./")
    if not migration.key:
        return bool(world.git.files(commit, path))
    reading = sources()[migration.source].migrations
    try:
        data = world.git.read(commit, path)
    except Missing:
        return False
    return reading is not None and migration.key in {one.key for one in reading(path, data)}
