"""Changes out of git: the commits between two deployments, and when each was merged."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from cdkit.core.world import Commit
from cdkit.dora.source import Merge
from cdkit.dora.told import Changed

_NONE: Mapping[str, Merge] = MappingProxyType({})


def changes_of(
    commits: Sequence[Commit],
    *,
    until: str,
    service: str,
    deployment: str,
    merges: Mapping[str, Merge] = _NONE,
    there: Container[str] | None = None,
) -> tuple[Changed, ...]:
    """Return the changes among the commits that a deployment brought; `until` is its own commit.

    A merge is no change of its own. When a commit was written is its author's date, which a rebase
    keeps; when it was merged is the date of the commit of the main line that brought it first. A
    squash has one date for both, so its commits' own times are lost, but where a forge still knows
    them: `merges` are those that it tells, by the commit of the main line. Where a repository holds
    several services, `there` are the commits that change something of this one.
    """
    known = {commit.name: commit for commit in commits}
    merged = _merged(known, until, merges)
    return tuple(
        Changed(
            service=service,
            commit=written.name,
            committed_at=min(written.authored_at, written.committed_at),
            merged_at=merged.get(commit.name),
            deployment=deployment,
        )
        for commit in commits
        if len(commit.parents) < 2 and (there is None or commit.name in there)
        for written in _written(commit, merges)
    )


def _written(commit: Commit, merges: Mapping[str, Merge]) -> Iterator[Commit]:
    """Yield a commit, or those that it is a squash of."""
    merge = merges.get(commit.name)
    own = [one for one in merge.written if len(one.parents) < 2] if merge else []
    yield from own or [commit]


def _merged(
    known: dict[str, Commit], until: str, merges: Mapping[str, Merge]
) -> dict[str, datetime]:
    """Return when each commit came into the main line, which is the chain of first parents."""
    line: list[Commit] = []
    at = known.get(until)
    while at is not None:
        line.append(at)
        at = known.get(at.parents[0]) if at.parents else None
    found: dict[str, datetime] = {}
    for commit in reversed(line):
        told = merges.get(commit.name)
        for name in _new(commit, known, found):
            found[name] = told.at if told else commit.committed_at
    return found


def _new(commit: Commit, known: dict[str, Commit], found: Iterable[str]) -> list[str]:
    """Return the commits that a commit of the main line brought: itself, and what is behind it."""
    there, waiting, fresh = set(found), [commit.name], []
    while waiting:
        name = waiting.pop()
        if name in there or name not in known:
            continue
        there.add(name)
        fresh.append(name)
        waiting += known[name].parents
    return fresh
