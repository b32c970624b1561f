"""What an image is made of: its packages, as scanners list them and later scans look them up."""

from msgspec import Struct


class Component(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A package in an image.

    `kind` is the sort of package (`os/alpine`, `library/python-pkg`), `path` the file in the image
    that names it, `layer` the diff ID of the layer that brought it, `licenses` SPDX expressions or
    what stood in their place.
    """

    name: str
    version: str = ""
    purl: str = ""
    kind: str
    path: str = ""
    layer: str = ""
    licenses: tuple[str, ...] = ()


class Known(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A vulnerability that a scan knew of, under a key that survives rebuilds.

    `key` is a finding's fingerprint; `since` the date (`YYYY-MM-DD`, UTC) since when it is known
    in what is deployed under this name: its time to be mended runs from there.
    """

    key: str
    since: str
