"""Worlds for tests: real files below a folder, a clock that stands, and nothing else by default."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cdkit.core.context import BuildContext
from cdkit.core.documents.document import Replay
from cdkit.core.doors.files import DiskFiles
from cdkit.core.errors import CannotTell, Missing
from cdkit.core.secret import Secret
from cdkit.core.world import (
    MIB,
    Change,
    Commit,
    Completed,
    Git,
    Head,
    Http,
    Processes,
    Response,
    World,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
COMMIT = "c" * 40
TREE = "7" * 40


class StandingClock:
    """Always noon; waiting only adds to `slept`."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class NoProcesses:
    """No program is installed."""

    def which(self, program: str) -> str | None:  # noqa: ARG002 - none is there
        return None

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",  # noqa: ARG002
        timeout: float = 60,  # noqa: ARG002
        environ: Mapping[str, str] | None = None,  # noqa: ARG002
        cwd: str | None = None,  # noqa: ARG002
    ) -> Completed:
        raise CannotTell(f"cannot start {argv[0]}", remedy=f"install {argv[0]}")


class NoHttp:
    """Nobody answers."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str | Secret] | None = None,  # noqa: ARG002
        body: bytes = b"",  # noqa: ARG002
        timeout: float = 30,  # noqa: ARG002
        limit: int = 8 * MIB,  # noqa: ARG002
    ) -> Response:
        raise CannotTell(f"{method} {url}: nobody answers", remedy="try again")


@dataclass
class FakeGit:
    """A checkout at a made-up commit; None as its head means that there is none."""

    at: Head | None = field(default_factory=lambda: Head(commit=COMMIT, tree=TREE, branch="main"))
    changed: tuple[Change, ...] = ()
    contents: Mapping[tuple[str, str], bytes] = field(default_factory=dict)
    tag: str = ""
    lacking: tuple[str, ...] = ()
    """What a revision has, and the branch left before."""
    away: tuple[Change, ...] = ()
    """What the next commit deletes or renames."""
    trunk: str = ""
    """The commit of the remote's main branch, where the next commit edits one of its files."""
    strange: frozenset[str] = frozenset()
    """Files that git does not keep."""
    apart: frozenset[tuple[str, str]] = frozenset()
    """Pairs of revisions of which the second does not contain the first; all others do."""
    unknown: frozenset[str] = frozenset()
    """Revisions that git does not know."""
    between: Mapping[tuple[str, str], tuple[Commit, ...]] = field(default_factory=dict)
    """The commits from one revision to another."""
    places: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The commits that change something below a path."""

    def head(self) -> Head:
        if self.at is None:
            raise Missing("there is no git repository here", remedy="run it in a checkout")
        return self.at

    def resolve(self, revision: str) -> str:
        if revision in self.unknown:
            raise CannotTell(f"git knows no revision {revision!r}", remedy="fetch the history")
        head = self.head()
        return head.commit if revision == "HEAD" else revision

    def changes(self, since: str) -> tuple[Change, ...]:
        self.resolve(since)
        return self.changed

    def missing(self, since: str) -> tuple[str, ...]:
        self.resolve(since)
        return self.lacking

    def taken_away(self) -> tuple[Change, ...]:
        return self.away

    def edited(self, paths: Collection[str]) -> str:
        return next((x.path for x in self.changed if x.path in paths), "") and self.trunk

    def strangers(self, since: str, paths: Collection[str]) -> tuple[str, ...]:
        self.resolve(since)
        return tuple(path for path in paths if path in self.strange)

    def read(self, revision: str, path: str) -> bytes:
        if (revision, path) not in self.contents:
            raise Missing(f"there is no such file in {revision}", where=path, remedy="check it")
        return self.contents[revision, path]

    def files(self, revision: str, folder: str) -> tuple[str, ...]:
        found = (p for r, p in self.contents if r == revision and f"{p}/".startswith(f"{folder}/"))
        return tuple(sorted(found))

    def unignored(self, folder: str) -> tuple[str, ...]:
        raise CannotTell(f"git lists nothing below {folder}", remedy="walk")

    def is_ancestor(self, commit: str, of: str) -> bool:
        return (self.resolve(commit), self.resolve(of)) not in self.apart

    def describe(self) -> str:
        return self.tag

    def history(self, since: str, until: str) -> tuple[Commit, ...]:
        return self.between.get((since, until), ())

    def touching(self, since: str, until: str, paths: Sequence[str]) -> frozenset[str]:
        there = frozenset[str]().union(*(self.places.get(path, ()) for path in paths))
        return there & {commit.name for commit in self.history(since, until)}

    def committed_at(self, revision: str) -> datetime:
        self.resolve(revision)
        return NOW - timedelta(days=1)


class Notebook:
    """Keeps what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


def world(
    folder: Path,
    *,
    now: datetime = NOW,
    environ: Mapping[str, str] | None = None,
    git: Git | None = None,
    http: Http | None = None,
    processes: Processes | None = None,
    context: BuildContext | None = None,
    replay: Replay | None = None,
) -> World:
    """Return a world around a folder."""
    return World(
        files=DiskFiles(folder),
        clock=StandingClock(now),
        environ=environ or {},
        processes=processes or NoProcesses(),
        http=http or NoHttp(),
        quick_http=http or NoHttp(),
        git=git or FakeGit(),
        talk=Notebook(),
        context=context or BuildContext(system="terminal"),
        replay=replay,
    )
