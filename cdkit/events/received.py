"""An event that started this run: where it stands, and whether it is right, signed, fresh, new."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cdkit.core.errors import Missing, NoInput, RequestError, Unreadable
from cdkit.core.finding import Location
from cdkit.core.world import MIB, World
from cdkit.events.cloudevents import CloudEvent, wrap
from cdkit.events.formats import moment
from cdkit.events.packing import unpacked
from cdkit.events.signature import is_signed, keys_of
from cdkit.events.strict import check

_LIMIT = 32 * MIB
_AHEAD = 300.0
"""Seconds that another machine's clock may be ahead of ours."""


class Received(Struct, frozen=True, kw_only=True):
    """What came: the event's JSON as text, and the three fields of its signature."""

    text: str
    id: str = ""
    timestamp: str = ""
    signatures: str = ""


def of_payload(world: World) -> Received:
    """Return what GitHub started this run with: a dispatch's payload or a workflow's inputs.

    Raises NoInput where it holds no event, Unreadable where the file cannot be read.
    """
    path = world.environ.get("GITHUB_EVENT_PATH", "")
    if not path:
        raise NoInput(
            "nothing says which event started this run",
            remedy="give the event with --event or --file, or run it in a workflow that a "
            "repository_dispatch or a workflow_dispatch started",
        )
    whole = _decoded(world.files.read(path, limit=_LIMIT), path)
    fields = next(
        (part for key in ("client_payload", "inputs") if isinstance(part := whole.get(key), dict)),
        {},
    )
    text = fields.get("cdevent")
    if isinstance(text, dict):
        text = msgspec.json.encode(text).decode()
    if not isinstance(text, str) or not text:
        raise NoInput(
            "this run was started by no event: its payload has no `cdevent`",
            where=path,
            remedy="start it with a github-dispatch or a github-workflow sink",
        )
    told = [str(fields.get(f"webhook-{name}") or "") for name in ("id", "timestamp", "signature")]
    return Received(text=text, id=told[0], timestamp=told[1], signatures=told[2])


def of_file(path: str, world: World) -> str:
    """Return the text of a file; NoInput where there is none."""
    try:
        return world.files.read(path, limit=_LIMIT).decode()
    except Missing as fault:
        raise NoInput("there is no such event", where=path, remedy="name a file") from fault
    except UnicodeDecodeError as fault:
        raise Unreadable("is no text in UTF-8", where=path, remedy="give JSON") from fault


def opened(received: Received) -> tuple[Received, str]:
    """Return what came with its text unpacked; or as it is, and why that cannot be done."""
    try:
        return replace(received, text=unpacked(received.text)), ""
    except RequestError as fault:
        return received, fault.what


def event_of(received: Received) -> tuple[CloudEvent | None, str]:
    """Return the event, in its envelope; or None and what is wrong with it.

    The JSON is a CDEvent, or a CloudEvent in structured mode around one.
    """
    try:
        whole = msgspec.json.decode(received.text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as fault:
        return None, f"it is no JSON that can be read: {fault}"
    if isinstance(whole, dict) and "data" in whole and "context" not in whole:
        whole = whole["data"]
    if faults := check(whole):
        return None, "; ".join(map(str, faults[:5]))
    try:
        return wrap(whole), ""
    except RequestError as fault:
        return None, fault.what


def signature_faults(received: Received, secret: str) -> Iterator[str]:
    """Yield what is wrong with the signature: nothing where it holds."""
    keys = keys_of(secret)
    if not keys:
        raise RequestError(
            "the secret to check the signature with is none such as whsec_…",
            remedy="put the sender's secret into the variable",
        )
    if not (received.id and received.timestamp and received.signatures):
        yield "it is not signed"
    elif not is_signed(
        keys,
        id=received.id,
        moment=received.timestamp,
        signatures=received.signatures,
        body=received.text.encode("utf-8", "replace"),
    ):
        yield "its signature is not the one of this secret"


def age_faults(sent: datetime | None, now: datetime, most: float) -> Iterator[str]:
    """Yield what is wrong with the time that it was sent at."""
    if sent is None:
        yield "it does not say when it was sent"
        return
    age = (now - sent).total_seconds()
    if age > most:
        yield f"it was sent {age:.0f} s ago, more than {most:g} s"
    elif age < -_AHEAD:
        yield f"it comes from the future, {-age:.0f} s ahead"


def sent_at(received: Received, event: CloudEvent, *, signed: bool) -> datetime | None:
    """Return when it was sent: by its signature, which covers that time, else by the event."""
    if not signed:
        return moment(event.time)
    text = received.timestamp
    if not (text.isascii() and text.isdigit() and len(text) <= 11):
        return None
    from datetime import UTC

    return datetime.fromtimestamp(int(text), UTC)


def seen_before(event: CloudEvent, path: str, run: str, world: World) -> bool:
    """Whether another run has read this event; notes that this one does.

    The file has one line an event: source, id and the run that read it first. Without a run's name
    each call is a run of its own. Of two that read at once, the one whose line is first goes on.
    Raises Unreadable where a line is none of ours: what it remembered is not known.
    """
    import uuid

    name = run or str(uuid.uuid4())
    if _reader(event, path, world) is None:
        line = msgspec.json.encode([event.source, event.id, name]).decode() + "\n"
        world.files.append(path, f"{_TORN}\n{line}" if _is_torn(path, world) else line)
    return _reader(event, path, world) != name


_TORN = " (torn)"
"""Ends a line whose writer died in the middle of it: that one did not go on, and read nothing."""


def _reader(event: CloudEvent, path: str, world: World) -> str | None:
    """Return the run that read an event first; None where none did."""
    try:
        *lines, _ = world.files.read(path).split(b"\n")
    except Missing:
        return None
    for number, line in enumerate(lines, 1):
        if not line.endswith(_TORN.encode()):
            source, name, run = _remembered(line, Location(path=path, line=number))
            if (source, name) == (event.source, event.id):
                return run
    return None


def _is_torn(path: str, world: World) -> bool:
    try:
        data = world.files.read(path)
    except Missing:
        return False
    return bool(data) and not data.endswith(b"\n")


def _remembered(line: bytes, where: Location) -> tuple[str, str, str]:
    try:
        return msgspec.json.decode(line, type=tuple[str, str, str])
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise Unreadable(
            "is no line that remembers an event: the file is damaged, or another",
            where=where,
            remedy="name another file with seen, or remove this one: then an event that is still "
            "young enough could be read again",
        ) from fault


def _decoded(data: bytes, path: str) -> Mapping[str, Any]:
    try:
        whole = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as fault:
        raise Unreadable("is no JSON", where=path, remedy="give GitHub's payload") from fault
    return whole if isinstance(whole, dict) else {}
