"""Looking into files in several processes: what one alone finds, in the same order, or nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from cdkit.core.errors import CannotTell
from cdkit.core.world import OwnHands, Response
from cdkit.steps.pin_images import PinImagesOptions, run
from tests.image.pins.cases import CASES
from tests.worlds import NoHttp, world

T = TypeVar("T")
R = TypeVar("R")

ROOT = Path(__file__).resolve().parents[3]
POD = "apiVersion: v1\nkind: Pod\nspec: {{containers: [{{image: '{}'}}]}}\n"
DIGEST = f"sha256:{'a' * 64}"
BOTH = f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
from cdkit.core.doors.files import DiskFiles
from cdkit.core.doors.hands import ForkedHands
from cdkit.core.errors import CannotTell
from cdkit.core.world import OwnHands
from cdkit.image.pins.find import looking, paths_of, searched
from tests.worlds import FakeGit

def shown(one):
    if isinstance(one, CannotTell):
        return (str(one), one.where, one.remedy)
    return (one.source, one.formats, one.uses, one.around.fields, one.around.beside("*"))

class Counting(ForkedHands):
    def spread(self, work, items, kind):
        for one in super().spread(lambda part: tagged(work, part), items, kind):
            yield one

def tagged(work, part):
    made = list(work(part))
    if os.getpid() != me:
        open("/dev/stderr", "w").write("f")
    return made

me = os.getpid()
files = DiskFiles()
paths = paths_of((), files, FakeGit())
fields = {{"Website": ("spec.image",)}}
found = [
    searched(paths, dict(looking(paths, files, fields, hands)))
    for hands in (OwnHands(), Counting(2), ForkedHands(3))
]
told = [
    (
        [shown(one) for one in search.files],
        [shown(one) for one in search.unread],
        search.looked_at,
    )
    for search in found
]
assert len(told[0][0]) > 200 and len(told[0][1]) > 2, (len(told[0][0]), len(told[0][1]))
print(told[0] == told[1] == told[2])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked elsewhere")
def test_many_processes_find_what_one_finds_in_the_same_order(tmp_path: Path) -> None:
    for turn in range(2):
        shutil.copytree(CASES, tmp_path / f"cases{turn}")
    (tmp_path / "broken.yaml").write_text("apiVersion: v1\nkind: Pod\nimage: [\n")
    (tmp_path / "wide.yaml").write_bytes("image".encode("utf-16"))
    odd = os.fsencode(tmp_path) + b"/\xff.yaml"  # which no message between processes can hold
    Path(os.fsdecode(odd)).write_text(POD.format("nginx:1"))
    (tmp_path / "escaped.yaml").write_text(POD.format("x").replace("'x'", r'"a\ud800b:1"'))
    (tmp_path / "latin.yaml").write_bytes(b"apiVersion: v1\nkind: Pod\nimage: \xe9\n")
    done = subprocess.run(
        [sys.executable, "-c", BOTH], cwd=tmp_path, capture_output=True, check=False, timeout=120
    )
    assert (done.stdout, done.stderr.strip(b"f")) == (b"True\n", b"")
    assert b"f" in done.stderr


class Dying(OwnHands):
    """Gives what it has, and then says that a process was killed."""

    def spread(
        self,
        work: Callable[[Sequence[T]], Iterable[R]],
        items: Sequence[T],
        kind: type[R],
        here: Callable[[Sequence[T]], Iterable[R]] | None = None,
    ) -> Generator[R, None, None]:
        del kind, here
        yield from work(items[:1])
        raise CannotTell("a process ended", remedy="run it again")


@pytest.mark.parametrize("check", [True, False])
def test_files_that_were_left_are_no_files_without_images(tmp_path: Path, *, check: bool) -> None:
    for name in "abc":
        (tmp_path / f"{name}.yaml").write_text(POD.format("registry.example.com/app:v1"))
    outside = replace(world(tmp_path, http=Answering(threading.Event())), hands=Dying())
    with pytest.raises(CannotTell, match="a process ended"):
        run(PinImagesOptions(check=check), outside)

    texts = {path.read_text() for path in tmp_path.glob("*.yaml")}
    assert texts == {POD.format("registry.example.com/app:v1")}


class Answering(NoHttp):
    """Has every image, and says so when it is asked."""

    def __init__(self, asked: threading.Event) -> None:
        self.asked = asked

    def request(self, method: str, url: str, **_: object) -> Response:
        del method, url
        self.asked.set()
        kind = "application/vnd.oci.image.index.v1+json"
        headers = {"content-type": kind, "docker-content-digest": DIGEST}
        return Response(status=200, headers=headers, body=b"")


class Waiting(OwnHands):
    """Goes on after the first file only when somebody was asked for what it names."""

    def __init__(self, asked: threading.Event) -> None:
        self.asked = asked

    def spread(
        self,
        work: Callable[[Sequence[T]], Iterable[R]],
        items: Sequence[T],
        kind: type[R],
        here: Callable[[Sequence[T]], Iterable[R]] | None = None,
    ) -> Generator[R, None, None]:
        del kind, here
        yield from work(items[:1])
        assert self.asked.wait(timeout=60)
        yield from reversed(list(work(items[1:])))


def test_images_are_asked_for_while_files_are_still_read(tmp_path: Path) -> None:
    for name in "abcd":
        (tmp_path / f"{name}.yaml").write_text(POD.format(f"registry.example.com/{name}:v1"))
    asked = threading.Event()
    outside = replace(world(tmp_path, http=Answering(asked)), hands=Waiting(asked))
    outcome = run(PinImagesOptions(), outside)

    changed = getattr(outcome.outputs, "changed", "").split("\n")
    assert changed == ["a.yaml", "b.yaml", "c.yaml", "d.yaml"]
    assert (tmp_path / "d.yaml").read_text() == POD.format(f"registry.example.com/d:v1@{DIGEST}")
