from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.core.errors import CannotTell
from cdkit.core.oci.reference import parse
from cdkit.core.oci.registry import Registry
from tests.core.registries import (
    log_in,
    outside,
    push_layout,
)
from tests.image.layouts import two_platforms
from tests.parts.registry import Registry as RealRegistry


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
