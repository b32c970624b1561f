"""pin-images: files and locks that others write as well, and which files are one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.core.world import Completed
from cdkit.steps.pin_images import PinImagesOptions, run
from tests.worlds import FakeGit, NoProcesses, world

POD = "apiVersion: v1\nkind: Pod\nspec: {{containers: [{{image: '{}'}}]}}\n"
DIGEST = f"sha256:{'a' * 64}"
COMMIT = "c" * 40
NGINX = "docker.io/library/nginx:1"
WORKFLOW = ".github/workflows/a.yml"
STEPS = "jobs: {a: {steps: [{uses: a/b@v1}]}}\n"


@dataclass(frozen=True)
class Meanwhile(NoProcesses):
    """Answers `git ls-remote`, and does something else before."""

    act: Callable[[], object]

    def run(self, *_: object, **__: object) -> Completed:
        self.act()
        return Completed(code=0, stdout=f"{COMMIT}\trefs/tags/v1\n".encode(), stderr=b"")


def _workflow(folder: Path) -> Path:
    path = folder / WORKFLOW
    path.parent.mkdir(parents=True)
    path.write_text(STEPS)
    return path


def _lock(**members: object) -> str:
    return json.dumps({"kind": "image-lock", "version": 1, **members})


def _reasons(outcome: Outcome) -> list[str]:
    return [f"{reason.where}: {reason.what}" for reason in outcome.verdict.reasons]


def test_what_somebody_else_wrote_meanwhile_stays(tmp_path: Path) -> None:
    path = _workflow(tmp_path)
    processes = Meanwhile(lambda: path.write_text(f"# mine\n{STEPS}"))
    outcome = run(PinImagesOptions(), world(tmp_path, processes=processes))

    assert path.read_text() == f"# mine\n{STEPS}"
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert _reasons(outcome) == [
        f"{WORKFLOW}: has changed since it was read, so nothing in it was pinned"
    ]


def test_two_runs_at_once_that_write_the_same_are_both_right(tmp_path: Path) -> None:
    path = _workflow(tmp_path)
    pinned = STEPS.replace("@v1}]}}", f"@{COMMIT}}}]}}}} # v1")
    processes = Meanwhile(lambda: path.write_text(pinned))
    outcome = run(PinImagesOptions(), world(tmp_path, processes=processes))

    assert outcome.verdict.is_yes
    assert path.read_text() == pinned


def test_what_another_run_added_to_the_lock_meanwhile_stays_in_it(tmp_path: Path) -> None:
    _workflow(tmp_path)
    lock = tmp_path / "images.lock"
    processes = Meanwhile(lambda: lock.write_text(_lock(images={NGINX: DIGEST})))
    run(PinImagesOptions(lock="images.lock"), world(tmp_path, processes=processes))

    assert json.loads(lock.read_text())["images"] == {NGINX: DIGEST}
    assert json.loads(lock.read_text())["actions"] == {"https://github.com/a/b@v1": COMMIT}


def test_a_lock_that_is_broken_meanwhile_is_told_and_left(tmp_path: Path) -> None:
    _workflow(tmp_path)
    lock = tmp_path / "images.lock"
    processes = Meanwhile(lambda: lock.write_text("<<<<<<<"))
    outcome = run(PinImagesOptions(lock="images.lock"), world(tmp_path, processes=processes))

    assert lock.read_text() == "<<<<<<<"
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert _reasons(outcome)[0].startswith("images.lock: is no lock of images")


@pytest.mark.parametrize(
    "text",
    [
        _lock(images={NGINX: DIGEST}).replace("}", f', "{NGINX}": "sha256:{"b" * 64}"}}', 1),
        _lock(actions={"https://github.com/a/b@v1": f"{COMMIT}\n"}),
        _lock(actions={"https://github.com/a/b@v1": "v1"}),
        _lock(images={NGINX: None}),
        _lock(images={NGINX: DIGEST}, more={}),
    ],
)
def test_a_lock_that_can_be_read_in_two_ways_or_holds_something_else_is_refused(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "images.lock").write_text(text)
    (tmp_path / "pod.yaml").write_text(POD.format("nginx:1"))
    with pytest.raises(RequestError, match=r"images\.lock: is no lock of images"):
        run(PinImagesOptions(lock="images.lock"), world(tmp_path))


def test_a_file_in_several_spellings_is_one(tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(POD.format("nginx:1"))
    paths = ("pod.yaml", "./pod.yaml", ".//pod.yaml", str(tmp_path / "pod.yaml"), ".")
    outcome = run(PinImagesOptions(check=True, paths=paths), world(tmp_path))

    assert _reasons(outcome) == ["pod.yaml:3:30: nginx:1: the tag '1' can move"]


def test_a_folder_below_one_that_is_never_looked_into_is_looked_into_when_asked_for(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "venv/project"
    (folder / "venv").mkdir(parents=True)
    for name in ("pod.yaml", "venv/pod.yaml"):
        (folder / name).write_text(POD.format("nginx:1"))
    for path in ("venv/project", str(folder)):
        options = PinImagesOptions(check=True, paths=(path,))
        outcome = run(options, world(tmp_path, git=FakeGit(None)))

        assert [one.locations[0].path for one in outcome.findings] == ["venv/project/pod.yaml"]


def test_a_folder_that_cannot_be_listed_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pod.yaml").write_text(POD.format(f"nginx@{DIGEST}"))
    (tmp_path / "secret").mkdir()
    listed = os.scandir

    def scandir(path: str) -> object:
        if Path(path).name == "secret":
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(CannotTell, match="secret: cannot be read: Permission denied"):
        run(PinImagesOptions(check=True), world(tmp_path, git=FakeGit(None)))


@pytest.mark.skipif(os.getuid() != 0, reason="root alone may give files away")
def test_a_file_keeps_its_owner_when_root_pins_it(tmp_path: Path) -> None:
    (tmp_path / "images.lock").write_text(_lock(images={NGINX: DIGEST}))
    pod = tmp_path / "pod.yaml"
    pod.write_text(POD.format("nginx:1"))
    os.chown(pod, 12345, 23456)
    run(PinImagesOptions(lock="images.lock"), world(tmp_path))

    assert DIGEST in pod.read_text()
    assert (pod.stat().st_uid, pod.stat().st_gid) == (12345, 23456)


def test_what_an_update_can_ask_nothing_for_is_told(tmp_path: Path) -> None:
    steps = f"[{{uses: a/b@{COMMIT}}}, {{uses: c/d@{COMMIT}}}]"
    _workflow(tmp_path).write_text(f"jobs: {{a: {{steps: {steps}}}}}\n")
    (tmp_path / "pod.yaml").write_text(POD.format(f"nginx@{DIGEST}"))
    outcome = run(PinImagesOptions(update=True), world(tmp_path))

    assert outcome.notes == (
        (
            "3 references with a digest alone: an update can ask for nothing where no tag, or no "
            "version in a comment, stands beside it"
        ),
    )
    assert run(PinImagesOptions(), world(tmp_path)).notes == ()


def test_a_file_that_no_format_reads_is_told_where_it_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "Jenkinsfile").write_text("agent { docker { image 'nginx:1' } }\n")
    (tmp_path / "pod.yaml").write_text(POD.format(f"nginx@{DIGEST}"))
    outcome = run(PinImagesOptions(check=True, paths=("Jenkinsfile", "pod.yaml")), world(tmp_path))

    assert outcome.notes == ("Jenkinsfile: no format that names images has files of such a name",)


@pytest.mark.parametrize("pattern", ["pods/*", "./pods/*", "pods/a.yaml", "*.yaml"])
def test_a_file_is_excepted_however_its_path_is_spelt(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "pods").mkdir()
    (tmp_path / "pods/a.yaml").write_text(POD.format("nginx:1"))
    options = PinImagesOptions(check=True, paths=("./pods",), except_files={pattern: "a test"})

    assert run(options, world(tmp_path)).verdict.is_yes
