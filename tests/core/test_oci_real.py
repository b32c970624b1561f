from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cdkit.core.errors import CannotTell
from cdkit.core.oci.reference import parse
from cdkit.core.oci.registry import Registry
from cdkit.core.oci.resolve import resolve_all
from tests.core.layout_image import image_of
from tests.core.registries import digest_of, log_in, outside, push_layout, write_auths
from tests.image.layouts import Layout, two_platforms
from tests.parts.registry import Registry as RealRegistry
from tests.parts.tokens import Tokens


@pytest.mark.needs("registry", "skopeo")
def test_a_real_registry_gives_the_digest_that_skopeo_pushed(
    registry: RealRegistry, tmp_path: Path
) -> None:
    layout, index, parts = two_platforms()
    push_layout(layout.save(tmp_path / "image"), f"{registry.address}/oci/two:v1")
    client = Registry(outside(tmp_path))

    image = client.image(parse(f"{registry.address}/oci/two:v1"))

    assert str(client.digest_of(parse(f"{registry.address}/oci/two:v1"))) == index
    assert str(image.digest) == index
    assert [str(part.digest) for part in image.platforms] == parts


@pytest.mark.needs("registry")
def test_a_real_registry_says_that_a_tag_or_repository_is_absent(
    registry: RealRegistry, tmp_path: Path
) -> None:
    client = Registry(outside(tmp_path))

    assert client.digest_of(parse(f"{registry.address}/oci/none:v1")) is None
    assert client.digest_of(parse(f"{registry.address}/oci/none@sha256:{'0' * 64}")) is None


@pytest.mark.needs("registry")
def test_a_real_registry_with_a_login_answers_to_it_and_to_nobody_else(
    registry_with_login: RealRegistry, tmp_path: Path
) -> None:
    reference = parse(f"{registry_with_login.address}/oci/none:v1")
    with pytest.raises(CannotTell, match="wants a login"):
        Registry(outside(tmp_path)).digest_of(reference)

    user, password = registry_with_login.user or "", registry_with_login.password or ""
    log_in(tmp_path, registry_with_login.address, user, password)
    assert Registry(outside(tmp_path)).digest_of(reference) is None


@pytest.mark.needs("registry")
def test_a_wrong_password_is_cannot_tell(registry_with_login: RealRegistry, tmp_path: Path) -> None:
    log_in(tmp_path, registry_with_login.address, "ci", "wrong")

    with pytest.raises(CannotTell, match="wants a login"):
        Registry(outside(tmp_path)).digest_of(parse(f"{registry_with_login.address}/a/b:v1"))


def _skopeo(*arguments: str, data: bytes = b"") -> bytes:
    done = subprocess.run(["skopeo", *arguments], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.mark.needs("registry", "skopeo")
@pytest.mark.parametrize("format", ["oci", "v2s2"])
@pytest.mark.parametrize("platforms", [1, 2])
def test_skopeo_finds_the_digests_that_we_find(
    registry: RealRegistry,
    tmp_path: Path,
    format: str,  # noqa: A002 - what skopeo calls it
    platforms: int,
) -> None:
    layout = _layout(platforms)
    where = f"{registry.address}/oracle/{format}{platforms}:v1"
    _skopeo(
        *("copy", "--all", "--format", format, "--dest-tls-verify=false", "--insecure-policy"),
        *(f"oci:{layout.save(tmp_path / 'image')}:v1", f"docker://{where}"),
    )

    image = Registry(outside(tmp_path)).image(parse(where))

    raw = _skopeo("inspect", "--tls-verify=false", "--raw", f"docker://{where}")
    said = _skopeo("inspect", "--tls-verify=false", "-n", "-f", "{{.Digest}}", f"docker://{where}")
    assert str(image.digest) == digest_of(raw) == said.decode().strip()
    assert image.is_index is (platforms == 2)
    assert ("docker" in image.media_type) is (format == "v2s2")
    assert [part.platform for part in image.platforms] == ARCHITECTURES[:platforms]
    for part in image.platforms:
        chosen = ("--override-os", "linux", "--override-arch", part.platform.partition("/")[2])
        config = _skopeo(
            *(*chosen, "inspect", "--tls-verify=false", "--config", "--raw", f"docker://{where}")
        )
        assert str(part.config_digest) == digest_of(config)
        note = tmp_path / part.platform.replace("/", "-")
        _skopeo(
            *(*chosen, "copy", "--src-tls-verify=false", "--insecure-policy"),
            *("--digestfile", f"{note}.digest", f"docker://{where}", f"dir:{note}"),
        )
        assert str(part.digest) == Path(f"{note}.digest").read_text(encoding="ascii")


@pytest.mark.needs("skopeo")
@pytest.mark.parametrize("platforms", [1, 2])
@pytest.mark.parametrize("packed", [True, False])
def test_skopeo_finds_the_digests_that_we_find_in_a_layout(
    tmp_path: Path, platforms: int, *, packed: bool
) -> None:
    layout = _layout(platforms)
    path = layout.pack(tmp_path / "i.tar") if packed else layout.save(tmp_path / "image")
    source = f"{'oci-archive' if packed else 'oci'}:{path}:v1"

    image = image_of(path)

    assert str(image.digest) == digest_of(_skopeo("inspect", "--raw", source))
    for part in image.platforms:
        chosen = ("--override-os", "linux", "--override-arch", part.platform.partition("/")[2])
        config = _skopeo(*chosen, "inspect", "--config", "--raw", source)
        assert str(part.config_digest) == digest_of(config)


ARCHITECTURES = ["linux/amd64", "linux/arm64"]


def _layout(platforms: int) -> Layout:
    layout = Layout()
    parts = [
        layout.manifest(({"arch": name.encode()},), name) for name in ARCHITECTURES[:platforms]
    ]
    layout.root(layout.index(*parts) if platforms > 1 else parts[0])
    return layout


@pytest.mark.needs("registry", "skopeo")
def test_an_auth_file_that_skopeo_wrote_logs_us_in(
    registry_with_login: RealRegistry, tmp_path: Path
) -> None:
    address = registry_with_login.address
    _skopeo(
        *("login", "--tls-verify=false", "--authfile", str(tmp_path / "auth.json")),
        *("-u", registry_with_login.user or "", "--password-stdin", address),
        data=(registry_with_login.password or "").encode(),
    )
    around = outside(tmp_path, REGISTRY_AUTH_FILE=str(tmp_path / "auth.json"))

    assert Registry(around).digest_of(parse(f"{address}/oci/none:v1")) is None


@pytest.fixture(scope="module")
def in_token_registry(
    registry_with_tokens: Tokens, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The digest of team/app:v1 and public/app:v1 in the registry with tokens."""
    layout, index, _ = two_platforms()
    folder = layout.save(tmp_path_factory.mktemp("image"))
    for name in ("team/app", "public/app"):
        _skopeo(
            *("copy", "--all", "--preserve-digests", "--dest-tls-verify=false"),
            *("--insecure-policy", "--dest-creds", "writer:write-word", f"oci:{folder}:v1"),
            f"docker://{registry_with_tokens.address}/{name}:v1",
        )
    return index


@pytest.mark.needs("tokens", "skopeo")
def test_a_real_token_lets_a_login_in(
    registry_with_tokens: Tokens, in_token_registry: str, tmp_path: Path
) -> None:
    log_in(tmp_path, registry_with_tokens.address, "reader", "read-word")
    client = Registry(outside(tmp_path))

    image = client.image(parse(f"{registry_with_tokens.address}/team/app:v1"))

    assert str(image.digest) == in_token_registry
    assert client.digest_of(parse(f"{registry_with_tokens.address}/team/none:v1")) is None


@pytest.mark.needs("tokens", "skopeo")
def test_a_real_identity_token_is_exchanged(
    registry_with_tokens: Tokens, in_token_registry: str, tmp_path: Path
) -> None:
    write_auths(tmp_path, {registry_with_tokens.address: {"identitytoken": "refresh-word"}})

    found = Registry(outside(tmp_path)).digest_of(
        parse(f"{registry_with_tokens.address}/team/app:v1")
    )

    assert str(found) == in_token_registry
    assert registry_with_tokens.asked[-1][0] == "POST"


@pytest.mark.needs("tokens", "skopeo")
def test_what_is_public_needs_a_real_token_and_no_login(
    registry_with_tokens: Tokens, in_token_registry: str, tmp_path: Path
) -> None:
    public = parse(f"{registry_with_tokens.address}/public/app:v1")

    assert str(Registry(outside(tmp_path)).digest_of(public)) == in_token_registry


@pytest.mark.needs("tokens", "skopeo")
def test_a_real_token_that_grants_too_little_is_said(
    registry_with_tokens: Tokens, in_token_registry: str, tmp_path: Path
) -> None:
    private = parse(f"{registry_with_tokens.address}/team/app:v1")

    with pytest.raises(CannotTell) as caught:
        Registry(outside(tmp_path)).digest_of(private)

    assert in_token_registry
    assert caught.value.what == (
        f"{registry_with_tokens.address} says that the token does not reach far enough (401 "
        f"insufficient_scope) for {private}: 'repository:team/app:pull' was asked for "
        "anonymously, and less was granted"
    )


@pytest.mark.needs("tokens")
def test_a_wrong_password_gets_no_real_token(registry_with_tokens: Tokens, tmp_path: Path) -> None:
    log_in(tmp_path, registry_with_tokens.address, "reader", "wrong-word")

    with pytest.raises(CannotTell, match=r"127\.0\.0\.1 gives no token \(401\), asked with the"):
        Registry(outside(tmp_path)).digest_of(parse(f"{registry_with_tokens.address}/team/app:v1"))


@pytest.mark.needs("tokens", "skopeo")
def test_many_references_share_a_token_for_each_repository(
    registry_with_tokens: Tokens, in_token_registry: str, tmp_path: Path
) -> None:
    log_in(tmp_path, registry_with_tokens.address, "reader", "read-word")
    registry_with_tokens.asked.clear()
    address = registry_with_tokens.address
    references = [parse(f"{address}/{name}/app:v{n}") for name in ("team", "public")
                  for n in range(1, 9)]  # fmt: skip

    found = resolve_all(references, outside(tmp_path))

    first = [str(found[reference]) for reference in references if reference.tag == "v1"]
    assert first == [in_token_registry] * 2
    assert [found[reference] for reference in references if reference.tag != "v1"] == [None] * 14
    assert len(registry_with_tokens.asked) == 2
