"""Whether the bytes of a migration are SQL text at all."""

from cdkit.migrations.trouble import Trouble


def readable(data: bytes) -> Trouble | None:
    """Say why these bytes are no SQL text at all, or None."""
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


def _unreadable(what: str, offset: int) -> Trouble:
    return Trouble(
        rule="unreadable-file", what=what, offset=offset, remedy="save the file as UTF-8"
    )
