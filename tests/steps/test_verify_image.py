from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from cdkit.core.context import BuildContext
from cdkit.core.documents.kinds import Identity
from cdkit.core.doors.http import RequestsHttp
from cdkit.core.errors import CannotTell, Missing, RequestError, Unwritable
from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.core.world import Head, World
from cdkit.steps.verify_image import VerifyImageOptions, VerifyImageOutputs, run
from tests.core.serving import Answer as HttpAnswer
from tests.core.serving import Asked, Script, serving
from tests.image import pushing
from tests.image.layouts import Layout, push, two_platforms
from tests.image.pushed.held import holding
from tests.image.pushed.metadata import built, text
from tests.parts.registry import Registry
from tests.worlds import COMMIT, TREE, FakeGit, StandingClock, world

CI = BuildContext(system="github", repository="Acme/Orders", run="77", attempt=2, branch="main")
ABSENT = f"sha256:{'0' * 64}"
DIRTY = Head(commit=COMMIT, tree=TREE, branch="main", dirty=True)


def _outputs(outcome: Outcome) -> VerifyImageOutputs:
    assert isinstance(outcome.outputs, VerifyImageOutputs)
    return outcome.outputs


def _world(folder: Path, **environ: str) -> World:
    http = RequestsHttp(StandingClock())
    return world(folder, http=http, context=CI, environ=environ)


def _harbor(script: Script, *patterns: str) -> Script:
    """The same registry, as Harbor: with a challenge for its root, and rules."""
    rules = [
        {
            "id": number,
            "disabled": False,
            "tag_selectors": [_selector("matches", pattern)],
            "scope_selectors": {"repository": [_selector("repoMatches", "**")]},
        }
        for number, pattern in enumerate(patterns, 1)
    ]

    def harbor(asked: Asked) -> HttpAnswer:
        if asked.path == "/v2/":
            challenge = 'Bearer realm="https://h.example/service/token",service="harbor-registry"'
            return HttpAnswer(401, {"WWW-Authenticate": challenge})
        if asked.path.startswith("/api/v2.0/projects/acme/"):
            return HttpAnswer(200, {}, json.dumps(rules).encode())
        return script(asked)

    return harbor


def _selector(decoration: str, pattern: str) -> dict[str, str]:
    return {"kind": "doublestar", "decoration": decoration, "pattern": pattern}


def test_a_yes_hands_on_the_image_and_leaves_its_identity(tmp_path: Path) -> None:
    layout, index, parts = two_platforms()
    with serving(holding(layout, v1=index, latest=index)) as server:
        name = f"{server.address}/acme/orders"
        options = VerifyImageOptions(tag=(f"{name}:v1", f"{name}:latest"), digest=index)
        outcome = run(options, _world(tmp_path))

    outputs = _outputs(outcome)
    assert outcome.verdict.is_yes
    assert (outputs.image, outputs.digest) == (f"{name}@{index}", index)
    assert outputs.tags.split("\n") == [f"{name}:v1", f"{name}:latest"]
    assert outcome.data == outputs.image
    identity = outcome.document
    assert isinstance(identity, Identity)
    assert (identity.image, identity.tags) == (outputs.image, ("v1", "latest"))
    assert (identity.commit, identity.tree) == (COMMIT, TREE)
    assert [part.digest for part in identity.platforms] == parts
    assert outcome.subjects[0].keys() == {index}


def test_an_image_in_two_repositories_leaves_an_identity_for_each(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    with serving(holding(layout, v1=index)) as server:
        names = [f"{server.address}/acme/{name}" for name in ("orders", "mirror")]
        options = VerifyImageOptions(tag=tuple(f"{name}:v1" for name in names), digest=index)
        outcome = run(options, _world(tmp_path))

    ((second, subjects),) = outcome.more
    assert isinstance(second, Identity)
    assert (second.image, subjects[0].name) == (f"{names[1]}@{index}", names[1])
    assert _outputs(outcome).image == f"{names[0]}@{index}"


def test_one_tag_of_several_that_was_moved_hands_nothing_on(tmp_path: Path) -> None:
    layout, index, parts = two_platforms()
    with serving(holding(layout, v1=index, latest=parts[0])) as server:
        name = f"{server.address}/acme/orders"
        options = VerifyImageOptions(
            tag=(f"{name}:v1", f"{name}:latest"), digest=index, dotenv="image.env"
        )
        outcome = run(options, _world(tmp_path))

    assert outcome.verdict.answer is Answer.NO
    assert [reason.answer for reason in outcome.verdict.reasons] == [Answer.YES, Answer.NO]
    assert (_outputs(outcome).image, outcome.document, outcome.subjects) == ("", None, ())
    assert outcome.data == ""
    assert (tmp_path / "image.env").read_text() == ""


def test_the_dotenv_report_holds_the_image_and_nothing_else(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    with serving(holding(layout, v1=index)) as server:
        name = f"{server.address}/acme/orders"
        (tmp_path / "image.env").write_text(f"CDKIT_IMAGE={name}@{ABSENT}\n")
        options = VerifyImageOptions(tag=(f"{name}:v1",), digest=index, dotenv="image.env")
        run(options, _world(tmp_path))

    assert (tmp_path / "image.env").read_text() == f"CDKIT_IMAGE={name}@{index}\n"


def test_what_an_earlier_run_handed_on_is_gone_even_where_nothing_can_be_asked(
    tmp_path: Path,
) -> None:
    (tmp_path / "image.env").write_text(f"CDKIT_IMAGE=a/b@{ABSENT}\n")
    with pytest.raises(Missing):
        run(VerifyImageOptions(metadata="meta.json", dotenv="image.env"), _world(tmp_path))

    assert (tmp_path / "image.env").read_text() == ""


@pytest.mark.parametrize("content", ["PASSWORD=x\n", "CDKIT_IMAGE=a\nB=c\n", "# mine\n"])
def test_a_file_of_somebody_else_is_not_written_over(tmp_path: Path, content: str) -> None:
    (tmp_path / ".env").write_text(content)
    options = VerifyImageOptions(tag=("a/b:v1",), digest=ABSENT, dotenv=".env")

    with pytest.raises(RequestError, match="holds more than CDKIT_IMAGE"):
        run(options, _world(tmp_path))
    assert (tmp_path / ".env").read_text() == content


def test_the_report_that_all_outputs_go_into_is_not_written_over(tmp_path: Path) -> None:
    options = VerifyImageOptions(tag=("a/b:v1",), digest=ABSENT, dotenv="./cdkit.env")

    with pytest.raises(RequestError, match="every step's outputs"):
        run(options, _world(tmp_path, CDKIT_DOTENV="cdkit.env"))


def test_a_dotenv_report_that_cannot_be_written_is_cannot_tell(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    options = VerifyImageOptions(tag=("a/b:v1",), digest=ABSENT, dotenv="folder")

    with pytest.raises(Unwritable):
        run(options, _world(tmp_path))
    assert (tmp_path / "folder").is_dir()


@pytest.mark.parametrize(
    ("platforms", "answer", "said"),
    [
        (("linux/amd64,linux/arm64",), Answer.YES, "and no other platform"),
        (("linux/arm64/v8", "linux/amd64"), Answer.YES, "and no other platform"),
        (("linux/amd64,linux/arm64,linux/s390x",), Answer.NO, "lacks linux/s390x"),
        (("linux/amd64",), Answer.NO, "holds linux/arm64, which nobody asked for"),
    ],
)
def test_the_index_holds_exactly_the_platforms_that_are_asked_for(
    tmp_path: Path, platforms: tuple[str, ...], answer: Answer, said: str
) -> None:
    layout, index, _ = two_platforms()
    with serving(holding(layout, v1=index)) as server:
        tag = f"{server.address}/acme/orders:v1"
        options = VerifyImageOptions(tag=(tag,), digest=index, platforms=platforms)
        outcome = run(options, _world(tmp_path))

    assert outcome.verdict.answer is answer
    assert outcome.verdict.reasons[1].what.endswith(said)
    assert bool(_outputs(outcome).image) is (answer is Answer.YES)


@pytest.mark.parametrize(
    ("patterns", "state", "answer"),
    [
        (("v*",), "immutable", Answer.YES),
        (("release-*",), "mutable", Answer.NO),
        (("v[0-9]",), "unknown", Answer.CANNOT_TELL),
    ],
)
def test_the_registrys_own_setting_is_reported_and_counts_where_it_is_required(
    tmp_path: Path, patterns: tuple[str, ...], state: str, answer: Answer
) -> None:
    layout, index, _ = two_platforms()
    with serving(_harbor(holding(layout, v1=index), *patterns)) as server:
        options = VerifyImageOptions(tag=(f"{server.address}/acme/orders:v1",), digest=index)
        told = run(options, _world(tmp_path))
        options = VerifyImageOptions(tag=options.tag, digest=index, require_immutable=True)
        required = run(options, _world(tmp_path))

    assert (told.verdict.answer, _outputs(told).immutability) == (Answer.YES, state)
    assert any("Harbor" in note or "does not try" in note for note in told.notes)
    assert (required.verdict.answer, _outputs(required).immutability) == (answer, state)


def test_a_registry_without_a_setting_is_unknown_and_says_so(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    with serving(holding(layout, v1=index)) as server:
        options = VerifyImageOptions(tag=(f"{server.address}/acme/orders:v1",), digest=index)
        outcome = run(options, _world(tmp_path))

    assert outcome.verdict.is_yes
    assert _outputs(outcome).immutability == "unknown"
    assert outcome.notes == (f"cdkit knows of no setting that {server.address} would have",)


@pytest.mark.parametrize(
    ("tags", "action", "answer", "image"),
    [
        (("new",), "push", Answer.YES, False),
        (("same",), "reuse", Answer.YES, True),
        (("new", "same"), "push", Answer.YES, False),
        (("other",), "refuse", Answer.NO, False),
        (("new", "same", "other"), "refuse", Answer.NO, False),
        (("down",), "", Answer.CANNOT_TELL, False),
        (("new", "down"), "", Answer.CANNOT_TELL, False),
        (("other", "down"), "refuse", Answer.NO, False),
    ],
)
def test_before_a_push_one_action_holds_for_all_tags(
    tmp_path: Path, tags: tuple[str, ...], action: str, answer: Answer, *, image: bool
) -> None:
    layout, index, parts = two_platforms()
    layout.save(tmp_path / "image")
    holds = holding(layout, same=index, other=parts[0])

    def script(asked: Asked) -> HttpAnswer:
        return HttpAnswer(503) if asked.path.endswith("/down") else holds(asked)

    with serving(script) as server:
        name = f"{server.address}/acme/orders"
        given = tuple(f"{name}:{tag}" for tag in tags)
        options = VerifyImageOptions(tag=given, layout="image", before_push=True)
        outcome = run(options, _world(tmp_path))

    assert (outcome.verdict.answer, _outputs(outcome).action) == (answer, action)
    assert _outputs(outcome).image == (f"{name}@{index}" if image else "")
    assert (outcome.document is not None) is image
    assert outcome.data == action


def test_before_a_push_platforms_are_said_to_be_looked_at_later(tmp_path: Path) -> None:
    with serving(holding()) as server:
        tag = f"{server.address}/acme/orders:v1"
        options = VerifyImageOptions(tag=(tag,), before_push=True, platforms=("linux/amd64",))
        outcome = run(options, _world(tmp_path))

    assert _outputs(outcome).action == "push"
    assert outcome.notes[0] == "The platforms are looked at after the push."


def test_after_a_push_there_is_no_action(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    with serving(holding(layout, v1=index)) as server:
        options = VerifyImageOptions(tag=(f"{server.address}/acme/orders:v1",), digest=index)
        assert _outputs(run(options, _world(tmp_path))).action == ""


def test_a_digest_that_is_empty_is_a_wrong_request_and_never_a_yes(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="was never pushed"):
        run(VerifyImageOptions(tag=("ghcr.io/acme/orders:v1",)), _world(tmp_path))


def test_a_tag_that_the_build_was_not_pushed_under_is_noted(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    with serving(holding(layout, v1=index, v2=index)) as server:
        name = f"{server.address}/acme/orders"
        (tmp_path / "meta.json").write_text(text(built(index, f"{name}:v1")))
        options = VerifyImageOptions(tag=(f"{name}:v2",), metadata="meta.json")
        outcome = run(options, _world(tmp_path))

    assert outcome.verdict.is_yes
    assert outcome.notes[0] == (
        f"meta.json is of a build that was not pushed as {name}:v2, but as {name}:v1."
    )


def test_a_dirty_tree_is_not_claimed_as_the_source(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    with serving(holding(layout, v1=index)) as server:
        options = VerifyImageOptions(tag=(f"{server.address}/acme/orders:v1",), digest=index)
        http = RequestsHttp(StandingClock())
        outcome = run(options, world(tmp_path, http=http, git=FakeGit(at=DIRTY)))

    assert isinstance(outcome.document, Identity)
    assert (outcome.document.commit, outcome.document.tree) == ("", "")


def test_a_registry_that_is_down_is_cannot_tell(tmp_path: Path) -> None:
    options = VerifyImageOptions(tag=("ghcr.io/acme/orders:v1",), digest=ABSENT)

    outcome = run(options, world(tmp_path))

    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert _outputs(outcome).image == ""


def test_nothing_hostile_reaches_an_output_line(tmp_path: Path) -> None:
    with pytest.raises(RequestError):
        run(VerifyImageOptions(tag=("a/b:v1\n::error::x",), digest=ABSENT), _world(tmp_path))


@pytest.mark.needs("registry", "skopeo")
def test_an_index_that_skopeo_pushed_with_all_platforms_is_what_the_layout_says(
    registry: Registry, tmp_path: Path
) -> None:
    layout, index, parts = two_platforms()
    layout.save(tmp_path / "image")
    tag = f"{registry.address}/verify/multi:v1"
    pushing.copy(tmp_path / "image", tag)
    platforms = ("linux/amd64,linux/arm64",)

    whole = VerifyImageOptions(tag=(tag,), layout="image", platforms=platforms)
    part = VerifyImageOptions(tag=(tag,), digest=parts[1], platforms=platforms)

    assert _outputs(run(whole, _world(tmp_path))).digest == index
    assert run(part, _world(tmp_path)).verdict.answer is Answer.NO


@pytest.mark.needs("registry", "skopeo")
def test_of_two_pushes_at_once_the_loser_is_told(registry: Registry, tmp_path: Path) -> None:
    digests = []
    for name in ("one", "two"):
        layout = Layout()
        part = layout.manifest(({"who": name.encode()},))
        digests.append(layout.root(layout.index(part)))
        layout.save(tmp_path / name)
    tag = f"{registry.address}/verify/race:v1"

    racing = [
        subprocess.Popen(
            pushing.copying(tmp_path / name, tag),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for name in ("one", "two")
    ]
    assert [push.wait(timeout=60) for push in racing] == [0, 0]
    outcomes = [
        run(VerifyImageOptions(tag=(tag,), digest=digest), _world(tmp_path)) for digest in digests
    ]

    answers = [outcome.verdict.answer for outcome in outcomes]
    assert sorted(answers) == [Answer.NO, Answer.YES]
    loser, winner = answers.index(Answer.NO), answers.index(Answer.YES)
    assert outcomes[loser].verdict.reasons[0].what == (
        f"names {digests[winner]}, and not {digests[loser]}, which was pushed: somebody moved "
        "the tag since, or pushed at the same time"
    )
    assert _outputs(outcomes[loser]).image == ""


@pytest.mark.needs("registry")
def test_a_tag_that_was_moved_after_the_push_is_no(registry: Registry, tmp_path: Path) -> None:
    first, index, _ = two_platforms()
    second = Layout()
    other = second.root(second.manifest(({"evil": b"x"},)))
    tag = f"{registry.address}/verify/moved:v1"
    options = VerifyImageOptions(tag=(tag,), digest=index)

    push(first, registry.address, "verify/moved", "v1")
    assert run(options, _world(tmp_path)).verdict.is_yes
    push(second, registry.address, "verify/moved", "v1")

    outcome = run(options, _world(tmp_path))
    assert outcome.verdict.answer is Answer.NO
    assert f"names {other}, and not {index}" in outcome.verdict.reasons[0].what


@pytest.mark.needs("registry")
def test_a_login_that_is_missing_is_cannot_tell(
    registry_with_login: Registry, tmp_path: Path
) -> None:
    tag = f"{registry_with_login.address}/verify/none:v1"
    for options in (
        VerifyImageOptions(tag=(tag,), digest=ABSENT),
        VerifyImageOptions(tag=(tag,), before_push=True),
    ):
        outcome = run(options, _world(tmp_path))
        assert outcome.verdict.answer is Answer.CANNOT_TELL
        assert "wants a login" in outcome.verdict.reasons[0].what


def test_a_layout_that_is_broken_is_cannot_tell(tmp_path: Path) -> None:
    with pytest.raises(CannotTell):
        run(VerifyImageOptions(tag=("a/b:v1",), layout="image", before_push=True), _world(tmp_path))
