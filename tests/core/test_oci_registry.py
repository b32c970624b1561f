from __future__ import annotations

import json
from pathlib import Path

import pytest

from cdkit.core.errors import CannotTell, Unreadable
from cdkit.core.oci import media
from cdkit.core.oci.registry import Registry
from tests.core.registries import (
    UNKNOWN,
    digest_of,
    outside,
    ref,
    serves,
)
from tests.core.serving import Answer, Asked, serving
from tests.image.layouts import Layout, two_platforms

#: What Distribution 2.8 answers for a tag that exists, to those who do not accept OCI indexes.
_CONVERTED = "OCI index found, but accept header does not support OCI indexes"


def test_a_tag_is_resolved_by_head_alone(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    with serving(serves(layout, index)) as server:
        assert str(Registry(outside(tmp_path)).digest_of(ref(server))) == index

    (asked,) = server.asked
    assert asked.method == "HEAD"
    for kind in (media.OCI_INDEX, media.OCI_MANIFEST, media.DOCKER_LIST, media.DOCKER_MANIFEST):
        assert kind in asked.headers["accept"]


def test_a_missing_digest_header_is_made_up_for_by_hashing(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    with serving(serves(layout, index, header=False)) as server:
        assert str(Registry(outside(tmp_path)).digest_of(ref(server))) == index

    assert [asked.method for asked in server.asked] == ["HEAD", "GET"]


def test_a_digest_header_that_lies_is_caught(tmp_path: Path) -> None:
    layout, index, parts = two_platforms()
    honest = serves(layout, index)

    def lies(asked: Asked) -> Answer:
        answer = honest(asked)
        answer.headers = {**answer.headers, "Docker-Content-Digest": parts[0]}
        return answer

    with serving(lies) as server, pytest.raises(Unreadable, match="other bytes"):
        Registry(outside(tmp_path)).manifest(ref(server))


def test_other_bytes_under_the_digest_that_was_asked_for_are_caught(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    other = Layout()
    root = other.root(other.manifest(({"evil": b"x"},)))
    evil = serves(other, root, header=False)

    with (
        serving(lambda a: evil(Asked(a.method, "/v1", a.headers, a.body))) as server,
        pytest.raises(Unreadable, match="other bytes"),
    ):
        Registry(outside(tmp_path)).image(ref(server, f"@{index}"))
    assert layout.blobs


def test_an_image_is_taken_apart_with_every_blob_checked(tmp_path: Path) -> None:
    layout, index, parts = two_platforms()
    with serving(serves(layout, index)) as server:
        image = Registry(outside(tmp_path)).image(ref(server))

    assert str(image.digest) == index
    assert [str(part.digest) for part in image.platforms] == parts


def test_a_manifest_that_is_unknown_is_absent(tmp_path: Path) -> None:
    with serving(lambda _: Answer(404, {}, UNKNOWN.encode())) as server:
        assert Registry(outside(tmp_path)).digest_of(ref(server)) is None


@pytest.mark.parametrize(
    "error",
    [
        # Distribution, GitLab, Nexus, zot: the tag, and the repository.
        {"code": "MANIFEST_UNKNOWN", "message": "manifest unknown", "detail": {"Tag": "v1"}},
        {"code": "NAME_UNKNOWN", "message": "repository name not known to registry"},
        # Artifactory.
        {
            "code": "MANIFEST_UNKNOWN",
            "message": "The named manifest is not known to the registry.",
            "detail": {"manifest": "team/app"},
        },
        # Amazon ECR.
        {"code": "MANIFEST_UNKNOWN", "message": "Requested image not found"},
        {"code": "NAME_UNKNOWN", "message": "The repository with name 'team/app' does not exist"},
        # Quay.
        {
            "code": "TAG_EXPIRED",
            "detail": {},
            "message": "Tag v1 was deleted or has expired. To pull, revive via time machine",
        },
        # Harbor.
        {"code": "NOT_FOUND", "message": "artifact team/app:v1 not found"},
        {"code": "NOT_FOUND", "message": "repository team/app not found"},
        {"code": "NOT_FOUND", "message": "project team not found"},
        # Gitea, Google.
        {"code": "MANIFEST_UNKNOWN", "message": ""},
        {"code": "MANIFEST_UNKNOWN", "message": 'Failed to fetch "v1" from request "/v2/…".'},
    ],
)
def test_what_registries_say_of_a_tag_that_is_not_there_is_absent(
    tmp_path: Path, error: dict[str, object]
) -> None:
    body = json.dumps({"errors": [error]}).encode()
    with serving(lambda _: Answer(404, {}, body)) as server:
        assert Registry(outside(tmp_path)).digest_of(ref(server)) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>not found</html>",
        b'{"errors": [{"code": "NOT_FOUND"}]}',
        b'{"errors": [{"code": "NOT_FOUND", "message": "no route matched"}]}',
        b'{"errors": [{"code": "NOT_FOUND", "message": "the steam/app is not found"}]}',
        b'{"errors": [{"code": 404, "message": "team/app not found"}]}',
        b'{"errors": [{"status": 404, "message": "Not Found"}]}',
        b'{"error": {"code": "MANIFEST_UNKNOWN"}}',
        b'{"errors": [{"code": "MANIFEST_UNKNOWN"}, {"code": "DENIED"}]}',
        b'{"errors": [{"code": "manifest_unknown"}]}',
        b'{"errors": []}',
        json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN", "message": _CONVERTED}]}).encode(),
        b'{"errors": [{"code": "DENIED"}]}',
        b'{"errors": "none"}',
    ],
)
def test_a_404_that_does_not_say_unknown_is_not_absent(tmp_path: Path, body: bytes) -> None:
    with (
        serving(lambda _: Answer(404, {}, body)) as server,
        pytest.raises(CannotTell, match="does not say that it is unknown"),
    ):
        Registry(outside(tmp_path)).digest_of(ref(server))


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "wants a login"), (403, "does not allow"), (429, "too many"), (500, "cannot answer")],
)
def test_no_answer_but_404_means_absent(tmp_path: Path, status: int, said: str) -> None:
    with (
        serving(lambda _: Answer(status, {}, UNKNOWN.encode())) as server,
        pytest.raises(CannotTell, match=said),
    ):
        Registry(outside(tmp_path)).digest_of(ref(server))


def test_a_registry_that_is_down_is_cannot_tell(tmp_path: Path) -> None:
    with serving(lambda _: Answer()) as server:
        reference = ref(server)

    with pytest.raises(CannotTell, match="cannot be reached"):
        Registry(outside(tmp_path)).digest_of(reference)


def test_a_manifest_that_was_converted_to_schema_1_is_refused(tmp_path: Path) -> None:
    body = json.dumps({"schemaVersion": 1, "fsLayers": [], "history": []}).encode()
    kind = "application/vnd.docker.distribution.manifest.v1+prettyjws"
    headers = {"Content-Type": kind, "Docker-Content-Digest": digest_of(body)}

    with (
        serving(lambda _: Answer(200, headers, body)) as server,
        pytest.raises(Unreadable, match="schema 1"),
    ):
        Registry(outside(tmp_path)).digest_of(ref(server))


def test_a_page_in_place_of_a_manifest_is_no_image(tmp_path: Path) -> None:
    with (
        serving(lambda _: Answer(200, {"Content-Type": "text/html"}, b"<html>")) as server,
        pytest.raises(Unreadable),
    ):
        Registry(outside(tmp_path)).image(ref(server))


def test_a_registry_that_cuts_a_manifest_short_is_cannot_tell(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    honest = serves(layout, index)

    def cuts(asked: Asked) -> Answer:
        answer = honest(asked)
        answer.length, answer.body = len(answer.body), answer.body[:-9]
        return answer

    with serving(cuts) as server, pytest.raises(CannotTell, match="cut its answer short"):
        Registry(outside(tmp_path)).image(ref(server))


def test_a_manifest_over_what_registries_take_is_cannot_tell(tmp_path: Path) -> None:
    headers = {"Content-Type": media.OCI_MANIFEST}
    with (
        serving(lambda _: Answer(200, headers, b" " * (4 * 1024 * 1024 + 1))) as server,
        pytest.raises(CannotTell, match="over 4194304 bytes"),
    ):
        Registry(outside(tmp_path)).image(ref(server))


def test_a_digest_that_is_asked_for_is_not_believed_to_be_another(tmp_path: Path) -> None:
    layout, index, parts = two_platforms()
    honest = serves(layout, index)

    def lies(asked: Asked) -> Answer:
        return honest(Asked(asked.method, f"/{parts[0]}", asked.headers, asked.body))

    with serving(lies) as server, pytest.raises(Unreadable, match=f"other bytes than {index}"):
        Registry(outside(tmp_path)).digest_of(ref(server, f"@{index}"))
