"""Which login a registry gets: from files, helpers, CI systems, and at last a cloud's own tool."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from cdkit.core.doors.workers import Turns
from cdkit.core.errors import CannotTell
from cdkit.core.oci.authfile import AuthFile, Login, auth_files, read_auth_file
from cdkit.core.oci.cloud import cloud_login
from cdkit.core.oci.credentials import ask_helper
from cdkit.core.oci.reference import Reference
from cdkit.core.secret import Secret
from cdkit.core.world import World

T = TypeVar("T")

__all__ = ["Login", "Logins", "login_for"]


def login_for(reference: Reference, world: World) -> Login | None:
    """Return the login for a reference's registry, or None where there is none: `Logins.find`."""
    return Logins(world).find(reference)


class Logins:
    """The logins of this machine. Files are read, and programs asked, once each.

    Threads may share it.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._turns = Turns()
        self._known: dict[str, object] = {}

    def find(self, reference: Reference) -> Login | None:
        """Return the login for a reference's registry, or None where nobody left one.

        Looked at in turn: the files of docker and podman (`auth_files`; in each the helper first,
        then what is written down), what GitLab (CI_REGISTRY_*) and GitHub (GITHUB_TOKEN, for
        ghcr.io) hand to a job, and the command line of the cloud whose registry it is. Raises
        CannotTell where a file or helper that should have it cannot be read. A cloud's command
        line that fails is no failure yet, since much in those registries is public: `cloud_fault`
        has it, for where the registry then says no.
        """
        for path in auth_files(self._world):
            file = self._once(f"file {path}", partial(read_auth_file, path, self._world))
            if login := self._in_file(path, file, reference):
                return login
        if login := _from_environment(reference.registry, self._world):
            return login
        found = self._of_cloud(reference.registry)
        return None if isinstance(found, CannotTell) else found

    def cloud_fault(self, reference: Reference) -> CannotTell | None:
        """Return why the cloud's command line gave no login for a registry, where it failed."""
        found = self._known.get(f"cloud {reference.registry}")
        return found if isinstance(found, CannotTell) else None

    def _in_file(self, path: str, file: AuthFile, reference: Reference) -> Login | None:
        registry = reference.registry
        if helper := file.helper(registry):
            asked = self._once(
                f"helper {helper} {registry}",
                lambda: _kept(lambda: ask_helper(helper, registry, path, self._world)),
            )
            if isinstance(asked, CannotTell):
                raise asked
            if asked:
                return asked
        return file.login(reference, path)

    def _of_cloud(self, registry: str) -> Login | CannotTell | None:
        return self._once(
            f"cloud {registry}", lambda: _kept(lambda: cloud_login(registry, self._world))
        )

    def _once(self, name: str, find: Callable[[], T]) -> T:
        with self._turns.of(name):
            if name not in self._known:
                self._known[name] = find()
            found: T = self._known[name]  # type: ignore[assignment]  # a name has one type
            return found


def _kept(find: Callable[[], Login | None]) -> Login | CannotTell | None:
    """Return a failure rather than raise it, so that it is found only once."""
    try:
        return find()
    except CannotTell as fault:
        return fault


_GITLAB = ("CI_REGISTRY", "CI_REGISTRY_USER", "CI_REGISTRY_PASSWORD")
_GITLAB_PROXY = tuple(f"CI_DEPENDENCY_PROXY_{part}" for part in ("SERVER", "USER", "PASSWORD"))
"""What GitLab hands to a job for its registry and its proxy of Docker Hub (GitLab docs,
"Predefined CI/CD variables"): the host, the user and the password."""


def _from_environment(registry: str, world: World) -> Login | None:
    environ = world.environ
    for server, user, password in (_GITLAB, _GITLAB_PROXY):
        if registry == environ.get(server) and (word := environ.get(password)):
            return _handed(environ.get(user, ""), word, password)
    if registry == "ghcr.io" and (word := environ.get("GITHUB_TOKEN")):
        return _handed(environ.get("GITHUB_ACTOR", "") or "github", word, "GITHUB_TOKEN")
    return None


def _handed(user: str, word: str, source: str) -> Login:
    return Login(user=user, password=Secret(word), source=source, handed=True)
