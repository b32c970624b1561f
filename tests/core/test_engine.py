from __future__ import annotations

import dataclasses
import io
import os
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from cdkit.core.container import Container, Mount
from cdkit.core.doors.containers import sweep
from cdkit.core.doors.engine import DockerEngine
from cdkit.core.doors.files import DiskFiles
from cdkit.core.errors import CannotTell
from cdkit.scan.archive import read_archive
from tests.parts import busybox as busybox_part

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.needs("docker", "busybox")

MEMORY = 256 * 1024**2
HANG_UP = getattr(signal, "SIGHUP", signal.SIGTERM)
"""Which Windows lacks."""


@pytest.fixture(scope="module")
def busybox(docker_engine: DockerClient) -> Iterator[str]:
    """An image with a shell, made from this machine's static busybox."""
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        tar.add(busybox_part.BINARY, "busybox")
        text = b"FROM scratch\nCOPY busybox /bin/sh\nCOPY busybox /bin/busybox\n"
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
    context.seek(0)
    image, _ = docker_engine.images.build(
        fileobj=context, custom_context=True, rm=True, tag="cdkit-parts/busybox:engine-test"
    )
    yield str(image.id)
    docker_engine.images.remove(str(image.id), force=True)


def _container(image: str, script: str, **changes: object) -> Container:
    made = {"memory": MEMORY, "timeout": 60.0, "output": os.devnull, **changes}
    return Container(image=image, command=("/bin/sh", "-c", script), **made)  # type: ignore[arg-type]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ran:
    """A container that has ended, with what it wrote."""

    code: int
    stdout: bytes
    stderr: bytes


def _run(container: Container, engine: DockerEngine | None = None) -> Ran:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out"
        made = msgspec.structs.replace(container, output=str(output))
        ended = (engine or DockerEngine()).run(made)
        return Ran(code=ended.code, stdout=output.read_bytes(), stderr=ended.stderr)


def _left(client: DockerClient, image: str) -> list[str]:
    """What is left of this module's containers: others may use the engine at the same time."""
    filters: dict[str, Any] = {"label": "dev.cdkit", "ancestor": image}
    return [c.id or "" for c in client.containers.list(all=True, filters=filters)]


def test_output_and_exit_code_come_back_apart(busybox: str, docker_engine: DockerClient) -> None:
    ended = _run(_container(busybox, "echo out; echo err >&2; exit 3"))

    assert (ended.code, ended.stdout, ended.stderr) == (3, b"out\n", b"err\n")
    assert _left(docker_engine, busybox) == []


def test_a_container_sees_the_environment_it_is_given_and_no_other(
    busybox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")

    ended = _run(_container(busybox, "/bin/busybox env", environ={"A": "b"}))

    assert b"A=b" in ended.stdout
    assert b"hunter2" not in ended.stdout


def test_a_container_has_no_network_and_no_rights(busybox: str) -> None:
    script = "/bin/busybox ls /sys/class/net; /bin/busybox grep CapEff /proc/self/status"

    ended = _run(_container(busybox, script))

    interfaces = ended.stdout.decode().split("CapEff")[0].split()
    assert "eth0" not in interfaces
    # DAC_OVERRIDE alone: bit 1.
    assert ended.stdout.decode().strip().endswith("0000000000000002")


def test_a_folder_is_mounted_to_be_read(busybox: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("content")
    mount = Mount(source=str(tmp_path), target="/in")

    script = "/bin/busybox cat /in/a; /bin/busybox touch /in/b"
    ended = _run(_container(busybox, script, mounts=(mount,)))

    assert ended.stdout == b"content"
    assert b"Read-only" in ended.stderr
    assert not (tmp_path / "b").exists()


def test_files_are_collected_where_they_exist(busybox: str) -> None:
    script = "echo kept > /work/kept"
    made = _container(busybox, script, scratch=("/work",), collect=("/work/kept", "/none"))

    assert DockerEngine().run(made).collected == {"/work/kept": b"kept\n"}


def test_a_file_over_the_limit_is_not_collected(busybox: str) -> None:
    script = "/bin/busybox dd if=/dev/zero of=/tmp/large bs=1048576 count=3 2>/dev/null"
    container = _container(
        busybox, script, scratch=("/tmp",), collect=("/tmp/large",), most_collected=2 * 1024**2
    )

    with pytest.raises(CannotTell, match="/tmp/large in a container is over 2 MiB"):
        _run(container)


def test_a_container_writes_to_its_scratch_folders_alone(
    busybox: str, docker_engine: DockerClient
) -> None:
    ran = _run(_container(busybox, "echo a > /work/a; echo b > /b", scratch=("/work",)))

    assert b"/b: Read-only file system" in ran.stderr
    assert b"/work/a" not in ran.stderr
    assert _left(docker_engine, busybox) == []


def test_a_container_that_writes_without_end_is_stopped(
    busybox: str, docker_engine: DockerClient
) -> None:
    made = _container(busybox, "/bin/busybox yes", most_output=1024**2)

    with pytest.raises(CannotTell, match="wrote over 1 MiB"):
        _run(made)
    assert _left(docker_engine, busybox) == []


def test_an_image_is_saved_as_docker_saves_it(busybox: str, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"

    DockerEngine().save(busybox, str(path), 1024**3)

    target = read_archive(str(path), DiskFiles())
    assert target.parts[0].config_digest == busybox


def test_an_image_over_the_limit_is_not_saved(busybox: str, tmp_path: Path) -> None:
    with pytest.raises(CannotTell, match="has more than 0 GiB"):
        DockerEngine().save(busybox, str(tmp_path / "image.tar"), 1000)


def test_an_image_that_is_not_there_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(CannotTell, match="holds no image"):
        DockerEngine().save("sha256:" + "0" * 64, str(tmp_path / "image.tar"), 1024**3)


SLEEPER = """
import sys
from cdkit.core.container import Container
from cdkit.core.doors.engine import DockerEngine
from cdkit.core.doors.stopping import Stop
Stop().listen()
command = ("/bin/sh", "-c", "echo up; /bin/busybox sleep 600")
made = Container(image=sys.argv[1], command=command, memory=2**28, timeout=600, output=sys.argv[2])
DockerEngine().run(made)
"""


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param((signal.SIGINT,), id="Ctrl-C"),
        pytest.param((signal.SIGTERM,), id="SIGTERM"),
        pytest.param((HANG_UP,), id="SIGHUP"),
        pytest.param((signal.SIGINT, signal.SIGINT, signal.SIGTERM), id="an impatient one"),
    ],
)
def test_a_signal_ends_the_container_too(
    busybox: str, docker_engine: DockerClient, tmp_path: Path, numbers: tuple[signal.Signals, ...]
) -> None:
    output = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-c", SLEEPER, busybox, str(output)], stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            if output.exists() and output.stat().st_size:
                break
            threading.Event().wait(0.05)
        for number in numbers:
            process.send_signal(number)
            threading.Event().wait(0.03)  # two of one kind that wait together are one
        process.wait(timeout=30)
    finally:
        process.kill()
        process.wait()

    assert process.returncode != 0
    assert _left(docker_engine, busybox) == []


def test_what_a_killed_run_left_behind_is_removed_a_day_later(
    busybox: str, docker_engine: DockerClient
) -> None:
    label = f"dev.cdkit-test-{os.urandom(4).hex()}"

    def begun(*command: str) -> Any:  # noqa: ANN401 - the SDK's own type, which runs do not load
        return docker_engine.containers.run(busybox, [*command], labels=[label], detach=True)

    ended, running = begun("/bin/sh", "-c", "exit 0"), begun("/bin/busybox", "sleep", "600")
    try:
        ended.wait(timeout=60)
        ids = {one.id for one in (ended, running)}

        sweep(docker_engine, label)
        young = {
            one.id for one in docker_engine.containers.list(all=True, filters={"label": label})
        }
        sweep(docker_engine, label, -60)  # as if it were later
        old = {one.id for one in docker_engine.containers.list(all=True, filters={"label": label})}
    finally:
        running.remove(force=True)
        sweep(docker_engine, label, -60)

    assert young == ids
    assert old == {running.id}


def test_a_large_output_is_whole(busybox: str) -> None:
    script = "/bin/busybox dd if=/dev/zero bs=1048576 count=20 2>/dev/null"

    assert len(_run(_container(busybox, script)).stdout) == 20 * 1024**2


def test_a_container_that_does_not_end_is_stopped_and_removed(
    busybox: str, docker_engine: DockerClient
) -> None:
    with pytest.raises(CannotTell, match="did not end within 1 s"):
        DockerEngine().run(_container(busybox, "/bin/busybox sleep 1000", timeout=1.0))

    assert _left(docker_engine, busybox) == []


def test_an_interrupt_removes_the_container(
    busybox: str, docker_engine: DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(threading.Timer):
        def start(self) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(threading, "Timer", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        DockerEngine().run(_container(busybox, "/bin/busybox sleep 1000"))

    assert _left(docker_engine, busybox) == []


def test_a_folder_that_is_not_there_is_cannot_tell(
    busybox: str, docker_engine: DockerClient
) -> None:
    mount = Mount(source="/not/here", target="/in")

    with pytest.raises(CannotTell, match="/not/here"):
        DockerEngine().run(_container(busybox, "exit 0", mounts=(mount,)))
    assert _left(docker_engine, busybox) == []


def test_a_program_that_is_not_in_the_image_is_cannot_tell(
    busybox: str, docker_engine: DockerClient
) -> None:
    made = Container(
        image=busybox, command=("/nothing",), memory=MEMORY, timeout=60, output=os.devnull
    )

    with pytest.raises(CannotTell, match="the Docker engine failed"):
        DockerEngine().run(made)
    assert _left(docker_engine, busybox) == []


def test_an_image_by_id_that_is_not_there_is_not_pulled() -> None:
    with pytest.raises(CannotTell, match="does not hold the image"):
        DockerEngine().obtain("sha256:" + "0" * 64)


def test_an_image_that_is_there_is_there(busybox: str) -> None:
    DockerEngine().obtain(busybox)


def test_an_engine_that_answers_is_not_missing() -> None:
    assert DockerEngine().missing() == ""


def test_an_engine_that_does_not_answer_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")

    assert DockerEngine().missing() == f"no Docker engine: there is no {tmp_path}/none.sock"
