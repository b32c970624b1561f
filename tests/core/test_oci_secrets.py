"""No login and no token ever stands in a text, whatever a registry sends back."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cdkit.core.errors import CannotTell, CdkitError, Unreadable
from cdkit.core.oci import media
from cdkit.core.oci.authfile import read_auth_file
from cdkit.core.oci.login import login_for
from cdkit.core.oci.redact import Secrets
from cdkit.core.oci.reference import parse
from cdkit.core.oci.registry import Registry
from cdkit.core.secret import Secret
from cdkit.core.world import Response
from tests.worlds import NoHttp, Notebook, world

APP = parse("registry.example.com/team/app:v1")
HOME = "https://registry.example.com"

#: Where a registry or a token server may echo a secret: what it then answers to a request that
#: carries the login, `{}` being the secret.
ECHOES: list[tuple[int, Mapping[str, str], str]] = [
    (200, {"content-type": media.OCI_INDEX, "docker-content-digest": "{}"}, "{}"),
    (200, {"content-type": "{}"}, '{{"schemaVersion": 2, "mediaType": "{}", "layers": []}}'),
    (200, {"content-type": media.OCI_INDEX}, '{{"{}": 1, "{}": 2}}'),
    (
        200,
        {"content-type": media.OCI_INDEX},
        '{{"schemaVersion": 2, "manifests": [{{"mediaType": "a", "digest": "{}", "size": 1}}]}}',
    ),
    (200, {"warning": '299 - "we saw {}"'}, ""),
    (302, {"location": "http://evil.example.com/{}"}, ""),
    (302, {"location": "/v2/team/app/manifests/{}"}, ""),
    (302, {"location": "{}"}, ""),
    (401, {"www-authenticate": 'Bearer realm="http://evil.example.com/{}"'}, ""),
    (401, {"www-authenticate": 'Bearer realm="https://registry.example.com/t",scope="{}"'}, ""),
    (401, {"www-authenticate": 'Basic realm="{}",error="insufficient_scope"'}, ""),
    (403, {}, '{{"errors": [{{"code": "{}", "message": "you sent {}"}}]}}'),
    (404, {}, '{{"errors": [{{"code": "{}", "message": "{}"}}]}}'),
    (429, {"retry-after": "{}", "docker-ratelimit-source": "{}"}, "{}"),
    (500, {"x-request": "{}"}, '{{"errors": [{{"code": "OOPS", "message": "{}"}}]}}'),
]


class _Echo(NoHttp):
    """Echoes what it is given, in one way, once it has been given something."""

    def __init__(self, echo: tuple[int, Mapping[str, str], str], challenge: str) -> None:
        self.echo = echo
        self.challenge = challenge
        self.token = "t0ken-of-the-server"

    def request(
        self,
        method: str,  # noqa: ARG002
        url: str,
        *,
        headers: Mapping[str, str | Secret] | None = None,
        **_: object,
    ) -> Response:
        sent = (headers or {}).get("Authorization")
        word = sent.reveal() if isinstance(sent, Secret) else ""
        if url.startswith(f"{HOME}/t"):
            answer = json.dumps({"token": self.token})
            return Response(status=200, headers={}, body=answer.encode())
        if not word:
            offered = {"www-authenticate": self.challenge}
            return Response(status=401, headers=offered, body=b"")
        status, named, text = self.echo
        filled = {name: value.replace("{}", word) for name, value in named.items()}
        return Response(status=status, headers=filled, body=text.format(word, word).encode())


def _texts(fault: BaseException) -> list[str]:
    """Everything that anybody could print of an error and of what led to it."""
    found: list[str] = []
    at: BaseException | None = fault
    while at is not None:
        found += [str(at), repr(at), repr(at.args)]
        if isinstance(at, CdkitError):
            found += [at.what, at.remedy, str(at.where), repr(at.reason())]
        at = at.__cause__ or at.__context__
    return found


_WORD = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40).map(
    lambda word: f"~{word}"  # no word of ours begins so
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None
)
@given(
    password=_WORD,
    token=_WORD,
    echo=st.sampled_from(ECHOES),
    challenge=st.sampled_from(['Basic realm="r"', f'Bearer realm="{HOME}/t",service="s"']),
    kind=st.sampled_from(["auth", "identitytoken", "registrytoken"]),
    proof=st.booleans(),
)
@example(
    password="a'b\"c\\d&e=f%g",
    token="t'o\"k\\en",
    echo=ECHOES[1],
    challenge='Basic realm="r"',
    kind="auth",
    proof=True,
)
def test_no_secret_stands_in_any_text(
    tmp_path: Path,
    password: str,
    token: str,
    echo: tuple[int, Mapping[str, str], str],
    challenge: str,
    kind: str,
    *,
    proof: bool,
) -> None:
    pair = base64.b64encode(f"ci:{password}".encode()).decode()
    entry = {"auth": pair} if kind == "auth" else {kind: password}
    text = json.dumps({"auths": {"registry.example.com": entry}})
    http = _Echo(echo, challenge)
    http.token = token
    around = world(tmp_path, environ={"DOCKER_AUTH_CONFIG": text}, http=http)
    texts: list[str] = []
    client = Registry(around)

    for ask in (
        lambda: client.digest_of(APP, proof=proof),
        lambda: client.manifest(APP),
        lambda: client.image(APP),
    ):
        try:
            ask()
        except CdkitError as fault:
            texts += _texts(fault)

    assert isinstance(around.talk, Notebook)
    texts += around.talk.said
    assert texts
    for secret in (password, token, pair):
        forms = {secret, repr(secret)[1:-1], quote(secret, safe="")}
        assert not [line for line in texts for form in forms if form in line]


def test_a_broken_file_of_logins_is_said_without_what_it_holds(tmp_path: Path) -> None:
    for text in ('{"auths": "hunter2"}', '{"auths": {"x": {"auth": ["hunter2"]}}}', "hunter2 {"):
        around = world(tmp_path, environ={"DOCKER_AUTH_CONFIG": text})
        with pytest.raises(Unreadable) as caught:
            login_for(APP, around)

        assert not [line for line in _texts(caught.value)[:6] if "hunter2" in line]


def test_what_is_masked_is_the_secret_in_every_form_and_nothing_else() -> None:
    secrets = Secrets()
    secrets.add(Secret("Bearer a/b c"), Secret("it"), None)

    said = secrets.without("Bearer a/b c, a/b c, a%2Fb%20c, it stays: b c")

    assert said == "***, ***, ***, it stays: b c"


def test_a_longer_secret_is_masked_whole_before_a_shorter_one_within_it() -> None:
    secrets = Secrets()
    secrets.add(Secret("word"), Secret("password"))

    assert secrets.without("password word") == "*** ***"


def test_an_error_forgets_what_it_came_from() -> None:
    secrets = Secrets()
    secrets.add(Secret("hunter2"))
    fault = CannotTell("it said hunter2", remedy="try hunter2", where="a file")
    fault.__cause__ = ValueError("hunter2")

    secrets.clean(fault)

    assert (fault.what, fault.remedy, str(fault)) == (
        "it said ***",
        "try ***",
        "a file: it said ***",
    )
    assert fault.__cause__ is None


def test_what_was_read_from_a_file_does_not_show_it(tmp_path: Path) -> None:
    entry = {"auth": "aHVudGVyMg==", "password": "hunter2", "identitytoken": "hunter2"}
    text = json.dumps({"auths": {"registry.example.com": entry}})
    around = world(tmp_path, environ={"DOCKER_AUTH_CONFIG": text})

    shown = repr(read_auth_file("DOCKER_AUTH_CONFIG", around))

    assert "registry.example.com" in shown
    assert "hunter2" not in shown
    assert "aHVudGVyMg" not in shown
