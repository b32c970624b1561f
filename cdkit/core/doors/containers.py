"""One container of an engine: made without rights, run to its end, read, removed."""

import contextlib
import io
import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cdkit.core.container import Container, Ended, Mount
from cdkit.core.doors.pieces import handed_over
from cdkit.core.errors import CannotTell

if TYPE_CHECKING:
    from docker import DockerClient

_QUICK = 10
_PATIENCE = 60
_MOST_SAID = 16 * 1024 * 1024


def run(client: "DockerClient", container: Container, made: str) -> Ended:
    """Attach to the container `made`, start it, read to its end; a watch kills it when time is up.

    The output is read from the engine as it comes, so that nothing of it is kept in its log.
    """
    late = threading.Event()
    with _attached(client, made) as channel:
        watch = threading.Timer(container.timeout, _kill, (client, made, channel, late))
        watch.daemon = True
        watch.start()
        try:
            client.api.start(made)
            stderr = _read(channel, container)
        finally:
            watch.cancel()
    if late.is_set():
        raise CannotTell(
            f"{container.image} did not end within {container.timeout:g} s and was stopped",
            remedy="give it more time, --timeout",
        )
    code = client.api.wait(made, timeout=_QUICK)["StatusCode"]
    if client.api.inspect_container(made)["State"].get("OOMKilled"):
        raise CannotTell(
            f"{container.image} wanted more than {container.memory // 1024**2} MiB and was stopped",
            remedy="give it more memory, --memory; or run it on a smaller image",
        )
    collected = dict(_collect(client, made, container))
    return Ended(code=code, stderr=stderr, collected=collected)


@contextlib.contextmanager
def _attached(client: "DockerClient", made: str) -> Iterator[Any]:
    """Give the channel that brings what a container writes; the SDK never closes its own."""
    channel: Any = client.api.attach_socket(made, params={"stdout": 1, "stderr": 1, "stream": 1})
    try:
        yield channel
    finally:
        # The channel is a part of the answer, and is closed with it.
        getattr(channel, "_response", channel).close()


def _read(channel: Any, container: Container) -> bytes:  # noqa: ANN401 - any of several sockets
    """Sort what was written: 1 is standard output, 2 standard error (Docker's attach API)."""
    from docker.utils.socket import frames_iter

    stream: Iterator[tuple[int, bytes]] = frames_iter(channel, tty=False)  # type: ignore[no-untyped-call]
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


def _kill(client: "DockerClient", made: str, channel: Any, late: threading.Event) -> None:  # noqa: ANN401
    """End a container whose time is up, and where its engine hangs at least our waiting for it.

    The SDK waits for what a container writes without any limit (docker.utils.socket.read).
    """
    late.set()
    try:
        client.api.kill(made)
    except Exception:  # noqa: BLE001 - whatever it was: it may also have ended in this very moment
        with contextlib.suppress(Exception):
            getattr(channel, "_sock", channel).shutdown(socket.SHUT_RDWR)


def _collect(
    client: "DockerClient", made: str, container: Container
) -> Iterator[tuple[str, bytes]]:
    import tarfile

    for path in container.collect:
        packed = io.BytesIO()
        # The engine removes no container while it still has a file of it to hand over.
        address = f"/containers/{made}/archive"
        with handed_over(client, address, patience=_PATIENCE, path=path) as pieces:
            if pieces is None:
                continue
            for chunk in pieces:
                packed.write(chunk)
                if packed.tell() > container.most_collected:
                    most = container.most_collected // 1024**2
                    raise CannotTell(
                        f"{path} in a container is over {most} MiB", remedy="look at it"
                    )
        packed.seek(0)
        with tarfile.open(fileobj=packed) as tar:
            member = tar.next()
            content = tar.extractfile(member) if member and member.isreg() else None
            if content:
                yield path, content.read()


_LABEL = "dev.cdkit"
_LEFT_BEHIND = 24 * 3600
"""Seconds after which a container that has ended is nobody's: no scan takes that long."""


def sweep(client: "DockerClient", label: str = _LABEL, seconds: float = _LEFT_BEHIND) -> None:
    """Remove what runs left behind that were killed: layers may lie unpacked in its volumes.

    Nobody asked for it, so that it fails is told to nobody.
    """
    wanted = {"label": label, "status": ["exited", "created", "dead"]}
    with contextlib.suppress(Exception):
        for found in client.api.containers(all=True, filters=wanted):
            if found["Created"] < time.time() - seconds:
                client.api.remove_container(found["Id"], v=True)


@contextlib.contextmanager
def created(client: "DockerClient", container: Container) -> Iterator[str]:
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
            labels={_LABEL: "scan"},
            log_config=LogConfig(type="none"),
        )
        answered = True
        yield name
    except APIError:
        answered = True  # whatever it was, nothing is on its way any more
        raise
    finally:
        _remove(client, name, answered=answered)


_PAUSES = (0.2, 0.5, 1.0, 2.0)
"""Seconds between tries to remove a container."""


def _remove(client: "DockerClient", name: str, *, answered: bool) -> None:
    """Remove a container, again where the engine is not ready to (a mount that is still busy).

    One whose creation was not answered may yet come to be. What failed before is what people must
    hear of, so nothing is raised here.
    """
    from docker.errors import APIError, NotFound

    for wait in (*_PAUSES, None):
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
