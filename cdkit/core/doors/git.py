"""The door to the git repository around the working directory."""

import os
import posixpath
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from cdkit.core.errors import CannotTell, Missing
from cdkit.core.protected import REMOTE_TRUNKS
from cdkit.core.world import Change, Commit, Completed, Head, Processes

if TYPE_CHECKING:
    from git import Repo

_NOT_OURS = ":(top,exclude,glob)**/.cdkit/**"
_REMOTE = "refs/remotes/"
_SHARED = tuple(f"{_REMOTE}{name}" for name in REMOTE_TRUNKS)
_NO_FILES = {"tree": "folder"}
_LINK = 0o120000
"""The mode of a symbolic link in a tree (git-fast-import(1), "filemodify")."""
_NOT_HERE = "run this inside a git checkout (actions/checkout, with fetch-depth: 0)"
_SHALLOW = "fetch the history: `git fetch --unshallow --tags` (actions/checkout: fetch-depth: 0)"


class GitRepository:
    """A checkout. Questions go to git itself, which starts faster; files are read by GitPython."""

    def __init__(self, processes: Processes, root: str = ".") -> None:
        self._processes = processes
        self._root = root
        self._left: dict[str, tuple[str, ...]] = {}

    def head(self) -> Head:
        """Return where the checkout stands, by two commands of git's own.

        Raises Missing where there is no checkout; any other CannotTell is git's refusal to read
        the one that is there (another user's, a broken one).
        """
        if not self._may_be_there():
            raise Missing("there is no git repository here", remedy=_NOT_HERE)
        try:
            named = self._git("rev-parse", "HEAD", "HEAD^{tree}", "--is-shallow-repository")
        except CannotTell as fault:
            if self._is_checkout():
                raise
            raise Missing("there is no git repository here", remedy=_NOT_HERE) from fault
        commit, tree, shallow = named.split("\n")[:3]
        status = self._git(
            "status", "--porcelain=v2", "--branch", "-unormal", "--", ":/", _NOT_OURS
        )
        lines = status.splitlines()
        branch = next((x[14:] for x in lines if x.startswith("# branch.head ")), "")
        return Head(
            commit=commit,
            tree=tree,
            branch="" if branch == "(detached)" else branch,
            dirty=any(line[:1] not in {"#", "?"} for line in lines),
            untracked=any(line[:1] == "?" for line in lines),
            shallow=shallow == "true",
            remote_url=self._remote(),
        )

    def resolve(self, revision: str) -> str:
        """Return the commit that a revision names; git itself knows where a shallow clone ends.

        `origin/main` is the remote's branch, whatever else has that name: git itself would take a
        tag of the name before it (gitrevisions(7)). Raises CannotTell where git knows none, and
        where a plain name is a tag's and a branch's that are not the same commit.
        """
        named = self._commit(f"{_REMOTE}{revision}") if revision.startswith("origin/") else ""
        return named or self._named(revision)

    def _commit(self, revision: str) -> str:
        """Return the commit that git takes a revision for; an empty string where there is none."""
        verify = ("rev-parse", "--verify", "--quiet", "--end-of-options")
        done = self._run(*verify, f"{revision}^{{commit}}")
        return "" if done.code else done.stdout.decode().strip()

    def _named(self, revision: str) -> str:
        commit = self._commit(revision)
        if not commit:
            raise CannotTell(
                f"git knows no revision {revision!r}",
                remedy=_SHALLOW if self.head().shallow else "check its name: `git log --oneline`",
            )
        tag = self._commit(f"refs/tags/{revision}") if revision not in {"HEAD", commit} else ""
        branches = (f"refs/heads/{revision}", f"{_REMOTE}origin/{revision}") if tag else ()
        for branch in branches:
            if (other := self._commit(branch)) and other != tag:
                raise CannotTell(
                    f"{revision!r} is a tag and a branch, and they differ",
                    remedy=f"write which one: refs/tags/{revision} or {branch}",
                )
        return commit

    def changes(self, since: str) -> tuple[Change, ...]:
        """Return what differs between a revision and the working tree, untracked files too.

        Where the branch left before the revision, what only that changed since is left out.
        """
        commit = self.resolve(since)
        changed = self._differing(commit)
        for base in self._left_at(commit):
            ours = {path for each in self._differing(base) for path in (each.path, each.old_path)}
            changed = tuple(_of(ours - {""}, changed))
        fresh = self._git("ls-files", "--others", "--exclude-standard", "-z").split("\0")
        return (*changed, *(Change(status="A", path=path) for path in fresh if path))

    def missing(self, since: str) -> tuple[str, ...]:
        """Return the files of a revision that came there when the branch had left, sorted."""
        commit = self.resolve(since)
        bases = self._left_at(commit)
        differing = self._differing(commit, "--no-renames") if bases else ()
        there = {each.path for each in differing if each.status == "D"}
        held = {path for base in bases for path in self._held(base, there)}
        return tuple(sorted(there - held))

    def taken_away(self) -> tuple[Change, ...]:
        """Return what the next commit deletes or renames of what others have, as far as git knows.

        Others have what is on the remote's main branch, or on the one that this branch follows;
        where there is neither, what is committed. In a merge, what only the other side took away is
        no doing of this commit.
        """
        if self._run("rev-parse", "--verify", "--quiet", "HEAD").code == 1:
            return ()
        diff = ("diff", "--cached", "--name-status", "-z", "-M", "--relative", "--no-ext-diff")
        changes = _name_status(self._git(*diff, "--diff-filter=DR", "HEAD", "--"))
        if not changes:
            return ()
        theirs = self._first((*_SHARED, "@{upstream}", "HEAD"))
        for commit in filter(None, (theirs, self._commit("MERGE_HEAD"))):
            held = self._held(commit, {each.old_path or each.path for each in changes})
            changes = tuple(x for x in changes if (x.old_path or x.path) in held)
        return changes

    def edited(self, paths: Collection[str]) -> str:
        """Return the commit of the remote's main branch if the next one edits one of its files.

        Not what this branch follows: a file that only its own branch has may still be edited.
        """
        theirs = self._first(_SHARED)
        if not theirs or not paths:
            return ""
        diff = ("--literal-pathspecs", "diff", "--cached", "--name-only", "-z", "--no-ext-diff")
        return theirs if self._git(*diff, "--diff-filter=M", theirs, "--", *paths) else ""

    def _first(self, revisions: Iterable[str]) -> str:
        """Return the commit of the first of these revisions that is there; empty for none."""
        return next(filter(None, map(self._commit, revisions)), "")

    def strangers(self, since: str, paths: Collection[str]) -> tuple[str, ...]:
        """Return which of these files git keeps neither in a revision nor where the branch left it.

        The others are sorted, and are in another repository, a submodule, or ignored.
        """
        commit = self.resolve(since)
        left = {posixpath.normpath(path) for path in paths}
        for each in (commit, *self._left_at(commit)):
            left -= self._held(each, left)
        return tuple(sorted(left))

    def _differing(self, commit: str, renames: str = "-M") -> tuple[Change, ...]:
        diff = ("diff", "--name-status", "-z", renames, "--relative", "--no-ext-diff")
        return _name_status(self._git(*diff, commit, "--"))

    def _held(self, commit: str, paths: Collection[str]) -> set[str]:
        """Return which of these files below the working directory a commit holds."""
        inside = {path for path in paths if not path.startswith(("../", "/"))}
        folders = {posixpath.dirname(path) or "." for path in inside}
        folders -= {each for each in folders if folders.intersection(_above(each))}
        if not folders:
            return set()
        listed = self._git("ls-tree", "-r", "-z", "--name-only", commit, "--", *sorted(folders))
        return inside.intersection(listed.split("\0"))

    def _left_at(self, commit: str) -> tuple[str, ...]:
        """Return the commits where HEAD left the line of another; none where it contains that.

        None as well in a shallow clone, where what git finds may be something else.
        """
        if commit not in self._left:
            found = self._run("merge-base", "--all", commit, "HEAD").stdout.decode().split()
            parted = bool(found) and commit not in found and not self.head().shallow
            self._left[commit] = tuple(found) if parted else ()
        return self._left[commit]

    def read(self, revision: str, path: str) -> bytes:
        """Return a file as it stands in a revision; a path is one from the working directory.

        Raises Missing where there is none, CannotTell where it is a folder or a submodule there, or
        a symbolic link, of which git keeps no more than where it leads.
        """
        with self._repo() as repo:  # which leaves a git running otherwise
            commit = self.resolve(revision)
            whole = path if path.startswith("/") else posixpath.normpath(self._prefix() + path)
            try:
                blob = repo.commit(commit).tree / whole
            except KeyError as fault:
                raise Missing(
                    f"there is no such file in {revision}", where=path, remedy="check the path"
                ) from fault
            if blob.type != "blob":
                raise CannotTell(
                    f"is a {_NO_FILES.get(blob.type, blob.type)} in {revision}",
                    where=path,
                    remedy="name a file of this repository",
                )
            if blob.mode == _LINK:
                raise CannotTell(
                    f"is a symbolic link in {revision}",
                    where=path,
                    remedy="name the file that it leads to",
                )
            data: bytes = blob.data_stream.read()
        return data

    def files(self, revision: str, folder: str) -> tuple[str, ...]:
        """Return the files below a folder in a revision, sorted."""
        commit = self.resolve(revision)
        listed = self._git("ls-tree", "-r", "-z", "--name-only", commit, "--", folder)
        return tuple(sorted(path for path in listed.split("\0") if path))

    def unignored(self, folder: str) -> tuple[str, ...]:
        """Return the files below a folder that git does not ignore, sorted."""
        which = ("--cached", "--others", "--exclude-standard")
        listed = self._git("ls-files", *which, "-z", "--", f":(literal){folder}")
        return tuple(sorted({path for path in listed.split("\0") if path}))

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Whether a revision is, or is in the history of, another (git-merge-base(1)).

        Raises CannotTell where git does not know one of them, and where a shallow clone has no
        history that could say no.
        """
        earlier, later = self.resolve(commit), self.resolve(of)
        done = self._run("merge-base", "--is-ancestor", earlier, later)
        if done.code == 0:
            return True
        if done.code != 1:
            said = done.stderr.decode(errors="replace").strip()
            raise CannotTell(f"git merge-base failed: {said}", remedy=_NOT_HERE)
        if self.head().shallow:
            raise CannotTell(
                f"nobody can tell whether {of[:12]} contains {commit[:12]}: the clone is shallow",
                remedy=_SHALLOW,
            )
        return False

    def describe(self) -> str:
        """Return `git describe --tags --always`, or an empty string before the first commit."""
        done = self._run("describe", "--tags", "--always")
        return "" if done.code else done.stdout.decode("utf-8", "surrogateescape").strip()

    def committed_at(self, revision: str) -> datetime:
        """Return the committer date of the commit that a revision names, with its zone."""
        commit = self.resolve(revision)
        text = self._git("show", "--no-patch", "--no-show-signature", "--format=%cI", commit)
        try:
            return datetime.fromisoformat(text.strip())
        except ValueError as fault:
            raise CannotTell(
                f"git gives no date for {commit}", remedy="look: git show --format=%cI"
            ) from fault

    def history(self, since: str, until: str) -> tuple[Commit, ...]:
        """Return the commits that one revision has and another has not, children first."""
        reach = [self.resolve(until)] + ([f"^{self.resolve(since)}"] if since else [])
        shape = "--format=%H%x00%P%x00%aI%x00%cI"
        listed = self._git("log", "--topo-order", "--no-show-signature", shape, *reach, "--")
        try:
            return tuple(_commit(line) for line in listed.splitlines() if line)
        except (ValueError, IndexError) as fault:
            raise CannotTell(
                f"git lists commits in a way that is not understood: {fault}",
                remedy="look: git log --format='%H %P %aI %cI'",
            ) from fault

    def touching(self, since: str, until: str, paths: Sequence[str]) -> frozenset[str]:
        """Return the commits of that history that change something below one of these paths."""
        reach = [self.resolve(until)] + ([f"^{self.resolve(since)}"] if since else [])
        there = [f":(top,literal){path}" for path in paths]
        listed = self._git(
            "log",
            "--full-history",
            "--no-merges",
            "--no-show-signature",
            "--format=%H",
            *reach,
            "--",
            *there,
        )
        return frozenset(listed.split())

    def _remote(self) -> str:
        done = self._run("config", "--get", "remote.origin.url")
        return _without_credentials(done.stdout.decode(errors="replace").strip())

    def _may_be_there(self) -> bool:
        """Whether git could find a repository, so that it is worth a process to ask it.

        One is named by the environment, or is a `.git` or a bare one (which has a `HEAD`) here or
        above (gitrepository-layout(5), git(1) on GIT_DIR).
        """
        return "GIT_DIR" in os.environ or self._holds(".git", "HEAD")

    def _is_checkout(self) -> bool:
        """Whether this folder or one above it holds a `.git`; what git says depends on a locale."""
        return self._holds(".git")

    def _holds(self, *names: str) -> bool:
        """Whether there is something of one of these names in this folder, or in one above it."""
        here = os.path.realpath(self._root)
        while not any(os.path.lexists(f"{here}/{name}") for name in names):
            above = os.path.dirname(here)  # noqa: PTH120 - pathlib loads much for this
            if above == here:
                return False
            here = above
        return True

    def _prefix(self) -> str:
        return self._git("rev-parse", "--show-prefix").rstrip("\n")

    def _repo(self) -> "Repo":
        from git import GitError, Repo

        try:
            return Repo(self._root, search_parent_directories=True)
        except GitError as fault:
            raise CannotTell("there is no git repository here", remedy=_NOT_HERE) from fault

    def _git(self, *arguments: str) -> str:
        done = self._run(*arguments)
        if done.code:
            said = done.stderr.decode(errors="replace").strip().splitlines() or [""]
            fatal = next((line for line in said if line.startswith("fatal:")), said[-1])
            raise CannotTell(
                f"git {arguments[0]} failed: {fatal or f'exit {done.code}'}",
                remedy=_NOT_HERE,
            )
        return done.stdout.decode("utf-8", "surrogateescape")

    def _run(self, *arguments: str) -> Completed:
        return self._processes.run(["git", *arguments], cwd=self._root, timeout=60)


def _above(folder: str) -> Iterator[str]:
    """Yield the folders that a relative one is in, the working directory last."""
    while folder != ".":
        folder = posixpath.dirname(folder) or "."
        yield folder


def _commit(line: str) -> Commit:
    name, parents, authored, committed = line.split("\0")
    return Commit(
        name=name,
        parents=tuple(parents.split()),
        authored_at=datetime.fromisoformat(authored),
        committed_at=datetime.fromisoformat(committed),
    )


def _name_status(listed: str) -> tuple[Change, ...]:
    """Read the output of `git diff --name-status -z`."""
    fields = iter(listed.split("\0"))
    changes = []
    for status in fields:
        if not status:
            continue
        first = next(fields)
        if status[0] in "RC":
            changes.append(Change(status=status[0], path=next(fields), old_path=first))
        else:
            changes.append(Change(status=status[0], path=first))
    return tuple(changes)


def _of(paths: Collection[str], changes: Iterable[Change]) -> Iterator[Change]:
    """Yield the changes of some paths; what has another for its old name only is new."""
    for change in changes:
        if change.old_path and change.old_path not in paths:
            change = Change(status="A", path=change.path)  # noqa: PLW2901 - it is the same file
        if change.path in paths or change.old_path in paths:
            yield change


def _without_credentials(url: str) -> str:
    """Leave out the user and password that CI systems put into remote addresses."""
    scheme, separator, rest = url.partition("://")
    if not separator or "@" not in rest.split("/", 1)[0]:
        return url
    return f"{scheme}://{rest.split('@', 1)[1]}"
