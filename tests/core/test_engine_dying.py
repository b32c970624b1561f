from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

import docker
import msgspec
import pytest

from cdkit.core.container import Container
from cdkit.core.doors.engine import DockerEngine
from cdkit.core.doors.pieces import handed_over
from cdkit.core.errors import CannotTell
from tests.core.serving import Answer, Asked, serving

MADE = Container(image="sha256:" + "a" * 64, command=(), memory=2**26, timeout=5, output=os.devnull)
VERSION = b'{"ApiVersion": "1.41", "Os": "linux"}'


def _engine(asked: Asked) -> Answer:
    """An engine that says its version, makes a container, and then dies in the middle of a word."""
    if asked.path.endswith("/version"):
        return Answer(headers={"Content-Type": "application/json"}, body=VERSION)
    return Answer(status=201, headers={"Content-Type": "application/json"}, body=b"{", length=500)


def test_an_engine_that_dies_half_way_is_cannot_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(_engine) as server:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://{server.address}")
        engine = DockerEngine()

        assert engine.missing() == ""
        with pytest.raises(CannotTell, match="the Docker engine failed"):
            engine.run(MADE)

    asked = [(one.method, one.path.partition("?")[0]) for one in server.asked]
    assert asked[0] == ("GET", "/version")
    assert asked[1] == ("POST", "/v1.41/containers/create")
    # It may have made it before it died, so its removal is asked for all the same.
    assert asked[2][0] == "DELETE"
    assert asked[2][1].startswith("/v1.41/containers/cdkit-")


def test_an_engine_that_hangs_is_waited_for_no_longer_than_its_container_may_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    over = threading.Event()

    def hanging(asked: Asked) -> Answer:
        """An engine that starts the container and says nothing more."""
        if asked.path.endswith("/version"):
            return Answer(headers={"Content-Type": "application/json"}, body=VERSION)
        if "/create" in asked.path:
            headers = {"Content-Type": "application/json"}
            return Answer(status=201, headers=headers, body=b'{"Id": "a", "Warnings": []}')
        if "/attach" in asked.path:
            return Answer(length=1000, hold=over)
        if "/start" in asked.path or "/json" in asked.path:
            return Answer(headers={"Content-Type": "application/json"}, body=b'{"Id": "a"}')
        over.wait(30)
        return Answer()

    made = msgspec.structs.replace(MADE, timeout=0.2)
    with serving(hanging) as server:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://{server.address}")
        try:
            with pytest.raises(CannotTell, match=r"did not end within 0\.2 s and was stopped"):
                DockerEngine(patience=0.2).run(made)
        finally:
            over.set()

    asked = [(one.method, one.path.partition("?")[0].rpartition("/")[2]) for one in server.asked]
    assert ("POST", "kill") in asked
    assert asked[-1][0] == "DELETE"


@pytest.mark.parametrize("begun", [True, False])
def test_an_engine_that_hangs_while_it_hands_an_image_over_is_cannot_tell(
    begun: bool,  # noqa: FBT001 - a case's
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    over = threading.Event()

    def hanging(asked: Asked) -> Answer:
        """An engine that holds the image, and hands over a part of it at most."""
        if asked.path.endswith("/version"):
            return Answer(headers={"Content-Type": "application/json"}, body=VERSION)
        if asked.path.endswith("/json"):
            return Answer(headers={"Content-Type": "application/json"}, body=b'{"Id": "sha256:a"}')
        if begun:
            return Answer(body=b"a part", length=1000, hold=over)
        over.wait(30)
        return Answer()

    with serving(hanging) as server:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://{server.address}")
        try:
            with pytest.raises(CannotTell, match=r"the Docker engine failed: .*[Tt]imed out"):
                DockerEngine(saving=0.2).save("made:1", str(tmp_path / "image.tar"), 2**20)
        finally:
            over.set()

    assert server.asked[-1].path == "/v1.41/images/made:1/get"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(status=404, body=b"{}"), "holds no image made:1"),
        (Answer(status=500, body=b"no space left"), "answered 500: no space left"),
        (Answer(body=b"a part", length=1000), "the Docker engine failed"),
    ],
)
def test_an_image_that_is_not_handed_over_whole_is_cannot_tell(
    answer: Answer, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def engine(asked: Asked) -> Answer:
        if asked.path.endswith("/version"):
            return Answer(headers={"Content-Type": "application/json"}, body=VERSION)
        if asked.path.endswith("/json"):
            return Answer(headers={"Content-Type": "application/json"}, body=b'{"Id": "sha256:a"}')
        return answer

    with serving(engine) as server:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://{server.address}")
        with pytest.raises(CannotTell, match=said):
            DockerEngine().save("made:1", str(tmp_path / "image.tar"), 2**20)


def test_what_is_handed_over_must_be_there_in_time() -> None:
    with serving(lambda _: Answer(body=b"all of it")) as server:
        client = docker.DockerClient(base_url=f"tcp://{server.address}", version="1.41")
        with (
            contextlib.closing(client),
            handed_over(client, "/images/made/get", patience=5, longest=-1) as pieces,
            pytest.raises(CannotTell, match="did not hand all of it over within"),
        ):
            list(pieces or ())


def test_an_engine_of_another_system_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Answer(body=VERSION.replace(b"linux", b"windows"))
    with serving(lambda _: answer) as server:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://{server.address}")

        said = DockerEngine().missing()

    assert said == "the Docker engine runs windows containers, not Linux"
