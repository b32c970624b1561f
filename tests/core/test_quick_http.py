"""The HTTP door that starts fast: right answers, and a clear end for every bad one."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.doors.quick_http import QuickHttp, parse_target, proxy_of
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.secret import Secret
from tests.events.receiver import Answer, Receiver, receiving, talking

HTTP = QuickHttp({})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Answer(status=201, headers={"X-A": "b"}, body=b"made")) as running:
        yield running


def test_an_answer_has_its_status_headers_and_body(receiver: Receiver) -> None:
    answer = HTTP.request("POST", f"{receiver.url}/a?b=c", body=b"hello")
    assert (answer.status, answer.headers["x-a"], answer.body) == (201, "b", b"made")


def test_the_request_arrives_as_it_was_sent(receiver: Receiver) -> None:
    HTTP.request("POST", f"{receiver.url}/a?b=c", headers={"X-Key": Secret("k")}, body=b"hello")
    (request,) = receiver.requests
    assert (request.method, request.path, request.body) == ("POST", "/a?b=c", b"hello")
    assert request.headers["x-key"] == "k"
    assert request.headers["host"] == receiver.url.removeprefix("http://")
    assert request.headers["content-length"] == "5"


@pytest.mark.parametrize("status", [200, 302, 404, 410, 500, 503])
def test_any_status_is_an_answer(status: int) -> None:
    with receiving(Answer(status=status, headers={"Location": "/elsewhere"})) as receiver:
        assert HTTP.request("POST", receiver.url).status == status
        assert len(receiver.requests) == 1


@pytest.mark.parametrize("status", [b"102 Processing", b"103 Early Hints\r\nLink: </a>"])
def test_an_answer_that_others_announce_is_waited_for(status: bytes) -> None:
    early = b"HTTP/1.1 " + status + b"\r\n\r\n"
    said = early + early + b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok"
    with talking(said) as url:
        answer = HTTP.request("POST", url, body=b"{}")
    assert (answer.status, answer.body) == (202, b"ok")


def test_an_answer_that_comes_before_the_whole_request_has_gone_counts() -> None:
    said = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n"
    with talking(said) as url:
        assert HTTP.request("POST", url, body=b" " * 8_000_000).status == 413


def test_headers_said_twice_are_joined() -> None:
    said = b"HTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\nContent-Length: 0\r\n\r\n"
    with talking(said) as url:
        assert HTTP.request("GET", url).headers["a"] == "1, 2"


def test_a_body_in_chunks_is_put_together() -> None:
    said = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    with talking(said) as url:
        assert HTTP.request("GET", url).body == b"abcde"


def test_a_body_of_exactly_the_limit_is_read(receiver: Receiver) -> None:
    assert HTTP.request("GET", receiver.url, limit=4).body == b"made"


def test_a_body_over_the_limit_is_no_answer(receiver: Receiver) -> None:
    with pytest.raises(CannotTell, match="more than 3 bytes"):
        HTTP.request("GET", receiver.url, limit=3)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK",
        b"SSH-2.0-OpenSSH_9\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
        b"HTTP/1.1 99 Low\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\n",
        b"\0\xff" * 500,
    ],
    ids=range(10),
)
def test_an_answer_that_is_cut_or_no_http_is_no_answer(said: bytes) -> None:
    with talking(said) as url, pytest.raises(CannotTell) as caught:
        HTTP.request("GET", url)
    assert caught.value.remedy


def test_a_receiver_that_never_answers_ends_at_the_deadline() -> None:
    with talking(b"", pause=60) as url, pytest.raises(CannotTell, match=r"no answer within 0\.2 s"):
        HTTP.request("GET", url, timeout=0.2)


def test_a_receiver_that_drips_its_headers_ends_at_the_deadline() -> None:
    dripping = [b"HTTP/1.1 200 OK\r\n", *[b"A: b\r\n"] * 1000]
    with talking(*dripping, pause=0.05) as url, pytest.raises(CannotTell, match=r"within 0\.3 s"):
        HTTP.request("GET", url, timeout=0.3)


def test_a_receiver_that_drips_its_body_ends_at_the_deadline() -> None:
    dripping = [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x"] * 1000]
    with talking(*dripping, pause=0.05) as url, pytest.raises(CannotTell, match=r"within 0\.3 s"):
        HTTP.request("GET", url, timeout=0.3)


def test_a_port_that_nobody_listens_on_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(CannotTell, match=rf"http://127.0.0.1:{port}: Connection refused"):
        HTTP.request("GET", f"http://127.0.0.1:{port}/hook/secret-path")


def test_an_error_shows_neither_path_nor_query_since_they_may_be_secret() -> None:
    with talking(b"") as url, pytest.raises(CannotTell) as caught:
        HTTP.request("GET", f"{url}/hook/s3cret?token=s3cret")
    assert "s3cret" not in f"{caught.value} {caught.value.remedy}"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com",
        "file:///etc/passwd",
        "http://",
        "http://a b/",
        "http://a/\r\nX: y",
        "http://a/\tb",
        "http://a:0/",
        "http://a:99999/",
        "http://a:b/",
        "http://[::1/",
        "http://caf\u00e9/",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(RequestError, match="not an http or https address"):
        HTTP.request("GET", url)


def test_a_password_in_the_address_is_refused_and_not_shown() -> None:
    with pytest.raises(RequestError) as caught:
        HTTP.request("GET", "https://user:s3cret@example.com/")
    assert "s3cret" not in f"{caught.value} {caught.value.remedy}"


@pytest.mark.parametrize(
    "headers",
    [
        {"A": "b\r\nX: y"},
        {"A": "b\nc"},
        {"A": "b\0"},
        {"A\r\nX": "b"},
        {"A:": "b"},
        {"": "b"},
        {"A b": "c"},
        {"A": "caf\u00e9"},
    ],
)
def test_a_header_that_could_become_another_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(RequestError, match="holds what no header may"):
        HTTP.request("GET", "http://127.0.0.1:9/", headers=headers)


def test_a_refused_secret_is_not_shown() -> None:
    with pytest.raises(RequestError) as caught:
        HTTP.request("GET", "http://127.0.0.1:9/", headers={"A": Secret("s3cret\n")})
    assert "s3cret" not in f"{caught.value} {caught.value.remedy}"


@pytest.mark.parametrize("method", ["", "GET /", "GET\r\n", "P\u00d6ST"])
def test_what_is_no_method_is_refused(method: str) -> None:
    with pytest.raises(RequestError, match="is no method"):
        HTTP.request(method, "http://127.0.0.1:9/")


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    for url in (text, f"http://{text}", f"https://a/{text}"):
        try:
            target = parse_target(url)
        except RequestError:
            continue
        assert "\n" not in target.path
        assert target.host


@pytest.mark.parametrize(
    ("environ", "url", "proxy"),
    [
        ({}, "https://a.example/", None),
        ({"HTTPS_PROXY": "http://p:8080"}, "https://a.example/", "p"),
        ({"HTTPS_PROXY": "p:8080"}, "https://a.example/", "p"),
        ({"https_proxy": "http://q", "HTTPS_PROXY": "http://p"}, "https://a.example/", "q"),
        ({"HTTPS_PROXY": "http://p"}, "http://a.example/", None),
        ({"ALL_PROXY": "http://p"}, "http://a.example/", "p"),
        ({"ALL_PROXY": "http://p", "NO_PROXY": "*"}, "http://a.example/", None),
        ({"ALL_PROXY": "http://p", "NO_PROXY": "b, example"}, "http://a.example/", None),
        ({"ALL_PROXY": "http://p", "NO_PROXY": ".example"}, "http://A.Example/", None),
        ({"ALL_PROXY": "http://p", "NO_PROXY": "ample"}, "http://a.example/", "p"),
        ({"ALL_PROXY": "http://p", "NO_PROXY": "a.example:81"}, "http://a.example/", "p"),
        ({"ALL_PROXY": "http://p", "NO_PROXY": "a.example:80"}, "http://a.example/", None),
    ],
)
def test_the_environment_names_the_proxy(
    environ: dict[str, str], url: str, proxy: str | None
) -> None:
    found = proxy_of(parse_target(url), environ)
    assert (found.hostname if found else None) == proxy


@pytest.mark.parametrize("proxy", ["http://[::1", "http://127.0.0.1:x", "http://127.0.0.1:99999"])
def test_a_proxy_whose_address_is_none_is_no_answer(proxy: str) -> None:
    with pytest.raises(CannotTell, match="names a proxy that is not spoken here"):
        QuickHttp({"https_proxy": proxy}).request("GET", "https://a.example/")


def test_a_proxy_that_is_not_spoken_here_is_no_answer() -> None:
    with pytest.raises(CannotTell, match="proxy"):
        QuickHttp({"ALL_PROXY": "socks5://p:1080"}).request("GET", "http://a.example/")


def test_a_plain_request_goes_to_the_proxy_with_its_whole_address(receiver: Receiver) -> None:
    proxy = receiver.url.replace("http://", "http://me:w%2Frd@")
    QuickHttp({"http_proxy": proxy}).request("POST", "http://a.example/b?c", body=b"d")
    (request,) = receiver.requests
    assert (request.path, request.headers["host"]) == ("http://a.example/b?c", "a.example")
    assert request.headers["proxy-authorization"] == "Basic bWU6dy9yZA=="


def test_a_proxy_that_refuses_the_tunnel_is_no_answer() -> None:
    with talking(b"HTTP/1.1 407 No\r\n\r\n") as proxy:
        door = QuickHttp({"https_proxy": proxy})
        with pytest.raises(CannotTell, match="the proxy refused the tunnel"):
            door.request("POST", "https://a.example/")


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
def secure_receiver(certificate: Path) -> Iterator[Receiver]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with receiving(tls=context) as running:
        yield running


def test_a_receiver_with_a_trusted_certificate_is_spoken_to(
    secure_receiver: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert HTTP.request("POST", secure_receiver.url, body=b"x").status == 202


def test_a_receiver_that_nobody_vouches_for_is_no_answer(secure_receiver: Receiver) -> None:
    with pytest.raises(CannotTell, match="certificate verify failed"):
        HTTP.request("POST", secure_receiver.url, body=b"x")
    assert secure_receiver.requests == []


def test_a_certificate_for_another_name_is_no_answer(
    secure_receiver: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(CannotTell, match="certificate verify failed"):
        HTTP.request("POST", secure_receiver.url.replace("127.0.0.1", "localhost"))


@pytest.fixture
def picky_receiver(certificate: Path) -> Iterator[Receiver]:
    """One that talks to nobody without a certificate that it trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.load_verify_locations(certificate.with_name("cert"))
    context.verify_mode = ssl.CERT_REQUIRED
    with receiving(tls=context) as running:
        yield running


@pytest.mark.parametrize("apart", [False, True], ids=["one file", "key beside it"])
def test_a_receiver_that_wants_a_certificate_gets_ours(
    picky_receiver: Receiver,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    apart: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    ours = {"CDKIT_CLIENT_CERTIFICATE": str(certificate)}
    if apart:
        ours = {
            "CDKIT_CLIENT_CERTIFICATE": str(certificate.with_name("cert")),
            "CDKIT_CLIENT_KEY": str(certificate.with_name("key")),
        }
    assert QuickHttp(ours).request("POST", picky_receiver.url, body=b"x").status == 202


def test_without_a_certificate_a_picky_receiver_is_no_answer(
    picky_receiver: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(CannotTell):
        QuickHttp({}).request("POST", picky_receiver.url, body=b"x")
    assert picky_receiver.requests == []


@pytest.mark.parametrize("name", ["missing.pem", "not.pem"])
def test_a_certificate_of_ours_that_is_none_is_no_answer(
    secure_receiver: Receiver, tmp_path: Path, name: str
) -> None:
    (tmp_path / "not.pem").write_text("no certificate")
    with pytest.raises(CannotTell, match="our own certificate cannot be used"):
        QuickHttp({"CDKIT_CLIENT_CERTIFICATE": str(tmp_path / name)}).request(
            "POST", secure_receiver.url
        )
    assert secure_receiver.requests == []


def test_a_receiver_that_speaks_no_tls_is_no_answer(receiver: Receiver) -> None:
    with pytest.raises(CannotTell):
        HTTP.request("POST", receiver.url.replace("http:", "https:"))


def test_the_door_imports_no_heavy_library() -> None:
    code = (
        "import sys, cdkit.core.doors.quick_http; "
        "print(sorted({'requests', 'docker', 'jsonschema', 'urllib3', 'yaml'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
