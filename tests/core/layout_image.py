"""Reading a layout whole, as the tests of layouts do."""

from __future__ import annotations

from pathlib import Path

from cdkit.core.digest import Digest
from cdkit.core.doors.files import DiskFiles
from cdkit.core.oci.image import Image
from cdkit.core.oci.layout import open_layout, read_image


def image_of(path: Path, name: str = "", digest: str = "") -> Image:
    with open_layout(str(path), DiskFiles()) as layout:
        wanted = Digest.parse(digest) if digest else None
        return read_image(layout, name=name, digest=wanted)
