from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from cdkit.core.errors import CannotTell, NoAnswer
from cdkit.core.oci import media
from cdkit.core.oci.reference import parse
from cdkit.core.oci.registry import Registry
from tests.core.registries import log_in, outside, ref, write_auths
from tests.core.serving import Answer, Asked, Server, serving
from tests.parts.loopback import free_port
from tests.worlds import Notebook, StandingClock

DIGEST = f"sha256:{'a' * 64}"
HELD = Answer(200, {"Content-Type": media.OCI_INDEX, "Docker-Content-Digest": DIGEST})


class _Guarded:
    """A registry that takes the tokens in `good`, and whose token server gives the next answer."""

    def __init__(self, *given: Answer, good: tuple[str, ...] = ("t0ken",), more: str = "") -> None:
        self.given = list(given)
        self.good = good
        self.more = more
        self.server = Server(address="")
        self.realm = ""

    def __call__(self, asked: Asked) -> Answer:
        if asked.path.startswith("/token"):
            return self.given.pop(0) if len(self.given) > 1 else self.given[0]
        if asked.headers.get("authorization", "").removeprefix("Bearer ") in self.good:
            return HELD
        realm = self.realm or self.server.url
        challenge = f'Bearer realm="{realm}/token",service="reg"{self.more}'
        return Answer(401, {"WWW-Authenticate": challenge})

    @property
    def token_asks(self) -> list[Asked]:
        return [asked for asked in self.server.asked if asked.path.startswith("/token")]


def _token(word: str = "t0ken", headers: Mapping[str, str] | None = None, **more: object) -> Answer:
    return Answer(200, headers or {}, json.dumps({"token": word, **more}).encode())


@pytest.mark.parametrize(
    ("token", "kept"),
    [
        (_token(), 55),  # 60 s where nothing is said, less a margin of 5
        (_token(expires_in=300), 295),
        (_token(expires_in=1), 10),
        (_token(expires_in=-7), 10),
        (_token(expires_in=0), 55),
    ],
)
def test_a_token_is_kept_while_it_lives_and_then_asked_for_again(
    tmp_path: Path, token: Answer, kept: int
) -> None:
    clock = StandingClock()
    guarded = _Guarded(token)
    with serving(guarded) as guarded.server:
        registry = Registry(outside(tmp_path, clock=clock))
        registry.digest_of(ref(guarded.server))
        clock.slept.append(kept - 0.5)
        registry.digest_of(ref(guarded.server))
        assert len(guarded.token_asks) == 1
        clock.slept.append(1.0)
        registry.digest_of(ref(guarded.server))

    assert len(guarded.token_asks) == 2


def test_a_token_that_was_issued_a_while_ago_lives_less_by_the_servers_own_clock(
    tmp_path: Path,
) -> None:
    # The server's own Date is years after the token's birth, whatever our clock says.
    clock = StandingClock()
    token = _token(expires_in=300, issued_at="2001-01-01T00:00:00Z")
    guarded = _Guarded(token)
    with serving(guarded) as guarded.server:
        registry = Registry(outside(tmp_path, clock=clock))
        registry.digest_of(ref(guarded.server))
        clock.slept.append(10.5)
        registry.digest_of(ref(guarded.server))

    assert len(guarded.token_asks) == 2


@pytest.mark.parametrize("issued", ["", "yesterday", "2999-01-01T00:00:00Z", "2026-11-23T12:00:00"])
def test_a_time_of_issue_that_is_none_or_to_come_changes_nothing(
    tmp_path: Path, issued: str
) -> None:
    clock = StandingClock()
    guarded = _Guarded(_token(expires_in=300, issued_at=issued))
    with serving(guarded) as guarded.server:
        registry = Registry(outside(tmp_path, clock=clock))
        registry.digest_of(ref(guarded.server))
        clock.slept.append(294)
        registry.digest_of(ref(guarded.server))

    assert len(guarded.token_asks) == 1


def test_a_kept_token_that_is_refused_is_replaced_once(tmp_path: Path) -> None:
    guarded = _Guarded(_token("old", expires_in=300), _token("new"), good=("old",))
    with serving(guarded) as guarded.server:
        registry = Registry(outside(tmp_path))
        registry.digest_of(ref(guarded.server))
        guarded.good = ("new",)
        assert str(registry.digest_of(ref(guarded.server))) == DIGEST

    assert len(guarded.token_asks) == 2


def test_a_token_that_reaches_less_far_than_asked_is_said_and_not_asked_for_again(
    tmp_path: Path,
) -> None:
    more = ',scope="repository:team/app:pull",error="insufficient_scope"'
    guarded = _Guarded(_token("weak"), more=more)
    with serving(guarded) as guarded.server:
        log_in(tmp_path, guarded.server.address, "ci", "password")
        with pytest.raises(CannotTell) as caught:
            Registry(outside(tmp_path)).digest_of(ref(guarded.server))

    address = guarded.server.address
    assert caught.value.what == (
        f"{address} says that the token does not reach far enough (401 insufficient_scope) for "
        f"{address}/team/app:v1: 'repository:team/app:pull' was asked for with the login from "
        f"{tmp_path}/.docker/config.json, and less was granted"
    )
    assert "account that may read the repository" in caught.value.remedy
    assert len(guarded.server.asked) == 3


def test_a_registry_that_refuses_every_token_is_not_asked_without_end(tmp_path: Path) -> None:
    guarded = _Guarded(_token("never"))
    with (
        serving(guarded) as guarded.server,
        pytest.raises(CannotTell, match=r"wants a login \(401\) .*, asked anonymously"),
    ):
        Registry(outside(tmp_path)).digest_of(ref(guarded.server))

    assert len(guarded.server.asked) == 3


def test_several_scopes_are_asked_for_one_by_one(tmp_path: Path) -> None:
    guarded = _Guarded(_token(), more=',scope="repository:team/app:pull repository:base:pull"')
    with serving(guarded) as guarded.server:
        Registry(outside(tmp_path)).digest_of(ref(guarded.server))

    assert guarded.token_asks[0].path == (
        "/token?service=reg&scope=repository%3Ateam%2Fapp%3Apull&scope=repository%3Abase%3Apull"
    )


def test_a_challenge_without_a_scope_is_answered_with_what_we_want(tmp_path: Path) -> None:
    guarded = _Guarded(_token())
    with serving(guarded) as guarded.server:
        Registry(outside(tmp_path)).digest_of(ref(guarded.server))

    assert guarded.token_asks[0].path.endswith("&scope=repository%3Ateam%2Fapp%3Apull")


@pytest.mark.parametrize("status", [404, 405])
def test_an_identity_token_goes_as_a_password_where_post_is_unknown(
    tmp_path: Path, status: int
) -> None:
    guarded = _Guarded(Answer(status), _token())
    with serving(guarded) as guarded.server:
        write_auths(tmp_path, {guarded.server.address: {"identitytoken": "id-word"}})
        Registry(outside(tmp_path)).digest_of(ref(guarded.server))

    post, get = guarded.token_asks
    assert (post.method, get.method) == ("POST", "GET")
    sent = base64.b64decode(get.headers["authorization"].removeprefix("Basic ")).decode()
    assert sent == "<token>:id-word"


def test_an_identity_token_that_is_refused_is_not_tried_as_a_password(tmp_path: Path) -> None:
    guarded = _Guarded(Answer(401))
    with serving(guarded) as guarded.server:
        write_auths(tmp_path, {guarded.server.address: {"identitytoken": "id-word"}})
        with pytest.raises(CannotTell, match=r"gives no token \(401\), asked with"):
            Registry(outside(tmp_path)).digest_of(ref(guarded.server))

    assert [asked.method for asked in guarded.token_asks] == ["POST"]


def test_a_registry_token_goes_to_the_registry_as_it_is(tmp_path: Path) -> None:
    guarded = _Guarded(Answer(500))
    with serving(guarded) as guarded.server:
        write_auths(tmp_path, {guarded.server.address: {"registrytoken": "t0ken"}})
        assert str(Registry(outside(tmp_path)).digest_of(ref(guarded.server))) == DIGEST

    assert guarded.token_asks == []


def test_a_token_server_that_refuses_says_whose_login_it_was(tmp_path: Path) -> None:
    guarded = _Guarded(Answer(403))
    with serving(guarded) as guarded.server:
        log_in(tmp_path, guarded.server.address, "ci", "password")
        with pytest.raises(CannotTell) as caught:
            Registry(outside(tmp_path)).digest_of(ref(guarded.server))

    assert caught.value.what == (
        f"127.0.0.1 gives no token (403), asked with the login from {tmp_path}/.docker/config.json"
    )


def test_a_token_server_that_is_down_is_said_with_whose_it_is(tmp_path: Path) -> None:
    realm = f"http://127.0.0.1:{free_port()}/token"
    challenge = {"WWW-Authenticate": f'Bearer realm="{realm}"'}
    with serving(lambda _: Answer(401, challenge)) as server, pytest.raises(NoAnswer) as caught:
        Registry(outside(tmp_path)).digest_of(ref(server))

    assert caught.value.what == (
        "127.0.0.1 cannot be reached (ConnectionRefusedError); "
        f"{server.address} has its tokens from there"
    )


def test_a_token_server_elsewhere_is_said_even_where_there_is_no_login(tmp_path: Path) -> None:
    guarded = _Guarded(_token())
    with serving(lambda _: _token()) as tokens, serving(guarded) as guarded.server:
        guarded.realm = tokens.url.replace("127.0.0.1", "localhost")
        around = outside(tmp_path)
        Registry(around).digest_of(ref(guarded.server))

    assert isinstance(around.talk, Notebook)
    (said,) = around.talk.said
    assert said == (
        f"{guarded.server.address} has its tokens from localhost, which is not part of it: "
        "asked as nobody"
    )


def test_where_a_login_goes_to_another_host_both_are_named(tmp_path: Path) -> None:
    elsewhere = [""]

    def script(asked: Asked) -> Answer:
        if asked.headers.get("authorization") == "Bearer t0ken":
            return HELD
        return Answer(401, {"WWW-Authenticate": f'Bearer realm="{elsewhere[0]}/token"'})

    with serving(lambda _: _token()) as tokens, serving(script) as server:
        elsewhere[0] = tokens.url.replace("127.0.0.1", "localhost")
        log_in(tmp_path, server.address, "ci", "password")
        around = outside(tmp_path)
        Registry(around).digest_of(ref(server))

    assert isinstance(around.talk, Notebook)
    (said,) = around.talk.said
    assert said == (
        f"{server.address} has its tokens from localhost, which is not part of it: its login is "
        "not sent there"
    )


def test_for_a_second_repository_the_token_is_fetched_before_anybody_asks(tmp_path: Path) -> None:
    guarded = _Guarded(_token(expires_in=300))
    with serving(guarded) as guarded.server:
        registry = Registry(outside(tmp_path))
        for name in ("one", "two"):
            registry.digest_of(parse(f"{guarded.server.address}/{name}:v1"))

    assert [asked.path for asked in guarded.server.asked] == [
        "/v2/one/manifests/v1",
        "/token?service=reg&scope=repository%3Aone%3Apull",
        "/v2/one/manifests/v1",
        "/token?service=reg&scope=repository%3Atwo%3Apull",
        "/v2/two/manifests/v1",
    ]


def test_where_the_token_cannot_be_had_ahead_the_registry_decides(tmp_path: Path) -> None:
    guarded = _Guarded(_token(expires_in=300), Answer(403))

    def script(asked: Asked) -> Answer:
        return HELD if asked.path.startswith("/v2/open") else guarded(asked)

    with serving(script) as guarded.server:
        registry = Registry(outside(tmp_path))
        registry.digest_of(parse(f"{guarded.server.address}/one:v1"))
        found = registry.digest_of(parse(f"{guarded.server.address}/open:v1"))
        with pytest.raises(CannotTell, match=r"gives no token \(403\), asked anonymously"):
            registry.digest_of(parse(f"{guarded.server.address}/closed:v1"))

    assert str(found) == DIGEST


def test_a_scope_of_another_shape_is_not_guessed_for_the_next_repository(tmp_path: Path) -> None:
    guarded = _Guarded(_token(expires_in=300), more=',scope="project:7"')
    with serving(guarded) as guarded.server:
        registry = Registry(outside(tmp_path))
        for name in ("one", "two"):
            registry.digest_of(parse(f"{guarded.server.address}/{name}:v1"))

    assert [asked.path for asked in guarded.server.asked][3] == "/v2/two/manifests/v1"


def _with_job_login(tmp_path: Path, server: Server) -> Registry:
    return Registry(outside(tmp_path, CI_REGISTRY=server.address, CI_REGISTRY_PASSWORD="job-word"))


def test_a_login_that_was_only_handed_to_the_job_is_done_without_where_it_is_refused(
    tmp_path: Path,
) -> None:
    guarded = _Guarded(Answer(403), _token())
    with serving(guarded) as guarded.server:
        found = _with_job_login(tmp_path, guarded.server).digest_of(ref(guarded.server))

    assert str(found) == DIGEST
    first, second = guarded.token_asks
    assert "authorization" in first.headers
    assert "authorization" not in second.headers


def test_where_nobody_gets_a_token_either_the_handed_login_is_named(tmp_path: Path) -> None:
    guarded = _Guarded(Answer(403), Answer(401))
    with serving(guarded) as guarded.server, pytest.raises(CannotTell) as caught:
        _with_job_login(tmp_path, guarded.server).digest_of(ref(guarded.server))

    assert caught.value.what == (
        "127.0.0.1 gives no token (403), asked with the login from CI_REGISTRY_PASSWORD"
    )


def test_a_login_that_was_written_down_is_never_done_without(tmp_path: Path) -> None:
    guarded = _Guarded(Answer(403), _token())
    with serving(guarded) as guarded.server:
        log_in(tmp_path, guarded.server.address, "ci", "password")
        with pytest.raises(CannotTell, match=r"gives no token \(403\)"):
            Registry(outside(tmp_path)).digest_of(ref(guarded.server))

    assert len(guarded.token_asks) == 1
