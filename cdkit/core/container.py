"""Containers and images, as far as steps want them of an engine: run to the end, looked at."""

from typing import Protocol

from msgspec import Struct


class Mount(Struct, frozen=True, kw_only=True):
    """A folder in a container: of this machine (an absolute `source`), or a volume by its name."""

    source: str
    target: str
    is_volume: bool = False
    read_only: bool = True


class Container(Struct, frozen=True, kw_only=True):
    """A container to run.

    `image` names it by digest (`repository@sha256:…`, or an image ID). It sees `environ` and
    nothing else of this process. Its root is read-only; `scratch` are folders that it may write to,
    gone when it has ended. `memory` is in bytes, `timeout` in seconds; `collect` are files that are
    read from it when it has ended, those that exist, each of at most `most_collected` bytes. What
    it writes on standard output goes to the file `output` (an absolute path), at most
    `most_output` bytes.
    """

    image: str
    command: tuple[str, ...]
    environ: dict[str, str] = {}
    mounts: tuple[Mount, ...] = ()
    network: bool = False
    memory: int
    timeout: float
    scratch: tuple[str, ...] = ()
    collect: tuple[str, ...] = ()
    most_collected: int = 1024 * 1024
    output: str
    most_output: int = 1024 * 1024 * 1024


class Ended(Struct, frozen=True, kw_only=True):
    """A container that has ended by itself: its exit code, what it said, the files collected."""

    code: int
    stderr: bytes
    collected: dict[str, bytes] = {}


class LocalImage(Struct, frozen=True, kw_only=True):
    """An image as an engine holds it, in the engine's own words: none of it proves a push.

    `id` is the digest of the config, or in containerd's store that of the manifest or index.
    `repo_digests` are `repository@digest`: containerd's store and podman make them up for an image
    that was only built or tagged (moby/moby#45122, containers/podman#15780).
    """

    id: str
    repo_digests: tuple[str, ...] = ()
    repo_tags: tuple[str, ...] = ()
    os: str = ""
    architecture: str = ""
    variant: str = ""
    labels: dict[str, str] = {}

    @property
    def platform(self) -> str:
        """The platform as `os/architecture/variant`, as far as the engine says it."""
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


class Engine(Protocol):
    """A container engine."""

    def missing(self) -> str:
        """Return why no engine can be used, or an empty string."""

    def obtain(self, image: str) -> LocalImage:
        """Make sure that the engine holds an image, pulling it by digest, and say what it holds.

        Raises CannotTell where it cannot be had, and where the engine holds another under its name.
        """

    def inspect(self, image: str) -> LocalImage | None:
        """Return what the engine says of an image by name or ID, or None where it holds none.

        Nothing is pulled. Raises CannotTell where the engine fails or answers what cannot be read.
        """

    def save(self, image: str, path: str, limit: int) -> None:
        """Write an image as `docker save` does (a tar) to a file, an absolute path.

        Raises CannotTell where the engine holds none, or where it has more than `limit` bytes.
        """

    def run(self, container: Container) -> Ended:
        """Run a container to its end, then remove it, on a failure and on Ctrl-C too.

        Raises CannotTell where it cannot be started, or does not end within its time.
        """
