from __future__ import annotations

import json
from pathlib import Path

import pytest

from cdkit.core.errors import CannotTell
from cdkit.core.oci.authorize import challenges, is_related
from cdkit.core.oci.registry import Registry
from tests.core.registries import (
    behind_token,
    log_in,
    outside,
    ref,
    serves,
)
from tests.core.serving import Answer, Asked, serving
from tests.image.layouts import two_platforms
from tests.worlds import Notebook


def test_a_token_is_fetched_and_kept_while_it_lives(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    urls: list[str] = []
    script = behind_token(lambda: urls[0], layout, index, {"token": "t0ken", "expires_in": 300})
    with serving(script) as server:
        urls.append(server.url)
        log_in(tmp_path, server.address, "ci", "word")
        registry = Registry(outside(tmp_path))
        assert str(registry.digest_of(ref(server))) == index
        assert str(registry.digest_of(ref(server))) == index

    tokens = [asked for asked in server.asked if asked.path.startswith("/token")]
    assert len(tokens) == 1
    assert tokens[0].path == "/token?service=reg&scope=repository%3Ateam%2Fapp%3Apull"
    assert tokens[0].headers["authorization"].startswith("Basic ")


def test_an_access_token_without_a_login_will_do(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    urls: list[str] = []
    script = behind_token(lambda: urls[0], layout, index, {"access_token": "t0ken"})
    with serving(script) as server:
        urls.append(server.url)
        assert str(Registry(outside(tmp_path)).digest_of(ref(server))) == index

    assert all(not a.headers.get("authorization", "").startswith("Basic") for a in server.asked)


@pytest.mark.parametrize("body", [b"{}", b'{"token": 7}', b"<html>", b""])
def test_an_answer_that_is_no_token_is_cannot_tell(tmp_path: Path, body: bytes) -> None:
    def script(asked: Asked) -> Answer:
        if asked.path.startswith("/token"):
            return Answer(200, {}, body)
        return Answer(401, {"WWW-Authenticate": f'Bearer realm="http://{address[0]}/token"'})

    address: list[str] = []
    with serving(script) as server:
        address.append(server.address)
        with pytest.raises(CannotTell, match=r"token"):
            Registry(outside(tmp_path)).digest_of(ref(server))


def test_an_identity_token_is_exchanged_by_post(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    urls: list[str] = []
    script = behind_token(lambda: urls[0], layout, index, {"access_token": "t0ken"})
    with serving(script) as server:
        urls.append(server.url)
        (tmp_path / ".docker").mkdir()
        auths = {server.address: {"identitytoken": "id-word"}}
        (tmp_path / ".docker" / "config.json").write_text(json.dumps({"auths": auths}))
        assert str(Registry(outside(tmp_path)).digest_of(ref(server))) == index

    (post,) = [asked for asked in server.asked if asked.method == "POST"]
    assert b"grant_type=refresh_token&refresh_token=id-word" in post.body
    assert "authorization" not in post.headers


def test_the_login_is_not_sent_to_a_token_server_elsewhere(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    with serving(lambda _: Answer(200, {}, b'{"token": "t0ken"}')) as elsewhere:
        # The same machine under another name: another host, as far as logins go.
        realm = elsewhere.url.replace("127.0.0.1", "localhost")
        honest = serves(layout, index)

        def script(asked: Asked) -> Answer:
            if asked.headers.get("authorization") == "Bearer t0ken":
                return honest(asked)
            return Answer(401, {"WWW-Authenticate": f'Bearer realm="{realm}/token"'})

        with serving(script) as server:
            log_in(tmp_path, server.address, "ci", "word")
            around = outside(tmp_path)
            assert str(Registry(around).digest_of(ref(server))) == index

    assert "authorization" not in elsewhere.asked[0].headers
    assert isinstance(around.talk, Notebook)
    assert "its login is not sent there" in around.talk.said[0]


@pytest.mark.parametrize("realm", ["http://evil.example.com/token", "ftp://x/", "", "/token"])
def test_a_token_server_without_https_is_refused(tmp_path: Path, realm: str) -> None:
    with (
        serving(lambda _: Answer(401, {"WWW-Authenticate": f'Bearer realm="{realm}"'})) as server,
        pytest.raises(CannotTell, match="no https address"),
    ):
        Registry(outside(tmp_path)).digest_of(ref(server))


def test_challenges_are_told_apart() -> None:
    header = 'Basic realm="a \\"b\\", c", Bearer realm="https://r/t",service=x,scope="a b"'

    basic, bearer = challenges(header)

    assert (basic.scheme, basic.parameters) == ("basic", {"realm": 'a "b", c'})
    assert bearer.parameters == {"realm": "https://r/t", "service": "x", "scope": "a b"}


BEARER = {"realm": "https://r/t", "service": "x"}


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ('Negotiate, Basic realm="a"', [("negotiate", {}), ("basic", {"realm": "a"})]),
        ("Basic", [("basic", {})]),
        ('Negotiate, NTLM, Bearer realm="https://r/t",service="x"', [("bearer", BEARER)]),
        ('Basic realm="a" , bearer  REALM = "https://r/t" ,, service=x', [("bearer", BEARER)]),
        ("Basic realm=Some Words, a=b", [("basic", {"realm": "Some", "a": "b"})]),
        ('Basic realm="a" charset="UTF-8"', [("basic", {"realm": "a", "charset": "UTF-8"})]),
        ('Bearer realm="https://r, a="x"', [("bearer", {"realm": "https://r, a="})]),
        ('Bearer realm="https://r/t', [("bearer", {})]),
        ('realm="https://r/t"', []),
        ('"', []),
        ("", []),
    ],
)
def test_challenges_are_read_however_they_are_written(
    header: str, found: list[tuple[str, dict[str, str]]]
) -> None:
    read = [(one.scheme, one.parameters) for one in challenges(header)]

    assert read[-len(found) :] == found if found else read == []


@pytest.mark.parametrize("scheme", ["Negotiate", "NTLM"])
def test_a_scheme_that_nobody_here_speaks_hides_none_that_is_spoken(
    tmp_path: Path, scheme: str
) -> None:
    layout, index, _ = two_platforms()
    honest = serves(layout, index)

    def script(asked: Asked) -> Answer:
        if asked.headers.get("authorization", "").startswith("Basic "):
            return honest(asked)
        return Answer(401, {"WWW-Authenticate": f'{scheme}, Basic realm="a"'})

    with serving(script) as server:
        log_in(tmp_path, server.address, "ci", "word")
        assert str(Registry(outside(tmp_path)).digest_of(ref(server))) == index


@pytest.mark.parametrize(
    ("header", "schemes"),
    [
        ('Bearer a="1"' + " " * 1_000_000 + "!", ["bearer"]),
        ("Bearer" + " " * 1_000_000 + "!", ["bearer"]),
        ("Bearer " + "a=" * 500_000, ["bearer"]),
        ('Bearer a="' + "\\" * 1_000_001, ["bearer"]),
        ('Bearer a="' + '\\"' * 500_000, ["bearer"]),
        ("x" * 1_000_000 + "=", []),
        ("," * 1_000_000, []),
        ('"' * 1_000_001, []),
    ],
    ids=range(8),
)
def test_a_header_is_read_in_one_go(header: str, schemes: list[str]) -> None:
    # Whoever looked at a character twice for each before it would not come back from these.
    assert [one.scheme for one in challenges(header)] == schemes


@pytest.mark.parametrize(
    ("registry", "server", "related"),
    [
        ("docker.io", "auth.docker.io", True),
        ("docker.io", "auth.evil.io", False),
        ("registry.gitlab.com", "gitlab.com", True),
        ("registry.example.com:5000", "auth.example.com", True),
        ("ghcr.io", "evil.io", False),
        ("registry.example.com", "example.com.evil.net", False),
        ("registry.example.com", "evilexample.com", False),
    ],
)
def test_a_token_server_is_related_when_it_is_in_the_registrys_domain(
    registry: str, server: str, *, related: bool
) -> None:
    assert is_related(registry, server) is related


@pytest.mark.parametrize(
    "realm", ["https://user:word@evil.example.com/t", "https://evil.example.com:x/t", "https://["]
)
def test_a_token_server_whose_address_is_none_is_cannot_tell(tmp_path: Path, realm: str) -> None:
    with (
        serving(lambda _: Answer(401, {"WWW-Authenticate": f'Bearer realm="{realm}"'})) as server,
        pytest.raises(CannotTell, match="no https address"),
    ):
        Registry(outside(tmp_path)).digest_of(ref(server))


@pytest.mark.parametrize("word", ["a\r\nX-Evil: b", "t\u20acken", "two words", ""])
def test_a_token_that_no_header_can_carry_is_cannot_tell(tmp_path: Path, word: str) -> None:
    layout, index, _ = two_platforms()
    urls: list[str] = []
    script = behind_token(lambda: urls[0], layout, index, {"token": word})
    with serving(script) as server:
        urls.append(server.url)
        with pytest.raises(CannotTell, match="gave no token"):
            Registry(outside(tmp_path)).digest_of(ref(server))
