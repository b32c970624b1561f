from __future__ import annotations

import json
from pathlib import Path

import pytest

from cdkit.core.doors.files import DiskFiles
from cdkit.core.errors import Unreadable
from cdkit.core.oci import media
from cdkit.core.oci.image import Image
from cdkit.core.oci.layout import open_layout, read_image
from tests.image.layouts import Layout


def _image(path: Path) -> Image:
    with open_layout(str(path), DiskFiles()) as layout:
        return read_image(layout)


def _written(tmp_path: Path, root: str) -> Path:
    """A layout whose manifest is this text, `{config}` and `{layer}` filled in."""
    layout = Layout()
    made = json.loads(layout.blobs[layout.manifest()["digest"]])
    text = root.replace("{config}", json.dumps(made["config"]))
    text = text.replace("{layers}", json.dumps(made["layers"]))
    layout.root(layout.put(text.encode(), media.OCI_MANIFEST))
    return layout.save(tmp_path)


def test_a_manifest_written_out_is_read(tmp_path: Path) -> None:
    text = '{"schemaVersion": 2, "config": {config}, "layers": {layers}, "x-more": {"Size": 1}}'
    plain = text.replace(', "x-more": {"Size": 1}', "")

    assert _image(_written(tmp_path, plain)).platforms[0].platform == "linux/amd64"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('"layers": []', "holds 'layers' twice"),
        ('"Layers": []', "holds 'Layers', which some read as another name"),
        ('"LAYERS": []', "holds 'LAYERS'"),
        ('"layer\u017f": []', "which some read as another name"),
        ('"Manifests": []', "holds 'Manifests'"),
        ('"annotations": {"a": "1", "a": "2"}', "holds 'a' twice"),
    ],
)
def test_a_manifest_that_go_reads_otherwise_is_refused(
    tmp_path: Path, more: str, said: str
) -> None:
    # encoding/json takes the last of two names and does not mind their case: an engine would run
    # other layers than those that were examined, under the same digest.
    text = f'{{"schemaVersion": 2, "config": {{config}}, "layers": {{layers}}, {more}}}'

    with pytest.raises(Unreadable, match=said):
        _image(_written(tmp_path, text))


def test_annotations_and_labels_may_be_called_anything(tmp_path: Path) -> None:
    layout = Layout()
    manifest = layout.manifest(labels={"Layers": "3", "Size": "1", "size": "2"})
    made = json.loads(layout.blobs[manifest["digest"]])
    noted = {**made, "annotations": {"Digest": "x", "Layers": "y"}}
    digest = layout.root(layout.put_json(noted, media.OCI_MANIFEST))

    image = _image(layout.save(tmp_path))

    assert str(image.digest) == digest
    assert image.platforms[0].config.labels["size"] == "2"


def test_an_entry_without_a_platform_has_that_of_its_config(tmp_path: Path) -> None:
    layout = Layout()
    layout.root(layout.index({**layout.manifest(platform="linux/s390x"), "platform": {}}))

    assert _image(layout.save(tmp_path)).platforms[0].platform == "linux/s390x"


@pytest.mark.parametrize("where", ["index", "config"])
@pytest.mark.parametrize("architecture", ["amd64\nevil", "amd64 sha256:x", "b%0A", "\x1b[2K"])
def test_a_platform_that_could_forge_an_output_is_refused(
    tmp_path: Path, architecture: str, where: str
) -> None:
    layout = Layout()
    if where == "index":
        platform = {"os": "linux", "architecture": architecture}
        layout.root(layout.index({**layout.manifest(), "platform": platform}))
    else:
        layout.root(layout.manifest(platform=f"linux/{architecture}"))

    with pytest.raises(Unreadable, match="is for the platform"):
        _image(layout.save(tmp_path))
