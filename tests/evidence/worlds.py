"""A world for the tests of evidence and gate: real files in a folder, everything else made up."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cdkit.core.context import BuildContext
from cdkit.core.documents.document import Origin, Replay
from cdkit.core.doors.files import DiskFiles
from cdkit.core.errors import CannotTell, Missing
from cdkit.core.world import Change, Completed, Head, Response, World

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
COMMIT = "c" * 40
TREE = "7" * 40
OTHER_TREE = "8" * 40
IMAGE = "registry.example/orders@sha256:" + "a" * 64
IMAGE_KEY = "sha256:" + "a" * 64


class StandingClock:
    """A clock that stands."""

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


class NoProcesses:
    """No program may be started."""

    def which(self, program: str) -> str | None:  # noqa: ARG002 - the door's signature
        return None

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        timeout: float = 60,
        environ: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> Completed:
        raise AssertionError((argv, stdin, timeout, environ, cwd))


class NoHttp:
    """Nobody may be called."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, object] | None = None,
        body: bytes = b"",
        timeout: float = 30,
        limit: int = 0,
    ) -> Response:
        raise AssertionError((method, url, headers, body, timeout, limit))


class FakeGit:
    """A repository in memory: a head, and the files of named revisions."""

    def __init__(
        self, head: Head | None = None, revisions: Mapping[str, Mapping[str, bytes]] | None = None
    ) -> None:
        self._head = head
        self._revisions = revisions or {}

    def head(self) -> Head:
        if self._head is None:
            raise CannotTell("is not in a git repository", remedy="run it in a checkout")
        return self._head

    def resolve(self, revision: str) -> str:
        if revision == "HEAD":
            return self.head().commit
        if revision not in self._revisions:
            raise CannotTell(f"git knows no revision {revision}", remedy="fetch it")
        return revision

    def changes(self, since: str) -> tuple[Change, ...]:
        raise AssertionError(since)

    def read(self, revision: str, path: str) -> bytes:
        files = self._revisions.get(revision)
        if files is None:
            raise CannotTell(f"git knows no revision {revision}", remedy="fetch it")
        if path not in files:
            raise Missing(f"is not in {revision}", where=path, remedy="check the path")
        return files[path]

    def files(self, revision: str, folder: str) -> tuple[str, ...]:
        raise AssertionError((revision, folder))

    def describe(self) -> str:
        return ""


class Silence:
    """Talk that is kept."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


CLEAN = Head(commit=COMMIT, tree=TREE, branch="main")


def world(
    folder: Path,
    *,
    now: datetime = NOW,
    head: Head | None = CLEAN,
    revisions: Mapping[str, Mapping[str, bytes]] | None = None,
    context: BuildContext | None = None,
    replay: Replay | None = None,
) -> World:
    """Return a world whose files are those of this folder."""
    return World(
        files=DiskFiles(folder),
        clock=StandingClock(now),
        environ={},
        processes=NoProcesses(),
        http=NoHttp(),
        quick_http=NoHttp(),
        git=FakeGit(head, revisions),
        talk=Silence(),
        context=context or BuildContext(system="terminal"),
        replay=replay,
    )


def origin(step: str = "record-evidence", **changes: object) -> Origin:
    """Return an origin an hour ago, in run 1 of the clean source, with these changes."""
    usual: dict[str, object] = {
        "recorded_at": "2026-11-23T08:00:00Z",
        "tool": "cdkit test",
        "step": step,
        "system": "github",
        "run": "1",
        "attempt": 1,
        "commit": COMMIT,
        "tree": TREE,
    }
    return Origin(**(usual | changes))  # type: ignore[arg-type]
