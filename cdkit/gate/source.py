"""Where the policy comes from: not from the change that it judges, wherever that can be avoided."""

import msgspec
from msgspec import Struct

from cdkit.core.digest import sha256
from cdkit.core.documents.kinds import PolicySource
from cdkit.core.errors import CannotTell, Missing, RequestError
from cdkit.core.finding import Location
from cdkit.core.names import TOOL
from cdkit.core.protected import (
    REMOTE_TRUNKS,
    TRUNKS,
    branch_that_counts,
    is_in_an_unknown_ci,
    is_in_checkout,
    is_local,
    is_of_a_change,
    is_on,
    is_on_a_trunk,
    relative,
)
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.core.world import World
from cdkit.gate.extend import extend
from cdkit.gate.policy import DEFAULT, BreakGlass, Policy
from cdkit.gate.published import SCHEME, published
from cdkit.gate.read import read_policy

_FROM_GIT = "git:"
_DEEPEST = 5
_HERE = frozenset({"", "HEAD", "@"})


class FoundPolicy(Struct, frozen=True, kw_only=True):
    """A policy, where it stood, and why it may not count (`doubts`) or should be looked at."""

    policy: Policy
    source: PolicySource
    doubts: tuple[Reason, ...] = ()
    notes: tuple[str, ...] = ()


def find_policy(option: str, world: World) -> FoundPolicy:
    """Return the policy that the option names; the one built in where it names none.

    `git:REVISION:PATH` is read from that revision. A plain path is read from the branch that the
    change wants to enter, or else from the default branch, where the CI system says which that is:
    the change under judgement cannot bring its own policy. Where that branch has no such file the
    change's own is used, and in CI a doubt keeps the gate shut.

    `oci://REGISTRY/REPOSITORY:TAG` is read from a registry. One that `extends` another is laid over
    that one, which is found in the same ways.

    Raises ConfigError where the policy has faults, CannotTell where it cannot be read.
    """
    return _whole(option, world, ())


def glass_of(option: str, world: World) -> BreakGlass | None:
    """Return who may break the glass, by the policy alone, where what it extends is out of reach.

    None where it does not say, or cannot be read itself.
    """
    try:
        return _one(option, world).policy.break_glass
    except CannotTell:
        return None


def _whole(option: str, world: World, seen: tuple[str, ...]) -> FoundPolicy:
    """Return a policy with all that it extends."""
    try:
        found = _one(option, world)
    except Missing as fault:
        if not seen:
            raise
        raise Missing(
            f"{fault.what}, and {seen[-1]} extends it",
            where=fault.where,
            remedy="mend the path after `extends`: it begins at the folder that cdkit runs in, or,"
            " in git, at the root of the repository",
        ) from fault
    more = found.policy
    if not more.extends:
        return found
    if more.extends in seen or len(seen) >= _DEEPEST:
        raise RequestError(
            f"{option[:200]!r} extends {more.extends[:200]!r}, in a circle or too deep",
            where="policy",
            remedy="let one policy extend one that stands for itself",
        )
    base = _whole(more.extends, world, (*seen, option))
    source = msgspec.structs.replace(
        found.source,
        protected=found.source.protected and base.source.protected,
        extends=base.source,
    )
    return FoundPolicy(
        policy=extend(base.policy, more, where=found.source.where),
        source=source,
        doubts=(*base.doubts, *found.doubts),
        notes=(*base.notes, *found.notes),
    )


def _one(option: str, world: World) -> FoundPolicy:
    if not option:
        return _built_in()
    if option.startswith(_FROM_GIT):
        return _from_revision(option, world)
    if option.startswith(SCHEME):
        data, where, digest = published(option, world)
        return _read(data, where, str(digest))
    if "://" in option:
        raise RequestError(
            f"a policy cannot be read from {option[:200]!r}",
            where="policy",
            remedy="give a file, git:REVISION:PATH or oci://REGISTRY/REPOSITORY:TAG",
        )
    path = relative(option, world)
    branch = branch_that_counts(world)
    if not branch or path.startswith("/"):
        return _elsewhere(path, branch, world)
    return _from_branch(path, branch, world)


def _built_in() -> FoundPolicy:
    digest = str(sha256(msgspec.json.encode(DEFAULT)))
    source = PolicySource(where=f"built into {TOOL}", digest=digest, protected=True)
    return FoundPolicy(policy=DEFAULT, source=source)


def _from_revision(option: str, world: World) -> FoundPolicy:
    revision, colon, path = option.removeprefix(_FROM_GIT).rpartition(":")
    if not colon or not revision or not path:
        raise RequestError(
            f"{option[:200]!r} does not say which file of which revision",
            where="policy",
            remedy="write git:main:policy.yaml",
        )
    data = world.git.read(revision, path)
    found = _read(data, f"{revision}:{path}", _commit(revision, world))
    if _is_protected(revision, world):
        return found
    what = f"the policy was read from {revision}, which holds the change under judgement itself"
    return _doubted(_unprotected(found, what), what, path, world)


def _from_branch(path: str, branch: str, world: World) -> FoundPolicy:
    """Read it from the protected branch as the remote has it."""
    revision = f"origin/{branch}"
    try:
        data = world.git.read(revision, path)
    except Missing:
        return _brought_along(path, branch, world)
    except CannotTell as fault:
        if not is_on(branch, world):
            raise CannotTell(
                f"the policy cannot be read from {branch}: {fault.what}",
                where=path,
                remedy=f"git fetch origin {branch}, before this step",
            ) from fault
        revision, data = "HEAD", world.git.read("HEAD", path)
    return _read(data, f"{revision}:{path}", _commit(revision, world), protected=True)


def _brought_along(path: str, branch: str, world: World) -> FoundPolicy:
    found = _from_change(path, world)
    if is_local(world):
        return found
    doubt = cannot_tell(
        f"the policy is not on {branch}: the change under judgement brought it along",
        where=Location(path=path),
        remedy=f"merge the policy into {branch} first; until then leave `policy` out, and the one "
        "built into cdkit decides",
    )
    return msgspec.structs.replace(found, doubts=(doubt,))


def _elsewhere(path: str, branch: str, world: World) -> FoundPolicy:
    """Read a file that is on no branch that we know of: outside, or nobody says which counts.

    Where nobody does, what runs on a trunk is that trunk's.
    """
    if path.startswith("/") and not is_in_checkout(path, world):
        found = _read(world.files.read(path), path, "", protected=False)
        return _unprotected(found, "the policy is a file outside of the repository")
    found = _from_change(path, world)
    if not branch and is_on_a_trunk(world):
        return found
    what = "the policy may be the change's own: nobody says which branch counts here"
    if path.startswith("/"):
        what = "the policy was read from the checkout by a path of its own"
    return _doubted(found, what, path, world)


def _doubted(found: FoundPolicy, what: str, path: str, world: World) -> FoundPolicy:
    """Let a policy of the change itself keep the gate shut in CI, where it is not the judge's."""
    if is_local(world):
        return _held_to_the_trunk(found, path, world)
    doubt = cannot_tell(
        what,
        where=Location(path=path),
        remedy="take it from a branch that the change cannot alter: `--policy git:main:policy.yaml`"
        " (after `git fetch origin main`), or oci://REGISTRY/REPOSITORY:TAG",
    )
    return msgspec.structs.replace(found, doubts=(doubt,))


def _held_to_the_trunk(found: FoundPolicy, path: str, world: World) -> FoundPolicy:
    """Doubt a policy that is not the remote trunk's, in a CI system that cdkit does not know.

    Where git knows of no such branch nobody can say more than that the change may have written it.
    """
    for revision in REMOTE_TRUNKS if is_in_an_unknown_ci(world) else ():
        try:
            same = str(sha256(world.git.read(revision, path))) == found.source.digest
        except Missing:
            same = False
        except CannotTell:
            continue
        if same:
            return found
        doubt = cannot_tell(
            f"the policy is not the one of {revision}: the change under judgement brought it along",
            where=Location(path=path),
            remedy=f"take it from there, `--policy git:{revision}:{path}`; on a machine of your own"
            " set CDKIT_CI=terminal",
        )
        return msgspec.structs.replace(found, doubts=(doubt,))
    return found


def _from_change(path: str, world: World) -> FoundPolicy:
    found = _read(world.files.read(path), path, "", protected=False)
    return _unprotected(found, "the policy was read from the change under judgement itself")


def _unprotected(found: FoundPolicy, what: str) -> FoundPolicy:
    source = msgspec.structs.replace(found.source, protected=False)
    note = f"{what}; `--policy git:BRANCH:PATH` takes it from a branch that the change cannot alter"
    return msgspec.structs.replace(found, source=source, notes=(note,))


def _read(data: bytes, where: str, revision: str, *, protected: bool = True) -> FoundPolicy:
    return FoundPolicy(
        policy=read_policy(data, where=where),
        source=PolicySource(
            where=where, digest=str(sha256(data)), revision=revision, protected=protected
        ),
    )


def _is_protected(revision: str, world: World) -> bool:
    """Whether a revision is none of the change: a trunk, or simply not where we stand."""
    context = world.context
    name = revision.removeprefix("refs/heads/").removeprefix("refs/remotes/")
    name = name.removeprefix("origin/")
    if is_of_a_change(world) and not revision.startswith(("origin/", "refs/remotes/origin/")):
        return not _adds(revision, world)  # a fork's own main has the trunk's name
    if name in TRUNKS | {context.target_branch, context.default_branch} - {""}:
        return True
    try:
        head = world.git.head()
    except CannotTell:
        return False
    current = {context.branch, head.branch, head.commit, context.commit}
    if name in current | _HERE or name.startswith(("HEAD", "@")):
        return False
    return _commit(revision, world) != head.commit


def _adds(revision: str, world: World) -> bool:
    """Whether a revision is, or may be, a commit that the change adds to the branch that counts.

    What is checked out is that, or a merge of it (GitHub's `refs/pull/N/merge`).
    """
    try:
        if world.git.is_ancestor(revision, f"origin/{branch_that_counts(world)}"):
            return False
    except CannotTell:
        pass  # in a shallow clone; or the branch was not fetched
    try:
        return world.git.is_ancestor(revision, "HEAD")
    except CannotTell:
        return True


def _commit(revision: str, world: World) -> str:
    try:
        return world.git.resolve(revision)
    except CannotTell:
        return ""
