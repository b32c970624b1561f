"""Deployments and incidents out of CDEvents: as our own sinks wrote them, or anybody else.

One event a line, bare or as the data of a CloudEvent. What CDEvents has no field for is read from
our custom data: a failed deployment, one that was not planned, the team, the commit.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct, structs

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.dora.cause import cause_in
from cdkit.dora.told import Deployed, Incident, Outcome

_TYPE = re.compile(r"dev\.cdevents\.(service|incident)\.(\w+)\.\d", re.ASCII)
_DEPLOYED = frozenset({"deployed", "upgraded", "rolledback"})
_DIGEST = re.compile(r"sha256(?::|%3A|%3a)([0-9a-f]{64})", re.ASCII)
_CANCELLED = "cancel"
_OUTCOMES: dict[object, Outcome] = {
    None: "success",  # CDEvents has the event for what came about
    "success": "success",
    "failure": "failure",
    "error": "failure",
}
_REMEDY = "give the events as `cdkit emit-event --sink file:events.ndjson` wrote them"


class Turn(Struct, frozen=True, kw_only=True):
    """What an event says of an incident: that it began, or that it was over.

    `is_named` says that somebody named the cause, which goes before what was deployed then.
    """

    at: datetime
    is_over: bool
    incident: Incident
    is_named: bool = False


class Heard(Struct, frozen=True, kw_only=True):
    """What a file of events tells.

    `cancelled` counts deployments that were taken back, `strange` what is no CDEvent at all.
    """

    deployments: list[Deployed]
    turns: list[Turn]
    cancelled: int = 0
    strange: int = 0


def read_turns(lines: Iterable[bytes], where: str) -> Heard:
    """Return the deployments among events, one a line, and what became of incidents.

    Raises Unreadable, with the line, where one is no JSON, or one of ours lacks what it must have.
    Events of a replay, and of other types, are left out; so is a deployment that was cancelled,
    which neither came about nor failed.
    """
    heard = Heard(deployments=[], turns=[])
    cancelled = strange = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        place = Location(path=where, line=number)
        for event in _events(line, place):
            if event is None:
                strange += 1
            else:
                cancelled += _take(event, place, heard)
    return structs.replace(heard, cancelled=cancelled, strange=strange)


def incidents_of(turns: Iterable[Turn]) -> tuple[Incident, ...]:
    """Return the incidents out of what was told of them, in whatever order, and however often.

    Whose it is and what caused it may only be told later: the first that says so counts. A cause
    that somebody names (`--custom caused-by=…`, a label of ours) goes before what was deployed, and
    of several the last. What was over without ever having begun is none that could be placed in
    time.

    Source: CDEvents, "Continuous Operations Events": `artifactId` is what was deployed then, so
    that one that says that an incident is over names what mended it, and not its cause.
    """
    opened: dict[tuple[str, ...], Incident] = {}
    done: list[Incident] = []
    for turn in sorted(turns, key=lambda one: (one.at, one.is_over)):
        name = _name(turn.incident, opened)
        if name in opened or not turn.is_over:
            opened[name] = _more(opened.get(name, turn.incident), turn)
        if turn.is_over and (known := opened.pop(name, None)):
            done.append(structs.replace(known, resolved_at=turn.at))
    return (*done, *opened.values())


def _name(told: Incident, opened: Mapping[tuple[str, ...], Incident]) -> tuple[str, ...]:
    """Return what an incident is known by: two places may count theirs alike, each from 1 on."""
    name = (told.environment, told.id)
    known = opened.get(name)
    is_another = known and known.service and told.service and known.service != told.service
    return (*name, told.service) if is_another else name


def _more(known: Incident, turn: Turn) -> Incident:
    """Return an incident with the service and the cause that a turn tells, where none is known."""
    told = turn.incident
    cause = told.cause if turn.is_named else known.cause
    cause = cause or ("" if turn.is_over else told.cause)
    return structs.replace(known, service=known.service or told.service, cause=cause)


def _events(line: bytes, place: Location) -> Iterator[dict[str, Any] | None]:
    """Yield the CDEvents of a line, None for each thing that is none.

    Raises Unreadable where it is no JSON, or where a CloudEvent of a CDEvent's type holds none.
    """
    found = _decoded(line, place)
    for one in found if isinstance(found, list) else [found]:
        event = _inside(one, place) if isinstance(one, dict) else None
        if isinstance(event, dict) and isinstance(event.get("context"), dict):
            yield event
        elif isinstance(one, dict) and str(one.get("type", "")).startswith("dev.cdevents."):
            raise Unreadable(
                f"is a CloudEvent {one['type'][:60]} without its CDEvent",
                where=place,
                remedy=_REMEDY,
            )
        else:
            yield None


def _inside(one: dict[str, Any], place: Location) -> object:
    """Return what a CloudEvent holds, as JSON, as text or in base64; what is none as it is.

    Source: CloudEvents 1.0.2, JSON Event Format, 3.1, "Handling of data".
    """
    if "data_base64" in one:
        try:
            return _decoded(base64.b64decode(str(one["data_base64"]), validate=True), place)
        except ValueError:
            return None
    event = one.get("data", one)
    return _decoded(event.encode("utf-8", "replace"), place) if isinstance(event, str) else event


def _decoded(text: bytes, place: Location) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise Unreadable(f"is no JSON: {fault}", where=place, remedy=_REMEDY) from fault


def _take(event: dict[str, Any], place: Location, heard: Heard) -> bool:
    """Take in an event; return whether it is left out as a deployment that was cancelled."""
    kind = _TYPE.match(str(event["context"].get("type", "")))
    custom = event.get("customData")
    custom = custom if isinstance(custom, dict) else {}
    if kind is None or custom.get("replay"):
        return False
    try:
        subject = event["subject"]
        content = subject["content"]
        at = datetime.fromisoformat(event["context"]["timestamp"])
        at = _zoned(at)
        if kind[1] == "service" and kind[2] in _DEPLOYED:
            if custom.get("outcome") == _CANCELLED:
                return True
            deployed = _deployed(event, subject["id"], content, custom, at)
            back = kind[2] == "rolledback" or bool(custom.get("rollbackOf"))
            heard.deployments.append(structs.replace(deployed, rollback=back or None))
        elif kind[1] == "incident":
            heard.turns.append(_turn(kind[2], subject["id"], content, custom, at))
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise Unreadable(
            f"is an event {kind[0]} without what it must have: {fault}", where=place, remedy=_REMEDY
        ) from fault
    return False


def _zoned(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at


def _deployed(
    event: dict[str, Any],
    service: str,
    content: dict[str, Any],
    custom: dict[str, Any],
    at: datetime,
) -> Deployed:
    digest = _DIGEST.search(str(content.get("artifactId", "")))
    return Deployed(
        service=service,
        environment=content["environment"]["id"],
        at=at,
        digest=f"sha256:{digest[1]}" if digest else "",
        commit=str(custom.get("commit", "")),
        outcome=_outcome(custom.get("outcome")),
        planned=_planned(custom.get("planned")),
        team=str(custom.get("team", "")),
        id=str(event["context"].get("id", "")),
    )


def _outcome(told: object) -> Outcome:
    if not isinstance(told, str | None) or told not in _OUTCOMES:
        known = ", ".join((*(str(one) for one in _OUTCOMES if one), _CANCELLED))
        raise ValueError(f"the outcome {str(told)[:60]!r} is none of {known}")
    return _OUTCOMES[told]


def _planned(told: object) -> bool | None:
    """Return whether it was planned; text says it too, as a shell's variable comes into JSON."""
    if told is None or isinstance(told, bool):
        return told
    if told not in ("true", "false"):
        raise ValueError(f"{str(told)[:60]!r} is neither true nor false, as `planned` must be")
    return told == "true"


def _turn(
    what: str, name: str, content: dict[str, Any], custom: dict[str, Any], at: datetime
) -> Turn:
    labels = custom.get("labels")
    told = labels.get("caused-by") if isinstance(labels, dict) else None
    named = cause_in("", [f"caused-by:{told}"]) if told else ""
    found = _DIGEST.search(str(content.get("artifactId", "")))
    service = content.get("service") or {}
    incident = Incident(
        service=str(service.get("id", "")),
        environment=content["environment"]["id"],
        opened_at=at,
        cause=named or (f"sha256:{found[1]}" if found else ""),
        id=name,
    )
    return Turn(at=at, is_over=what == "resolved", incident=incident, is_named=bool(named))
