from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from cdkit.core.errors import CannotTell
from cdkit.core.oci import media
from cdkit.core.oci.cloud import cloud_login
from cdkit.core.oci.login import Logins
from cdkit.core.oci.reference import parse
from cdkit.core.oci.registry import Registry
from cdkit.core.secret import Secret
from cdkit.core.world import Completed, Response, World
from tests.worlds import NoHttp, NoProcesses, world

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


class _Tool(NoProcesses):
    """One command line that is installed, and answers with this."""

    def __init__(self, name: str, out: bytes, code: int = 0) -> None:
        self.name = name
        self.done = Completed(code=code, stdout=out, stderr=b"hunter2")
        self.asked: list[Sequence[str]] = []

    def which(self, program: str) -> str | None:
        return f"/bin/{program}" if program == self.name else None

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",  # noqa: ARG002
        timeout: float = 60,  # noqa: ARG002
        environ: Mapping[str, str] | None = None,
        cwd: str | None = None,  # noqa: ARG002
    ) -> Completed:
        assert environ is None  # our own environment, with the cloud's credentials in it
        self.asked.append(argv)
        return self.done


def _around(tmp_path: Path, tool: NoProcesses, **environ: str) -> World:
    return world(tmp_path, environ=environ, processes=tool)


@pytest.mark.parametrize(
    ("registry", "tool", "out", "user", "command"),
    [
        (ECR, "aws", b"word\n", "AWS", "ecr get-login-password --region eu-west-1"),
        (
            f"{ECR}.cn",
            "aws",
            b"word",
            "AWS",
            "ecr get-login-password --region eu-west-1",
        ),
        (
            "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu",
            "aws",
            b"word",
            "AWS",
            "ecr get-login-password --region eusc-de-east-1",
        ),
        (
            "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
            "aws",
            b"word",
            "AWS",
            "ecr get-login-password --region us-gov-west-1",
        ),
        (
            "123456789012.dkr-ecr.ap-southeast-2.on.aws",
            "aws",
            b"word",
            "AWS",
            "ecr get-login-password --region ap-southeast-2",
        ),
        (
            "public.ecr.aws",
            "aws",
            b"word",
            "AWS",
            "ecr-public get-login-password --region us-east-1",
        ),
        (
            "europe-west4-docker.pkg.dev",
            "gcloud",
            b"word\r\n",
            "oauth2accesstoken",
            "auth print-access-token",
        ),
        ("eu.gcr.io", "gcloud", b"word\n", "oauth2accesstoken", "auth print-access-token"),
        ("gcr.io", "gcloud", b"word\n", "oauth2accesstoken", "auth print-access-token"),
        (
            "acme.azurecr.io",
            "az",
            b'{"accessToken": "word", "loginServer": "acme.azurecr.io"}',
            "00000000-0000-0000-0000-000000000000",
            "acr login --name acme --expose-token --output json",
        ),
        (
            "acme-a1b2c3.azurecr.io",
            "az",
            b'{"accessToken": "word"}',
            "00000000-0000-0000-0000-000000000000",
            "acr login --name acme --expose-token --output json",
        ),
    ],
)
def test_a_clouds_registry_is_logged_in_to_by_the_clouds_own_tool(
    tmp_path: Path, registry: str, tool: str, out: bytes, user: str, command: str
) -> None:
    installed = _Tool(tool, out)

    login = cloud_login(registry, _around(tmp_path, installed))

    assert login is not None
    assert login.password is not None
    assert (login.user, login.password.reveal()) == (user, "word")
    assert installed.asked == [[f"/bin/{tool}", *command.split()]]


@pytest.mark.parametrize(
    "registry",
    [
        f"{ECR}.evil.com",
        f"evil.com.{ECR}",
        "12345.dkr.ecr.eu-west-1.amazonaws.com",
        "dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr.a/b.amazonaws.com",
        f"{ECR}:8443",
        "evil-docker.pkg.dev.evil.com",
        "notgcr.io",
        "gcr.io.evil.com",
        "azurecr.io",
        "a.b.azurecr.io",
        "--help.azurecr.io",
        "docker.io",
        "ghcr.io",
        "localhost:5000",
    ],
)
def test_a_host_that_only_looks_like_a_clouds_gets_no_login(tmp_path: Path, registry: str) -> None:
    class Every(_Tool):
        def which(self, program: str) -> str | None:
            return program

    tool = Every("", b"word")
    assert cloud_login(registry, _around(tmp_path, tool)) is None
    assert tool.asked == []


@pytest.mark.parametrize("name", ["CLOUDSDK_AUTH_ACCESS_TOKEN", "GOOGLE_OAUTH_ACCESS_TOKEN"])
def test_a_token_of_googles_in_the_environment_saves_the_tool(tmp_path: Path, name: str) -> None:
    login = cloud_login("us-docker.pkg.dev", _around(tmp_path, NoProcesses(), **{name: "word"}))

    assert login is not None
    assert login.password is not None
    assert (login.user, login.password.reveal(), login.source) == (
        "oauth2accesstoken",
        "word",
        name,
    )


def test_without_the_tool_there_is_no_login_and_no_error(tmp_path: Path) -> None:
    assert cloud_login(ECR, _around(tmp_path, NoProcesses())) is None


@pytest.mark.parametrize("out", [b"", b"\n", b"two words", b"a\nb", b"\xff\xfe"])
def test_a_tool_that_prints_no_token_is_cannot_tell(tmp_path: Path, out: bytes) -> None:
    with pytest.raises(CannotTell, match="it printed no token"):
        cloud_login(ECR, _around(tmp_path, _Tool("aws", out)))


@pytest.mark.parametrize("out", [b"", b"{}", b"[]", b"{", b'{"accessToken": ""}', b"[" * 100_000])
def test_what_azure_prints_must_hold_a_token(tmp_path: Path, out: bytes) -> None:
    with pytest.raises(CannotTell, match="it printed no token"):
        cloud_login("acme.azurecr.io", _around(tmp_path, _Tool("az", out)))


def test_a_tool_that_fails_says_which_and_shows_none_of_its_output(tmp_path: Path) -> None:
    with pytest.raises(CannotTell) as caught:
        cloud_login(ECR, _around(tmp_path, _Tool("aws", b"hunter2", 255)))

    assert caught.value.what == (
        f"`aws ecr get-login-password --region eu-west-1` gave no login for {ECR} (exit code 255)"
    )
    assert "ecr:GetAuthorizationToken" in caught.value.remedy


def test_a_tool_is_asked_once_and_only_where_no_login_is_written_down(tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    entry = '{"auths": {"123456789012.dkr.ecr.eu-west-1.amazonaws.com/a": {"auth": "dTpw"}}}'
    (tmp_path / ".docker/config.json").write_text(entry)
    tool = _Tool("aws", b"word")
    logins = Logins(_around(tmp_path, tool, HOME=str(tmp_path)))

    users = [
        login.user
        for name in ("a/x", "b/x", "b/y")
        if (login := logins.find(parse(f"{ECR}/{name}")))
    ]

    assert users == ["u", "AWS", "AWS"]
    assert len(tool.asked) == 1


class _Closed(NoHttp):
    """A registry that lets nobody in: its answers, the last of them again and again."""

    def __init__(self, statuses: list[int]) -> None:
        self.statuses = statuses

    def request(self, method: str, url: str, **_: object) -> Response:  # noqa: ARG002
        if "/token" in url:
            return Response(status=200, headers={}, body=b'{"token": "weak"}')
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        offered = f'Bearer realm="https://{ECR}/token"'
        return Response(status=status, headers={"www-authenticate": offered}, body=b"")


@pytest.mark.parametrize(
    ("statuses", "said"),
    [([401], "wants a login (401)"), ([401, 403], "does not allow it (403)")],
)
def test_where_the_tool_failed_and_the_registry_says_no_both_are_said(
    tmp_path: Path, statuses: list[int], said: str
) -> None:
    tool = _Tool("aws", b"", 255)
    around = world(tmp_path, processes=tool, http=_Closed(statuses))
    client = Registry(around)

    with pytest.raises(CannotTell) as caught:
        client.digest_of(parse(f"{ECR}/app:v1"))

    assert said in caught.value.what
    assert "`aws ecr get-login-password --region eu-west-1` gave no login" in caught.value.what
    assert "ecr:GetAuthorizationToken" in caught.value.remedy


class _Public(NoHttp):
    """A registry that wants a token, and gives one to anybody."""

    def request(
        self,
        method: str,  # noqa: ARG002
        url: str,
        *,
        headers: Mapping[str, str | Secret] | None = None,
        **_: object,
    ) -> Response:
        if "/token" in url:
            return Response(status=200, headers={}, body=b'{"token": "for-all"}')
        if "Authorization" in (headers or {}):
            digest = f"sha256:{'a' * 64}"
            found = {"content-type": media.OCI_INDEX, "docker-content-digest": digest}
            return Response(status=200, headers=found, body=b"")
        realm = 'Bearer realm="https://gcr.io/v2/token",service="gcr.io"'
        return Response(status=401, headers={"www-authenticate": realm}, body=b"")


@pytest.mark.parametrize("tool", [_Tool("gcloud", b"", 1), NoProcesses()])
def test_a_public_image_of_a_cloud_needs_no_tool_that_works(
    tmp_path: Path, tool: NoProcesses
) -> None:
    around = world(tmp_path, processes=tool, http=_Public())

    found = Registry(around).digest_of(parse("gcr.io/distroless/static:latest"))

    assert str(found) == f"sha256:{'a' * 64}"
