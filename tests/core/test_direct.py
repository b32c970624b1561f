"""Connections that are kept: used again, never for the wrong answer, and trusted as they should."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from cdkit.core.doors.http import RequestsHttp
from cdkit.core.errors import CannotTell
from tests.core.serving import Answer, serving
from tests.events.receiver import Receiver, receiving, talking
from tests.worlds import StandingClock

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextlib.contextmanager
def scripted(*connections: Sequence[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """Serve connections one after the other, each with its answers; give the address and what came.

    After its last answer a connection is closed; an empty answer closes it without one.
    """
    came: list[bytes] = []

    def serve() -> None:
        for answers in connections:
            client, _ = listener.accept()
            with client:
                for answer in answers:
                    came.append(client.recv(65536))
                    client.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/", came
        thread.join(timeout=20)


def test_a_connection_is_used_again() -> None:
    with serving(lambda _: Answer(200, body=b"x")) as server:
        door = RequestsHttp()
        for method in ("GET", "HEAD", "POST", "GET", "PUT"):
            door.request(method, server.url, body=b"y" if method == "POST" else b"")

    assert server.connections == 1


def test_a_kept_connection_that_was_closed_meanwhile_is_replaced_without_a_wait() -> None:
    clock = StandingClock()
    with scripted([OK, b""], [OK]) as (url, came):
        door = RequestsHttp(clock)
        assert door.request("GET", url).body == b"ok"
        assert door.request("HEAD", url).status == 200

    assert clock.slept == []
    assert [head.split(b" ")[0] for head in came] == [b"GET", b"HEAD", b"HEAD"]


def test_a_post_that_may_have_arrived_is_not_sent_again() -> None:
    with scripted([OK, b""]) as (url, came):
        door = RequestsHttp(StandingClock())
        door.request("GET", url)
        with pytest.raises(CannotTell, match="cannot be reached"):
            door.request("POST", url, body=b"once")

    assert len(came) == 2


def test_a_fresh_connection_that_gives_no_answer_is_tried_like_any_failure() -> None:
    clock = StandingClock()
    with scripted([b""], [OK]) as (url, _):
        assert RequestsHttp(clock).request("GET", url).body == b"ok"

    assert clock.slept == [0.5]


def test_what_comes_after_an_answer_is_no_answer_to_the_next_request() -> None:
    extra = OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
    with scripted([extra, b""], [OK]) as (url, _):
        door = RequestsHttp()
        assert [door.request("GET", url).body for _ in range(2)] == [b"ok", b"ok"]


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n\r\nok",
    ],
    ids=["close", "1.0", "until the end"],
)
def test_a_connection_that_ends_with_its_answer_is_not_used_again(head: bytes) -> None:
    with scripted([head], [head]) as (url, came):
        door = RequestsHttp()
        assert [door.request("GET", url).body for _ in range(2)] == [b"ok", b"ok"]

    assert len(came) == 2


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: +2",
        b"Content-Length: 2, 3",
        b"Content-Length: 2\r\nContent-Length: 3",
        b"Content-Length: -1",
        b"Content-Length: \xb2",
        b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: identity",
    ],
)
def test_an_answer_that_readers_would_end_in_two_places_is_none(framing: bytes) -> None:
    with (
        talking(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\nok") as url,
        pytest.raises(CannotTell, match="does not say clearly where its answer ends"),
    ):
        RequestsHttp(StandingClock()).request("GET", url)


@pytest.mark.parametrize("status", [b"102 Processing", b"103 Early Hints\r\nLink: </a>"])
def test_an_answer_that_others_announce_is_waited_for(status: bytes) -> None:
    early = b"HTTP/1.1 " + status + b"\r\n\r\n"
    said = early + early + b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok"
    with talking(said) as url:
        answer = RequestsHttp().request("POST", url, body=b"{}")
    assert (answer.status, answer.body) == (202, b"ok")


def test_a_length_that_is_said_twice_alike_is_one() -> None:
    with talking(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok") as url:
        assert RequestsHttp().request("GET", url).body == b"ok"


def test_headers_said_twice_are_joined_and_chunks_put_together() -> None:
    said = (
        b"HTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n"
    )
    with talking(said) as url:
        answer = RequestsHttp().request("GET", url)

    assert (answer.headers["a"], answer.body) == ("1, 2", b"abcde")


def test_a_head_that_is_cut_off_is_no_answer() -> None:
    said = b"HTTP/1.1 200 OK\r\nDocker-Content-Digest: sha256:00\r\n"
    with talking(said) as url, pytest.raises(CannotTell, match="cut its answer short"):
        RequestsHttp(StandingClock()).request("HEAD", url)


def test_who_answers_before_all_was_sent_is_heard() -> None:
    said = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"
    with scripted([said]) as (url, _):
        answer = RequestsHttp(StandingClock()).request("POST", url, body=b"x" * 20_000_000)

    assert answer.status == 413


def test_a_header_that_a_caller_gives_is_sent_once() -> None:
    with scripted([OK]) as (url, came):
        RequestsHttp().request("GET", url, headers={"user-agent": "mine", "accept-encoding": "x"})

    assert came[0].lower().count(b"user-agent:") == came[0].lower().count(b"accept-encoding:") == 1


def test_an_address_that_has_to_be_quoted_is_quoted() -> None:
    with serving(lambda _: Answer()) as server:
        RequestsHttp().request("GET", f"{server.url}/a b/\u00e9?q=\u20ac")

    assert server.asked[0].path == "/a%20b/%C3%A9?q=%E2%82%AC"


def test_the_host_header_has_the_port_and_a_caller_may_say_another() -> None:
    with serving(lambda _: Answer()) as server:
        door = RequestsHttp()
        door.request("GET", server.url)
        door.request("GET", server.url, headers={"Host": "other.example"})

    assert [asked.headers["host"] for asked in server.asked] == [server.address, "other.example"]


@pytest.fixture
def six() -> Iterator[tuple[str, list[bytes]]]:
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("there is no IPv6 here")
    came: list[bytes] = []

    def serve() -> None:
        client, _ = listener.accept()
        with client:
            came.append(client.recv(65536))
            client.sendall(OK)

    with listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"[::1]:{listener.getsockname()[1]}", came
        thread.join(timeout=20)


def test_a_host_may_be_an_address_of_ipv6(six: tuple[str, list[bytes]]) -> None:
    place, came = six
    assert RequestsHttp().request("GET", f"http://{place}/").body == b"ok"
    assert f"\r\nHost: {place}\r\n".encode() in came[0]


def test_nothing_heavy_is_imported_where_no_proxy_is_named() -> None:
    with serving(lambda _: Answer()) as server:
        code = (
            "import sys; from cdkit.core.doors.http import RequestsHttp; "
            f"RequestsHttp().request('GET', {server.url!r}); "
            "print(sorted({'requests', 'urllib3', 'certifi'} & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)

    assert done.stdout.strip() == b"[]"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("openssl, which makes the certificate, is not here")
    both = tmp_path_factory.mktemp("tls") / "both.pem"
    command = [
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        "-subj", "/CN=elsewhere.example", "-addext", "subjectAltName=IP:127.0.0.1",
        "-keyout", str(both.with_name("key")), "-out", str(both.with_name("cert")),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    both.write_bytes(both.with_name("key").read_bytes() + both.with_name("cert").read_bytes())
    return both


@pytest.fixture
def secure(certificate: Path) -> Iterator[Receiver]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with receiving(tls=context) as running:
        yield running


def test_a_bundle_says_whom_to_trust(
    secure: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    assert RequestsHttp().request("GET", secure.url).status == 202


def test_a_bundle_may_be_a_folder(
    secure: Receiver, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(certificate.with_name("cert"), tmp_path / "one.pem")
    subprocess.run(["openssl", "rehash", str(tmp_path)], check=True, capture_output=True)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    assert RequestsHttp().request("GET", secure.url).status == 202


def test_a_host_that_nobody_vouches_for_is_not_spoken_to(
    secure: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    with pytest.raises(CannotTell, match="no certificate that this machine trusts"):
        RequestsHttp(StandingClock()).request("GET", secure.url)
    assert secure.requests == []


def test_a_certificate_for_another_name_is_not_trusted(
    secure: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with pytest.raises(CannotTell, match="no certificate that this machine trusts"):
        RequestsHttp().request("GET", secure.url.replace("127.0.0.1", "localhost"))
    assert secure.requests == []


def test_a_bundle_that_holds_no_certificates_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty.pem").write_text("nothing\n")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "empty.pem"))
    with pytest.raises(CannotTell, match="REQUESTS_CA_BUNDLE names no file"):
        RequestsHttp().request("GET", "https://127.0.0.1:9/")
