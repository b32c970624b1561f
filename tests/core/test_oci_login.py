from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from cdkit.core.errors import CannotTell, Missing, Unreadable
from cdkit.core.oci.login import Login, Logins, login_for
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


def test_the_tokens_that_docker_keeps_beside_docker_hubs_login_are_not_taken_for_it(
    tmp_path: Path,
) -> None:
    hub = "https://index.docker.io/v1/"
    auths = {
        hub: _auth("u", "p"),
        f"{hub}access-token": _auth("u", "access"),
        f"{hub}refresh-token": _auth("u", "refresh"),
    }
    _write(tmp_path / ".docker/config.json", auths=auths)

    assert _found(tmp_path, "busybox") == ("u", "p")


@pytest.mark.parametrize(
    "other", ["https://registry.example.com", "http://registry.example.com/v1/"]
)
@pytest.mark.parametrize("last", [False, True])
def test_of_two_logins_for_a_registry_the_one_under_its_very_name_counts(
    tmp_path: Path, other: str, *, last: bool
) -> None:
    exact = {"registry.example.com": _auth("new", "p")}
    legacy = {other: _auth("old", "p")}
    auths = {**legacy, **exact} if last else {**exact, **legacy}
    _write(tmp_path / ".docker/config.json", auths=auths)

    assert _found(tmp_path) == ("new", "p")


def test_what_is_null_in_a_file_of_logins_is_nothing(tmp_path: Path) -> None:
    auths = {
        "other.example.com": None,
        "registry.example.com": {"auth": None, "username": "u", "password": "p"},
    }
    helpers = {"registry.example.com": None}
    _write(tmp_path / ".docker/config.json", auths=auths, credHelpers=helpers, credsStore=None)

    assert _found(tmp_path) == ("u", "p")
    assert _found(tmp_path, "other.example.com/app:1") is None


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


def test_docker_auth_config_goes_before_the_file_and_names_no_helper(tmp_path: Path) -> None:
    _write(tmp_path / ".docker/config.json", auths={"registry.example.com": _auth("file", "p")})
    text = json.dumps({"auths": {"registry.example.com": _auth("text", "p")}, "credsStore": "x"})

    assert _found(tmp_path, environ={"DOCKER_AUTH_CONFIG": text}) == ("text", "p")
    assert _found(tmp_path, environ={"DOCKER_AUTH_CONFIG": '{"auths": {}}'}) == ("file", "p")


def test_docker_auth_config_that_is_none_is_said_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as caught:
        _found(tmp_path, environ={"DOCKER_AUTH_CONFIG": "{{"})

    assert str(caught.value).startswith("DOCKER_AUTH_CONFIG: is no Docker configuration")


def test_an_auth_file_that_is_named_and_missing_is_cannot_tell(tmp_path: Path) -> None:
    with pytest.raises(Missing) as caught:
        _found(tmp_path, environ={"REGISTRY_AUTH_FILE": str(tmp_path / "none.json")})

    assert caught.value.what == "REGISTRY_AUTH_FILE names a file that is not there"
    assert str(caught.value.where) == str(tmp_path / "none.json")


def test_an_auth_file_that_is_named_goes_before_dockers_which_is_not_even_read(
    tmp_path: Path,
) -> None:
    _write(tmp_path / "auth.json", auths={"registry.example.com": _auth("podman", "p")})
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text("{ broken")
    where = {"REGISTRY_AUTH_FILE": str(tmp_path / "auth.json")}

    assert _found(tmp_path, environ=where) == ("podman", "p")


@pytest.mark.parametrize(
    ("path", "environ"),
    [
        ("run/containers/auth.json", {"XDG_RUNTIME_DIR": "run"}),
        (".config/containers/auth.json", {}),
        ("conf/containers/auth.json", {"XDG_CONFIG_HOME": "conf"}),
    ],
)
def test_podmans_own_file_is_found_where_it_keeps_it(
    tmp_path: Path, path: str, environ: Mapping[str, str]
) -> None:
    _write(tmp_path / path, auths={"registry.example.com/team": _auth("u", "p")})
    environ = {name: str(tmp_path / folder) for name, folder in environ.items()}

    assert _found(tmp_path, environ=environ) == ("u", "p")


@pytest.mark.parametrize(
    ("key", "reference", "found"),
    [
        ("registry.example.com:5000", "registry.example.com:5000/a/b", True),
        ("registry.example.com", "registry.example.com:5000/a/b", False),
        ("registry.example.com:5000", "registry.example.com/a/b", False),
        ("https://registry.example.com:5000/v2/", "registry.example.com:5000/a/b", True),
        ("http://registry.example.com/any/path", "registry.example.com/a/b", True),
        ("registry.example.com/a", "registry.example.com/ab/b", False),
        ("registry.example.com/a/b", "registry.example.com/a/b", True),
        ("registry.example.com/a/b/c", "registry.example.com/a/b", False),
        ("https://index.docker.io/v1/", "docker.io/library/busybox", True),
        ("index.docker.io", "busybox", True),
        ("docker.io/acme", "acme/orders", True),
        ("docker.io/acme", "other/orders", False),
        ("registry-1.docker.io", "acme/orders", True),
        ("localhost:5000", "localhost:5000/a", True),
    ],
)
def test_a_key_is_for_a_registry_with_its_port_or_a_part_of_it(
    tmp_path: Path, key: str, reference: str, *, found: bool
) -> None:
    _write(tmp_path / ".docker/config.json", auths={key: _auth("u", "p")})

    assert _found(tmp_path, reference) == (("u", "p") if found else None)


def test_an_empty_entry_beside_a_store_is_no_login(tmp_path: Path) -> None:
    _write(
        tmp_path / ".docker/config.json", auths={"registry.example.com": {}}, credsStore="desktop"
    )
    assert _found(tmp_path, helper=_Helper(1, b"credentials not found in native keychain")) is None


def test_an_empty_helper_takes_a_registry_out_of_the_store(tmp_path: Path) -> None:
    _write(
        tmp_path / ".docker/config.json",
        auths={"registry.example.com": _auth("written", "p")},
        credHelpers={"registry.example.com": ""},
        credsStore="desktop",
    )
    helper = _Helper(0, b'{"Username": "stored", "Secret": "s"}')

    assert _found(tmp_path, helper=helper) == ("written", "p")
    assert helper.asked == []


def test_docker_hubs_helper_is_asked_by_docker_hubs_own_name(tmp_path: Path) -> None:
    _write(tmp_path / ".docker/config.json", credsStore="desktop")
    helper = _Helper(0, b'{"Username": "u", "Secret": "s"}')

    assert _found(tmp_path, "busybox", helper=helper) == ("u", "s")
    assert helper.asked == [
        (["docker-credential-desktop", "get"], b"https://index.docker.io/v1/\n")
    ]


def test_a_helper_that_is_not_installed_is_cannot_tell_with_the_file_that_names_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / ".docker/config.json"
    _write(path, credsStore="desktop")

    with pytest.raises(CannotTell) as caught:
        _found(tmp_path)

    assert str(caught.value) == (
        f"{path}: leaves the login of registry.example.com to docker-credential-desktop, "
        "which is not on the PATH"
    )
    assert "install docker-credential-desktop" in caught.value.remedy


@pytest.mark.parametrize("out", [b"", b"not json", b"[]", b'{"Secret": 7}', b"\xff"])
def test_a_helper_that_answers_with_something_else_is_cannot_tell(
    tmp_path: Path, out: bytes
) -> None:
    _write(tmp_path / ".docker/config.json", credsStore="desktop")

    with pytest.raises(CannotTell, match="something that is no login"):
        _found(tmp_path, helper=_Helper(0, out))


def test_a_helper_is_asked_once_for_all_repositories_of_a_registry(tmp_path: Path) -> None:
    _write(tmp_path / ".docker/config.json", credsStore="desktop")
    helper = _Helper(0, b'{"Username": "u", "Secret": "s"}')
    logins = Logins(world(tmp_path, environ={"HOME": str(tmp_path)}, processes=helper))

    for number in range(5):
        assert logins.find(parse(f"registry.example.com/app{number}"))

    assert len(helper.asked) == 1


def test_auth_goes_before_a_user_and_password_beside_it(tmp_path: Path) -> None:
    entry = {**_auth("in-auth", "a"), "username": "beside", "password": "b"}
    _write(tmp_path / ".docker/config.json", auths={"registry.example.com": entry})

    assert _found(tmp_path) == ("in-auth", "a")


def test_a_user_and_password_alone_will_do(tmp_path: Path) -> None:
    entry = {"username": "u", "password": "p"}
    _write(tmp_path / ".docker/config.json", auths={"registry.example.com": entry})

    assert _found(tmp_path) == ("u", "p")


def test_a_login_without_a_colon_is_said(tmp_path: Path) -> None:
    auths = {"registry.example.com": {"auth": base64.b64encode(b"hunter2").decode()}}
    _write(tmp_path / ".docker/config.json", auths=auths)

    with pytest.raises(Unreadable, match="without a colon") as caught:
        _found(tmp_path)

    assert "hunter2" not in str(caught.value)


def test_gitlabs_proxy_of_docker_hub_has_a_login_of_its_own(tmp_path: Path) -> None:
    gitlab = {
        "CI_DEPENDENCY_PROXY_SERVER": "gitlab.example.com:443",
        "CI_DEPENDENCY_PROXY_USER": "gitlab-ci-token",
        "CI_DEPENDENCY_PROXY_PASSWORD": "job",
    }
    reference = "gitlab.example.com:443/group/dependency_proxy/containers/alpine"

    assert _found(tmp_path, reference, environ=gitlab) == ("gitlab-ci-token", "job")
    assert _found(tmp_path, "gitlab.example.com/a/b", environ=gitlab) is None
