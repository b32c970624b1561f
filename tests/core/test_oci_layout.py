from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdkit.core.doors.files import DiskFiles
from cdkit.core.errors import CannotTell, CdkitError, Missing, RequestError, Unreadable
from cdkit.core.oci import media
from cdkit.core.oci.layout import export, open_layout, read_image, verify_layers
from cdkit.core.world import MIB
from tests.core.layout_image import image_of
from tests.image.layouts import REF_NAME, Layout, single, two_platforms


def test_manifest_and_config_digests_are_told_apart(tmp_path: Path) -> None:
    folder, digest, config = single(tmp_path)

    image = image_of(folder)

    (part,) = image.platforms
    assert str(image.digest) == str(part.digest) == digest
    assert str(part.config_digest) == config
    assert part.platform == "linux/amd64"
    assert not image.is_index


def test_the_digest_of_several_platforms_is_that_of_their_index(tmp_path: Path) -> None:
    layout, index, parts = two_platforms()

    image = image_of(layout.save(tmp_path))

    assert str(image.digest) == index
    assert image.is_index
    assert [str(part.digest) for part in image.platforms] == parts
    assert image.choose("linux/arm64").platform == "linux/arm64"


def test_an_index_within_an_index_is_followed(tmp_path: Path) -> None:
    layout = Layout()
    digest = layout.root(layout.index(layout.index(layout.manifest())))

    image = image_of(layout.save(tmp_path))

    assert str(image.digest) == digest
    assert [part.platform for part in image.platforms] == ["linux/amd64"]


def test_indexes_nested_without_end_are_refused(tmp_path: Path) -> None:
    layout = Layout()
    entry = layout.manifest()
    for _ in range(6):
        entry = layout.index(entry)
    layout.root(entry)

    with pytest.raises(Unreadable, match="over 4 deep"):
        image_of(layout.save(tmp_path))


def test_indexes_that_fan_out_are_refused(tmp_path: Path) -> None:
    layout = Layout()
    entry = layout.index()
    for _ in range(3):
        entry = layout.index(*[entry] * 100)
    layout.root(entry)

    with pytest.raises(Unreadable, match="over 200 manifests"):
        image_of(layout.save(tmp_path))


def test_buildkits_attestations_are_no_platforms(tmp_path: Path) -> None:
    layout = Layout()
    unknown = {"platform": {"os": "unknown", "architecture": "unknown"}}
    layout.root(layout.index(layout.manifest(), {**layout.manifest(({"a": b"b"},)), **unknown}))

    assert [part.platform for part in image_of(layout.save(tmp_path)).platforms] == ["linux/amd64"]


def test_a_platform_that_calls_itself_an_attestation_still_counts(tmp_path: Path) -> None:
    layout = Layout()
    hidden = layout.manifest(({"evil": b"x"},), "linux/arm64")
    hidden["annotations"] = {"vnd.docker.reference.type": "attestation-manifest"}
    layout.root(layout.index(layout.manifest(), hidden))

    platforms = [part.platform for part in image_of(layout.save(tmp_path)).platforms]
    assert platforms == ["linux/amd64", "linux/arm64"]


def test_two_images_need_a_name_or_a_digest(tmp_path: Path) -> None:
    layout = Layout()
    layout.root(layout.manifest(({"a": b"1"},)), "ghcr.io/acme/orders:one")
    two = layout.root(layout.manifest(({"a": b"2"},)), "two")
    folder = layout.save(tmp_path)

    with pytest.raises(RequestError, match="holds 2 images"):
        image_of(folder)
    assert str(image_of(folder, name="two").digest) == two
    assert str(image_of(folder, name="one").digest) != two
    assert str(image_of(folder, digest=two).digest) == two


def test_one_image_under_two_names_is_one_image(tmp_path: Path) -> None:
    layout = Layout()
    manifest = layout.manifest()
    digest = layout.root(manifest, "one")
    layout.root(manifest, "two")
    folder = layout.save(tmp_path)

    assert str(image_of(folder).digest) == digest
    assert str(image_of(folder, name="two").digest) == digest


def test_an_image_that_is_not_in_the_layout_is_not_found_under_another_digest(
    tmp_path: Path,
) -> None:
    folder, _, _ = single(tmp_path)

    with pytest.raises(CannotTell, match=f"does not hold sha256:{'0' * 64}"):
        image_of(folder, digest=f"sha256:{'0' * 64}")


def test_a_blob_with_other_bytes_than_its_digest_says_is_refused(tmp_path: Path) -> None:
    folder, _, config = single(tmp_path)
    path = folder / "blobs" / config.replace(":", "/")
    path.write_bytes(path.read_bytes().replace(b"amd64", b"arm64"))

    with pytest.raises(Unreadable, match=f"other bytes under {config}"):
        image_of(folder)


def test_a_layer_with_other_bytes_is_found_when_layers_are_verified(tmp_path: Path) -> None:
    folder, _, _ = single(tmp_path)
    (part,) = image_of(folder).platforms
    layer = part.manifest.layers[0].digest
    path = folder / "blobs" / layer.replace(":", "/")
    path.write_bytes(path.read_bytes().replace(b"hello", b"hullo"))

    with open_layout(str(folder), DiskFiles()) as layout, pytest.raises(Unreadable) as caught:
        verify_layers(layout, part)

    assert layer in caught.value.what


def test_a_missing_layer_is_missing(tmp_path: Path) -> None:
    folder, _, _ = single(tmp_path)
    (part,) = image_of(folder).platforms
    (folder / "blobs" / part.manifest.layers[0].digest.replace(":", "/")).unlink()

    with open_layout(str(folder), DiskFiles()) as layout, pytest.raises(Missing):
        verify_layers(layout, part)


def test_what_docker_save_writes_is_refused_with_the_reason(tmp_path: Path) -> None:
    folder, _, _ = single(tmp_path)
    (folder / "manifest.json").write_text("[]")

    with pytest.raises(Unreadable, match="what `docker save` writes"):
        image_of(folder)


def test_a_manifest_that_is_also_an_index_is_refused(tmp_path: Path) -> None:
    layout = Layout()
    manifest = layout.manifest()
    both = json.loads(layout.blobs[manifest["digest"]])
    both["manifests"] = [manifest]
    layout.root(layout.put_json(both, media.OCI_MANIFEST))

    with pytest.raises(Unreadable, match="can be read as two images"):
        image_of(layout.save(tmp_path))


def test_a_manifest_that_is_called_an_index_is_refused(tmp_path: Path) -> None:
    layout = Layout()
    layout.root({**layout.manifest(), "mediaType": media.OCI_INDEX})

    with pytest.raises(Unreadable, match="is a manifest"):
        image_of(layout.save(tmp_path))


def test_a_chart_is_no_image(tmp_path: Path) -> None:
    layout = Layout()
    config = layout.put(b"{}", "application/vnd.cncf.helm.config.v1+json")
    chart = {"schemaVersion": 2, "config": config, "layers": []}
    layout.root(layout.put_json(chart, media.OCI_MANIFEST))

    with pytest.raises(Unreadable, match="is no container image"):
        image_of(layout.save(tmp_path))


def test_fewer_layers_than_the_config_names_are_refused(tmp_path: Path) -> None:
    layout = Layout()
    manifest = json.loads(layout.blobs[layout.manifest()["digest"]])
    layout.root(layout.put_json({**manifest, "layers": []}, media.OCI_MANIFEST))

    with pytest.raises(Unreadable, match="has 0 layers, and its config names 1"):
        image_of(layout.save(tmp_path))


@pytest.mark.parametrize("key", ["size", "digest"])
def test_numbers_that_are_strings_and_digests_that_are_none_are_refused(
    tmp_path: Path, key: str
) -> None:
    layout = Layout()
    layout.root({**layout.manifest(), key: "12"})

    with pytest.raises(Unreadable):
        image_of(layout.save(tmp_path))


def test_a_digest_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    layout = Layout()
    layout.root({**layout.manifest(), "digest": "sha256:../../../../etc/passwd"})

    with pytest.raises(Unreadable, match="names a blob by"):
        image_of(layout.save(tmp_path))


def test_a_huge_manifest_is_not_read(tmp_path: Path) -> None:
    layout = Layout()
    layout.root({**layout.manifest(), "size": 10**12})

    with pytest.raises(Unreadable, match="has 1000000000000 bytes"):
        image_of(layout.save(tmp_path))


def test_a_folder_that_is_no_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="no OCI image layout"):
        image_of(tmp_path)


def test_a_layout_without_an_image_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="names no image"):
        image_of(Layout().save(tmp_path))


def test_a_layout_of_another_version_is_refused(tmp_path: Path) -> None:
    folder, _, _ = single(tmp_path)
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"2.0.0"}')

    with pytest.raises(Unreadable, match=r"version '2\.0\.0'"):
        image_of(folder)


def test_an_exported_platform_is_a_layout_of_its_own(tmp_path: Path) -> None:
    built, _, parts = two_platforms()
    archive = built.pack(tmp_path / "image.tar")
    files = DiskFiles()
    with open_layout(str(archive), files) as layout:
        part = read_image(layout).choose("linux/arm64")
        export(layout, part, str(tmp_path / "out"), files)

    image = image_of(tmp_path / "out")
    assert str(image.digest) == parts[1]
    assert image.platforms[0].config_digest == part.config_digest


def test_a_layer_that_an_image_has_twice_is_exported_once(tmp_path: Path) -> None:
    built = Layout()
    built.root(built.manifest(({"a": b"1"}, {"a": b"1"})))
    files = DiskFiles()
    with open_layout(str(built.save(tmp_path / "image")), files) as layout:
        (part,) = read_image(layout).platforms
        export(layout, part, str(tmp_path / "out"), files)

    assert image_of(tmp_path / "out").platforms[0].manifest == part.manifest


@pytest.mark.parametrize(
    ("size", "said"), [(3 * 1024**3, "holds other bytes"), (2**50, "says that .* has 11258999")]
)
def test_a_layer_of_many_gib_is_exported_for_what_it_holds(
    tmp_path: Path, size: int, said: str
) -> None:
    built = Layout()
    entry = built.manifest()
    manifest = json.loads(built.blobs[entry["digest"]])
    manifest["layers"][0]["size"] = size
    built.root(built.put_json(manifest, entry["mediaType"]))
    files = DiskFiles()
    with open_layout(str(built.save(tmp_path / "image")), files) as layout:
        (part,) = read_image(layout).platforms
        with pytest.raises(Unreadable, match=said):
            export(layout, part, str(tmp_path / "out"), files)


def test_an_arm_variant_that_all_have_is_left_out(tmp_path: Path) -> None:
    layout = Layout()
    entry = layout.manifest(platform="linux/arm64")
    entry["platform"]["variant"] = "v8"
    layout.root(layout.index(entry))

    image = image_of(layout.save(tmp_path))

    assert image.platforms[0].platform == "linux/arm64"
    assert image.choose("linux/arm64/v8") == image.platforms[0]


def test_a_platform_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    layout, _, _ = two_platforms()

    with pytest.raises(RequestError) as caught:
        image_of(layout.save(tmp_path)).choose("linux/s390x")

    assert "linux/amd64, linux/arm64" in caught.value.remedy


@given(st.dictionaries(st.sampled_from(["manifests", "layers", "config", "mediaType",
       "schemaVersion", REF_NAME]), st.recursive(st.none() | st.integers() | st.text(max_size=5),
       lambda inner: st.lists(inner, max_size=3), max_leaves=5)))  # fmt: skip
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_json_for_a_manifest_gives_an_error_and_no_crash(
    tmp_path: Path, value: dict[str, object]
) -> None:
    layout = Layout()
    layout.root(layout.put_json(value, media.OCI_MANIFEST))

    with pytest.raises(CdkitError):
        image_of(layout.save(tmp_path))


@pytest.mark.parametrize("name", ["oci-layout", "index.json"])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"<!DOCTYPE html><html>404</html>",
        b"\xff\xfe{}",
        b"null",
        b"[]",
        b"[" * 100_000,
        b'{"manifests": {}, "schemaVersion": "2", "imageLayoutVersion": 1}',
        b" " * (4 * 1024 * 1024 + 1),
    ],
    ids=["empty", "cut", "html", "utf-16", "null", "list", "deep", "types", "huge"],
)
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "archive"])
def test_a_layout_file_that_is_none_is_refused_with_its_name(
    tmp_path: Path, name: str, data: bytes, *, packed: bool
) -> None:
    layout, _, _ = two_platforms()
    layout.replaced[name] = data
    path = layout.pack(tmp_path / "image.tar") if packed else layout.save(tmp_path)

    with pytest.raises(Unreadable) as caught:
        image_of(path)

    assert name in str(caught.value)
    assert caught.value.remedy


def test_a_layout_without_its_index_is_missing_it(tmp_path: Path) -> None:
    folder, _, _ = single(tmp_path)
    (folder / "index.json").unlink()

    with pytest.raises(Missing) as caught:
        image_of(folder)

    assert str(caught.value.where).endswith("index.json")


class _Watched(DiskFiles):
    """Notes how far each file was read."""

    def __init__(self) -> None:
        super().__init__()
        self.read_to: list[int] = []

    @contextlib.contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        with super().open(path) as stream:
            yield stream
            self.read_to.append(stream.tell())


def test_a_layer_that_is_longer_than_it_says_is_not_read_to_its_end(tmp_path: Path) -> None:
    folder, _, _ = single(tmp_path)
    (part,) = image_of(folder).platforms
    layer = folder / "blobs" / part.manifest.layers[0].digest.replace(":", "/")
    with layer.open("r+b") as stream:
        stream.truncate(64 * MIB)
    files = _Watched()

    with open_layout(str(folder), files) as layout, pytest.raises(Unreadable, match="other bytes"):
        verify_layers(layout, part)

    assert files.read_to[-1] <= 2 * MIB
