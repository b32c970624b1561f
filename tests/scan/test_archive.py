from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdkit.core.doors.files import DiskFiles
from cdkit.core.errors import CannotTell, CdkitError, RequestError
from cdkit.core.oci.layout import open_layout
from cdkit.scan.archive import read_archive
from tests.image.layouts import Layout, layer


def saved(path: Path, layers: list[bytes], *, entries: int = 1, packed: bool = False) -> str:
    """What `docker save` writes of an image with these layers; returns the config's digest."""
    diff_ids = [f"sha256:{hashlib.sha256(data).hexdigest()}" for data in layers]
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
        }
    ).encode()
    digest = hashlib.sha256(config).hexdigest()
    names = [f"{number}/layer.tar" for number in range(len(layers))]
    entry = {"Config": f"{digest}.json", "RepoTags": ["orders:dev"], "Layers": names}
    files = {
        f"{digest}.json": config,
        "manifest.json": json.dumps([entry] * entries).encode(),
        **dict(zip(names, [gzip.compress(d) if packed else d for d in layers], strict=True)),
    }
    with tarfile.open(path, "w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return f"sha256:{digest}"


def _with(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> str:
    """What `docker save` writes, with members before it that it does not write."""
    saved(path, [layer({"a": b"1"})])
    sound = path.read_bytes()
    with tarfile.open(path, "w") as tar, tarfile.open(fileobj=io.BytesIO(sound)) as held:
        for member, data in members:
            tar.addfile(member, io.BytesIO(data))
        for member in held:
            tar.addfile(member, held.extractfile(member))
    return str(path)


def _file(name: str, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    return member, data


def _read(name: str, data: bytes) -> tuple[tarfile.TarInfo, io.BytesIO]:
    member, _ = _file(name, data)
    return member, io.BytesIO(data)


@pytest.mark.parametrize("name", ["0/layer.tar", "./0/layer.tar", "x/../0/layer.tar"])
def test_a_layer_that_is_there_twice_is_refused(tmp_path: Path, name: str) -> None:
    path = _with(tmp_path / "a.tar", _file(name, layer({"another": b"2"})))

    with pytest.raises(CannotTell, match="twice: two tools would read two images"):
        read_archive(path, DiskFiles())


@pytest.mark.parametrize("name", ["Layers", "layers"])
def test_a_list_of_layers_that_can_be_read_in_two_ways_is_refused(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / "a.tar"
    saved(path, [layer({"a": b"1"})])
    with tarfile.open(path) as tar:
        held = {one.name: tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]
    twice = held["manifest.json"].replace(b'"Layers"', f'"Layers": [], "{name}"'.encode(), 1)
    with tarfile.open(path, "w") as tar:
        for name_in_tar, data in (held | {"manifest.json": twice}).items():
            tar.addfile(*_read(name_in_tar, data))

    with pytest.raises(CannotTell, match=r"manifest\.json that is none: it holds .* twice"):
        read_archive(str(path), DiskFiles())


def test_a_folder_that_is_there_without_end_is_refused(tmp_path: Path) -> None:
    folder = tarfile.TarInfo("a")
    folder.type = tarfile.DIRTYPE
    path = tmp_path / "a.tar"
    path.write_bytes(folder.tobuf() * 100_002 + bytes(1024))

    with pytest.raises(CannotTell, match="holds over 100000 files"):
        read_archive(str(path), DiskFiles())


def test_a_hard_link_is_refused(tmp_path: Path) -> None:
    link = tarfile.TarInfo("1/layer.tar")
    link.type, link.linkname = tarfile.LNKTYPE, "0/layer.tar"
    path = _with(tmp_path / "a.tar", (link, b""))

    with pytest.raises(CannotTell, match="as a hard link"):
        read_archive(path, DiskFiles())


def test_a_compressed_archive_is_told_how_to_unpack_it(tmp_path: Path) -> None:
    saved(tmp_path / "a.tar", [layer({"a": b"1"})])
    packed = tmp_path / "a.tar.gz"
    packed.write_bytes(gzip.compress((tmp_path / "a.tar").read_bytes()))

    with pytest.raises(CannotTell, match="is compressed") as caught:
        read_archive(str(packed), DiskFiles())
    assert "`gunzip`" in caught.value.remedy


def test_a_layout_is_told_to_be_name_in_taras_one_and_an_archive_too(tmp_path: Path) -> None:
    made = Layout()
    made.root(made.manifest())
    layout = str(made.pack(tmp_path / "layout.tar"))
    link = tarfile.TarInfo("b/layer.tar")  # of a layer that comes again, before all else
    link.type, link.linkname = tarfile.SYMTYPE, "../0/layer.tar"
    archive = _with(tmp_path / "a.tar", (link, b""))

    with pytest.raises(CannotTell) as caught:
        read_archive(layout, DiskFiles())
    assert caught.value.remedy == f"give it as --layout {layout}"
    with pytest.raises(CannotTell) as caught, open_layout(archive, DiskFiles()):
        pass
    assert "--archive" in caught.value.remedy


@pytest.mark.parametrize("packed", [False, True])
def test_an_archives_identity_is_its_configs_digest(tmp_path: Path, *, packed: bool) -> None:
    config = saved(tmp_path / "a.tar", [layer({"a": b"1"}), layer({"b": b"2"})], packed=packed)

    target = read_archive(str(tmp_path / "a.tar"), DiskFiles())

    assert [(part.platform, part.config_digest) for part in target.parts] == [
        ("linux/amd64", config)
    ]
    assert target.subject is not None
    assert target.subject.keys() == {config}
    assert "has no digest of a registry" in target.notes[0]


def test_a_layer_that_was_exchanged_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    first, other = layer({"a": b"1"}), layer({"a": b"2"})
    saved(path, [first])
    path.write_bytes(path.read_bytes().replace(first, other))

    with pytest.raises(CannotTell, match=r"holds another layer as '0/layer\.tar'"):
        read_archive(str(path), DiskFiles())


def test_several_images_in_one_archive_are_refused(tmp_path: Path) -> None:
    saved(tmp_path / "a.tar", [layer({"a": b"1"})], entries=2)

    with pytest.raises(RequestError, match="holds 2 images"):
        read_archive(str(tmp_path / "a.tar"), DiskFiles())


@pytest.mark.parametrize("data", [b"", b"no tar", b"\0" * 10240])
def test_what_is_no_archive_is_cannot_tell(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.tar").write_bytes(data)

    with pytest.raises(CannotTell, match="is not what `docker save` writes"):
        read_archive(str(tmp_path / "a.tar"), DiskFiles())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(min_value=0, max_value=12_000))
def test_an_archive_cut_anywhere_is_never_believed_in_part(tmp_path: Path, at: int) -> None:
    path = tmp_path / "a.tar"
    config = saved(path, [layer({"a": b"1"})])
    path.write_bytes(path.read_bytes()[:at])

    try:
        target = read_archive(str(path), DiskFiles())
    except CdkitError:
        return
    assert target.parts[0].config_digest == config
