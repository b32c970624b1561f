"""What a source is: a tool's way of writing migrations, and a project as that tool runs it."""

import posixpath
from collections.abc import Callable

from msgspec import Struct

from cdkit.core.finding import Severity
from cdkit.core.verdict import Reason
from cdkit.core.world import World
from cdkit.migrations.look import Look
from cdkit.migrations.text import Text
from cdkit.migrations.trouble import Trouble

Order = tuple[tuple[int, int, str], ...]
"""What sorts migrations as their tool runs them."""


class Script(Struct, frozen=True, kw_only=True):
    """What a migration runs: SQL as long as its text, all blank in it that does not run.

    `in_transaction` says whether the tool wraps it in a transaction; None where that depends on
    who runs the file. `together`: the tool sends the whole file as one query, so that PostgreSQL
    makes a transaction of it where it holds several statements. `down` is what takes it back, as
    its tool would run that, with the text that it stands in; None where there is nothing (or
    nothing that can be read).
    """

    sql: bytes
    in_transaction: bool | None = None
    together: bool = False
    down: "Down | None" = None


class Down(Struct, frozen=True, kw_only=True):
    """The way back of a migration: the text that it stands in, and the SQL of it (rest blank)."""

    text: Text
    sql: bytes
    in_transaction: bool | None = None


class Migration(Struct, frozen=True, kw_only=True):
    """A migration: what of which text runs, which source it is of, its place in the order.

    `text` is what is parsed; where a tool renders it from something else, its places lead to the
    file that people wrote, which is `written`. `key` names it in a file that holds several (a
    Liquibase changeset). `repeats` where it runs again whenever it changes. `troubles` are what
    of it is no SQL that anybody could read (places in `text`); `no_sql` where its tool itself says
    that it runs none; `elsewhere` where it is history that no change here can touch (a package's).
    `also` are other files that it is made of: where one of them changes, it does. `maybe` says why
    its tool may pass it over and go on, so that nothing new after it may rest on what it makes.
    """

    text: Text
    script: Script
    source: str
    order: Order
    key: str = ""
    repeats: bool = False
    written: Text | None = None
    troubles: tuple[Trouble, ...] = ()
    no_sql: bool = False
    elsewhere: bool = False
    also: tuple[str, ...] = ()
    maybe: str = ""

    @property
    def files(self) -> frozenset[str]:
        """The paths of all files that it is made of, as the user writes them and in short."""
        paths = (self.said.path, *self.also)
        return frozenset((*paths, *map(posixpath.normpath, paths)))

    @property
    def path(self) -> str:
        """The path as the user wrote it."""
        return self.text.path

    @property
    def name(self) -> str:
        """What tells it from all others: its path, and its key where it has one."""
        return f"{self.path}#{self.key}" if self.key else self.path

    @property
    def said(self) -> Text:
        """The text that people wrote: where their comments are."""
        return self.written or self.text


class Complaint(Struct, frozen=True, kw_only=True):
    """What is wrong with a project's files by the word of its tool: a rule of ours names it.

    `path` and `line` say where (0: the file); `about` the thing itself. `whole` where the tool
    refuses the project for it, whatever the change is: it is then always said. Without a severity
    the rule's own counts.
    """

    rule: str
    path: str
    line: int = 0
    what: str
    about: str = ""
    remedy: str = ""
    whole: bool = False
    severity: Severity | None = None


class Late(Struct, frozen=True, kw_only=True):
    """What a tool does with a new migration that sorts before one which ran already."""

    says: str
    severity: Severity
    remedy: str


class Project(Struct, frozen=True, kw_only=True):
    """What a source makes of its project: migrations in the order in which they run.

    `downs` counts files that only take back; `unread` says which files nobody here can read, each
    with its path; `faults` why nobody can tell of the whole project (a plan that cannot be read);
    `engine` is the database by the tool's own files (as users write it for `server`), empty where
    they do not say; `holds` says whether a path is one of its migrations by its name alone, be it
    there or not; `again` reads another version of one of its files, from path and bytes, where
    that takes more than the source's `migrations` knows; `replaced` are files whose place another
    migration takes where they have not run; `stand_ins` are migrations that stand for others and
    run only where none of those did, so that no database that runs sees them; `late` says what
    becomes of a migration that comes out of order, None where the tool just runs it; `notes` are
    for people. Where it has several databases, `database` is what it calls this one, and `others`
    are what it is on each of the others, whose schemas have nothing to do with one another.
    """

    migrations: tuple[Migration, ...] = ()
    downs: frozenset[str] = frozenset()
    unread: tuple[Reason, ...] = ()
    faults: tuple[Reason, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    engine: str = ""
    holds: Callable[[str], bool] = lambda _: True
    again: Callable[[str, bytes], tuple[Migration, ...]] | None = None
    replaced: tuple[str, ...] = ()
    stand_ins: tuple[Migration, ...] = ()
    late: Late | None = None
    notes: tuple[str, ...] = ()
    database: str = ""
    others: tuple["Project", ...] = ()


class Rendering(Struct, frozen=True, kw_only=True):
    """How SQL is rendered from code: by which Python, for which server, how long at the most.

    `python` is a path, empty to look for the project's own, or `none` to run nothing of it;
    `environ` names variables that its process gets (`NAME` as it is here, or `NAME=VALUE`);
    `patience` is in seconds; `server` is what the user said (`postgres:16`), or empty.
    """

    python: str = ""
    environ: tuple[str, ...] = ()
    patience: float = 120
    server: str = ""


class Request(Struct, frozen=True, kw_only=True):
    """What a source is asked to read: its root, and which paths the user wants judged.

    A file that was named without its folder brings along only its own folder: `depth` is how far
    down the root is to be read. `claimed` says whether another source claims a path. `world` and
    `rendering` are there for tools whose SQL must be rendered (subprocesses).
    """

    root: str
    asked: frozenset[str]
    depth: int
    look: Look
    claimed: Callable[[str], bool]
    world: World
    rendering: Rendering = Rendering()


class Source(Struct, frozen=True, kw_only=True):
    """A source, exported as SOURCE by a module of `sources/`, whose name is the source's.

    `root` gets a path, the folder that it was found by (named by the user, or called
    `migrations`), and a look at the files: it returns the root of the project of this tool that
    the path is a migration of (often that folder), None where it is none. At most one source says
    yes to a path; `plain` takes the SQL that nobody claims. `read` gives the project at a root.

    `may_own` says of a folder, and of the one that it was found by, whether any SQL file in it may
    be one of the tool's, so that not every source is asked for each of thousands of files.

    `migrations` gives what one file holds, from its path and bytes, as it is or as it was in
    another revision; it is None where a file alone says nothing. `named` says whether a path that
    is gone was a migration, by its name; None for SQL files. `up_of` says of a path which names
    (`*` for any text) the migration would have that it takes back; `keeps` of a path whose older
    text it keeps (a change that Sqitch reworked). `goes_back` says that the tool's files
    have a part for the way back, so that a missing one is worth a word. `marks` are names of files
    by which a project is found where no path is given; `root` says yes to these too. `outside` says
    how a file's own header keeps its tool from wrapping it in a transaction: what to put between
    which bytes of it; None where a file cannot say so. `sums` says what a tool that keeps a sum of
    each file does where one that ran has other comments or spaces now; empty where nothing.
    """

    title: str
    root: Callable[[str, str, Look], str | None]
    read: Callable[[Request], Project]
    may_own: Callable[[str, str, Look], bool] = lambda *_: True
    migrations: Callable[[str, bytes], tuple[Migration, ...]] | None = None
    named: Callable[[str], bool] | None = None
    up_of: Callable[[str], tuple[str, ...]] = lambda _: ()
    goes_back: bool = False
    keeps: Callable[[str], str] = lambda _: ""
    marks: tuple[str, ...] = ()
    outside: Callable[[bytes], tuple[int, int, str] | None] = lambda _: None
    sums: str = ""
