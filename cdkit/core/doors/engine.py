"""The door to a container engine, through the Docker SDK: bounded, without rights, removed."""

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from msgspec import Struct

from cdkit.core.container import Container, Ended, LocalImage
from cdkit.core.errors import CannotTell

if TYPE_CHECKING:
    from docker import DockerClient

_QUICK = 10
_PATIENCE = 60
_PULL_TIMEOUT = 600
_MOST_NAMES = 1000
_SOCKET = "/var/run/docker.sock"
_ANY = "1.40"
"""For the one question that is asked without a version in its path."""


class _Config(Struct, frozen=True):
    Labels: dict[str, str] | None = None


class _Inspected(Struct, frozen=True):
    """The parts of an answer that are read, under the names of the Docker Engine API."""

    Id: str
    RepoDigests: tuple[str, ...] | None = None
    RepoTags: tuple[str, ...] | None = None
    Os: str | None = None
    Architecture: str | None = None
    Variant: str | None = None
    Config: _Config | None = None


class DockerEngine:
    """The engine at DOCKER_HOST, else at the usual socket; podman's Docker API works as well."""

    name = "Docker"

    def __init__(self, patience: float = _PATIENCE, saving: float = _PULL_TIMEOUT) -> None:
        """`patience`: seconds in which the engine must answer what it is asked about a container.

        What is written by a container may take as long as the container itself may. `saving`:
        seconds in which the next piece of an image must come; an engine packs it first.
        """
        self._version = ""
        self._patience = patience
        self._saving = saving

    def missing(self) -> str:
        """Return why no engine can be used, or an empty string; asked without importing much."""
        host = self.host()
        socket = host.removeprefix("unix://")
        if socket != host and os.name == "posix":
            if not os.path.exists(socket):  # noqa: PTH110 - a socket, not a file
                return f"no {self.name} engine: there is no {socket}"
            if not os.access(socket, os.R_OK | os.W_OK):
                return f"no {self.name} engine: this user may not use {socket}"
        try:
            with self._client(_QUICK, version=_ANY) as client:
                said = client.api.version(api_version=False)
                system = said.get("Os", "linux")
                self._version = said.get("ApiVersion", "")
        except CannotTell as fault:
            return fault.what
        if system == "linux":
            return ""
        return f"the {self.name} engine runs {system} containers, not Linux"

    def host(self) -> str:
        """Return the engine's address."""
        return os.environ.get("DOCKER_HOST") or f"unix://{_SOCKET}"

    def obtain(self, image: str) -> LocalImage:
        """Make sure that the engine holds an image; it is pulled by digest, or not at all."""
        held = self.inspect(image)
        if held is None:
            if "@" not in image:
                raise CannotTell(
                    f"the {self.name} engine does not hold the image {image}",
                    remedy="name it by digest, repository@sha256:…, so that it can be pulled",
                )
            with self._client(_PULL_TIMEOUT) as client:
                client.images.pull(image)
            held = self.inspect(image)
        if held is None or not _is_it(image, held):
            raise CannotTell(
                f"the {self.name} engine holds another image under {image}",
                remedy="remove it from the engine, and run the step again",
            )
        return held

    def inspect(self, image: str) -> LocalImage | None:
        """Return what the engine says of an image by name or ID, or None where it holds none.

        Docker Engine API, "Inspect an image"; podman answers the same at version 1.40 and later.
        """
        from docker.errors import ImageNotFound

        with self._client(_QUICK) as client:
            try:
                answer = client.api.inspect_image(image)  # type: ignore[no-untyped-call]
            except ImageNotFound:
                return None
        return _local_image(image, answer)

    def run(self, container: Container) -> Ended:
        """Run a container to its end and remove it, with those that were left behind before."""
        from cdkit.core.doors.containers import created, run, sweep  # which few calls need

        with self._client(self._patience) as client, created(client, container) as made:
            ended = run(client, container, made)
            sweep(client)
        return ended

    def save(self, image: str, path: str, limit: int) -> None:
        """Write an image as a tar, a piece at a time."""
        if self.inspect(image) is None:
            self._none(image)
        from urllib.parse import quote  # which few commands need to load

        from cdkit.core.doors.pieces import handed_over

        size = 0
        address = f"/images/{quote(image, safe='/:@')}/get"
        with (
            self._client(self._saving) as client,
            handed_over(client, address, patience=self._saving) as pieces,
            open(path, "wb") as stream,  # noqa: PTH123
        ):
            for piece in pieces or self._none(image):
                size += len(piece)
                if size > limit:
                    raise CannotTell(
                        f"the image {image} has more than {limit // 1024**3} GiB",
                        remedy="push it, and scan its digest in the registry",
                    )
                stream.write(piece)

    def _none(self, image: str) -> NoReturn:
        raise CannotTell(
            f"the {self.name} engine holds no image {image}",
            remedy="build or pull it first; `docker image ls` lists what is there",
        )

    @contextlib.contextmanager
    def _client(self, timeout: float, version: str = "") -> Iterator["DockerClient"]:
        """A client of the SDK; whatever it raises comes out as CannotTell, without an address.

        The engine is asked once which version of the API it speaks, not by every client.
        """
        import docker
        import requests
        from docker.errors import DockerException

        try:
            environ = dict(os.environ) | {"DOCKER_HOST": self.host()}
            spoken = version or self._version or "auto"
            client = docker.from_env(
                version=spoken,
                timeout=timeout,  # type: ignore[arg-type] # requests takes parts of a second
                environment=environ,
            )
            try:
                yield client
            finally:
                client.close()
        except (DockerException, requests.RequestException, OSError) as fault:
            said = getattr(fault, "explanation", None) or str(fault) or type(fault).__name__
            raise CannotTell(
                f"the {self.name} engine failed: {str(said)[:500]}",
                remedy="check that it runs and that this user may use it: "
                f"{self.name.lower()} info",
            ) from fault


class PodmanEngine(DockerEngine):
    """podman through its Docker API: at CONTAINER_HOST, else where its service listens.

    A user's own service goes before root's (podman-system-service(1)).
    """

    name = "podman"

    def host(self) -> str:
        """Return the address of the service."""
        if named := os.environ.get("CONTAINER_HOST"):
            return named
        folder = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{getattr(os, 'getuid', int)()}"
        own = f"{folder}/podman/podman.sock"
        there = os.path.exists(own)  # noqa: PTH110 - a socket, not a file
        return f"unix://{own if there else '/run/podman/podman.sock'}"


def _is_it(image: str, held: LocalImage) -> bool:
    """Whether what is held is what was named by digest: an engine's names can be made up."""
    if "@" not in image:
        return held.id.removeprefix("sha256:").startswith(image.removeprefix("sha256:"))
    digest = image.rpartition("@")[2]
    return held.id == digest or any(d.rpartition("@")[2] == digest for d in held.repo_digests)


def _local_image(image: str, answer: object) -> LocalImage:
    """Read an answer; the engine writes null where it has no digests, tags or labels."""
    import msgspec

    try:
        found = msgspec.convert(answer, _Inspected)
    except msgspec.ValidationError as fault:
        raise CannotTell(
            f"the engine says of {image} what cannot be read: {fault}",
            remedy="update the engine, or name the image by --digest",
        ) from fault
    if len(found.RepoDigests or ()) > _MOST_NAMES or len(found.RepoTags or ()) > _MOST_NAMES:
        raise CannotTell(
            f"the engine has over {_MOST_NAMES} names for {image}", remedy="remove some of them"
        )
    return LocalImage(
        id=found.Id if ":" in found.Id else f"sha256:{found.Id}",
        repo_digests=found.RepoDigests or (),
        repo_tags=found.RepoTags or (),
        os=found.Os or "",
        architecture=found.Architecture or "",
        variant=found.Variant or "",
        labels=(found.Config.Labels if found.Config else None) or {},
    )
