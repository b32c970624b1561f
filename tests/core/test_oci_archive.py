from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdkit.core.errors import CdkitError, Unreadable
from tests.core.layout_image import image_of
from tests.image.layouts import two_platforms


def test_an_archive_is_read_as_the_folder_is(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()

    assert str(image_of(layout.pack(tmp_path / "image.tar")).digest) == index


@pytest.mark.parametrize(
    ("compress", "program"),
    [
        (gzip.compress, "gunzip"),
        (bz2.compress, "bunzip2"),
        (lzma.compress, "unxz"),
        (lambda data: b"\x28\xb5\x2f\xfd" + data, "zstd -d"),
    ],
)
def test_a_compressed_archive_is_refused_with_what_to_do(
    compress: Callable[[bytes], bytes], program: str, tmp_path: Path
) -> None:
    layout, _, _ = two_platforms()
    packed = tmp_path / "image.tar.z"
    packed.write_bytes(compress(layout.pack(tmp_path / "image.tar").read_bytes()))

    with pytest.raises(Unreadable, match="is compressed") as caught:
        image_of(packed)

    assert f"`{program}`" in caught.value.remedy


def test_an_archive_with_an_entry_twice_is_refused(tmp_path: Path) -> None:
    layout, _, _ = two_platforms()
    again = tarfile.TarInfo("./index.json")

    with pytest.raises(Unreadable, match="twice"):
        image_of(layout.pack(tmp_path / "image.tar", [again]))


def test_an_archive_with_a_link_for_a_blob_is_refused(tmp_path: Path) -> None:
    layout, _, _ = two_platforms()
    link = tarfile.TarInfo(f"blobs/sha256/{'e' * 64}")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"

    with pytest.raises(Unreadable, match="as a link or device"):
        image_of(layout.pack(tmp_path / "image.tar", [link]))


def test_names_outside_a_layout_do_no_harm(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    outside = tarfile.TarInfo("../../etc/cron.d/evil")

    assert str(image_of(layout.pack(tmp_path / "image.tar", [outside])).digest) == index


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.integers(0, 20000))
def test_an_archive_cut_anywhere_gives_its_digest_or_an_error(tmp_path: Path, cut: int) -> None:
    layout, index, _ = two_platforms()
    whole = layout.pack(tmp_path / "whole.tar").read_bytes()
    path = tmp_path / "cut.tar"
    path.write_bytes(whole[:cut])

    try:
        image = image_of(path)
    except CdkitError:
        return
    assert str(image.digest) == index


def test_an_archive_that_docker_save_wrote_is_refused_with_the_reason(tmp_path: Path) -> None:
    layout, _, _ = two_platforms()

    with pytest.raises(Unreadable, match="what `docker save` writes"):
        image_of(layout.pack(tmp_path / "image.tar", [tarfile.TarInfo("manifest.json")]))


@pytest.mark.parametrize(
    "name", ["x/../index.json", "/index.json", "././index.json", "../index.json"]
)
def test_a_name_that_unpacks_over_the_index_is_a_second_index(tmp_path: Path, name: str) -> None:
    layout, _, _ = two_platforms()

    with pytest.raises(Unreadable, match=r"'index\.json' twice"):
        image_of(layout.pack(tmp_path / "image.tar", [tarfile.TarInfo(name)]))


def test_an_archive_with_a_link_beside_the_layout_is_refused(tmp_path: Path) -> None:
    layout, _, _ = two_platforms()
    link = tarfile.TarInfo("x")
    link.type, link.linkname = tarfile.SYMTYPE, "."

    with pytest.raises(Unreadable, match="'x' as a link or device"):
        image_of(layout.pack(tmp_path / "image.tar", [link]))
