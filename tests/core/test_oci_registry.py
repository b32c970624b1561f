from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cdkit.core.doors.http import RequestsHttp
from cdkit.core.errors import CannotTell, Unreadable
from cdkit.core.oci import media
from cdkit.core.oci.authorize import challenges, is_related
from cdkit.core.oci.reference import Reference, parse
from cdkit.core.oci.registry import Registry
from cdkit.core.world import World
from tests.core.serving import Answer, Asked, Script, Server, serving
from tests.image.layouts import Layout, two_platforms
from tests.parts.registry import Registry as RealRegistry
from tests.worlds import Notebook, StandingClock, world

UNKNOWN = json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]})

#: What Distribution 2.8 answers for a tag that exists, to those who do not accept OCI indexes.
_CONVERTED = "OCI index found, but accept header does not support OCI indexes"


def _world(tmp_path: Path, **environ: str) -> World:
    home = {"HOME": str(tmp_path), **environ}
    return world(tmp_path, environ=home, http=RequestsHttp(StandingClock()))


def _login(tmp_path: Path, address: str, user: str, password: str) -> None:
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    (tmp_path / ".docker").mkdir()
    config = {"auths": {address: {"auth": auth}}}
    (tmp_path / ".docker" / "config.json").write_text(json.dumps(config))


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _serves(layout: Layout, root: str, *, header: bool = True) -> Script:
    """A registry that holds a layout's blobs under any name, and its root under the tag v1."""
    manifests = {_digest(data): data for data in layout.blobs.values()}

    def script(asked: Asked) -> Answer:
        name = asked.path.rpartition("/")[2]
        data = manifests.get(root if name == "v1" else name)
        if data is None:
            return Answer(404, {}, UNKNOWN.encode())
        kind = media.OCI_INDEX if b'"manifests"' in data else media.OCI_MANIFEST
        headers = {"Content-Type": kind}
        if header:
            headers["Docker-Content-Digest"] = _digest(data)
        return Answer(200, headers, data)

    return script


def _ref(server: Server, rest: str = ":v1") -> Reference:
    return parse(f"{server.address}/team/app{rest}")


def test_a_tag_is_resolved_by_head_alone(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    with serving(_serves(layout, index)) as server:
        assert str(Registry(_world(tmp_path)).digest_of(_ref(server))) == index

    (asked,) = server.asked
    assert asked.method == "HEAD"
    for kind in (media.OCI_INDEX, media.OCI_MANIFEST, media.DOCKER_LIST, media.DOCKER_MANIFEST):
        assert kind in asked.headers["accept"]


def test_a_missing_digest_header_is_made_up_for_by_hashing(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    with serving(_serves(layout, index, header=False)) as server:
        assert str(Registry(_world(tmp_path)).digest_of(_ref(server))) == index

    assert [asked.method for asked in server.asked] == ["HEAD", "GET"]


def test_a_digest_header_that_lies_is_caught(tmp_path: Path) -> None:
    layout, index, parts = two_platforms()
    honest = _serves(layout, index)

    def lies(asked: Asked) -> Answer:
        answer = honest(asked)
        answer.headers = {**answer.headers, "Docker-Content-Digest": parts[0]}
        return answer

    with serving(lies) as server, pytest.raises(Unreadable, match="other bytes"):
        Registry(_world(tmp_path)).manifest(_ref(server))


def test_other_bytes_under_the_digest_that_was_asked_for_are_caught(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    other = Layout()
    root = other.root(other.manifest(({"evil": b"x"},)))
    evil = _serves(other, root, header=False)

    with (
        serving(lambda a: evil(Asked(a.method, "/v1", a.headers, a.body))) as server,
        pytest.raises(Unreadable, match="other bytes"),
    ):
        Registry(_world(tmp_path)).image(_ref(server, f"@{index}"))
    assert layout.blobs


def test_an_image_is_taken_apart_with_every_blob_checked(tmp_path: Path) -> None:
    layout, index, parts = two_platforms()
    with serving(_serves(layout, index)) as server:
        image = Registry(_world(tmp_path)).image(_ref(server))

    assert str(image.digest) == index
    assert [str(part.digest) for part in image.platforms] == parts


def test_a_manifest_that_is_unknown_is_absent(tmp_path: Path) -> None:
    with serving(lambda _: Answer(404, {}, UNKNOWN.encode())) as server:
        assert Registry(_world(tmp_path)).digest_of(_ref(server)) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>not found</html>",
        b'{"errors": []}',
        json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN", "message": _CONVERTED}]}).encode(),
        b'{"errors": [{"code": "DENIED"}]}',
        b'{"errors": "none"}',
    ],
)
def test_a_404_that_does_not_say_unknown_is_not_absent(tmp_path: Path, body: bytes) -> None:
    with (
        serving(lambda _: Answer(404, {}, body)) as server,
        pytest.raises(CannotTell, match="does not say that it is unknown"),
    ):
        Registry(_world(tmp_path)).digest_of(_ref(server))


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "wants a login"), (403, "does not allow"), (429, "too many"), (500, "cannot answer")],
)
def test_no_answer_but_404_means_absent(tmp_path: Path, status: int, said: str) -> None:
    with (
        serving(lambda _: Answer(status, {}, UNKNOWN.encode())) as server,
        pytest.raises(CannotTell, match=said),
    ):
        Registry(_world(tmp_path)).digest_of(_ref(server))


def test_a_registry_that_is_down_is_cannot_tell(tmp_path: Path) -> None:
    with serving(lambda _: Answer()) as server:
        reference = _ref(server)

    with pytest.raises(CannotTell, match="cannot be reached"):
        Registry(_world(tmp_path)).digest_of(reference)


def test_a_manifest_that_was_converted_to_schema_1_is_refused(tmp_path: Path) -> None:
    body = json.dumps({"schemaVersion": 1, "fsLayers": [], "history": []}).encode()
    kind = "application/vnd.docker.distribution.manifest.v1+prettyjws"
    headers = {"Content-Type": kind, "Docker-Content-Digest": _digest(body)}

    with (
        serving(lambda _: Answer(200, headers, body)) as server,
        pytest.raises(Unreadable, match="schema 1"),
    ):
        Registry(_world(tmp_path)).digest_of(_ref(server))


def test_a_page_in_place_of_a_manifest_is_no_image(tmp_path: Path) -> None:
    with (
        serving(lambda _: Answer(200, {"Content-Type": "text/html"}, b"<html>")) as server,
        pytest.raises(Unreadable),
    ):
        Registry(_world(tmp_path)).image(_ref(server))


def test_a_redirect_elsewhere_goes_without_the_login(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    with serving(_serves(layout, index)) as storage:

        def script(asked: Asked) -> Answer:
            if "authorization" not in asked.headers:
                return Answer(401, {"WWW-Authenticate": 'Basic realm="r"'})
            return Answer(307, {"Location": f"{storage.url}{asked.path}"})

        with serving(script) as server:
            _login(tmp_path, server.address, "ci", "word")
            assert str(Registry(_world(tmp_path)).digest_of(_ref(server))) == index

    assert "authorization" in server.asked[-1].headers
    assert all("authorization" not in asked.headers for asked in storage.asked)


def test_redirects_without_end_end(tmp_path: Path) -> None:
    with (
        serving(lambda a: Answer(302, {"Location": a.path})) as server,
        pytest.raises(CannotTell, match="redirects without end"),
    ):
        Registry(_world(tmp_path)).digest_of(_ref(server))


def test_a_redirect_to_plain_http_elsewhere_is_refused(tmp_path: Path) -> None:
    with (
        serving(lambda _: Answer(302, {"Location": "http://evil.example.com/x"})) as server,
        pytest.raises(CannotTell, match="no https address"),
    ):
        Registry(_world(tmp_path)).digest_of(_ref(server))


def _token_script(
    server_url: Callable[[], str], layout: Layout, index: str, token: dict[str, object]
) -> Script:
    serves = _serves(layout, index)

    def script(asked: Asked) -> Answer:
        if asked.path.startswith("/token"):
            return Answer(200, {}, json.dumps(token).encode())
        if asked.headers.get("authorization") == "Bearer t0ken":
            return serves(asked)
        challenge = (
            f'Bearer realm="{server_url()}/token",service="reg",scope="repository:team/app:pull"'
        )
        return Answer(401, {"WWW-Authenticate": challenge})

    return script


def test_a_token_is_fetched_and_kept_while_it_lives(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    urls: list[str] = []
    script = _token_script(lambda: urls[0], layout, index, {"token": "t0ken", "expires_in": 300})
    with serving(script) as server:
        urls.append(server.url)
        _login(tmp_path, server.address, "ci", "word")
        registry = Registry(_world(tmp_path))
        assert str(registry.digest_of(_ref(server))) == index
        assert str(registry.digest_of(_ref(server))) == index

    tokens = [asked for asked in server.asked if asked.path.startswith("/token")]
    assert len(tokens) == 1
    assert tokens[0].path == "/token?service=reg&scope=repository%3Ateam%2Fapp%3Apull"
    assert tokens[0].headers["authorization"].startswith("Basic ")


def test_an_access_token_without_a_login_will_do(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    urls: list[str] = []
    script = _token_script(lambda: urls[0], layout, index, {"access_token": "t0ken"})
    with serving(script) as server:
        urls.append(server.url)
        assert str(Registry(_world(tmp_path)).digest_of(_ref(server))) == index

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
            Registry(_world(tmp_path)).digest_of(_ref(server))


def test_an_identity_token_is_exchanged_by_post(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    urls: list[str] = []
    script = _token_script(lambda: urls[0], layout, index, {"access_token": "t0ken"})
    with serving(script) as server:
        urls.append(server.url)
        (tmp_path / ".docker").mkdir()
        auths = {server.address: {"identitytoken": "id-word"}}
        (tmp_path / ".docker" / "config.json").write_text(json.dumps({"auths": auths}))
        assert str(Registry(_world(tmp_path)).digest_of(_ref(server))) == index

    (post,) = [asked for asked in server.asked if asked.method == "POST"]
    assert b"grant_type=refresh_token&refresh_token=id-word" in post.body
    assert "authorization" not in post.headers


def test_the_login_is_not_sent_to_a_token_server_elsewhere(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    with serving(lambda _: Answer(200, {}, b'{"token": "t0ken"}')) as elsewhere:
        # The same machine under another name: another host, as far as logins go.
        realm = elsewhere.url.replace("127.0.0.1", "localhost")
        serves = _serves(layout, index)

        def script(asked: Asked) -> Answer:
            if asked.headers.get("authorization") == "Bearer t0ken":
                return serves(asked)
            return Answer(401, {"WWW-Authenticate": f'Bearer realm="{realm}/token"'})

        with serving(script) as server:
            _login(tmp_path, server.address, "ci", "word")
            outside = _world(tmp_path)
            assert str(Registry(outside).digest_of(_ref(server))) == index

    assert "authorization" not in elsewhere.asked[0].headers
    assert isinstance(outside.talk, Notebook)
    assert "not sent" in outside.talk.said[0]


@pytest.mark.parametrize("realm", ["http://evil.example.com/token", "ftp://x/", "", "/token"])
def test_a_token_server_without_https_is_refused(tmp_path: Path, realm: str) -> None:
    with (
        serving(lambda _: Answer(401, {"WWW-Authenticate": f'Bearer realm="{realm}"'})) as server,
        pytest.raises(CannotTell, match="no https address"),
    ):
        Registry(_world(tmp_path)).digest_of(_ref(server))


def test_challenges_are_told_apart() -> None:
    header = 'Basic realm="a \\"b\\", c", Bearer realm="https://r/t",service=x,scope="a b"'

    basic, bearer = challenges(header)

    assert (basic.scheme, basic.parameters) == ("basic", {"realm": 'a "b", c'})
    assert bearer.parameters == {"realm": "https://r/t", "service": "x", "scope": "a b"}


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


@pytest.mark.needs("registry", "skopeo")
def test_a_real_registry_gives_the_digest_that_skopeo_pushed(
    registry: RealRegistry, tmp_path: Path
) -> None:
    layout, index, parts = two_platforms()
    _push(layout.save(tmp_path / "image"), f"{registry.address}/oci/two:v1")
    client = Registry(_world(tmp_path))

    image = client.image(parse(f"{registry.address}/oci/two:v1"))

    assert str(client.digest_of(parse(f"{registry.address}/oci/two:v1"))) == index
    assert str(image.digest) == index
    assert [str(part.digest) for part in image.platforms] == parts


@pytest.mark.needs("registry")
def test_a_real_registry_says_that_a_tag_or_repository_is_absent(
    registry: RealRegistry, tmp_path: Path
) -> None:
    client = Registry(_world(tmp_path))

    assert client.digest_of(parse(f"{registry.address}/oci/none:v1")) is None
    assert client.digest_of(parse(f"{registry.address}/oci/none@sha256:{'0' * 64}")) is None


@pytest.mark.needs("registry")
def test_a_real_registry_with_a_login_answers_to_it_and_to_nobody_else(
    registry_with_login: RealRegistry, tmp_path: Path
) -> None:
    reference = parse(f"{registry_with_login.address}/oci/none:v1")
    with pytest.raises(CannotTell, match="wants a login"):
        Registry(_world(tmp_path)).digest_of(reference)

    user, password = registry_with_login.user or "", registry_with_login.password or ""
    _login(tmp_path, registry_with_login.address, user, password)
    assert Registry(_world(tmp_path)).digest_of(reference) is None


@pytest.mark.needs("registry")
def test_a_wrong_password_is_cannot_tell(registry_with_login: RealRegistry, tmp_path: Path) -> None:
    _login(tmp_path, registry_with_login.address, "ci", "wrong")

    with pytest.raises(CannotTell, match="wants a login"):
        Registry(_world(tmp_path)).digest_of(parse(f"{registry_with_login.address}/a/b:v1"))


def _push(layout: Path, reference: str) -> None:
    command = [
        "skopeo",
        "copy",
        "--all",
        "--preserve-digests",
        "--dest-tls-verify=false",
        "--insecure-policy",
    ]
    subprocess.run(
        [*command, f"oci:{layout}:v1", f"docker://{reference}"], check=True, capture_output=True
    )


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
        Registry(_world(tmp_path)).digest_of(_ref(server))

    assert "word" not in caught.value.what


@pytest.mark.parametrize(
    "realm", ["https://user:word@evil.example.com/t", "https://evil.example.com:x/t", "https://["]
)
def test_a_token_server_whose_address_is_none_is_cannot_tell(tmp_path: Path, realm: str) -> None:
    with (
        serving(lambda _: Answer(401, {"WWW-Authenticate": f'Bearer realm="{realm}"'})) as server,
        pytest.raises(CannotTell, match="no https address"),
    ):
        Registry(_world(tmp_path)).digest_of(_ref(server))


@pytest.mark.parametrize("word", ["a\r\nX-Evil: b", "t\u20acken", "two words", ""])
def test_a_token_that_no_header_can_carry_is_cannot_tell(tmp_path: Path, word: str) -> None:
    layout, index, _ = two_platforms()
    urls: list[str] = []
    script = _token_script(lambda: urls[0], layout, index, {"token": word})
    with serving(script) as server:
        urls.append(server.url)
        with pytest.raises(CannotTell, match="gave no token"):
            Registry(_world(tmp_path)).digest_of(_ref(server))


def test_a_registry_that_cuts_a_manifest_short_is_cannot_tell(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    serves = _serves(layout, index)

    def cuts(asked: Asked) -> Answer:
        answer = serves(asked)
        answer.length, answer.body = len(answer.body), answer.body[:-9]
        return answer

    with serving(cuts) as server, pytest.raises(CannotTell, match="cut its answer short"):
        Registry(_world(tmp_path)).image(_ref(server))


def test_a_manifest_over_what_registries_take_is_cannot_tell(tmp_path: Path) -> None:
    headers = {"Content-Type": media.OCI_MANIFEST}
    with (
        serving(lambda _: Answer(200, headers, b" " * (4 * 1024 * 1024 + 1))) as server,
        pytest.raises(CannotTell, match="over 4194304 bytes"),
    ):
        Registry(_world(tmp_path)).image(_ref(server))


def test_a_digest_that_is_asked_for_is_not_believed_to_be_another(tmp_path: Path) -> None:
    layout, index, parts = two_platforms()
    honest = _serves(layout, index)

    def lies(asked: Asked) -> Answer:
        return honest(Asked(asked.method, f"/{parts[0]}", asked.headers, asked.body))

    with serving(lies) as server, pytest.raises(Unreadable, match=f"other bytes than {index}"):
        Registry(_world(tmp_path)).digest_of(_ref(server, f"@{index}"))
