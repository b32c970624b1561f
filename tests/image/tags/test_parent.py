from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.errors import CannotTell, RequestError
from cdkit.image.tags.parent import Parent, given_parent, parent_of

DIGEST = f"sha256:{'d' * 64}"


def _of(text: str) -> Parent:
    return parent_of(text.encode(), where="Dockerfile")


@pytest.mark.parametrize(
    ("dockerfile", "parent"),
    [
        ("FROM alpine:3.22\n", Parent(name="docker.io/library/alpine:3.22")),
        (f"from a.io/b:1@{DIGEST} as x", Parent(name="a.io/b:1", digest=DIGEST)),
        ("FROM go AS b\nFROM --platform=linux/amd64 d:13", Parent(name="docker.io/library/d:13")),
        ("FROM d:13 AS Low\nFROM go AS b\nFROM low", Parent(name="docker.io/library/d:13")),
        ("FROM a:1 AS x\nFROM b:2 AS x\nFROM x", Parent(name="docker.io/library/b:2")),
        ("FROM alpine AS alpine\n", Parent(name="docker.io/library/alpine")),
        ("FROM golang AS build\nFROM scratch", Parent()),
        ("ARG V=1\nFROM a:$V AS build\nFROM b:2", Parent(name="docker.io/library/b:2")),
    ],
)  # fmt: skip
def test_the_last_stage_tells_the_base(dockerfile: str, parent: Parent) -> None:
    assert _of(dockerfile) == parent


@pytest.mark.parametrize(
    ("dockerfile", "said"),
    [
        ("ARG V=1\nFROM a:${V}", "which the build decides"),
        ("FROM $BASE AS x\nFROM x", "which the build decides"),
        ("RUN x", "holds no FROM"),
        ("FROM Upper/Case", "which is no image"),
        ("FROM", "which is no image"),
    ],
)
def test_a_base_that_is_not_written_out_is_cannot_tell(dockerfile: str, said: str) -> None:
    with pytest.raises(CannotTell, match=said):
        _of(dockerfile)


def test_a_base_can_be_given() -> None:
    assert given_parent("alpine:3.22", DIGEST) == Parent(
        name="docker.io/library/alpine:3.22", digest=DIGEST
    )
    assert given_parent(f"alpine@{DIGEST}", "").digest == DIGEST
    assert given_parent("", DIGEST) == Parent(digest=DIGEST)


@pytest.mark.parametrize(
    ("name", "digest"),
    [("Alpine", ""), ("alpine", "sha256:1"), (f"alpine@sha256:{'e' * 64}", DIGEST)],
)
def test_a_base_that_is_none_is_a_wrong_request(name: str, digest: str) -> None:
    with pytest.raises(RequestError):
        given_parent(name, digest)


@given(st.lists(st.sampled_from(["FROM a", "FROM b AS a", "FROM a AS b", "ARG x", "FROM $x"])))
def test_stages_that_name_one_another_come_to_an_end(lines: list[str]) -> None:
    try:
        found = _of("\n".join(lines)).name
    except CannotTell:
        found = ""

    assert found in {"", "docker.io/library/a", "docker.io/library/b"}
