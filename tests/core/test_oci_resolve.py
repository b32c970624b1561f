from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cdkit.core.digest import Digest
from cdkit.core.doors.http import RequestsHttp
from cdkit.core.errors import CannotTell
from cdkit.core.oci import media
from cdkit.core.oci.reference import Reference, parse
from cdkit.core.oci.resolve import resolve_all
from cdkit.core.world import Response, World
from tests.core.serving import Answer, Asked, serving
from tests.parts.loopback import free_port
from tests.worlds import NoHttp, Notebook, StandingClock, world

UNKNOWN = json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN"}]}).encode()


def _world(tmp_path: Path, clock: StandingClock | None = None) -> World:
    http = RequestsHttp(clock or StandingClock())
    return world(tmp_path, environ={"HOME": str(tmp_path)}, http=http)


def _digest(number: int) -> Digest:
    return Digest("sha256", f"{number:064x}")


def _numbered(asked: Asked) -> Answer:
    """A registry that holds a manifest with the digest n in the repository app<n>."""
    number = int(asked.path.split("/")[2].removeprefix("app"))
    headers = {"Content-Type": media.OCI_INDEX, "Docker-Content-Digest": str(_digest(number))}
    return Answer(200, headers)


def _refs(address: str, count: int) -> list[Reference]:
    return [parse(f"{address}/app{number}:v1") for number in range(count)]


def test_each_distinct_reference_is_asked_for_once_and_keeps_its_place(tmp_path: Path) -> None:
    with serving(_numbered) as server:
        refs = _refs(server.address, 40)
        found = resolve_all([*reversed(refs), *refs], _world(tmp_path))

    assert list(found.items()) == [(refs[n], _digest(n)) for n in reversed(range(40))]
    assert len(server.asked) == 40
    assert {asked.method for asked in server.asked} == {"HEAD"}


def test_no_more_are_asked_for_at_once_than_allowed(tmp_path: Path) -> None:
    guard, inside, most = threading.Lock(), 0, 0
    together = threading.Barrier(3)

    def script(asked: Asked) -> Answer:
        nonlocal inside, most
        with guard:
            inside += 1
            most = max(most, inside)
        together.wait(timeout=60)
        with guard:
            inside -= 1
        return _numbered(asked)

    with serving(script) as server:
        resolve_all(_refs(server.address, 12), _world(tmp_path), at_once=3)

    assert most == 3


def test_absent_and_unknown_are_told_apart_for_each(tmp_path: Path) -> None:
    def script(asked: Asked) -> Answer:
        name = asked.path.split("/")[2]
        return {"none": Answer(404, {}, UNKNOWN), "closed": Answer(403)}.get(name, Answer(500))

    with serving(script) as server:
        none, closed, broken = (
            parse(f"{server.address}/{name}:v1") for name in ("none", "closed", "broken")
        )
        found = resolve_all([none, closed, broken], _world(tmp_path))

    assert found[none] is None
    assert "does not allow it (403)" in str(found[closed])
    assert "cannot answer (500)" in str(found[broken])


def test_a_dead_registry_is_given_up_once_and_the_others_go_on(tmp_path: Path) -> None:
    dead = f"127.0.0.1:{free_port()}"
    clock = StandingClock()
    with serving(_numbered) as server:
        refs = [*_refs(dead, 50), *_refs(server.address, 3)]
        found = resolve_all(refs, _world(tmp_path, clock), at_once=1)

    assert clock.slept == [0.5, 1.0, 2.0, 4.0]
    assert str(found[refs[0]]) == "127.0.0.1 cannot be reached (ConnectionRefusedError)"
    for reference in refs[1:50]:
        fault = found[reference]
        assert isinstance(fault, CannotTell)
        assert fault.what == (
            f"{reference} was not asked for, since its registry gave no answer before: "
            "127.0.0.1 cannot be reached (ConnectionRefusedError)"
        )
    assert [found[reference] for reference in refs[50:]] == [_digest(n) for n in range(3)]


def test_a_registry_that_has_had_enough_for_an_hour_is_left_alone(tmp_path: Path) -> None:
    with serving(lambda _: Answer(429, {"Retry-After": "3600"})) as server:
        refs = _refs(server.address, 20)
        found = resolve_all(refs, _world(tmp_path), at_once=1)

    assert len(server.asked) == 1
    assert all("too many requests (429)" in str(fault) for fault in found.values())


def test_a_token_is_fetched_once_for_a_repository_however_many_wait_for_it(tmp_path: Path) -> None:
    def script(asked: Asked) -> Answer:
        if asked.path.startswith("/token"):
            return Answer(200, {}, b'{"token": "t0ken", "expires_in": 300}')
        if asked.headers.get("authorization") != "Bearer t0ken":
            challenge = f'Bearer realm="{server.url}/token",scope="repository:app7:pull"'
            return Answer(401, {"WWW-Authenticate": challenge})
        return _numbered(asked)

    with serving(script) as server:
        refs = [parse(f"{server.address}/app7:v{number}") for number in range(40)]
        found = resolve_all(refs, _world(tmp_path))

    assert set(found.values()) == {_digest(7)}
    assert len([asked for asked in server.asked if asked.path.startswith("/token")]) == 1


def test_where_a_login_goes_is_said_once(tmp_path: Path) -> None:
    def script(asked: Asked) -> Answer:
        if asked.headers.get("authorization") == "Bearer t0ken":
            return _numbered(asked)
        elsewhere = tokens.url.replace("127.0.0.1", "localhost")
        return Answer(401, {"WWW-Authenticate": f'Bearer realm="{elsewhere}/token"'})

    (tmp_path / ".docker").mkdir()
    token = Answer(200, {}, b'{"token": "t0ken"}')
    with serving(lambda _: token) as tokens, serving(script) as server:
        auths = {server.address: {"auth": "dTpw"}}
        (tmp_path / ".docker/config.json").write_text(json.dumps({"auths": auths}))
        outside = _world(tmp_path)
        resolve_all(_refs(server.address, 20), outside)

    assert isinstance(outside.talk, Notebook)
    assert len(outside.talk.said) == 1


def test_a_failure_that_is_no_answer_is_raised(tmp_path: Path) -> None:
    class Broken(NoHttp):
        def request(self, *_: object, **__: object) -> Response:
            raise ZeroDivisionError

    broken = world(tmp_path, environ={"HOME": str(tmp_path)}, http=Broken())
    with pytest.raises(ZeroDivisionError):
        resolve_all(_refs("registry.example.com", 20), broken)


CALL = """
import pathlib, sys
sys.path.insert(0, {root!r})
from cdkit.core.doors.http import RequestsHttp
from cdkit.core.oci.reference import parse
from cdkit.core.oci.resolve import resolve_all
from tests.worlds import world
outside = world(pathlib.Path("."), http=RequestsHttp())
resolve_all([parse(f"{address}/app{{n}}:v1") for n in range(20)], outside)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT is sent to one process")
def test_ctrl_c_ends_it_while_a_registry_hangs(tmp_path: Path) -> None:
    import signal

    hanging, over = threading.Event(), threading.Event()

    def hangs(_: Asked) -> Answer:
        hanging.set()
        over.wait(timeout=60)
        return Answer(500)

    with serving(hangs) as server:
        root = str(Path(__file__).parents[2])
        code = CALL.format(root=root, address=server.address)
        child = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stderr=subprocess.PIPE)
        hanging.wait(timeout=60)
        child.send_signal(signal.SIGINT)
        # Were the threads waited for, it would take the 30 s of their requests.
        _, said = child.communicate(timeout=20)
        over.set()

    assert said.rstrip().endswith(b"KeyboardInterrupt")
