"""The door to a container engine, through the Docker SDK: bounded, without rights, removed."""

import contextlib
import io
import os
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cdkit.core.container import Container, Ended, LocalImage, Mount
from cdkit.core.errors import CannotTell

if TYPE_CHECKING:
    from docker import DockerClient

_QUICK = 10
_PULL_TIMEOUT = 600
_MOST_SAID = 16 * 1024 * 1024
_MOST_NAMES = 1000
_SOCKET = "/var/run/docker.sock"
_ANY = "1.40"
"""For the one question that is asked without a version in its path."""

_PIECE = 1024 * 1024


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

    def __init__(self) -> None:
        self._version = ""

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
        """Run a container to its end and remove it."""
        with self._client(_PULL_TIMEOUT) as client, _created(client, container) as made:
            return _run(client, container, made)

    def save(self, image: str, path: str, limit: int) -> None:
        """Write an image as a tar, a piece at a time."""
        if self.inspect(image) is None:
            raise CannotTell(
                f"the {self.name} engine holds no image {image}",
                remedy="build or pull it first; `docker image ls` lists what is there",
            )
        size = 0
        with self._client(_PULL_TIMEOUT) as client, open(path, "wb") as stream:  # noqa: PTH123
            pieces = client.api.get_image(image, chunk_size=_PIECE)
            for piece in pieces:
                size += len(piece)
                if size > limit:
                    raise CannotTell(
                        f"the image {image} has more than {limit // 1024**3} GiB",
                        remedy="push it, and scan its digest in the registry",
                    )
                stream.write(piece)

    @contextlib.contextmanager
    def _client(self, timeout: int, version: str = "") -> Iterator["DockerClient"]:
        """A client of the SDK; whatever it raises comes out as CannotTell, without an address.

        The engine is asked once which version of the API it speaks, not by every client.
        """
        import docker
        import requests
        from docker.errors import DockerException

        try:
            environ = dict(os.environ) | {"DOCKER_HOST": self.host()}
            spoken = version or self._version or "auto"
            client = docker.from_env(version=spoken, timeout=timeout, environment=environ)
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


def _run(client: "DockerClient", container: Container, made: str) -> Ended:
    """Attach, start, read to the end; a watch kills the container when its time is up.

    The output is read from the engine as it comes, so that nothing of it is kept in its log.
    """
    late = threading.Event()
    watch = threading.Timer(container.timeout, _kill, (client, made, late))
    watch.daemon = True
    watch.start()
    try:
        with _attached(client, made) as stream:
            client.api.start(made)
            stderr = _read(stream, container)
        code = client.api.wait(made, timeout=_QUICK)["StatusCode"]
    finally:
        watch.cancel()
    if late.is_set():
        raise CannotTell(
            f"{container.image} did not end within {container.timeout:g} s and was stopped",
            remedy="give it more time",
        )
    if client.api.inspect_container(made)["State"].get("OOMKilled"):
        raise CannotTell(
            f"{container.image} wanted more than {container.memory // 1024**2} MiB and was stopped",
            remedy="run it where there is more memory, or on a smaller image",
        )
    collected = dict(_collect(client, made, container))
    return Ended(code=code, stderr=stderr, collected=collected)


@contextlib.contextmanager
def _attached(client: "DockerClient", made: str) -> Iterator[Iterator[tuple[int, bytes]]]:
    """Give what a container writes, as pairs of stream number and bytes.

    The SDK's own iterator never closes its socket, and takes a broken connection for the end.
    """
    from docker.utils.socket import frames_iter

    channel: Any = client.api.attach_socket(made, params={"stdout": 1, "stderr": 1, "stream": 1})
    try:
        yield frames_iter(channel, tty=False)  # type: ignore[no-untyped-call]
    finally:
        # The channel is a part of the answer, and is closed with it.
        getattr(channel, "_response", channel).close()


def _read(stream: Iterator[tuple[int, bytes]], container: Container) -> bytes:
    """Sort what was written: 1 is standard output, 2 standard error (Docker's attach API)."""
    said = io.BytesIO()
    with open(container.output, "wb") as out:  # noqa: PTH123
        for number, data in stream:
            (out if number == 1 else said).write(data)
            out.flush()  # people look at a file that grows
            if out.tell() > container.most_output or said.tell() > _MOST_SAID:
                raise CannotTell(
                    f"{container.image} wrote over {container.most_output // 1024**2} MiB",
                    remedy="look at what it runs",
                )
    return said.getvalue()


def _kill(client: "DockerClient", made: str, late: threading.Event) -> None:
    late.set()
    with contextlib.suppress(Exception):  # it may have ended in this very moment
        client.api.kill(made)


def _collect(
    client: "DockerClient", made: str, container: Container
) -> Iterator[tuple[str, bytes]]:
    import tarfile

    from docker.errors import NotFound

    for path in container.collect:
        try:
            stream, _ = client.api.get_archive(made, path)
        except NotFound:
            continue
        packed = io.BytesIO()
        for chunk in stream:
            packed.write(chunk)
            if packed.tell() > container.most_collected:
                most = container.most_collected // 1024**2
                raise CannotTell(f"{path} in a container is over {most} MiB", remedy="look at it")
        packed.seek(0)
        with tarfile.open(fileobj=packed) as tar:
            member = tar.next()
            content = tar.extractfile(member) if member and member.isreg() else None
            if content:
                yield path, content.read()


@contextlib.contextmanager
def _created(client: "DockerClient", container: Container) -> Iterator[str]:
    """Create a container and remove it at the end, with the volumes that have no name."""
    from docker.errors import APIError
    from docker.types import LogConfig

    # Named by us, so that it can be removed even where an interrupt came before the answer.
    name = f"cdkit-{os.urandom(8).hex()}"
    scratch = (
        Mount(source="", target=path, is_volume=True, read_only=False) for path in container.scratch
    )
    answered = False
    try:
        client.containers.create(
            container.image,
            list(container.command),
            name=name,
            environment=container.environ,
            mounts=[_mount(mount) for mount in (*container.mounts, *scratch)],
            read_only=True,
            network_mode="bridge" if container.network else "none",
            mem_limit=container.memory,
            pids_limit=1024,
            # Root without rights, save the one to read files that belong to somebody else.
            cap_drop=["ALL"],
            cap_add=["DAC_OVERRIDE"],
            security_opt=["no-new-privileges"],
            labels={"dev.cdkit": "scan"},
            log_config=LogConfig(type="none"),
        )
        answered = True
        yield name
    except APIError:
        answered = True  # whatever it was, nothing is on its way any more
        raise
    finally:
        _remove(client, name, answered=answered)


_PATIENCE = (0.2, 0.5, 1.0, 2.0)
"""Seconds between tries to remove a container."""


def _remove(client: "DockerClient", name: str, *, answered: bool) -> None:
    """Remove a container, again where the engine is not ready to (a mount that is still busy).

    One whose creation was not answered may yet come to be. What failed before is what people must
    hear of, so nothing is raised here.
    """
    from docker.errors import APIError, NotFound

    for wait in (*_PATIENCE, None):
        try:
            client.api.remove_container(name, force=True, v=True)
        except NotFound:
            if answered:
                return
        except APIError:
            pass
        except Exception:  # noqa: BLE001 - an engine that is gone removes nothing
            return
        else:
            return
        if wait is not None:
            time.sleep(wait)


def _mount(mount: Mount) -> Any:  # noqa: ANN401 - the SDK's own type, imported late
    from docker.types import Mount as SdkMount

    return SdkMount(
        target=mount.target,
        source=mount.source or None,
        type="volume" if mount.is_volume else "bind",
        read_only=mount.read_only,
    )
