"""The outside, as the rest of the house sees it: doors that come in as an argument."""

from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Protocol, TypeVar

from msgspec import Struct

from cdkit.core.container import Engine
from cdkit.core.context import BuildContext
from cdkit.core.documents.document import Replay
from cdkit.core.secret import Secret

MIB = 1024 * 1024

T = TypeVar("T")
R = TypeVar("R")


class Files(Protocol):
    """The file system. Paths are as the user wrote them, relative to the working directory.

    Readers raise Missing where there is nothing and Unreadable where it cannot be read; writers
    raise Unwritable.
    """

    def read(self, path: str, *, limit: int = 64 * MIB) -> bytes:
        """Return a whole file; TooLarge where it holds more than `limit` bytes."""

    def open(self, path: str) -> AbstractContextManager[IO[bytes]]:
        """Open a file for reading in a stream."""

    def write(self, path: str, data: bytes, *, fresh: bool = False) -> None:
        """Put a file in place whole: written aside, synced, renamed; folders are made.

        With `fresh` an existing file stays as it is (write-once).
        """

    def create(self, path: str) -> AbstractContextManager[IO[bytes]]:
        """Open a new file for writing in a stream; folders are made, one that exists is a fault."""

    def move(self, path: str, to: str) -> None:
        """Put a file or folder in the place of another, which is replaced whole.

        Where a folder stands in its place that one is removed only when the new one stands.
        """

    def rewrite(self, path: str, data: bytes) -> None:
        """Put other bytes into a file that is there, whole, keeping its rights.

        Raises Unwritable where it is a link, or is there no more.
        """

    def append(self, path: str, text: str) -> None:
        """Add text at the end of a file, in UTF-8."""

    def real(self, path: str) -> str:
        """Return the absolute path that is left where every link is followed."""

    def is_file(self, path: str) -> bool:
        """Whether there is a regular file (or a link to one)."""

    def is_dir(self, path: str) -> bool:
        """Whether there is a folder (or a link to one)."""

    def is_link(self, path: str) -> bool:
        """Whether there is a symbolic link, whatever it leads to."""

    def size(self, path: str) -> int:
        """Return a file's size in bytes."""

    def names(self, path: str) -> tuple[str, ...]:
        """Return the names in a folder, sorted; Missing where there is no such folder."""

    def walk(self, path: str) -> Iterator[str]:
        """Yield every regular file below a folder, sorted, links not followed, .git left out."""

    def glob(self, pattern: str) -> tuple[str, ...]:
        """Return the files that match a shell pattern (`**` for any depth), sorted."""

    def remove(self, path: str) -> None:
        """Remove a file or a whole folder; nothing happens where there is none."""

    def temporary(self) -> AbstractContextManager[str]:
        """A new empty folder that is removed at the end."""

    def absolute(self, path: str) -> str:
        """Return the absolute path, for handing to another program."""


class Clock(Protocol):
    """Time. A replay's clock stands still."""

    def now(self) -> datetime:
        """Return the time in UTC, with its zone."""

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start, never running backwards."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class Completed(Struct, frozen=True, kw_only=True):
    """A process that has ended: its exit code (negative: killed by that signal) and its output."""

    code: int
    stdout: bytes
    stderr: bytes


class Processes(Protocol):
    """Other programs."""

    def which(self, program: str) -> str | None:
        """Return the full path of a program on the PATH, or None."""

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        timeout: float = 60,
        environ: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> Completed:
        """Run a program to its end, without a shell, in its own process group.

        Raises CannotTell where it cannot be started or does not end in `timeout` seconds.
        """


class Programs(Protocol):
    """Other programs that write much."""

    def run_into(
        self,
        output: str,
        argv: Sequence[str],
        *,
        timeout: float,
        environ: Mapping[str, str],
        cwd: str,
        most: int = 1024 * MIB,
    ) -> Completed:
        """Run a program as Processes.run does, its standard output going to a file.

        Raises CannotTell where that gets more than `most` bytes.
        """


class Response(Struct, frozen=True, kw_only=True):
    """An HTTP answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Http(Protocol):
    """HTTP. A status is an answer, whatever it is; no answer raises CannotTell."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str | Secret] | None = None,
        body: bytes = b"",
        timeout: float = 30,
        limit: int = 8 * MIB,
    ) -> Response:
        """Send one request; redirects are not followed, a body over `limit` raises CannotTell."""


class Head(Struct, frozen=True, kw_only=True):
    """Where a git checkout stands. `branch` is empty when detached.

    `dirty` is what git itself calls so: a tracked file differs from the commit; `untracked` says
    that there are files beside it which git does not ignore. What cdkit keeps in `.cdkit` is
    neither.
    """

    commit: str
    tree: str
    branch: str = ""
    dirty: bool = False
    untracked: bool = False
    shallow: bool = False
    remote_url: str = ""


class Change(Struct, frozen=True, kw_only=True):
    """A file that differs between two revisions: `A`dded, `M`odified, `D`eleted, `R`enamed."""

    status: str
    path: str
    old_path: str = ""


class Commit(Struct, frozen=True, kw_only=True):
    """A commit: its name, its parents (the main line first), when it was written and committed."""

    name: str
    parents: tuple[str, ...]
    authored_at: datetime
    committed_at: datetime


class Git(Protocol):
    """The git repository around the working directory.

    Raises CannotTell where there is none, or where it lacks what was asked for (a shallow clone).
    Paths are relative to the working directory.
    """

    def head(self) -> Head:
        """Return where the checkout stands; Missing where there is none."""

    def resolve(self, revision: str) -> str:
        """Return the commit that a revision names."""

    def changes(self, since: str) -> tuple[Change, ...]:
        """Return what differs between a revision and the working tree, untracked files too.

        Where the branch left before the revision, what only that changed since is left out.
        """

    def missing(self, since: str) -> tuple[str, ...]:
        """Return the files of a revision that came there when the branch had left, sorted."""

    def taken_away(self) -> tuple[Change, ...]:
        """Return what the next commit deletes or renames of what others have, as far as git knows.

        Nothing in a repository without a commit.
        """

    def edited(self, paths: Collection[str]) -> str:
        """Return the commit of the remote's main branch if the next one edits one of its files.

        Only these files are looked at; empty where it edits none, or git knows no such branch.
        """

    def strangers(self, since: str, paths: Collection[str]) -> tuple[str, ...]:
        """Return which of these files git keeps neither there nor where the branch left it."""

    def read(self, revision: str, path: str) -> bytes:
        """Return a file as it stands in a revision; Missing where it does not."""

    def files(self, revision: str, folder: str) -> tuple[str, ...]:
        """Return the files below a folder in a revision, sorted."""

    def unignored(self, folder: str) -> tuple[str, ...]:
        """Return the files below a folder that git does not ignore, sorted, those not added too.

        A file that was deleted may be among them, and so may a link.
        """

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Whether a revision is, or is in the history of, another; a shallow one cannot say no."""

    def describe(self) -> str:
        """Return the nearest tag, with distance and commit where HEAD is beyond it, or ''."""

    def committed_at(self, revision: str) -> datetime:
        """Return when the commit that a revision names was made (git's committer date)."""

    def history(self, since: str, until: str) -> tuple[Commit, ...]:
        """Return the commits that `until` has and `since` has not, children before parents.

        An empty `since` stands for no commit at all.
        """

    def touching(self, since: str, until: str, paths: Sequence[str]) -> frozenset[str]:
        """Return the commits of that history that change something below one of these paths.

        Paths are those of the repository, whichever folder of it this is. Merges are left out.
        """


class Talk(Protocol):
    """What we say to people while we work: stderr, never data."""

    def say(self, text: str) -> None:
        """Say one line."""


class Heard(Protocol):
    """What comes from work that is done beside: pieces of bytes, in order."""

    def ready(self) -> bool:
        """Whether something of the next piece is there, so that one need not wait long for it."""

    def next(self) -> bytes | None:
        """Return the next piece; None where the work failed, and can only be done here.

        So it is where the process ended before its work. Raises EOFError behind the last piece.
        """


class Hands(Protocol):
    """Who does work that is much, and can be done in pieces."""

    def spread(
        self,
        work: Callable[[Sequence[T]], Iterable[R]],
        items: Sequence[T],
        kind: type[R],
        here: Callable[[Sequence[T]], Iterable[R]] | None = None,
    ) -> Generator[R, None, None]:
        """Yield what the work makes of all items, in any order.

        It is called with stretches of the items, perhaps in other processes: what it yields is of
        a type that msgspec can carry (`kind`), and what it changes is not seen. What this process
        does itself, `here` does if it is given, whose results nobody has to carry. What either
        raises is raised here. Raises CannotTell where a process ends before its work.
        """

    def beside(self, work: Callable[[], Iterable[bytes]]) -> AbstractContextManager[Heard | None]:
        """Have work done in another process while the caller goes on; it ends with the context.

        What it yields, in pieces that are not empty, is heard here, and what it changes is not
        seen. None where there is no other process.
        """


class OwnHands:
    """This process alone."""

    def spread(
        self,
        work: Callable[[Sequence[T]], Iterable[R]],
        items: Sequence[T],
        kind: type[R],
        here: Callable[[Sequence[T]], Iterable[R]] | None = None,
    ) -> Generator[R, None, None]:
        """Yield what the work makes of all items."""
        del kind
        yield from (here or work)(items)

    def beside(self, work: Callable[[], Iterable[bytes]]) -> AbstractContextManager[Heard | None]:
        """There is no other process."""
        del work
        return nullcontext()


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """Every door, and what is known of the run. Built once in `cli`; tests pass a fake one.

    `http` tries again and keeps its connections; `quick_http` does one try over one of its own.
    """

    files: Files
    clock: Clock
    environ: Mapping[str, str]
    processes: Processes
    http: Http
    quick_http: Http
    git: Git
    talk: Talk
    context: BuildContext
    replay: Replay | None = None
    engine: Engine | None = None
    podman: Engine | None = None
    programs: Programs | None = None
    hands: Hands = OwnHands()  # noqa: RUF009 - it holds nothing
