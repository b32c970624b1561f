from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from cdkit.core.digest import Digest
from cdkit.core.doors.http import RequestsHttp
from cdkit.core.oci.reference import Reference, parse
from cdkit.core.oci.registry import Registry
from cdkit.core.verdict import Answer as Verdict
from cdkit.image.pushed.held import PUSH, REFUSE, REUSE, Held, after_push, before_push
from tests.core.serving import Answer, Asked, Script, Server, serving
from tests.image.layouts import Layout, push, two_platforms
from tests.image.pushed.held import CONVERTED, UNKNOWN, holding
from tests.parts.registry import Registry as RealRegistry
from tests.worlds import StandingClock, world

LABELS = {
    "org.opencontainers.image.created": "2026-11-20T08:00:00Z",
    "org.opencontainers.image.revision": "b" * 40,
}
ABSENT = f"sha256:{'0' * 64}"


def _client(folder: Path) -> Registry:
    return Registry(world(folder, http=RequestsHttp(StandingClock())))


def _ref(server: Server, tag: str = "v1") -> Reference:
    return parse(f"{server.address}/acme/orders:{tag}")


def _after(folder: Path, server: Server, digest: str, tag: str = "v1") -> Held:
    return after_push(_ref(server, tag), Digest.parse(digest), _client(folder))


def _before(folder: Path, server: Server, digest: str = "", tag: str = "v1") -> Held:
    coming = Digest.parse(digest) if digest else None
    return before_push(_ref(server, tag), coming, _client(folder))


def _labelled(labels: Mapping[str, str] = LABELS) -> tuple[Layout, str]:
    layout = Layout()
    return layout, layout.root(layout.manifest(labels=labels))


def test_a_tag_that_names_what_was_pushed_is_yes_with_the_image(tmp_path: Path) -> None:
    layout, index, parts = two_platforms()
    with serving(holding(layout, v1=index)) as server:
        found = _after(tmp_path, server, index)

    assert found.reason.answer is Verdict.YES
    assert str(found.digest) == index
    assert found.image
    assert [str(part.digest) for part in found.image.platforms] == parts


def test_a_tag_that_was_moved_says_both_digests_and_whose_image_is_there(tmp_path: Path) -> None:
    mine, index, _ = two_platforms()
    theirs, other = _labelled()
    with serving(holding(mine, theirs, v1=other)) as server:
        found = _after(tmp_path, server, index)

    assert found.reason.answer is Verdict.NO
    assert found.reason.what == (
        f"names {other} (created 2026-11-20T08:00:00Z, of revision {'b' * 40}), and not {index}, "
        "which was pushed: somebody moved the tag since, or pushed at the same time"
    )
    assert found.reason.remedy.startswith("find out who else pushes this tag")
    assert found.image is None


def test_a_digest_that_the_registry_never_had_is_told_apart(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    with serving(holding(layout, v1=index)) as server:
        found = _after(tmp_path, server, ABSENT)

    assert found.reason.answer is Verdict.NO
    assert found.reason.what.endswith("which the registry does not have at all")


def test_an_image_id_is_never_a_yes_and_the_right_digest_is_said(tmp_path: Path) -> None:
    layout, index, parts = two_platforms()
    config = json.loads(layout.blobs[parts[1]])["config"]["digest"]
    with serving(holding(layout, v1=index)) as server:
        found = _after(tmp_path, server, config)

    assert found.reason.answer is Verdict.NO
    assert "the image ID of linux/arm64 in it" in found.reason.what
    assert index in found.reason.remedy


def test_a_config_that_a_tag_could_name_by_itself_is_no_image(tmp_path: Path) -> None:
    """A registry that serves a config under a tag must not make an image ID a yes."""
    layout, _, parts = two_platforms()
    config = json.loads(layout.blobs[parts[0]])["config"]["digest"]
    with serving(holding(layout, v1=config)) as server:
        found = _after(tmp_path, server, config)

    assert found.reason.answer is Verdict.CANNOT_TELL


def test_one_platforms_manifest_is_not_the_index(tmp_path: Path) -> None:
    layout, index, parts = two_platforms()
    with serving(holding(layout, v1=index)) as server:
        found = _after(tmp_path, server, parts[0])

    assert found.reason.answer is Verdict.NO
    assert "the manifest of linux/amd64 alone in that index" in found.reason.what
    assert index in found.reason.remedy


def test_a_tag_that_was_moved_to_one_platform_of_the_index_says_so(tmp_path: Path) -> None:
    layout, index, parts = two_platforms()
    with serving(holding(layout, v1=parts[1])) as server:
        found = _after(tmp_path, server, index)

    assert found.reason.answer is Verdict.NO
    assert "is the index that holds it" in found.reason.what


def test_a_tag_that_is_absent_after_the_push_is_no(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    with serving(holding(layout)) as server:
        found = _after(tmp_path, server, index)

    assert found.reason.answer is Verdict.NO
    assert found.reason.what.startswith("names nothing")
    assert "--push" in found.reason.remedy


def test_a_digest_of_another_algorithm_is_computed_from_the_bytes(tmp_path: Path) -> None:
    import hashlib

    layout, index, _ = two_platforms()
    longer = f"sha512:{hashlib.sha512(layout.blobs[index]).hexdigest()}"
    with serving(holding(layout, v1=index)) as server:
        found = _after(tmp_path, server, longer)

    assert (found.reason.answer, str(found.digest)) == (Verdict.YES, longer)


def test_a_header_that_claims_the_pushed_digest_for_other_bytes_is_caught(tmp_path: Path) -> None:
    mine, index, _ = two_platforms()
    theirs, other = _labelled()
    honest = holding(mine, theirs, v1=other)

    def lying(asked: Asked) -> Answer:
        given = honest(asked)
        given.headers = {**given.headers, "Docker-Content-Digest": index}
        return given

    with serving(lying) as server:
        found = _after(tmp_path, server, index)

    assert found.reason.answer is Verdict.CANNOT_TELL
    assert "other bytes" in found.reason.what


def test_a_registry_that_gives_no_digest_header_is_hashed(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    honest = holding(layout, v1=index)

    def silent(asked: Asked) -> Answer:
        given = honest(asked)
        given.headers = {"Content-Type": given.headers["Content-Type"]}
        return given

    with serving(silent) as server:
        assert _after(tmp_path, server, index).reason.answer is Verdict.YES


#: What is no clear answer to "what does this tag name?", and what is said of it.
UNCLEAR = {
    "401": (Answer(401), "wants a login"),
    "401 that says unknown": (Answer(401, {}, UNKNOWN.encode()), "wants a login"),
    "403": (Answer(403, {}, UNKNOWN.encode()), "does not allow it"),
    "429": (Answer(429, {}, UNKNOWN.encode()), "too many requests"),
    "500": (Answer(500, {}, UNKNOWN.encode()), "cannot answer"),
    "503": (Answer(503, {}, UNKNOWN.encode()), "cannot answer"),
    "404 of a proxy": (Answer(404, {}, b"<html>"), "does not say that it is unknown"),
    "404 of nothing": (Answer(404), "does not say that it is unknown"),
    "404 for a missing accept header": (
        Answer(404, {}, CONVERTED.encode()),
        "does not say that it is unknown",
    ),
    "a login page": (Answer(200, {"Content-Type": "text/html"}, b"<html>"), "web page"),
    "an empty answer": (Answer(200), "truncated"),
    "an answer that is cut off": (Answer(200, {}, b'{"schemaVersion": 2', length=500), ""),
    "schema 1": (
        Answer(
            200,
            {"Content-Type": "application/vnd.docker.distribution.manifest.v1+prettyjws"},
            b"{}",
        ),
        "schema 1",
    ),
    "a redirect to plain http": (Answer(307, {"Location": "http://x.example/"}), "https"),
}


@pytest.mark.parametrize("case", UNCLEAR)
@pytest.mark.parametrize("digest", [ABSENT, ""])
def test_before_a_push_no_unclear_answer_makes_a_tag_free_or_taken(
    tmp_path: Path, case: str, digest: str
) -> None:
    answer, said = UNCLEAR[case]
    with serving(lambda _: answer) as server:
        found = _before(tmp_path, server, digest)

    assert found.reason.answer is Verdict.CANNOT_TELL
    assert said in found.reason.what
    assert (found.action, found.image) == ("", None)
    assert found.reason.where
    assert found.reason.remedy


@pytest.mark.parametrize("case", UNCLEAR)
def test_after_a_push_no_unclear_answer_is_a_yes_or_a_no(tmp_path: Path, case: str) -> None:
    answer, said = UNCLEAR[case]
    with serving(lambda _: answer) as server:
        found = _after(tmp_path, server, ABSENT)

    assert found.reason.answer is Verdict.CANNOT_TELL
    assert said in found.reason.what
    assert found.image is None


@pytest.mark.parametrize("missing", ["manifest", "config"])
def test_the_right_digest_with_a_part_that_is_missing_is_cannot_tell(
    tmp_path: Path, missing: str
) -> None:
    layout, index, parts = two_platforms()
    config = json.loads(layout.blobs[parts[1]])["config"]["digest"]
    del layout.blobs[parts[1] if missing == "manifest" else config]
    with serving(holding(layout, v1=index)) as server:
        found = _after(tmp_path, server, index)

    assert found.reason.answer is Verdict.CANNOT_TELL


def test_what_keeps_an_explanation_from_being_found_changes_no_answer(tmp_path: Path) -> None:
    mine, index, _ = two_platforms()
    theirs, other = _labelled()
    honest = holding(mine, theirs, v1=other)

    def down(asked: Asked) -> Answer:
        return honest(asked) if asked.path.endswith("/v1") else Answer(500)

    with serving(down) as server:
        found = _after(tmp_path, server, index)

    assert found.reason.answer is Verdict.NO
    assert found.reason.what == f"names {other}, and not {index}"


def test_a_free_tag_may_be_pushed(tmp_path: Path) -> None:
    with serving(holding()) as server:
        found = _before(tmp_path, server)

    assert (found.reason.answer, found.action) == (Verdict.YES, PUSH)


def test_the_same_image_again_is_done_already(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    with serving(holding(layout, v1=index)) as server:
        found = _before(tmp_path, server, index)

    assert (found.reason.answer, found.action) == (Verdict.YES, REUSE)
    assert found.image


def test_another_image_is_refused_and_said_since_when_and_of_what(tmp_path: Path) -> None:
    theirs, other = _labelled()
    with serving(holding(theirs, v1=other)) as server:
        found = _before(tmp_path, server, ABSENT)

    assert (found.reason.answer, found.action) == (Verdict.NO, REFUSE)
    assert found.reason.what == (
        f"is taken: it names {other} (created 2026-11-20T08:00:00Z, of revision {'b' * 40}), "
        f"and not {ABSENT}"
    )
    assert "`cdkit tag-image`" in found.reason.remedy


def test_without_a_digest_a_taken_tag_is_refused_and_the_ways_are_named(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    with serving(holding(layout, v1=index)) as server:
        found = _before(tmp_path, server)

    assert (found.reason.answer, found.action) == (Verdict.NO, REFUSE)
    assert found.reason.what.endswith("and a push would move it")
    for way in ("`digest`", "`layout`", "`cdkit tag-image`"):
        assert way in found.reason.remedy


def test_a_tag_that_something_else_than_an_image_holds_is_taken(tmp_path: Path) -> None:
    layout = Layout()
    empty = layout.put(b"{}", "application/vnd.oci.empty.v1+json")
    chart = layout.put_json(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "artifactType": "application/vnd.example.chart",
            "config": empty,
            "layers": [empty],
        },
        "application/vnd.oci.image.manifest.v1+json",
    )
    with serving(holding(layout, v1=str(chart["digest"]))) as server:
        found = _before(tmp_path, server, ABSENT)

    assert (found.reason.answer, found.action) == (Verdict.NO, REFUSE)


def test_a_hostile_label_is_cut_short(tmp_path: Path) -> None:
    theirs, other = _labelled({"org.opencontainers.image.created": "x\n::error::" * 500})
    with serving(holding(theirs, v1=other)) as server:
        found = _before(tmp_path, server, ABSENT)

    assert len(found.reason.what) < 400
    assert "\n" not in found.reason.what


def _counted(script: Script, folder: Path, digest: str) -> list[str]:
    with serving(script) as server:
        _after(folder, server, digest)
    return [f"{asked.method} {asked.path.rpartition('/')[2]}" for asked in server.asked]


def test_each_manifest_is_read_once(tmp_path: Path) -> None:
    layout, index, parts = two_platforms()

    asked = _counted(holding(layout, v1=index), tmp_path, index)

    assert len(asked) == len(set(asked)) == 1 + 2 * len(parts)


@pytest.mark.needs("registry")
def test_a_real_registry_is_asked_before_and_after_a_push(
    registry: RealRegistry, tmp_path: Path
) -> None:
    layout, index, _ = two_platforms()
    server = Server(address=registry.address)
    assert _before(tmp_path, server, index, tag="real").action == PUSH

    push(layout, registry.address, "acme/orders", "real")

    assert _before(tmp_path, server, index, tag="real").action == REUSE
    assert _before(tmp_path, server, ABSENT, tag="real").action == REFUSE
    assert _after(tmp_path, server, index, tag="real").reason.answer is Verdict.YES
    assert _after(tmp_path, server, ABSENT, tag="real").reason.answer is Verdict.NO
    assert _after(tmp_path, server, index, tag="none").reason.answer is Verdict.NO


@pytest.mark.needs("registry")
def test_a_real_registry_that_wants_a_login_is_cannot_tell_and_not_free(
    registry_with_login: RealRegistry, tmp_path: Path
) -> None:
    server = Server(address=registry_with_login.address)

    found = _before(tmp_path, server)

    assert (found.reason.answer, found.action) == (Verdict.CANNOT_TELL, "")
    assert "docker login" in found.reason.remedy
