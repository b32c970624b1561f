"""The example's image layouts: what the tree holds is what the builder makes, to the byte."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.examples.orders import BAD, EXAMPLE

LAYOUTS = (EXAMPLE / "image", BAD / "image")


def build(out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-B", str(EXAMPLE / "build_image.py"), "--out", str(out), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def blob(layout: Path, described: dict[str, Any]) -> bytes:
    path: Path = layout / "blobs" / "sha256" / described["digest"].partition(":")[2]
    content = path.read_bytes()
    assert len(content) == described["size"]
    return content


def manifest(layout: Path) -> dict[str, Any]:
    (only,) = json.loads((layout / "index.json").read_bytes())["manifests"]
    loaded: dict[str, Any] = json.loads(blob(layout, only))
    return loaded


def image_files(layout: Path) -> dict[str, bytes]:
    """The files that a container would see: later layers hide earlier ones."""
    seen: dict[str, bytes] = {}
    for layer in manifest(layout)["layers"]:
        with tarfile.open(fileobj=io.BytesIO(blob(layout, layer)), mode="r:") as tar:
            for entry in tar:
                if stream := tar.extractfile(entry):
                    seen[entry.name] = stream.read()
    return seen


def test_the_image_in_the_tree_is_what_its_sources_make(tmp_path: Path) -> None:
    built = build(tmp_path / "image")
    assert built.returncode == 0, built.stderr
    assert files(tmp_path / "image") == files(EXAMPLE / "image")


def test_the_bad_image_in_the_tree_is_what_its_sources_make(tmp_path: Path) -> None:
    built = build(tmp_path / "image", "--overlay", str(BAD))
    assert built.returncode == 0, built.stderr
    assert files(tmp_path / "image") == files(BAD / "image")


def test_the_builder_says_the_digest_of_the_image(tmp_path: Path) -> None:
    (only,) = json.loads((EXAMPLE / "image" / "index.json").read_bytes())["manifests"]
    assert build(tmp_path / "image").stdout == only["digest"] + "\n"


@pytest.mark.parametrize("layout", LAYOUTS, ids=["good", "bad"])
def test_every_blob_is_named_by_its_digest(layout: Path) -> None:
    for path in (layout / "blobs" / "sha256").iterdir():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name


@pytest.mark.parametrize("layout", LAYOUTS, ids=["good", "bad"])
def test_a_layer_has_one_entry_of_history(layout: Path) -> None:
    config = json.loads(blob(layout, manifest(layout)["config"]))
    made = [entry["created_by"] for entry in config["history"] if not entry.get("empty_layer")]
    assert [each.partition(" ")[0] for each in made] == ["ADD", "RUN", "RUN", "WORKDIR", "COPY"]
    assert config["rootfs"]["diff_ids"] == [each["digest"] for each in manifest(layout)["layers"]]


@pytest.mark.parametrize(
    ("layout", "tree"), [(LAYOUTS[0], EXAMPLE), (LAYOUTS[1], BAD)], ids=["good", "bad"]
)
def test_the_image_holds_the_service_of_its_commit(layout: Path, tree: Path) -> None:
    inside = image_files(layout)
    for path in (tree / "orders").glob("*.py"):
        assert inside[f"srv/orders/{path.name}"] == path.read_bytes()


def test_the_bad_image_adds_two_packages() -> None:
    good, bad = (
        set(image_files(layout)["lib/apk/db/installed"].decode().split("\n\n"))
        for layout in LAYOUTS
    )
    assert good < bad
    assert sorted(each.partition("\n")[0] for each in bad - good) == [
        "P:acme-imagemagick",
        "P:acme-xml",
    ]


@pytest.mark.parametrize(
    ("find", "put", "message"),
    [
        ("EXPOSE 8080", "ADD x.tar /", "Dockerfile:11: cannot carry out ADD"),
        ("=0.20.0-r2", "", "packages/apk has no acme-tini-: pin a version that is there"),
        ("COPY orders ./orders", "COPY ../orders ./orders", "leads upwards"),
        ("COPY orders ./orders", "COPY orders ../../etc", "leads upwards"),
        ("RUN apk add", "RUN curl x | sh && apk add", "only apk add and python3 -m pip install"),
        ("@sha256:", "@sha512:", "but the Dockerfile's FROM names sha512:"),
    ],
)
def test_what_the_builder_cannot_do_faithfully_is_an_error(
    good_tree: Path, tmp_path: Path, find: str, put: str, message: str
) -> None:
    dockerfile = good_tree / "Dockerfile"
    text = dockerfile.read_text(encoding="utf-8")
    assert text.count(find) == 1
    dockerfile.write_text(text.replace(find, put), encoding="utf-8")
    built = build(tmp_path / "image", "--context", str(good_tree))
    assert (built.returncode, built.stdout) == (1, "")
    assert message in built.stderr
    assert not (tmp_path / "image").exists()


def test_a_folder_that_is_no_layout_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "notes").write_text("mine")
    built = build(tmp_path / "precious")
    assert "is no image layout" in built.stderr
    assert (tmp_path / "precious" / "notes").read_text() == "mine"
