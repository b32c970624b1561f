"""Changes out of git: the commits between two deployments, and when each was merged."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from cdkit.core.world import Commit
from cdkit.dora.told import Changed


def changes_of(
    commits: Sequence[Commit], *, until: str, service: str, deployment: str
) -> tuple[Changed, ...]:
    """Return the changes among the commits that a deployment brought; `until` is its own commit.

    A merge is no change of its own. When a commit was written is its author's date, which a rebase
    keeps; when it was merged is the date of the commit of the main line that brought it first. A
    squash has one date for both, so its commits' own times are lost.
    """
    known = {commit.name: commit for commit in commits}
    merged = _merged(known, until)
    return tuple(
        Changed(
            service=service,
            commit=commit.name,
            committed_at=min(commit.authored_at, commit.committed_at),
            merged_at=merged.get(commit.name),
            deployment=deployment,
        )
        for commit in commits
        if len(commit.parents) < 2
    )


def _merged(known: dict[str, Commit], until: str) -> dict[str, datetime]:
    """Return when each commit came into the main line, which is the chain of first parents."""
    line: list[Commit] = []
    at = known.get(until)
    while at is not None:
        line.append(at)
        at = known.get(at.parents[0]) if at.parents else None
    found: dict[str, datetime] = {}
    for commit in reversed(line):
        for name in _new(commit, known, found):
            found[name] = commit.committed_at
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
