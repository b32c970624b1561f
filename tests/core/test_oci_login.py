from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from cdkit.core.errors import CannotTell, Unreadable
from cdkit.core.oci.login import Login, login_for
from cdkit.core.oci.reference import parse
from cdkit.core.world import Completed
from tests.worlds import NoProcesses, world

APP = parse("registry.example.com/team/app:v1")


def _auth(user: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def _write(path: Path, **config: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(config))


class _Helper(NoProcesses):
    """One credential helper, that answers with this."""

    def __init__(self, code: int, out: bytes) -> None:
        self.code = code
        self.out = out
        self.asked: list[tuple[Sequence[str], bytes]] = []

    def which(self, program: str) -> str | None:
        return f"/bin/{program}"

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        timeout: float = 60,  # noqa: ARG002
        environ: Mapping[str, str] | None = None,  # noqa: ARG002
        cwd: str | None = None,  # noqa: ARG002
    ) -> Completed:
        self.asked.append((argv, stdin))
        return Completed(code=self.code, stdout=self.out, stderr=b"")


def _found(
    tmp_path: Path,
    reference: str = "",
    *,
    helper: _Helper | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[str, str] | None:
    home = {"HOME": str(tmp_path), **(environ or {})}
    outside = world(tmp_path, environ=home, processes=helper or NoProcesses())
    login = login_for(parse(reference) if reference else APP, outside)
    if login is None:
        return None
    secret = login.password or login.identity_token
    return login.user, secret.reveal() if secret else ""


def test_nobody_logged_in_is_no_login(tmp_path: Path) -> None:
    assert _found(tmp_path) is None


@pytest.mark.parametrize(
    "key",
    ["registry.example.com", "https://registry.example.com", "https://registry.example.com/v1/"],
)
def test_a_login_is_found_under_every_way_that_docker_writes_it(tmp_path: Path, key: str) -> None:
    _write(tmp_path / ".docker/config.json", auths={key: _auth("ci", "a:b")})

    assert _found(tmp_path) == ("ci", "a:b")


def test_docker_hubs_login_has_a_key_of_its_own(tmp_path: Path) -> None:
    _write(tmp_path / ".docker/config.json", auths={"https://index.docker.io/v1/": _auth("u", "p")})

    assert _found(tmp_path, "busybox") == ("u", "p")
    assert _found(tmp_path) is None


def test_another_registrys_login_is_not_taken(tmp_path: Path) -> None:
    _write(tmp_path / ".docker/config.json", auths={"example.com": _auth("u", "p")})

    assert _found(tmp_path) is None


def test_podmans_logins_may_be_for_a_part_of_a_registry(tmp_path: Path) -> None:
    auths = {
        "registry.example.com": _auth("all", "p"),
        "registry.example.com/team": _auth("team", "p"),
    }
    _write(tmp_path / "auth.json", auths=auths)
    where = {"REGISTRY_AUTH_FILE": str(tmp_path / "auth.json")}

    assert _found(tmp_path, environ=where) == ("team", "p")
    assert _found(tmp_path, "registry.example.com/other/app", environ=where) == ("all", "p")


def test_docker_config_may_stand_elsewhere(tmp_path: Path) -> None:
    _write(tmp_path / "x/config.json", auths={"registry.example.com": _auth("u", "p")})

    assert _found(tmp_path, environ={"DOCKER_CONFIG": str(tmp_path / "x")}) == ("u", "p")


def test_a_helper_for_the_registry_goes_before_what_is_written_down(tmp_path: Path) -> None:
    _write(
        tmp_path / ".docker/config.json",
        auths={"registry.example.com": _auth("old", "p")},
        credHelpers={"registry.example.com": "vault"},
    )
    helper = _Helper(0, b'{"ServerURL": "x", "Username": "u", "Secret": "s"}')

    assert _found(tmp_path, helper=helper) == ("u", "s")
    assert helper.asked == [(["docker-credential-vault", "get"], b"registry.example.com\n")]


def test_a_helper_that_has_none_gives_way_to_what_is_written_down(tmp_path: Path) -> None:
    _write(
        tmp_path / ".docker/config.json",
        auths={"registry.example.com": _auth("u", "p")},
        credsStore="desktop",
    )
    helper = _Helper(1, b"credentials not found in native keychain\n")

    assert _found(tmp_path, helper=helper) == ("u", "p")


def test_a_helper_that_fails_is_cannot_tell_and_shows_no_output(tmp_path: Path) -> None:
    _write(tmp_path / ".docker/config.json", credsStore="desktop")

    with pytest.raises(CannotTell) as caught:
        _found(tmp_path, helper=_Helper(2, b"panic: hunter2"))

    assert "hunter2" not in f"{caught.value}{caught.value.remedy}"


def test_a_helpers_identity_token_is_one(tmp_path: Path) -> None:
    _write(tmp_path / ".docker/config.json", credsStore="desktop")
    helper = _Helper(0, b'{"Username": "<token>", "Secret": "id"}')
    outside = world(tmp_path, environ={"HOME": str(tmp_path)}, processes=helper)

    login = login_for(APP, outside)

    assert login is not None
    assert login.identity_token is not None
    assert login.basic() is None


@pytest.mark.parametrize("name", ["../evil", "a b", "x/y", ""])
def test_a_helper_must_have_a_programs_name(tmp_path: Path, name: str) -> None:
    _write(tmp_path / ".docker/config.json", credHelpers={"registry.example.com": name})

    if name:
        with pytest.raises(Unreadable, match="credential helper"):
            _found(tmp_path)
    else:
        assert _found(tmp_path) is None


@pytest.mark.parametrize("text", ["{", "[]", '{"auths": {"registry.example.com": {"auth": 1}}}'])
def test_a_broken_configuration_is_said_and_not_passed_over(tmp_path: Path, text: str) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text(text)

    with pytest.raises(Unreadable, match="no Docker configuration"):
        _found(tmp_path)


def test_a_login_that_is_not_base64_is_said(tmp_path: Path) -> None:
    auths = {"registry.example.com": {"auth": "%%%"}}
    _write(tmp_path / ".docker/config.json", auths=auths)

    with pytest.raises(Unreadable, match="not base64"):
        _found(tmp_path)


def test_gitlabs_job_login_serves_its_own_registry_alone(tmp_path: Path) -> None:
    gitlab = {
        "CI_REGISTRY": "registry.example.com",
        "CI_REGISTRY_USER": "gitlab-ci-token",
        "CI_REGISTRY_PASSWORD": "job",
    }

    assert _found(tmp_path, environ=gitlab) == ("gitlab-ci-token", "job")
    assert _found(tmp_path, "other.example.com/a/b", environ=gitlab) is None


def test_githubs_token_serves_ghcr_alone(tmp_path: Path) -> None:
    github = {"GITHUB_TOKEN": "ghs", "GITHUB_ACTOR": "octocat"}

    assert _found(tmp_path, "ghcr.io/a/b", environ=github) == ("octocat", "ghs")
    assert _found(tmp_path, environ=github) is None


def test_a_login_never_shows_its_password(tmp_path: Path) -> None:
    _write(tmp_path / ".docker/config.json", auths={"registry.example.com": _auth("u", "hunter2")})
    login = login_for(APP, world(tmp_path, environ={"HOME": str(tmp_path)}))

    assert isinstance(login, Login)
    assert "hunter2" not in f"{login!r} {login.basic()!r} {login.basic()}"
