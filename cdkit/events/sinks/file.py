"""A file with one event a line (NDJSON), for what is read on this machine or uploaded later."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from cdkit.core.errors import CdkitError, Missing, RequestError
from cdkit.core.world import MIB, Files, World
from cdkit.events.sink import Parcel, Receipt, Sink, SinkOptions

_LONGEST_LINE = MIB
_FROM_END = 2


class FileOptions(SinkOptions, frozen=True, kw_only=True):
    """Which file."""

    path: Annotated[str, Meta(description="The file that lines are added to.")] = ""


def send(events: Sequence[Parcel], options: FileOptions, world: World) -> Sequence[Receipt]:
    """Add each event as a line, synced to disk; one whose earlier try arrived is not added again.

    A line that a crash or a full disk left torn is completed where it is this event's, else it
    is ended, so that it cannot swallow the next.
    """
    return [_send(parcel, options.path, world.files) for parcel in events]


def _send(parcel: Parcel, path: str, files: Files) -> Receipt:
    try:
        if parcel.doubtful and _holds(files, path, parcel):
            return Receipt(key=parcel.key, state="delivered", said="it was already there")
        files.append(path, _rest(parcel.event.data, _tail(files, path)))
    except CdkitError as fault:
        return Receipt(key=parcel.key, state="held", said=fault.what)
    return Receipt(key=parcel.key, state="delivered", said="written")


def _rest(data: bytes, tail: bytes) -> str:
    """Return what makes the event a line of its own, after a tail that no line end follows."""
    if data.startswith(tail):
        try:
            return f"{data[len(tail) :].decode()}\n"
        except UnicodeDecodeError:  # torn inside a character
            pass
    return f"\n{data.decode()}\n"


def _tail(files: Files, path: str) -> bytes:
    """Return what stands after the last line end; nothing where there is no file."""
    try:
        with files.open(path) as stream:
            size = stream.seek(0, _FROM_END)
            stream.seek(max(0, size - _LONGEST_LINE))
            return stream.read().rpartition(b"\n")[2]
    except Missing:
        return b""


def _holds(files: Files, path: str, parcel: Parcel) -> bool:
    """Whether a whole line of the file is this event."""
    name = msgspec.json.encode(parcel.event.id)
    try:
        with files.open(path) as stream:
            return any(
                name in line and line.endswith(b"\n") and _is(line, parcel) for line in stream
            )
    except Missing:
        return False


def _is(line: bytes, parcel: Parcel) -> bool:
    try:
        context = msgspec.json.decode(line)["context"]
        return bool((context["id"], context["source"]) == (parcel.event.id, parcel.event.source))
    except (msgspec.DecodeError, RecursionError, KeyError, TypeError):
        return False


def _check(options: FileOptions) -> None:
    if not options.path or "\0" in options.path:
        raise RequestError("a file sink names no file", remedy="write file:events.ndjson")


SINK = Sink(
    options=FileOptions,
    schemes=("file:",),
    read=lambda text: {"path": text.removeprefix("file:").removeprefix("//")},
    check=_check,
    place=lambda options: options.name or f"file:{options.path}",
    send=send,
    local=True,
)
