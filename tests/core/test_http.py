from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.core.doors.http import RequestsHttp
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.secret import Secret
from tests.core.serving import Answer, Asked, serving
from tests.events.receiver import talking
from tests.parts.loopback import free_port
from tests.worlds import StandingClock


def _script(*answers: Answer) -> list[Answer]:
    return list(answers)


def test_an_answer_is_an_answer_whatever_its_status() -> None:
    with serving(lambda _: Answer(404, {"X-Why": "none"}, b"gone")) as server:
        answer = RequestsHttp().request("GET", f"{server.url}/x")

    assert (answer.status, answer.headers["x-why"], answer.body) == (404, "none", b"gone")


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_passing_failure_is_tried_again(status: int) -> None:
    left = _script(Answer(status), Answer(200, body=b"ok"))
    clock = StandingClock()
    with serving(lambda _: left.pop(0)) as server:
        answer = RequestsHttp(clock).request("GET", server.url)

    assert answer.body == b"ok"
    assert clock.slept == [0.5]


def test_retry_after_is_honoured() -> None:
    left = _script(Answer(429, {"Retry-After": "7"}), Answer(200))
    clock = StandingClock()
    with serving(lambda _: left.pop(0)) as server:
        assert RequestsHttp(clock).request("GET", server.url).status == 200

    assert clock.slept == [7.0]


def test_retry_after_may_be_a_date() -> None:
    # The clock stands at 2026-11-23 12:00:00.
    left = _script(Answer(503, {"Retry-After": "Mon, 23 Nov 2026 12:00:09 GMT"}), Answer(200))
    clock = StandingClock()
    with serving(lambda _: left.pop(0)) as server:
        assert RequestsHttp(clock).request("GET", server.url).status == 200

    assert clock.slept == [9.0]


def test_a_wait_beyond_the_time_ends_the_tries_with_the_last_answer() -> None:
    clock = StandingClock()
    with serving(lambda _: Answer(429, {"Retry-After": "3600"})) as server:
        answer = RequestsHttp(clock).request("GET", server.url, timeout=30)

    assert answer.status == 429
    assert clock.slept == []
    assert len(server.asked) == 1


def test_tries_end_when_nothing_gets_better() -> None:
    clock = StandingClock()
    with serving(lambda _: Answer(503)) as server:
        assert RequestsHttp(clock).request("GET", server.url).status == 503

    assert len(server.asked) == 5


def test_a_500_is_not_tried_again() -> None:
    with serving(lambda _: Answer(500)) as server:
        assert RequestsHttp(StandingClock()).request("GET", server.url).status == 500

    assert len(server.asked) == 1


def test_a_post_is_not_sent_again_after_a_502() -> None:
    with serving(lambda _: Answer(502)) as server:
        answer = RequestsHttp(StandingClock()).request("POST", server.url, body=b"x")

    assert answer.status == 502
    assert [asked.body for asked in server.asked] == [b"x"]


def test_nobody_there_is_cannot_tell_after_a_few_tries() -> None:
    clock = StandingClock()

    with pytest.raises(CannotTell, match="cannot be reached"):
        RequestsHttp(clock).request("GET", f"http://127.0.0.1:{free_port()}/")

    assert clock.slept == [0.5, 1.0, 2.0, 4.0]


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with serving(lambda _: Answer(302, {"Location": "/elsewhere"})) as server:
        answer = RequestsHttp().request("GET", f"{server.url}/here")

    assert (answer.status, answer.headers["location"]) == (302, "/elsewhere")
    assert [asked.path for asked in server.asked] == ["/here"]


def test_an_answer_over_the_limit_is_cannot_tell() -> None:
    with (
        serving(lambda _: Answer(200, body=b"x" * 2000)) as server,
        pytest.raises(CannotTell, match="over 1000 bytes"),
    ):
        RequestsHttp().request("GET", server.url, limit=1000)


def test_an_answer_that_is_cut_off_is_no_answer() -> None:
    clock = StandingClock()
    with (
        serving(lambda _: Answer(200, body=b"half", length=100)) as server,
        pytest.raises(CannotTell, match="cut its answer short"),
    ):
        RequestsHttp(clock).request("GET", server.url)


def test_an_answer_that_is_packed_against_our_wish_is_cannot_tell() -> None:
    with (
        serving(lambda _: Answer(200, {"Content-Encoding": "gzip"}, b"zip")) as server,
        pytest.raises(CannotTell, match="packed its answer"),
    ):
        RequestsHttp().request("GET", server.url)


def test_a_secret_header_is_sent_and_nothing_else_comes_along() -> None:
    with serving(lambda _: Answer()) as server:
        headers: dict[str, str | Secret] = {"Authorization": Secret("Bearer word"), "X-A": "p"}
        RequestsHttp().request("GET", server.url, headers=headers)

    (asked,) = server.asked
    assert asked.headers["authorization"] == "Bearer word"
    assert asked.headers["accept-encoding"] == "identity"
    assert asked.headers["user-agent"].startswith("cdkit/")


def test_a_netrc_replaces_no_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login evil password evil\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with serving(lambda _: Answer()) as server:
        RequestsHttp().request("GET", server.url)
        RequestsHttp().request("GET", server.url, headers={"Authorization": "Bearer mine"})

    assert "authorization" not in server.asked[0].headers
    assert server.asked[1].headers["authorization"] == "Bearer mine"


def test_a_proxy_is_not_asked_for_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    with serving(lambda _: Answer()) as server:
        assert RequestsHttp().request("GET", server.url).status == 200


@pytest.mark.parametrize(
    "url",
    ["ftp://host/x", "file:///etc/passwd", "http://user:pw@host/", "https://", "x", "http://[::"],
)
def test_an_address_that_cannot_be_asked_is_a_wrong_request(url: str) -> None:
    with pytest.raises(RequestError) as caught:
        RequestsHttp().request("GET", url)

    assert "pw" not in caught.value.what


def test_a_line_break_in_a_header_is_refused_and_not_shown() -> None:
    with pytest.raises(RequestError) as caught:
        RequestsHttp().request(
            "GET", "http://127.0.0.1/", headers={"Authorization": Secret("word\r\nX: y")}
        )

    assert "word" not in f"{caught.value}{caught.value.remedy}"


def test_a_query_is_not_shown_in_an_error() -> None:
    with pytest.raises(RequestError) as caught:
        RequestsHttp().request("GET", "ftp://host/path?token=word")

    assert "word" not in caught.value.what


def test_cookies_are_not_carried_to_the_next_request() -> None:
    def script(asked: Asked) -> Answer:
        return Answer(200, {"Set-Cookie": "a=b"}) if asked.path == "/1" else Answer()

    door = RequestsHttp()
    with serving(script) as server:
        door.request("GET", f"{server.url}/1")
        door.request("GET", f"{server.url}/2")

    assert "cookie" not in server.asked[1].headers


@pytest.mark.parametrize(
    "date",
    [
        "Mon, 23 Nov 99999999999999999999 12:00:00 GMT",
        "Mon, 23 Nov 2026 12:00:00 +9999999999999",
        "Mon, 99 Nov 2026 12:00:00 GMT",
        "Mon, 23 Nov 2026 11:00:00 GMT",
        "soon",
        "-7",
        "0",
        "\xb2",
    ],
)
def test_a_retry_after_that_says_nothing_leaves_the_usual_wait(date: str) -> None:
    left = _script(Answer(429, {"Retry-After": date}), Answer(200))
    clock = StandingClock()
    with serving(lambda _: left.pop(0)) as server:
        assert RequestsHttp(clock).request("GET", server.url).status == 200

    assert clock.slept == [0.5]


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"SSH-2.0-OpenSSH_9\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 99 Low\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\n",
        b"\0\xff" * 500,
    ],
    ids=range(9),
)
def test_an_answer_that_is_no_http_is_no_answer(said: bytes) -> None:
    said_so = "cannot be reached|cut its answer short|where its answer ends"
    with talking(said) as url, pytest.raises(CannotTell, match=said_so):
        RequestsHttp(StandingClock()).request("GET", url)


def test_a_host_that_never_answers_ends_at_the_deadline() -> None:
    with talking(b"", pause=60) as url, pytest.raises(CannotTell, match="in time"):
        RequestsHttp().request("GET", url, timeout=0.2)


@pytest.mark.parametrize("framing", [b"", b"Content-Length: 100000\r\n"])
def test_a_body_that_drips_ends_at_the_deadline(framing: bytes) -> None:
    # Each look at the clock is a second later; the body would be complete after 100,000 pieces.
    class Running(StandingClock):
        def monotonic(self) -> float:
            self.slept.append(1.0)
            return sum(self.slept)

    dripping = [b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n", *[b"x"] * 100_000]
    with (
        talking(*dripping, pause=0.001) as url,
        pytest.raises(CannotTell, match="did not end its answer in time"),
    ):
        RequestsHttp(Running()).request("POST", url, timeout=20)


@pytest.mark.parametrize(
    "begun",
    [b"", b"HTTP/1.1 200 OK\r\nX-Pad: ", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ids=["status", "head", "chunk size"],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_comes_before_the_body_may_not_drip_for_ever(begun: bytes, method: str) -> None:
    # The last of 1,000 pieces would come after 20 seconds, each in good time after the one before.
    with talking(begun, *[b"0"] * 1000, pause=0.02) as url:
        if method == "HEAD" and begun.endswith(b"\r\n\r\n"):
            assert RequestsHttp(StandingClock()).request(method, url, timeout=0.3).status == 200
            return
        with pytest.raises(CannotTell, match="in time"):
            RequestsHttp(StandingClock()).request(method, url, timeout=0.3)


def test_a_header_that_http_cannot_carry_is_refused_and_not_shown() -> None:
    with pytest.raises(RequestError) as caught:
        RequestsHttp().request(
            "GET", "http://127.0.0.1/", headers={"Authorization": Secret("w\u20acord")}
        )

    assert "ord" not in caught.value.what.removesuffix("UnicodeEncodeError")


def test_an_answer_of_exactly_the_limit_is_read() -> None:
    with serving(lambda _: Answer(200, body=b"x" * 1000)) as server:
        assert len(RequestsHttp().request("GET", server.url, limit=1000).body) == 1000


@pytest.mark.parametrize("location", ["https://[::/x", "\xff\xfe", "http://a:b:c/", ""])
def test_a_redirect_is_not_even_looked_at(location: str) -> None:
    with serving(lambda _: Answer(302, {"Location": location}, b"moved")) as server:
        answer = RequestsHttp().request("GET", server.url)

    assert (answer.status, answer.body) == (302, b"moved")


def test_the_body_of_a_redirect_has_the_same_limit() -> None:
    with (
        serving(lambda _: Answer(302, {"Location": "/x"}, b"x" * 2000)) as server,
        pytest.raises(CannotTell, match="over 1000 bytes"),
    ):
        RequestsHttp().request("GET", server.url, limit=1000)


def test_while_a_host_wants_patience_nobody_else_asks_it() -> None:
    left = _script(Answer(429, {"Retry-After": "7"}))
    waits: list[float] = []

    class Crowded(StandingClock):
        """While the first waits, a second comes along."""

        def sleep(self, seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 1:
                door.request("GET", server.url)
            super().sleep(seconds)

    with serving(lambda _: left.pop() if left else Answer(200)) as server:
        door = RequestsHttp(Crowded())
        assert door.request("GET", server.url).status == 200

    assert waits == [7.0, pytest.approx(7.05)]


def test_who_has_no_time_for_a_hosts_patience_is_told_so() -> None:
    left = _script(Answer(429, {"Retry-After": "7"}))

    class Crowded(StandingClock):
        def sleep(self, seconds: float) -> None:
            with pytest.raises(CannotTell, match="asks to be left alone for another 7 s"):
                door.request("GET", server.url, timeout=5)
            super().sleep(seconds)

    with serving(lambda _: left.pop() if left else Answer(200)) as server:
        door = RequestsHttp(Crowded())
        assert door.request("GET", server.url).status == 200

    assert len(server.asked) == 2


def test_connections_are_used_again_after_a_head() -> None:
    with serving(lambda _: Answer(200, body=b"x" * 500)) as server:
        door = RequestsHttp()
        for _ in range(5):
            door.request("HEAD", server.url)

    assert server.connections == 1


def test_plain_http_where_tls_was_expected_is_said() -> None:
    with serving(lambda _: Answer()) as server, pytest.raises(CannotTell) as caught:
        RequestsHttp().request("GET", f"https://{server.address}/")

    assert caught.value.what == "127.0.0.1 speaks no TLS there"
    assert "registries.conf" in caught.value.remedy


def test_a_proxy_that_cannot_be_asked_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(CannotTell, match="through the proxy that the environment names"):
        RequestsHttp(StandingClock()).request("GET", "http://a.example/", timeout=2)


def test_a_bundle_of_certificates_that_is_not_there_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with pytest.raises(CannotTell, match="REQUESTS_CA_BUNDLE names no file"):
        RequestsHttp(StandingClock()).request("GET", "https://127.0.0.1:9/", timeout=2)


def test_a_proxy_that_the_environment_names_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda asked: Answer(200, body=asked.path.encode())) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        answer = RequestsHttp().request("GET", "http://registry.example.com/x")

    assert answer.body == b"http://registry.example.com/x"
