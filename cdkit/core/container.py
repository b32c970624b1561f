"""Containers, as far as steps want them: one that runs to its end, and what it leaves."""

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
    nothing else of this process. `memory` is in bytes, `timeout` in seconds; `collect` are files
    that are read from it when it has ended, those that exist.
    """

    image: str
    command: tuple[str, ...]
    environ: dict[str, str] = {}
    mounts: tuple[Mount, ...] = ()
    network: bool = False
    memory: int
    timeout: float
    collect: tuple[str, ...] = ()


class Ended(Struct, frozen=True, kw_only=True):
    """A container that has ended by itself: its exit code, its output, the files collected."""

    code: int
    stdout: bytes
    stderr: bytes
    collected: dict[str, bytes] = {}


class Engine(Protocol):
    """A container engine."""

    def missing(self) -> str:
        """Return why no engine can be used, or an empty string."""

    def obtain(self, image: str) -> None:
        """Make sure that the engine holds an image, pulling it by digest; raises CannotTell."""

    def run(self, container: Container) -> Ended:
        """Run a container to its end, then remove it, on a failure and on Ctrl-C too.

        Raises CannotTell where it cannot be started, or does not end within its time.
        """
