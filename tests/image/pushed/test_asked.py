from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.core.doors.files import DiskFiles
from cdkit.core.errors import CannotTell, RequestError
from cdkit.image.pushed.asked import Asked, Sources, settle
from tests.image.layouts import single, two_platforms
from tests.image.pushed.metadata import baked, built, text

DIGEST = f"sha256:{'d' * 64}"
OTHER = f"sha256:{'e' * 64}"
NAME = "ghcr.io/acme/orders"


def _settled(folder: Path, **sources: str | tuple[str, ...]) -> Asked:
    return settle(Sources(**sources), DiskFiles(folder))  # type: ignore[arg-type]


def _tags(asked: Asked) -> list[str]:
    return [str(tag) for tag in asked.tags]


def _meta(folder: Path, *names: str) -> str:
    (folder / "meta.json").write_text(text(built(DIGEST, *names)))
    return "meta.json"


def test_the_metadata_alone_names_tags_and_digest(tmp_path: Path) -> None:
    asked = _settled(tmp_path, metadata=_meta(tmp_path, f"{NAME}:v1", f"{NAME}:latest"))

    assert _tags(asked) == [f"{NAME}:v1", f"{NAME}:latest"]
    assert (str(asked.digest), asked.notes) == (DIGEST, ())


def test_a_tag_that_is_given_comes_before_the_names_of_the_metadata(tmp_path: Path) -> None:
    meta = _meta(tmp_path, f"{NAME}:v1", f"{NAME}:v2")

    assert _tags(_settled(tmp_path, metadata=meta, tags=(f"{NAME}:v2",))) == [f"{NAME}:v2"]


def test_the_names_of_the_metadata_come_before_what_a_step_left(tmp_path: Path) -> None:
    asked = _settled(tmp_path, metadata=_meta(tmp_path, f"{NAME}:v1"), reference=f"{NAME}:v1")

    assert (_tags(asked), asked.notes) == ([f"{NAME}:v1"], ())


@pytest.mark.parametrize("source", ["tags", "reference"])
def test_a_tag_that_the_build_was_not_pushed_under_is_told(tmp_path: Path, source: str) -> None:
    meta = _meta(tmp_path, f"{NAME}:v1")
    given: str | tuple[str, ...] = (f"{NAME}:v2",) if source == "tags" else f"{NAME}:v2"

    asked = _settled(tmp_path, metadata=meta, **{source: given})

    assert asked.notes == (
        f"meta.json is of a build that was not pushed as {NAME}:v2, but as {NAME}:v1.",
    )


def test_what_steps_left_counts_where_nothing_else_says(tmp_path: Path) -> None:
    asked = _settled(tmp_path, reference=f"{NAME}:v1", image=f"{NAME}@{DIGEST}")

    assert (_tags(asked), str(asked.digest)) == ([f"{NAME}:v1"], DIGEST)


def test_a_digest_that_is_given_comes_before_the_image_that_a_step_left(tmp_path: Path) -> None:
    image = f"{NAME}@{OTHER}"

    asked = _settled(tmp_path, tags=(f"{NAME}:v1",), digest=DIGEST, image=image)

    assert str(asked.digest) == DIGEST


def test_a_familiar_name_is_the_full_one(tmp_path: Path) -> None:
    meta = _meta(tmp_path, "docker.io/acme/orders:v1")

    assert _settled(tmp_path, metadata=meta, tags=("acme/orders:v1",)).notes == ()


def test_a_layout_gives_the_digest_of_its_image(tmp_path: Path) -> None:
    _, digest, _ = single(tmp_path / "image")

    assert str(_settled(tmp_path, tags=(f"{NAME}:v1",), layout="image").digest) == digest


def test_a_layout_that_does_not_hold_the_digest_is_cannot_tell(tmp_path: Path) -> None:
    single(tmp_path / "image")

    with pytest.raises(CannotTell, match="does not hold"):
        _settled(tmp_path, tags=(f"{NAME}:v1",), layout="image", digest=DIGEST)


def test_one_platform_of_a_layout_is_not_its_image(tmp_path: Path) -> None:
    layout, index, parts = two_platforms()
    layout.save(tmp_path / "image")

    with pytest.raises(RequestError, match=f"the image is {index}"):
        _settled(tmp_path, tags=(f"{NAME}:v1",), layout="image", digest=parts[0])


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ({"digest": DIGEST}, "no tag is named"),
        ({"metadata": "meta.json"}, "meta.json has none in `image.name`"),
        ({"tags": (NAME,)}, "is no `repository:tag`"),
        ({"tags": (f"{NAME}:v1@{DIGEST}",)}, "is no `repository:tag`"),
        ({"reference": NAME}, "the reference"),
        ({"tags": (f"{NAME}:v1",), "digest": "sha256:1"}, "1 characters after"),
        ({"tags": (f"{NAME}:v1",), "digest": f"ghcr.io/x/y@{DIGEST}"}, "of another repository"),
        ({"tags": (f"{NAME}:v1",), "image": f"ghcr.io/x/y@{DIGEST}"}, "of another repository"),
        ({"tags": (f"{NAME}:v1",), "image": f"{NAME}:v1"}, "carries no digest"),
        ({"tags": (f"{NAME}:v1",), "target": "orders"}, "and no metadata file"),
        (
            {"tags": (f"{NAME}:v1",), "digest": OTHER, "metadata": "meta.json"},
            f"meta.json says {DIGEST}",
        ),
    ],
)
def test_a_wrong_request_is_refused(
    tmp_path: Path, sources: dict[str, str | tuple[str, ...]], said: str
) -> None:
    _meta(tmp_path)
    with pytest.raises(RequestError, match=said) as caught:
        _settled(tmp_path, **sources)

    assert caught.value.remedy


def test_a_target_of_a_bake_is_taken(tmp_path: Path) -> None:
    content = baked(db=built(OTHER, f"{NAME}-db:v1"), orders=built(DIGEST, f"{NAME}:v1"))
    (tmp_path / "meta.json").write_text(text(content))

    asked = _settled(tmp_path, metadata="meta.json", target="orders")

    assert (_tags(asked), str(asked.digest)) == ([f"{NAME}:v1"], DIGEST)
