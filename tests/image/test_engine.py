"""What an engine says of an image counts only where the registry confirms it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.container import LocalImage
from cdkit.core.digest import Digest
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.oci.image import Image
from cdkit.core.oci.reference import parse_repository
from cdkit.core.oci.registry import Registry
from cdkit.image.engine import find, registry_of
from tests.image.engines import LayoutHttp, LookingEngine
from tests.image.layouts import Layout, two_platforms
from tests.worlds import world

NAME = "registry.example.com/acme/orders"
REPOSITORY = parse_repository(NAME)
LOCAL = "orders:dev"
OTHER = f"sha256:{'0' * 64}"


def _config(layout: Layout, manifest: str) -> str:
    digest: str = json.loads(layout.blobs[manifest])["config"]["digest"]
    return digest


def _find(http: LayoutHttp, image: LocalImage | None, local: str = LOCAL) -> Image:
    engine = LookingEngine(images={local: image} if image else {})
    return find(local, REPOSITORY, engine, Registry(world(Path.cwd(), http=http)))


def _one() -> tuple[LayoutHttp, str, str]:
    layout = Layout()
    digest = layout.root(layout.manifest())
    return LayoutHttp(layout, "acme/orders"), digest, _config(layout, digest)


def _index() -> tuple[LayoutHttp, str, list[str], str]:
    layout, index, parts = two_platforms()
    return LayoutHttp(layout, "acme/orders"), index, parts, _config(layout, parts[0])


def test_a_digest_that_the_registry_confirms_is_the_images() -> None:
    http, digest, config = _one()
    image = _find(http, LocalImage(id=config, repo_digests=(f"{NAME}@{digest}",)))
    assert str(image.digest) == digest
    assert http.asked[0] == f"HEAD acme/orders/manifests/{digest}"


def test_the_name_may_be_an_id() -> None:
    http, digest, config = _one()
    held = LocalImage(id=config, repo_digests=(f"{NAME}@{digest}",))
    for local in (config, config.removeprefix("sha256:"), config[7:19]):
        assert str(_find(http, held, local).digest) == digest


def test_an_image_that_the_engine_does_not_hold_is_cannot_tell() -> None:
    http, *_ = _one()
    with pytest.raises(CannotTell, match="the engine holds no image orders:dev"):
        _find(http, None)
    assert http.asked == []


def test_an_image_without_digests_was_never_pushed() -> None:
    http, _, config = _one()
    with pytest.raises(CannotTell) as caught:
        _find(http, LocalImage(id=config))
    assert caught.value.what == (
        f"orders:dev was built or pulled here, and never pushed to {NAME}: "
        "the engine has no digest of it there"
    )
    assert http.asked == []


@pytest.mark.parametrize(
    "name",
    [
        "registry.example.com/acme/orders-old",
        "registry.example.com/acme",
        "registry.example.com:443/acme/orders",
        "other.example.com/acme/orders",
        "acme/orders",
        "<none>",
        "registry.example.com/acme/orders/../orders",
    ],
)
def test_a_digest_of_another_repository_proves_nothing(name: str) -> None:
    http, digest, config = _one()
    with pytest.raises(CannotTell, match="never pushed"):
        _find(http, LocalImage(id=config, repo_digests=(f"{name}@{digest}",)))
    assert http.asked == []


def test_a_digest_that_an_engine_made_up_is_dropped_with_its_reason() -> None:
    http, digest, config = _one()
    made_up = LocalImage(id=config, repo_digests=(f"{NAME}@{digest}",))
    http.without = frozenset({digest})
    with pytest.raises(
        CannotTell, match=f"never pushed to {NAME}: {digest} is not in the registry"
    ):
        _find(http, made_up)


def test_a_made_up_digest_beside_a_pushed_one_does_not_count() -> None:
    http, digest, config = _one()
    held = LocalImage(id=config, repo_digests=(f"{NAME}@{OTHER}", f"{NAME}@{digest}"))
    assert str(_find(http, held).digest) == digest


@pytest.mark.parametrize("order", [1, -1])
def test_an_index_counts_before_the_manifest_of_a_platform_in_it(order: int) -> None:
    http, index, parts, config = _index()
    names = (f"{NAME}@{parts[0]}", f"{NAME}@{index}")[::order]
    image = _find(http, LocalImage(id=config, repo_digests=names))
    assert (str(image.digest), image.is_index) == (index, True)


def test_a_platform_counts_where_its_index_was_never_pushed() -> None:
    http, index, parts, config = _index()
    http.without = frozenset({index})
    names = (f"{NAME}@{parts[0]}", f"{NAME}@{index}")
    assert str(_find(http, LocalImage(id=config, repo_digests=names)).digest) == parts[0]


def test_an_index_is_not_preferred_to_a_manifest_that_is_no_part_of_it() -> None:
    layout, index, parts = two_platforms()
    manifest = json.loads(layout.blobs[parts[0]])
    again = layout.put_json({**manifest, "annotations": {"a": "b"}}, manifest["mediaType"])
    http = LayoutHttp(layout, "acme/orders")
    names = (f"{NAME}@{index}", f"{NAME}@{again['digest']}")
    with pytest.raises(CannotTell, match=f"under 2 digests: {index}, {again['digest']}"):
        _find(http, LocalImage(id=_config(layout, parts[0]), repo_digests=names))


def test_another_image_under_the_digest_is_never_taken_for_the_local_one() -> None:
    http, digest, _ = _one()
    with pytest.raises(CannotTell, match=f"is another image than {OTHER}"):
        _find(http, LocalImage(id=OTHER, repo_digests=(f"{NAME}@{digest}",)))


@pytest.mark.parametrize("whole", [True, False])
def test_containerds_store_calls_an_image_by_the_digest_of_its_index_or_manifest(
    whole: object,
) -> None:
    http, index, parts, _ = _index()
    local = index if whole else parts[0]
    image = _find(http, LocalImage(id=local, repo_digests=(f"{NAME}@{index}",)))
    assert str(image.digest) == index


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_registry_that_gives_no_clear_answer_is_cannot_tell(status: int) -> None:
    http, digest, config = _one()
    http.status = status
    with pytest.raises(CannotTell, match=f"registry.example.com .*{status}"):
        _find(http, LocalImage(id=config, repo_digests=(f"{NAME}@{digest}",)))


def test_a_registry_that_is_down_is_cannot_tell() -> None:
    held = LocalImage(id=OTHER, repo_digests=(f"{NAME}@{OTHER}",))
    engine = LookingEngine(images={LOCAL: held})
    with pytest.raises(CannotTell, match="nobody answers"):
        find(LOCAL, REPOSITORY, engine, Registry(world(Path.cwd())))


def test_an_engine_with_digests_without_end_is_not_walked() -> None:
    http, _, config = _one()
    names = tuple(f"{NAME}@sha256:{number:064x}" for number in range(51))
    with pytest.raises(CannotTell, match="51 digests"):
        _find(http, LocalImage(id=config, repo_digests=names))
    assert http.asked == []


@pytest.mark.parametrize("local", ["", "../containers/json", "a b", "-f", "a?x=1", "Orders:dev"])
def test_what_is_no_name_never_reaches_the_engine(local: str) -> None:
    http, *_ = _one()
    engine = LookingEngine()
    with pytest.raises(RequestError):
        find(local, REPOSITORY, engine, Registry(world(Path.cwd(), http=http)))
    assert engine.asked == []


@given(st.lists(st.text(), max_size=5), st.text())
def test_whatever_an_engine_says_nothing_is_confirmed_without_the_registry(
    names: list[str], identifier: str
) -> None:
    http, *_ = _one()
    http.layout.blobs.clear()
    with pytest.raises(CannotTell, match="never pushed"):
        _find(http, LocalImage(id=identifier, repo_digests=tuple(names)))


@pytest.mark.parametrize(
    ("local", "repository", "name"),
    [
        ("registry.example.com/acme/orders:dev", "", NAME),
        ("registry.example.com/acme/orders:dev", "ghcr.io/acme/orders", ""),
        ("docker.io/acme/orders", "", "docker.io/acme/orders"),
        ("orders:dev", "", ""),
        ("acme/orders", "", ""),
        ("localhost/orders:dev", "", ""),
        ("localhost:5000/orders:dev", "", "localhost:5000/orders"),
        (OTHER, "", ""),
        ("0123456789ab", "", ""),
    ],
)
def test_a_local_name_says_a_repository_only_with_its_registry(
    local: str, repository: str, name: str
) -> None:
    found = registry_of(local, repository)
    assert (found.name if found else "") == name


def test_a_digest_of_another_algorithm_is_a_candidate_like_any_other() -> None:
    http, _, config = _one()
    digest = Digest.parse(f"sha512:{'a' * 128}")
    with pytest.raises(CannotTell, match=f"{digest} is not in the registry"):
        _find(http, LocalImage(id=config, repo_digests=(f"{NAME}@{digest}",)))
