from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.doors.files import DiskFiles
from cdkit.core.errors import CannotTell, CdkitError, Missing, RequestError, Unreadable
from cdkit.image.pushed.metadata import Built, read_metadata
from tests.image.pushed.metadata import baked, built, text

DIGEST = f"sha256:{'d' * 64}"
OTHER = f"sha256:{'e' * 64}"
CONFIG = f"sha256:{'c' * 64}"
NAME = "ghcr.io/acme/orders"


def _read(folder: Path, content: str, *, target: str = "") -> Built:
    (folder / "meta.json").write_text(content)
    return read_metadata("meta.json", DiskFiles(folder), target=target)


def _names(found: Built) -> list[str]:
    return [str(name) for name in found.names]


def test_a_build_gives_its_digest_and_every_name_it_was_pushed_under(tmp_path: Path) -> None:
    found = _read(tmp_path, text(built(DIGEST, f"{NAME}:v1", "docker.io/acme/orders:v1")))

    assert str(found.digest) == DIGEST
    assert _names(found) == [f"{NAME}:v1", "docker.io/acme/orders:v1"]


def test_a_config_digest_beside_the_digest_is_no_trouble(tmp_path: Path) -> None:
    assert str(_read(tmp_path, text(built(DIGEST, config=CONFIG))).digest) == DIGEST


def test_the_descriptor_tells_the_digest_where_nothing_else_does(tmp_path: Path) -> None:
    result = built(DIGEST, f"{NAME}:v1")
    del result["containerimage.digest"]

    assert str(_read(tmp_path, text(result)).digest) == DIGEST


def test_a_name_that_was_pushed_by_digest_alone_is_no_tag(tmp_path: Path) -> None:
    assert _names(_read(tmp_path, text(built(DIGEST, NAME)))) == []


def test_the_one_target_of_a_bake_needs_no_naming(tmp_path: Path) -> None:
    found = _read(tmp_path, text(baked(orders=built(DIGEST, f"{NAME}:v1"))))

    assert (str(found.digest), _names(found)) == (DIGEST, [f"{NAME}:v1"])


def test_of_several_targets_the_one_that_is_named_counts(tmp_path: Path) -> None:
    content = text(baked(db=built(OTHER, f"{NAME}-db:v1"), orders=built(DIGEST, f"{NAME}:v1")))

    assert str(_read(tmp_path, content, target="orders").digest) == DIGEST


@pytest.mark.parametrize(
    ("content", "target", "said"),
    [
        (baked(db=built(OTHER), orders=built(DIGEST)), "", "is of 2 targets: db, orders"),
        (baked(db=built(OTHER)), "orders", "has no target 'orders': db"),
        (built(DIGEST), "orders", "which has no target 'orders'"),
    ],
)
def test_a_target_that_is_not_settled_is_a_wrong_request(
    tmp_path: Path, content: object, target: str, said: str
) -> None:
    with pytest.raises(RequestError, match=said):
        _read(tmp_path, text(content), target=target)


def test_the_image_id_as_the_digest_is_cannot_tell(tmp_path: Path) -> None:
    """`--load` with Docker's own store gives no other digest."""
    with pytest.raises(CannotTell, match="which is the image ID") as caught:
        _read(tmp_path, text(built(CONFIG, f"{NAME}:v1", config=CONFIG)))

    assert "--push" in caught.value.remedy


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("{}", "names no digest"),
        (text({"buildx.build.ref": "a/b/c"}), "names no digest"),
        (text({"buildx.build.warnings": {}}), "names no digest"),
        (text(baked(orders={"buildx.build.ref": "a/b/c"})), "names no digest"),
        (text({"containerimage.digest": "sha256:1"}), "1 characters after the colon"),
        (text({"containerimage.digest": 7}), "is no whole metadata file"),
        (text(baked(orders="no")), "is no whole metadata file"),
        ("[]", "is no whole metadata file"),
        ("<html>", "is no whole metadata file"),
        (text({**built(DIGEST), "image.name": "A B"}), "has an image.name that is none"),
        (
            text({**built(DIGEST), "image.name": f"{NAME}:v1,{NAME}:v2@{DIGEST}"}),
            f"with a tag and a digest: {NAME}:v2@{DIGEST}",
        ),
        (
            text(built(OTHER, f"{NAME}:v1"))[:-1] + f', "containerimage.digest": "{DIGEST}"}}',
            "'containerimage.digest' twice",
        ),
        (f'{{"a": {text(built(OTHER))}, "a": {text(built(DIGEST))}}}', "'a' twice"),
        (
            text({**built(DIGEST), "containerimage.digest": OTHER}),
            f"two digests for one image: {DIGEST} and {OTHER}",
        ),
    ],
)
def test_a_file_that_does_not_tell_is_cannot_tell(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(CannotTell, match=said) as caught:
        _read(tmp_path, content)

    assert str(caught.value.where) == "meta.json"
    assert "--metadata-file meta.json" in caught.value.remedy


def test_the_output_of_an_action_is_taken_as_it_is(tmp_path: Path) -> None:
    content = text(baked(orders=built(DIGEST, f"{NAME}:v1")))

    found = read_metadata(f"\n{content}", DiskFiles(tmp_path))

    assert (str(found.digest), _names(found)) == (DIGEST, [f"{NAME}:v1"])


def test_an_output_that_is_cut_off_is_cannot_tell(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="is no whole metadata file") as caught:
        read_metadata(text(built(DIGEST))[:200], DiskFiles(tmp_path))

    assert str(caught.value.where) == "metadata"


def test_a_file_that_is_not_there_says_when_buildx_writes_it(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="once the build has ended well"):
        read_metadata("meta.json", DiskFiles(tmp_path))


def test_more_names_than_a_build_could_push_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="names 1001 images"):
        _read(tmp_path, text(built(DIGEST, *(f"{NAME}:v{n}" for n in range(1001)))))


@given(st.integers(min_value=0, max_value=2000))
def test_a_file_that_is_cut_off_anywhere_gives_no_digest(
    tmp_path_factory: pytest.TempPathFactory, at: int
) -> None:
    whole = text(built(DIGEST, f"{NAME}:v1"))
    folder = tmp_path_factory.mktemp("cut")

    with pytest.raises(CannotTell):
        _read(folder, whole[: min(at, len(whole) - 1)])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["containerimage.digest", "image.name", "orders", "x.y"]), inner
        )
    ),
    max_leaves=8,
)


@given(json_values)
def test_json_of_any_shape_is_refused_in_our_own_words(
    tmp_path_factory: pytest.TempPathFactory, value: object
) -> None:
    with pytest.raises(CdkitError):
        _read(tmp_path_factory.mktemp("any"), json.dumps(value))
