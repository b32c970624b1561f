"""Whether the bytes of a migration are SQL text at all.

Sources: the Git LFS specification, "The Pointer"; git-merge(1), "How conflicts are presented".
"""

from cdkit.migrations.lazy import pattern
from cdkit.migrations.trouble import Trouble

_POINTER = b"version https://git-lfs.github.com/spec/"
_CONFLICT = b"<<<<<<< "
_CONFLICTS = pattern(rb"(?m)^={7}\r?$(?s:.*?)^>{7}(?: |\r?$)")
"""What must follow the first marker, so that no line of angles in a text is taken for one."""


def readable(data: bytes) -> Trouble | None:
    """Say why these bytes are no SQL text at all, or None."""
    if data.startswith(_POINTER):
        return Trouble(
            rule="unreadable-file",
            what="is a pointer of Git LFS, and what it points to was not fetched",
            offset=0,
            remedy="fetch it (`git lfs pull`; in a checkout step `lfs: true`)",
        )
    if (begun := _conflict(data)) >= 0:
        return Trouble(
            rule="unreadable-file",
            what="holds both sides of a merge that nobody has resolved",
            offset=begun,
            remedy="resolve the merge, and take its markers out",
        )
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return _unreadable("is UTF-16", 0)
    if (nul := data.find(b"\0")) >= 0:
        return _unreadable("holds a NUL byte, where the server would stop reading", nul)
    try:
        if not data.isascii():
            data.decode("utf-8")
    except UnicodeDecodeError as fault:
        return _unreadable(f"is not UTF-8 (byte 0x{data[fault.start]:02x})", fault.start)
    return None


def _conflict(data: bytes) -> int:
    """Return where a merge begins that left its markers, or -1."""
    begun = 0 if data.startswith(_CONFLICT) else data.find(b"\n" + _CONFLICT) + 1 or -1
    return begun if begun >= 0 and _CONFLICTS().search(data, begun) else -1


def _unreadable(what: str, offset: int) -> Trouble:
    return Trouble(
        rule="unreadable-file", what=what, offset=offset, remedy="save the file as UTF-8"
    )
