"""The names of an image as the step hands them on: repositories, bake files, JSON, events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cdkit.core.context import BuildContext
from cdkit.core.documents.kinds import Identity
from cdkit.core.errors import CannotTell, Missing, RequestError
from cdkit.core.step import Outcome
from cdkit.core.world import Head
from cdkit.image.tags.payload import read_event
from cdkit.steps.tag_image import TagImageOptions, TagImageOutputs, run
from tests.image.layouts import Layout, single, two_platforms
from tests.worlds import COMMIT, TREE, FakeGit, world

CI = BuildContext(system="github", repository="acme/orders", run="7", attempt=1, branch="main")
TAG = Head(commit=COMMIT, tree=TREE)


def outputs(folder: Path, **given: Any) -> TagImageOutputs:  # noqa: ANN401 - the options
    found = outcome(folder, **given).outputs
    assert isinstance(found, TagImageOutputs)
    return found


def outcome(folder: Path, **given: Any) -> Outcome:  # noqa: ANN401 - the options
    given.setdefault("repository", "ghcr.io/acme/orders")
    return run(TagImageOptions(**given), world(folder, context=CI))


def test_every_image_gets_every_tag_under_the_name_it_is_written_with(tmp_path: Path) -> None:
    found = outputs(
        tmp_path,
        repository="",
        images=("acme/orders", "name=ghcr.io/Acme/Orders", "old/orders,enable=false", "# x"),
        tags=("a", "b"),
    )

    assert found.tags.split() == [
        "acme/orders:a",
        "acme/orders:b",
        "ghcr.io/acme/orders:a",
        "ghcr.io/acme/orders:b",
    ]
    assert found.tag_names.split() == ["a", "b"]
    assert found.reference == "docker.io/acme/orders:a"


def test_images_come_after_the_repository(tmp_path: Path) -> None:
    found = outputs(tmp_path, images=("a/b,ghcr.io/acme/orders",), tags=("x",), separator=",")

    assert found.tags == "ghcr.io/acme/orders:x,a/b:x"


def test_of_several_images_the_one_that_is_asked_for_is_meant(tmp_path: Path) -> None:
    _, digest, _ = single(tmp_path / "image")
    asked = f"ghcr.io/acme/orders@{digest}"

    found = outputs(
        tmp_path,
        repository="",
        images=("a/b", "ghcr.io/acme/orders"),
        layout="image",
        digest=asked,
        tags=("x",),
    )

    assert found.image == asked
    assert found.tags.split() == ["a/b:x", "ghcr.io/acme/orders:x"]


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (("value=name/foo", "a/b"), "no attribute 'value' is known"),
        (("name/foo,enable=bar",), "enable='bar' is neither"),
        (("name/foo,bar=baz",), "no attribute 'bar' is known"),
        (("name=,enable=true",), "the name is empty"),
        (("name/foo,name=name/bar,enable=true",), "two names"),
        (("name=a/b,enable=false",), "every image is switched off"),
        (("a/b:1",), "more than a repository"),
    ],
)
def test_an_image_that_is_none_is_a_wrong_request(
    tmp_path: Path, images: tuple[str, ...], said: str
) -> None:
    with pytest.raises(RequestError, match=said):
        outcome(tmp_path, images=images)


def test_bake_gets_tags_labels_and_arguments(tmp_path: Path) -> None:
    found = outputs(
        tmp_path,
        images=("a/b",),
        tags=("x", "y"),
        labels=("org.opencontainers.image.title=${HOME} %{if}",),
        annotation_levels=("index",),
        bake_file="out/bake.json",
        bake_target="meta",
    )

    whole = json.loads((tmp_path / found.bake_file).read_text())["target"]["meta"]
    assert whole["tags"] == ["ghcr.io/acme/orders:x", "ghcr.io/acme/orders:y", "a/b:x", "a/b:y"]
    assert whole["labels"]["org.opencontainers.image.version"] == "x"
    # HCL would take `${` for an expression.
    assert whole["labels"]["org.opencontainers.image.title"] == "$${HOME} %%{if}"
    assert whole["args"] == {
        "DOCKER_META_IMAGES": "ghcr.io/acme/orders,a/b",
        "DOCKER_META_VERSION": "x",
    }
    apart = (found.bake_file_tags, found.bake_file_labels, found.bake_file_annotations)
    assert apart == ("out/bake-tags.json", "out/bake-labels.json", "out/bake-annotations.json")
    kinds = [set(json.loads((tmp_path / p).read_text())["target"]["meta"]) for p in apart]
    assert kinds == [{"tags", "args"}, {"labels"}, {"annotations"}]
    annotations = json.loads((tmp_path / apart[2]).read_text())["target"]["meta"]["annotations"]
    assert "index:org.opencontainers.image.version=x" in annotations


def test_without_a_bake_file_none_is_written(tmp_path: Path) -> None:
    assert outputs(tmp_path).bake_file == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("target", ["", "a b", "a.b", 'x"'])
def test_a_bake_target_that_is_none_is_a_wrong_request(tmp_path: Path, target: str) -> None:
    with pytest.raises(RequestError, match="no name of a bake target"):
        outcome(tmp_path, bake_file="b.json", bake_target=target)


def test_json_says_all_of_it(tmp_path: Path) -> None:
    layout, index, parts = two_platforms()
    layout.save(tmp_path / "image")

    found = json.loads(outputs(tmp_path, layout="image", tags=("x",)).json)

    assert found["tags"] == ["ghcr.io/acme/orders:x"]
    assert found["tag-names"] == ["x"]
    assert found["version"] == "x"
    assert found["labels"]["org.opencontainers.image.revision"] == COMMIT
    assert f"manifest:org.opencontainers.image.revision={COMMIT}" in found["annotations"]
    assert found["image"] == f"ghcr.io/acme/orders@{index}"
    assert found["index-digest"] == found["digest"] == index
    assert [part["digest"] for part in found["platforms"]] == parts


def test_index_platform_and_config_digest_are_told_apart(tmp_path: Path) -> None:
    layout, index, parts = two_platforms()
    layout.save(tmp_path / "image")
    config = json.loads(layout.blobs[parts[1]])["config"]["digest"]

    arm = outputs(tmp_path, layout="image", platform="linux/arm64")
    both = outputs(tmp_path, layout="image")

    assert (arm.digest, arm.index_digest) == (index, index)
    assert (arm.platform_digest, arm.config_digest) == (parts[1], config)
    assert (both.platform_digest, both.config_digest) == ("", "")


def test_where_there_is_no_index_there_is_no_digest_of_one(tmp_path: Path) -> None:
    _, digest, config = single(tmp_path / "image")

    found = outputs(tmp_path, layout="image")

    assert (found.digest, found.index_digest) == (digest, "")
    assert (found.platform_digest, found.config_digest) == (digest, config)


def _identity(found: Outcome) -> Identity:
    assert isinstance(found.document, Identity)
    return found.document


def test_the_identity_says_what_the_image_is_built_on(tmp_path: Path) -> None:
    single(tmp_path / "image")
    (tmp_path / "Dockerfile").write_text(f"FROM alpine:3.22@sha256:{'d' * 64}\n")

    found = _identity(outcome(tmp_path, layout="image", dockerfile="Dockerfile"))

    assert found.base_name == "docker.io/library/alpine:3.22"
    assert found.base_digest == f"sha256:{'d' * 64}"


def test_what_the_image_says_of_its_base_counts_first(tmp_path: Path) -> None:
    single(tmp_path / "image", labels={"org.opencontainers.image.base.name": "a.io/b:1"})

    found = _identity(outcome(tmp_path, layout="image", base_name="alpine", base_digest=""))

    assert (found.base_name, found.base_digest) == ("a.io/b:1", "")


def test_a_base_that_the_build_decides_is_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("ARG V=1\nFROM a:${V}\n")

    found = outcome(tmp_path, dockerfile="Dockerfile")

    assert found.verdict.is_yes
    assert any("No base image is claimed: Dockerfile: is built on" in x for x in found.notes)
    with pytest.raises(Missing):
        outcome(tmp_path, dockerfile="Dockerfile.none")


def test_rules_that_make_no_tag_are_told(tmp_path: Path) -> None:
    found = outcome(tmp_path, tags=("type=schedule", "type=sha"))

    assert found.notes[-1] == (
        "Rules without a tag for this run: "
        "type=schedule: nothing says that a timetable started this run."
    )


def test_no_tag_at_all_is_cannot_tell_and_labels_are_there_still(tmp_path: Path) -> None:
    found = outcome(tmp_path, tags=("type=schedule", "type=sha,enable=false"))

    assert found.data == ""
    assert found.verdict.reasons[0].what == (
        "no rule makes a tag for this run: "
        "type=schedule: nothing says that a timetable started this run"
    )
    assert isinstance(found.outputs, TagImageOutputs)
    assert (found.outputs.tags, found.outputs.reference) == ("", "")
    assert "org.opencontainers.image.revision" in found.outputs.labels


def test_a_git_tag_is_found_without_a_ci_system(tmp_path: Path) -> None:
    outside = world(tmp_path, git=FakeGit(at=TAG, tag="v1.2.3"))
    options = TagImageOptions(repository="a/b", tags=("type=semver,pattern={{version}}",))

    assert run(options, outside).data == "docker.io/a/b:1.2.3"


@pytest.mark.parametrize("described", ["v1.2.3-4-gabcdef0", COMMIT[:7], ""])
def test_a_commit_without_a_git_tag_has_no_version(tmp_path: Path, described: str) -> None:
    outside = world(tmp_path, git=FakeGit(at=TAG, tag=described))
    options = TagImageOptions(repository="a/b", tags=("type=ref,event=tag", "type=sha"))

    assert run(options, outside).data == "docker.io/a/b:sha-ccccccc"


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{", b'{"number": "x"}', b"\xff", b'{"x":' + b"[" * 100_000, b"null"]
)
def test_an_event_that_is_none_is_no_reason_to_fail_unless_it_is_asked(
    tmp_path: Path, data: bytes
) -> None:
    (tmp_path / "event.json").write_bytes(data)
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": "event.json"}
    outside = world(tmp_path, environ=environ, context=CI)

    assert run(TagImageOptions(), outside).verdict.is_yes
    with pytest.raises(CannotTell, match=r"default branch is not known: event.json: "):
        run(TagImageOptions(tags=("type=edge",)), outside)


def test_an_event_is_read_where_a_job_of_githubs_kind_runs_us_only(tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text('{"number": 5}')
    path = {"GITHUB_EVENT_PATH": "event.json"}

    assert read_event(world(tmp_path, environ=path)).payload is None
    event = read_event(world(tmp_path, environ=path | {"GITHUB_ACTIONS": "true"}))
    assert event.payload is not None
    assert event.payload.number == 5


def test_annotations_of_the_image_are_in_its_identity(tmp_path: Path) -> None:
    layout = Layout()
    layout.root(
        layout.manifest(annotations={"org.opencontainers.image.title": "orders", "mine": "x"})
    )
    layout.save(tmp_path / "image")

    found = _identity(outcome(tmp_path, layout="image"))

    assert found.annotations == {"org.opencontainers.image.title": "orders"}


@pytest.mark.parametrize(
    ("variable", "value", "written", "options"),
    [
        ("PR_HEAD_SHA", "True", "pull-request-commit: head", {"pull_request_commit": "head"}),
        ("SHORT_SHA_LENGTH", "12", "short-sha-length: 12", {"short_sha_length": 12}),
        (
            "ANNOTATIONS_LEVELS",
            "manifest,index",
            "annotation-levels: manifest,index",
            {"annotation_levels": ("manifest", "index")},
        ),
    ],
)
def test_a_variable_of_metadata_action_is_told_what_to_write_for_it(
    variable: str, value: str, written: str, options: dict[str, Any], tmp_path: Path
) -> None:
    name = f"DOCKER_METADATA_{variable}"
    event = json.dumps({"pull_request": {"head": {"sha": COMMIT}}})
    (tmp_path / "event.json").write_text(event, encoding="utf-8")
    outside = world(
        tmp_path,
        environ={
            name: value,
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        },
        context=BuildContext(system="github", event="pull_request", pull_request="7"),
    )
    asked: dict[str, Any] = {"repository": "ghcr.io/acme/orders", "tags": ("type=sha",)}

    without = run(TagImageOptions(**asked), outside).notes
    assert without[-1] == (
        f"{name} is a variable of docker/metadata-action, which is not read here: write {written}."
    )
    assert not any(name in note for note in run(TagImageOptions(**asked, **options), outside).notes)


def test_a_branch_that_is_no_utf_8_is_said_with_a_question_mark(tmp_path: Path) -> None:
    strange = b"caf\xe9".decode("utf-8", "surrogateescape")
    outside = world(tmp_path, context=BuildContext(system="github", branch=strange))

    found = run(
        TagImageOptions(
            repository="ghcr.io/acme/orders",
            tags=("type=ref,event=branch",),
            labels=("of={{branch}}",),
            annotations=("of={{branch}}",),
            bake_file=str(tmp_path / "bake.json"),
        ),
        outside,
    ).outputs

    assert isinstance(found, TagImageOutputs)
    assert json.loads(found.json)["labels"]["of"] == "caf?"
    assert "manifest:of=caf?" in found.annotations.split("\n")
    assert found.tag.startswith("caf--")
