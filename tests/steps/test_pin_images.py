"""pin-images: what is found, what is written, and what never is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cdkit.core.doors.http import RequestsHttp
from cdkit.core.errors import NoInput, RequestError
from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.core.world import World
from cdkit.steps.pin_images import PinImagesOptions, PinImagesOutputs, run
from tests.image.layouts import Layout, push
from tests.parts.registry import Registry
from tests.worlds import world

POD = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - image: {}  # the only one\n"
DIGEST = f"sha256:{'a' * 64}"


def _layout(*platforms: str) -> Layout:
    """An image: one manifest, or an index of several platforms."""
    layout = Layout()
    parts = [layout.manifest(platform=platform) for platform in platforms or ("linux/amd64",)]
    layout.root(parts[0] if len(parts) == 1 else layout.index(*parts))
    return layout


def _outputs(outcome: Outcome) -> PinImagesOutputs:
    assert isinstance(outcome.outputs, PinImagesOutputs)
    return outcome.outputs


def _said(outcome: Outcome) -> list[tuple[str, str]]:
    return [(str(reason.where or ""), reason.what) for reason in outcome.verdict.reasons]


def _asking(folder: Path) -> World:
    return world(folder, http=RequestsHttp())


def test_a_check_asks_nobody_and_names_each_reference_that_can_move(tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(POD.format("nginx:1.27"))
    (tmp_path / "fine.yaml").write_text(POD.format(f"nginx:1.27@{DIGEST}"))
    outcome = run(PinImagesOptions(check=True), world(tmp_path))

    assert outcome.verdict.answer is Answer.NO
    assert _said(outcome) == [("pod.yaml:5:14", "nginx:1.27: the tag '1.27' can move")]
    assert [finding.rule for finding in outcome.findings] == ["mutable-image"]
    assert (_outputs(outcome).references, _outputs(outcome).mutable) == ("2", "1")


def test_a_check_of_pinned_files_says_yes_and_how_many_there_were(tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(POD.format(f"nginx@{DIGEST}"))
    outcome = run(PinImagesOptions(check=True), world(tmp_path))

    assert _said(outcome) == [("", "1 reference in 1 file, 1 with a digest")]
    assert outcome.verdict.is_yes


@pytest.mark.needs("registry")
def test_a_tag_gets_the_digest_that_the_registry_has_and_stays_for_people(
    tmp_path: Path, registry: Registry
) -> None:
    layout = _layout("linux/amd64", "linux/arm64")
    push(layout, registry.address, "pins/app", "v1")
    name = f"{registry.address}/pins/app:v1"
    (tmp_path / "pod.yaml").write_text(POD.format(name))
    outcome = run(PinImagesOptions(), _asking(tmp_path))

    assert (tmp_path / "pod.yaml").read_text() == POD.format(f"{name}@{layout.roots[0]['digest']}")
    assert outcome.verdict.is_yes
    assert _outputs(outcome).changed == "pod.yaml"
    assert run(PinImagesOptions(check=True), world(tmp_path)).verdict.is_yes


@pytest.mark.needs("registry")
def test_an_update_follows_the_tag_and_nothing_else_does(
    tmp_path: Path, registry: Registry
) -> None:
    first, second = _layout(), _layout("linux/amd64", "linux/arm64")
    name = f"{registry.address}/pins/moving:v1"
    pod = tmp_path / "pod.yaml"
    pod.write_text(POD.format(name))
    push(first, registry.address, "pins/moving", "v1")
    run(PinImagesOptions(), _asking(tmp_path))
    before = pod.read_text()
    push(second, registry.address, "pins/moving", "v1")

    run(PinImagesOptions(), _asking(tmp_path))
    assert pod.read_text() == before == POD.format(f"{name}@{first.roots[0]['digest']}")
    run(PinImagesOptions(update=True), _asking(tmp_path))
    assert pod.read_text() == POD.format(f"{name}@{second.roots[0]['digest']}")


@pytest.mark.needs("registry")
def test_with_a_lock_a_run_without_a_network_gives_the_same_bytes(
    tmp_path: Path, registry: Registry
) -> None:
    push(_layout(), registry.address, "pins/locked", "v1")
    pod = tmp_path / "pod.yaml"
    pod.write_text(POD.format(f"{registry.address}/pins/locked:v1"))
    run(PinImagesOptions(lock="images.lock"), _asking(tmp_path))
    pinned, lock = pod.read_bytes(), (tmp_path / "images.lock").read_bytes()
    pod.write_text(POD.format(f"{registry.address}/pins/locked:v1"))
    outcome = run(PinImagesOptions(lock="images.lock"), world(tmp_path))

    assert outcome.verdict.is_yes
    assert pod.read_bytes() == pinned
    assert (tmp_path / "images.lock").read_bytes() == lock
    assert json.loads(lock)["images"] == {
        f"{registry.address}/pins/locked:v1": _layout().roots[0]["digest"]
    }


@pytest.mark.needs("registry")
def test_one_name_that_is_not_there_leaves_its_file_and_no_other(
    tmp_path: Path, registry: Registry
) -> None:
    push(_layout(), registry.address, "pins/there", "v1")
    there, gone = (f"{registry.address}/pins/{name}:v1" for name in ("there", "gone"))
    mixed = POD.format(there) + f"    - image: {gone}\n"
    (tmp_path / "mixed.yaml").write_text(mixed)
    (tmp_path / "pod.yaml").write_text(POD.format(there))
    outcome = run(PinImagesOptions(), _asking(tmp_path))

    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert (tmp_path / "mixed.yaml").read_text() == mixed
    assert _outputs(outcome).changed == "pod.yaml"
    assert _said(outcome) == [
        (
            "mixed.yaml",
            f"{gone} cannot be pinned, so nothing in the file was: {gone} is not in the registry",
        )
    ]


def test_a_registry_that_is_down_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(POD.format("127.0.0.1:1/app:v1"))
    outcome = run(PinImagesOptions(lock="images.lock"), world(tmp_path))

    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert (tmp_path / "pod.yaml").read_text() == POD.format("127.0.0.1:1/app:v1")
    assert json.loads((tmp_path / "images.lock").read_text())["images"] == {}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"kind": "image-lock", "images": {"a": "sha256:12"}}', '{"kind": "x"}']
)
def test_a_lock_that_is_none_is_refused_before_anything_is_written(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "images.lock").write_text(text)
    (tmp_path / "pod.yaml").write_text(POD.format("nginx:1"))
    with pytest.raises(RequestError, match=r"images\.lock: is no lock of images"):
        run(PinImagesOptions(lock="images.lock"), world(tmp_path))


def test_an_allowance_with_a_reason_counts_until_its_day(tmp_path: Path) -> None:
    allowed = "nginx:1  # cdkit: allow mutable-image (a test) until {}"
    (tmp_path / "good.yaml").write_text(POD.format(allowed.format("2026-11-23")))
    (tmp_path / "late.yaml").write_text(POD.format(allowed.format("2026-11-22")))
    outcome = run(PinImagesOptions(check=True), world(tmp_path))

    assert [where for where, _ in _said(outcome)] == ["late.yaml:5:14"]
    assert [bool(finding.suppressed) for finding in outcome.findings] == [True, False]
    assert outcome.notes == (
        "late.yaml:5: the allowance of mutable-image does not count: it expired on 2026-11-22",
    )


def test_what_is_allowed_is_not_pinned_either(tmp_path: Path) -> None:
    text = POD.format("nginx:1  # cdkit: allow mutable-image (a test)")
    (tmp_path / "pod.yaml").write_text(text)
    outcome = run(PinImagesOptions(), world(tmp_path))

    assert outcome.verdict.is_yes
    assert (tmp_path / "pod.yaml").read_text() == text


@pytest.mark.parametrize(
    "options",
    [
        PinImagesOptions(check=True, except_files={"old/*": "goes away"}),
        PinImagesOptions(check=True, except_images={"docker.io/library/nginx": "a test"}),
        PinImagesOptions(check=True, except_images={"nginx:*": "a test"}),
    ],
)
def test_exceptions_of_the_configuration_count_and_are_told(
    tmp_path: Path, options: PinImagesOptions
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old/pod.yaml").write_text(POD.format("nginx:1"))
    outcome = run(options, world(tmp_path))

    assert outcome.verdict.is_yes
    assert _said(outcome)[0][1].endswith("1 excepted")
    assert outcome.findings[0].suppressed is not None


@pytest.mark.parametrize(("variables", "answer"), [("tell", Answer.YES), ("refuse", Answer.NO)])
def test_a_variable_is_told_and_refused_only_where_asked(
    tmp_path: Path, variables: str, answer: Answer
) -> None:
    (tmp_path / "pod.yaml").write_text(POD.format("${IMAGE}"))
    options = PinImagesOptions(check=True, variables="refuse" if variables == "refuse" else "tell")
    outcome = run(options, world(tmp_path))

    assert outcome.verdict.answer is answer
    assert [finding.rule for finding in outcome.findings] == ["variable-reference"]


def test_a_moving_tag_behind_a_variable_can_move(tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(POD.format("$REGISTRY/app:latest"))
    outcome = run(PinImagesOptions(check=True), world(tmp_path))

    assert _said(outcome) == [("pod.yaml:5:14", "$REGISTRY/app:latest: the tag 'latest' can move")]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"kind: Pod\napiVersion: v1\nimage: [\n", "is not YAML"),
        (b"apiVersion: v1 \xff image", "is not UTF-8"),
        ("image: x".encode("utf-16"), "is UTF-16"),
        (b"apiVersion: image\x00", "is not YAML"),
        (b"kind: Pod\napiVersion: v1\nspec: {containers: [{image: a, image: b}]}", "'image' twice"),
        (b"apiVersion: image\n" + b"a: " + b"[" * 500, "is nested over 100 deep"),
        (b'{"apiVersion": "v1", "image": "\\ud83d\\ude00",}', "is not JSON"),
    ],
)
def test_what_cannot_be_read_is_told_and_hides_no_other(
    tmp_path: Path, data: bytes, said: str
) -> None:
    (tmp_path / "bad.yaml").write_bytes(data)
    (tmp_path / "fine.yaml").write_text(POD.format(f"nginx@{DIGEST}"))
    outcome = run(PinImagesOptions(check=True), world(tmp_path))

    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert _said(outcome)[0][0].startswith("bad.yaml")
    assert said in _said(outcome)[0][1]
    assert _outputs(outcome).references == "1"


def test_an_illegal_reference_is_told_at_its_character(tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(POD.format("Nginx/App:1"))
    outcome = run(PinImagesOptions(check=True), world(tmp_path))

    assert outcome.findings[0].rule == "illegal-reference"
    assert "(character 7, 'A')" in outcome.findings[0].message


def test_a_link_is_never_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text(POD.format("nginx:1"))
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "link.yaml").symlink_to(outside)
    with pytest.raises(NoInput):
        run(PinImagesOptions(), world(tree))
    with pytest.raises(RequestError, match="is a link"):
        run(PinImagesOptions(paths=("link.yaml",)), world(tree))

    assert outside.read_text() == POD.format("nginx:1")


def test_a_broken_workflow_is_told_though_it_has_expressions(tmp_path: Path) -> None:
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    (folder / "a.yml").write_text("jobs: {a: {steps: [{uses: 'a/b@v1', if: ${{ x }}]}}\n")
    outcome = run(PinImagesOptions(check=True), world(tmp_path))

    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert _said(outcome)[0][0].startswith(".github/workflows/a.yml:")


@pytest.mark.needs("registry")
def test_a_file_keeps_its_rights(tmp_path: Path, registry: Registry) -> None:
    push(_layout(), registry.address, "pins/rights", "v1")
    pod = tmp_path / "pod.yaml"
    pod.write_text(POD.format(f"{registry.address}/pins/rights:v1"))
    pod.chmod(0o755)
    run(PinImagesOptions(), _asking(tmp_path))

    assert "@sha256:" in pod.read_text()
    assert os.stat(pod).st_mode & 0o777 == 0o755  # noqa: PTH116 - the mode alone


def test_a_custom_kind_is_looked_into_where_the_user_says(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(
        "apiVersion: acme.example/v1\nkind: Website\nspec: {runtime: {image: 'site:1'}}\n"
    )
    options = PinImagesOptions(check=True, image_paths={"Website": "spec.runtime.image"})

    assert [where for where, _ in _said(run(options, world(tmp_path)))] == ["site.yaml:3:26"]


def test_without_a_file_that_names_an_image_there_is_no_input(tmp_path: Path) -> None:
    (tmp_path / "readme.md").write_text("image: nginx")
    with pytest.raises(NoInput):
        run(PinImagesOptions(check=True), world(tmp_path))


@pytest.mark.parametrize(
    "options",
    [PinImagesOptions(check=True, update=True), PinImagesOptions(paths=("nowhere",))],
)
def test_a_wrong_request_is_refused(tmp_path: Path, options: PinImagesOptions) -> None:
    with pytest.raises(RequestError):
        run(options, world(tmp_path))


def test_an_allowance_in_a_value_does_not_count(tmp_path: Path) -> None:
    said = '["# cdkit: allow mutable-image (a test)"]'
    text = f"kind: Pod\nspec: {{containers: [{{args: {said}, image: 'nginx:1'}}]}}\n"
    (tmp_path / "pod.yaml").write_text(f"apiVersion: v1\n{text}")
    outcome = run(PinImagesOptions(check=True), world(tmp_path))
    assert [finding.suppressed for finding in outcome.findings] == [None]
    assert not outcome.verdict.is_yes
