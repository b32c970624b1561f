from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.core.doors.files import DiskFiles
from cdkit.core.errors import RequestError
from cdkit.core.oci.layout import open_layout, read_image
from cdkit.image.pushed.platforms import held_by, wanted
from tests.image.layouts import two_platforms


@pytest.mark.parametrize(
    ("texts", "platforms"),
    [
        ((), set()),
        (("linux/amd64,linux/arm64",), {"linux/amd64", "linux/arm64"}),
        (("linux/amd64", " linux/arm64/v8 "), {"linux/amd64", "linux/arm64"}),
        (("linux/arm", "linux/arm/v6"), {"linux/arm/v7", "linux/arm/v6"}),
        (("linux/x86_64", "linux/aarch64"), {"linux/amd64", "linux/arm64"}),
        (("",), set()),
    ],
)
def test_platforms_are_taken_as_buildx_takes_them(
    texts: tuple[str, ...], platforms: set[str]
) -> None:
    assert wanted(texts) == platforms


@pytest.mark.parametrize("text", ["amd64", "linux/", "linux/amd64/v1/v2", "linux amd64", "a\nb/c"])
def test_what_is_no_platform_is_a_wrong_request(text: str) -> None:
    with pytest.raises(RequestError, match="is no platform"):
        wanted((text,))


def test_an_image_holds_the_platforms_of_its_index(tmp_path: Path) -> None:
    layout, _, _ = two_platforms()
    layout.save(tmp_path / "image")
    with open_layout("image", DiskFiles(tmp_path)) as opened:
        assert held_by(read_image(opened)) == {"linux/amd64", "linux/arm64"}
