"""The answer about an image, from servers that answer as engines do, or as none should."""

from __future__ import annotations

import json

import pytest

from cdkit.core.container import LocalImage
from cdkit.core.doors.engine import DockerEngine
from cdkit.core.errors import CannotTell
from tests.core.serving import Answer, Asked, Script, serving

CONFIG = f"sha256:{'4' * 64}"
JSON = {"Content-Type": "application/json"}


def _answering(status: int, answer: object) -> Script:
    def script(asked: Asked) -> Answer:
        if asked.path.endswith("/version"):
            return Answer(headers=JSON, body=b'{"ApiVersion": "1.40"}')
        return Answer(status=status, headers=JSON, body=json.dumps(answer).encode())

    return script


def _inspect(script: Script, monkeypatch: pytest.MonkeyPatch) -> LocalImage | None:
    with serving(script) as server:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://{server.address}")
        return DockerEngine().inspect("orders:dev")


def test_an_image_is_read_with_all_that_is_asked_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {
        "Id": CONFIG,
        "RepoTags": ["orders:dev"],
        "RepoDigests": [f"orders@{CONFIG}"],
        "Os": "linux",
        "Architecture": "arm",
        "Variant": "v7",
        "Config": {"Labels": {"a": "b"}, "Cmd": ["x"]},
        "Size": 7,
    }
    image = _inspect(_answering(200, answer), monkeypatch)
    assert image == LocalImage(
        id=CONFIG,
        repo_tags=("orders:dev",),
        repo_digests=(f"orders@{CONFIG}",),
        os="linux",
        architecture="arm",
        variant="v7",
        labels={"a": "b"},
    )
    assert image.platform == "linux/arm/v7"


def test_null_is_nothing_and_an_id_without_its_algorithm_is_sha256(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = {"Id": "4" * 64, "RepoTags": None, "RepoDigests": None, "Config": None}
    assert _inspect(_answering(200, answer), monkeypatch) == LocalImage(id=CONFIG)


def test_an_image_that_is_not_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    script = _answering(404, {"message": "No such image: orders:dev"})
    assert _inspect(script, monkeypatch) is None


@pytest.mark.parametrize(
    "answer",
    [[], "x", None, {}, {"Id": 7}, {"Id": CONFIG, "RepoDigests": "x"}, {"Id": CONFIG, "Os": 1}],
)
def test_an_answer_of_another_shape_is_cannot_tell(
    answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CannotTell, match="the engine says of orders:dev what cannot be read"):
        _inspect(_answering(200, answer), monkeypatch)


def test_an_answer_with_names_without_end_is_cannot_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"Id": CONFIG, "RepoDigests": [f"orders@{CONFIG}"] * 1001}
    with pytest.raises(CannotTell, match="over 1000 names"):
        _inspect(_answering(200, answer), monkeypatch)


@pytest.mark.parametrize("status", [403, 500])
def test_an_engine_that_fails_is_cannot_tell(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CannotTell, match="the Docker engine failed: out of order"):
        _inspect(_answering(status, {"message": "out of order"}), monkeypatch)


def test_an_engine_that_answers_no_json_is_cannot_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(asked: Asked) -> Answer:
        del asked
        return Answer(headers={"Content-Type": "text/html"}, body=b"<html>")

    with pytest.raises(CannotTell, match="the Docker engine failed"):
        _inspect(script, monkeypatch)
