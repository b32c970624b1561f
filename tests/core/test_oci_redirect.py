from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from cdkit.core.errors import CannotTell
from cdkit.core.oci import media
from cdkit.core.oci.reference import parse
from cdkit.core.oci.registry import Registry
from cdkit.core.secret import Secret
from cdkit.core.world import Response
from tests.core.registries import (
    log_in,
    outside,
    ref,
    serves,
)
from tests.core.serving import Answer, Asked, serving
from tests.image.layouts import two_platforms
from tests.worlds import NoHttp, world


def test_a_redirect_elsewhere_goes_without_the_login(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    with serving(serves(layout, index)) as storage:

        def script(asked: Asked) -> Answer:
            if "authorization" not in asked.headers:
                return Answer(401, {"WWW-Authenticate": 'Basic realm="r"'})
            return Answer(307, {"Location": f"{storage.url}{asked.path}"})

        with serving(script) as server:
            log_in(tmp_path, server.address, "ci", "word")
            assert str(Registry(outside(tmp_path)).digest_of(ref(server))) == index

    assert "authorization" in server.asked[-1].headers
    assert all("authorization" not in asked.headers for asked in storage.asked)


@pytest.mark.parametrize(
    "challenge", ['Basic realm="r"', 'Bearer realm="http://127.0.0.1:1/t",service="s"', "x"]
)
def test_where_a_redirect_leads_nobody_is_given_a_login_for_asking(
    tmp_path: Path, challenge: str
) -> None:
    with serving(lambda _: Answer(401, {"WWW-Authenticate": challenge})) as storage:
        there = storage.url.replace("127.0.0.1", "localhost")
        with serving(lambda a: Answer(307, {"Location": f"{there}{a.path}"})) as server:
            log_in(tmp_path, server.address, "ci", "word")
            with pytest.raises(CannotTell, match=r"redirects to .*, which wants a login"):
                Registry(outside(tmp_path)).digest_of(ref(server))

    assert len(server.asked) == len(storage.asked) == 1
    assert "authorization" not in {*server.asked[0].headers, *storage.asked[0].headers}


def test_redirects_without_end_end(tmp_path: Path) -> None:
    with (
        serving(lambda a: Answer(302, {"Location": a.path})) as server,
        pytest.raises(CannotTell, match="redirects without end"),
    ):
        Registry(outside(tmp_path)).digest_of(ref(server))


def test_a_redirect_to_plain_http_elsewhere_is_refused(tmp_path: Path) -> None:
    with (
        serving(lambda _: Answer(302, {"Location": "http://evil.example.com/x"})) as server,
        pytest.raises(CannotTell, match="no https address"),
    ):
        Registry(outside(tmp_path)).digest_of(ref(server))


@pytest.mark.parametrize(
    "location",
    [
        "https://user:word@evil.example.com/x",
        "https://evil.example.com:99999/x",
        "https://[::/x",
        "file:///etc/passwd",
        "//evil.example.com/x?sig=word",
        "",
    ],
)
def test_a_redirect_that_leads_nowhere_good_is_cannot_tell(tmp_path: Path, location: str) -> None:
    with (
        serving(lambda _: Answer(307, {"Location": location})) as server,
        pytest.raises(CannotTell, match=r"redirects to .* no https address") as caught,
    ):
        Registry(outside(tmp_path)).digest_of(ref(server))

    assert "word" not in caught.value.what


class _Redirects(NoHttp):
    """A registry that lets `ci` in, and then sends everybody on."""

    def __init__(self, location: str) -> None:
        self.location = location
        self.sent: list[tuple[str, bool]] = []

    def request(
        self,
        method: str,  # noqa: ARG002
        url: str,
        *,
        headers: Mapping[str, str | Secret] | None = None,
        **_: object,
    ) -> Response:
        has_login = "Authorization" in (headers or {})
        self.sent.append((url, has_login))
        if len(self.sent) == 1:
            offered = {"www-authenticate": 'Basic realm="r"'}
            return Response(status=401, headers=offered, body=b"")
        if len(self.sent) == 2:
            return Response(status=307, headers={"location": self.location}, body=b"")
        found = {"content-type": media.OCI_INDEX, "docker-content-digest": f"sha256:{'a' * 64}"}
        return Response(status=200, headers=found, body=b"")


@pytest.mark.parametrize(
    ("registry", "location", "goes_along"),
    [
        ("registry.example.com", "/v2/elsewhere/manifests/v1", True),
        ("registry.example.com", "https://registry.example.com/x", True),
        ("registry.example.com", "https://registry.example.com:8443/x", False),
        ("registry.example.com", "https://storage.example.com/x", False),
        ("registry.example.com", "https://registry.example.com.evil.com/x", False),
        ("registry.example.com:8443", "https://registry.example.com/x", False),
        ("registry.lan", "https://registry.lan/x", False),
        ("registry.lan", "http://registry.lan:81/x", False),
        ("registry.lan", "http://registry.lan/x", True),
    ],
)
def test_a_login_goes_along_to_the_same_scheme_host_and_port_alone(
    tmp_path: Path, registry: str, location: str, *, goes_along: bool
) -> None:
    (tmp_path / "r.conf").write_text('[[registry]]\nlocation = "registry.lan"\ninsecure = true\n')
    login = base64.b64encode(b"ci:password").decode()
    environ = {
        "DOCKER_AUTH_CONFIG": json.dumps({"auths": {registry: {"auth": login}}}),
        "CONTAINERS_REGISTRIES_CONF": "r.conf",
    }
    http = _Redirects(location)

    Registry(world(tmp_path, environ=environ, http=http)).digest_of(parse(f"{registry}/app:v1"))

    assert [has_login for _, has_login in http.sent] == [False, True, goes_along]


@pytest.mark.parametrize("location", ["http://registry.example.com/x", "http://127.0.0.1/x"])
def test_a_registry_that_speaks_tls_cannot_send_us_to_plain_http(
    tmp_path: Path, location: str
) -> None:
    login = base64.b64encode(b"ci:password").decode()
    text = json.dumps({"auths": {"registry.example.com": {"auth": login}}})
    around = world(tmp_path, environ={"DOCKER_AUTH_CONFIG": text}, http=_Redirects(location))

    with pytest.raises(CannotTell, match="no https address"):
        Registry(around).digest_of(parse("registry.example.com/app:v1"))
