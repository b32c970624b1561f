from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from cdkit.core.context import BuildContext
from cdkit.core.documents.kinds import Identity
from cdkit.core.doors.http import RequestsHttp
from cdkit.core.errors import CannotTell, CdkitError, Missing, RequestError
from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.core.world import Head, World
from cdkit.steps.tag_image import TagImageOptions, TagImageOutputs, run
from tests.core.serving import Answer as HttpAnswer
from tests.core.serving import Asked, serving
from tests.image.layouts import Layout, push, single, two_platforms
from tests.parts.registry import Registry
from tests.worlds import COMMIT, TREE, FakeGit, StandingClock, world

REPOSITORY = "registry.example.com/acme/orders"
CI = BuildContext(system="github", repository="Acme/Orders", run="77", attempt=2, branch="main")
DIRTY = Head(commit=COMMIT, tree=TREE, branch="main", dirty=True)


def _outputs(outcome: Outcome) -> TagImageOutputs:
    assert isinstance(outcome.outputs, TagImageOutputs)
    return outcome.outputs


def _identity(outcome: Outcome) -> Identity:
    assert isinstance(outcome.document, Identity)
    return outcome.document


def test_before_the_build_the_name_comes_from_the_build_id(tmp_path: Path) -> None:
    outcome = run(TagImageOptions(repository=REPOSITORY), world(tmp_path, context=CI))

    assert outcome.data == f"{REPOSITORY}:build-77-2"
    assert outcome.verdict.is_yes
    assert outcome.verdict.reasons[0].what.endswith("is a name that no other build has")
    assert outcome.document is None
    assert outcome.notes == (
        "There is no digest yet: build and push, then name the image by its digest.",
    )
    assert (_outputs(outcome).image, _outputs(outcome).tag) == ("", "build-77-2")


def test_at_a_terminal_the_name_comes_from_the_commit(tmp_path: Path) -> None:
    outcome = run(TagImageOptions(repository=REPOSITORY), world(tmp_path))

    assert outcome.data == f"{REPOSITORY}:sha-{COMMIT}"
    # A second build of the same commit would be called the same.
    assert outcome.verdict.reasons[0].what.endswith("which another build can take")


def test_a_layout_gives_every_digest_apart(tmp_path: Path) -> None:
    _, digest, config = single(tmp_path / "image")

    outcome = run(TagImageOptions(repository=REPOSITORY, layout="image"), world(tmp_path))

    outputs = _outputs(outcome)
    assert outputs.image == f"{REPOSITORY}@{digest}"
    assert (outputs.digest, outputs.config_digest) == (digest, config)
    assert outputs.platforms == f"linux/amd64 {digest} {config}"
    assert outcome.subjects[0].keys() == {digest}
    identity = _identity(outcome)
    assert (identity.image, identity.commit, identity.tree) == (outputs.image, COMMIT, TREE)
    assert identity.platforms[0].config_digest == config


def test_an_index_gives_a_config_digest_for_the_platform_that_is_asked_for(tmp_path: Path) -> None:
    layout, index, parts = two_platforms()
    layout.save(tmp_path / "image")
    config = json.loads(layout.blobs[parts[1]])["config"]["digest"]
    asked = TagImageOptions(repository=REPOSITORY, layout="image", platform="linux/arm64")

    assert _outputs(run(asked, world(tmp_path))).config_digest == config
    plain = run(TagImageOptions(repository=REPOSITORY, layout="image"), world(tmp_path))
    assert (_outputs(plain).digest, _outputs(plain).config_digest) == (index, "")


def test_a_digest_that_is_not_in_the_layout_is_cannot_tell(tmp_path: Path) -> None:
    single(tmp_path / "image")
    options = TagImageOptions(repository=REPOSITORY, layout="image", digest=f"sha256:{'0' * 64}")

    with pytest.raises(CannotTell, match="does not hold"):
        run(options, world(tmp_path))


def test_further_tags_are_made_and_taken_in_order(tmp_path: Path) -> None:
    options = TagImageOptions(
        repository=REPOSITORY, tag_from=("build", "branch"), tags=("Stable", "build-77-2")
    )

    outputs = _outputs(run(options, world(tmp_path, context=CI)))

    assert outputs.tags.split("\n") == [
        f"{REPOSITORY}:build-77-2",
        f"{REPOSITORY}:main",
        f"{REPOSITORY}:Stable",
    ]


def test_a_dirty_tree_is_refused_where_a_commit_would_be_claimed(tmp_path: Path) -> None:
    outside = world(tmp_path, git=FakeGit(at=DIRTY))

    with pytest.raises(CannotTell, match="changes that no commit names"):
        run(TagImageOptions(repository=REPOSITORY), outside)
    marked = run(TagImageOptions(repository=REPOSITORY, allow_dirty=True), outside)
    assert marked.data.endswith(f":sha-{COMMIT}-dirty")


def test_a_dirty_tree_is_never_claimed_as_the_source(tmp_path: Path) -> None:
    single(tmp_path / "image")
    outside = world(tmp_path, git=FakeGit(at=DIRTY), context=CI)

    outcome = run(TagImageOptions(repository=REPOSITORY, layout="image"), outside)

    assert (_identity(outcome).commit, _identity(outcome).tree) == ("", "")
    assert any("holds changes" in note for note in outcome.notes)


def test_an_image_that_names_another_commit_is_not_claimed_for_this_one(tmp_path: Path) -> None:
    labels = {"org.opencontainers.image.revision": "b" * 40}
    single(tmp_path / "image", labels=labels)

    outcome = run(TagImageOptions(repository=REPOSITORY, layout="image"), world(tmp_path))

    assert _identity(outcome).commit == ""
    assert _identity(outcome).labels == labels
    assert any("names another commit" in note for note in outcome.notes)


def test_labels_for_the_build_say_when_and_from_what(tmp_path: Path) -> None:
    outputs = _outputs(run(TagImageOptions(repository=REPOSITORY), world(tmp_path, context=CI)))

    assert f"org.opencontainers.image.revision={COMMIT}" in outputs.labels.split("\n")
    assert "org.opencontainers.image.created=2026-11-23T12:00:00Z" in outputs.labels
    assert "org.opencontainers.image.version=build-77-2" in outputs.labels


@pytest.mark.parametrize(
    ("environ", "repository"),
    [
        ({"GITHUB_ACTIONS": "true"}, "ghcr.io/acme/orders"),
        ({"CI_REGISTRY_IMAGE": "registry.gitlab.com/a/b"}, "registry.gitlab.com/a/b"),
    ],
)
def test_the_ci_systems_own_registry_is_the_default(
    tmp_path: Path, environ: dict[str, str], repository: str
) -> None:
    outcome = run(TagImageOptions(), world(tmp_path, context=CI, environ=environ))

    assert outcome.data == f"{repository}:build-77-2"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (TagImageOptions(), "no repository is named"),
        (TagImageOptions(repository=f"{REPOSITORY}:v1"), "more than a repository"),
        (TagImageOptions(repository="Acme/Orders"), "upper-case"),
        (TagImageOptions(repository=REPOSITORY, tags=("a/b",)), "no tag may hold"),
        (TagImageOptions(repository=REPOSITORY, tag_from=("date",)), "can be made from 'date'"),
        (TagImageOptions(repository=REPOSITORY, digest="sha256:1"), "1 characters after"),
        (
            TagImageOptions(repository=REPOSITORY, digest=f"ghcr.io/x/y@sha256:{'0' * 64}"),
            "is not of the repository",
        ),
        (TagImageOptions(digest=f"a@sha256:{'0' * 64}", reference="a:1"), "both a digest"),
    ],
)
def test_a_wrong_request_is_refused(tmp_path: Path, options: TagImageOptions, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        run(options, world(tmp_path))


def test_a_layout_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Missing):
        run(TagImageOptions(repository=REPOSITORY, layout="image"), world(tmp_path))


def _asking(tmp_path: Path) -> World:
    return world(tmp_path, http=RequestsHttp(StandingClock()), context=CI)


def test_a_pushed_tag_is_resolved_and_its_image_read(tmp_path: Path) -> None:
    layout, index, parts = two_platforms()

    def script(asked: Asked) -> HttpAnswer:
        name = asked.path.rpartition("/")[2]
        data = layout.blobs[index if name == "v1" else name]
        kind = json.loads(data).get("mediaType", "application/json")
        return HttpAnswer(200, {"Content-Type": kind}, data)

    with serving(script) as server:
        options = TagImageOptions(reference=f"{server.address}/acme/orders:v1")
        outcome = run(options, _asking(tmp_path))

    assert _outputs(outcome).image == f"{server.address}/acme/orders@{index}"
    assert [part.digest for part in _identity(outcome).platforms] == parts


def test_a_digest_that_the_registry_cannot_confirm_is_cannot_tell_and_still_an_output(
    tmp_path: Path,
) -> None:
    digest = f"sha256:{hashlib.sha256(b'x').hexdigest()}"
    with serving(lambda _: HttpAnswer(500)) as server:
        name = f"{server.address}/acme/orders"
        outcome = run(TagImageOptions(digest=f"{name}@{digest}"), _asking(tmp_path))

    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert outcome.document is None
    assert _outputs(outcome).image == f"{name}@{digest}"


def test_a_tag_that_is_not_there_is_cannot_tell(tmp_path: Path) -> None:
    body = b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}'
    with serving(lambda _: HttpAnswer(404, {}, body)) as server:
        options = TagImageOptions(reference=f"{server.address}/acme/orders:v1")
        outcome = run(options, _asking(tmp_path))

    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "is not in the registry" in outcome.verdict.reasons[0].what


def test_nothing_hostile_reaches_an_output_line(tmp_path: Path) -> None:
    git = FakeGit(at=Head(commit=COMMIT, tree=TREE, branch="x\n::set-output name=a::b"))
    options = TagImageOptions(repository=REPOSITORY, tag_from=("branch",))

    outputs = _outputs(run(options, world(tmp_path, git=git)))

    assert "\n" not in outputs.tags
    assert "::" not in outputs.tag


def test_every_failure_has_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(CdkitError) as caught:
        run(TagImageOptions(repository=REPOSITORY, tag_from=("version",)), world(tmp_path))

    assert caught.value.remedy


def test_labels_claim_no_commit_for_a_dirty_tree(tmp_path: Path) -> None:
    context = BuildContext(system="github", run="77", attempt=2, commit=COMMIT)
    outside = world(tmp_path, git=FakeGit(at=DIRTY), context=context)

    outputs = _outputs(run(TagImageOptions(repository=REPOSITORY), outside))

    assert COMMIT not in outputs.labels


def test_outside_git_the_commit_is_what_the_ci_system_says(tmp_path: Path) -> None:
    context = BuildContext(system="github", run="77", attempt=2, commit=COMMIT)
    outside = world(tmp_path, git=FakeGit(at=None), context=context)

    outputs = _outputs(run(TagImageOptions(repository=REPOSITORY), outside))

    assert f"org.opencontainers.image.revision={COMMIT}" in outputs.labels.split("\n")


def test_a_platform_of_a_hostile_image_forges_no_line(tmp_path: Path) -> None:
    layout = Layout()
    platform = {"os": "linux", "architecture": "amd64\nlinux/arm64 sha256:evil"}
    layout.root(layout.index({**layout.manifest(), "platform": platform}))
    layout.save(tmp_path / "image")

    with pytest.raises(CannotTell, match="is for the platform"):
        run(TagImageOptions(repository=REPOSITORY, layout="image"), world(tmp_path))


@pytest.mark.needs("registry")
def test_an_image_in_a_real_registry_is_the_one_in_its_layout(
    registry: Registry, tmp_path: Path
) -> None:
    layout, index, parts = two_platforms()
    layout.save(tmp_path / "image")
    push(layout, registry.address, "steps/tag-image", "v1")
    name = f"{registry.address}/steps/tag-image"

    pushed = run(TagImageOptions(reference=f"{name}:v1"), _asking(tmp_path))
    local = run(TagImageOptions(repository=name, layout="image"), _asking(tmp_path))

    assert pushed.verdict.is_yes
    assert _outputs(pushed).image == f"{name}@{index}" == _outputs(local).image
    assert _outputs(pushed).platforms == _outputs(local).platforms
    assert [part.digest for part in _identity(pushed).platforms] == parts


def test_where_nothing_else_names_the_image_the_registry_s_fault_is_what_is_told(
    tmp_path: Path,
) -> None:
    nowhere = world(tmp_path, git=FakeGit(at=None))
    outcome = run(TagImageOptions(reference="127.0.0.1:1/acme/orders:v1"), nowhere)

    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "nobody answers" in outcome.verdict.reasons[0].what
