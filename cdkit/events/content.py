"""The inputs of an event: what the run tells fills the fields that nobody gave."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from cdkit.core.context import BuildContext
from cdkit.core.errors import RequestError
from cdkit.events.cdevents import CustomData, Run, source_of, without_login
from cdkit.events.formats import is_moment, is_uri
from cdkit.events.shapes import EventType, Record, Texts

_YES = frozenset({"true", "yes", "1"})
_NO = frozenset({"false", "no", "0"})
_OUTCOMES = ("success", "failure", "cancel", "error")


class Known(Struct, frozen=True, kw_only=True):
    """What is known of the surroundings; an empty string where nobody said."""

    context: BuildContext
    commit: str = ""
    environment: str = ""
    service: str = ""
    artifact: str = ""
    outcome: str = ""


def subject_of(kind: EventType, known: Known) -> str:
    """Return what an event of this type is about; empty where only the caller can say."""
    context = known.context
    return {
        "artifact": known.artifact,
        "branch": context.branch,
        "build": context.build_id,
        "change": known.commit,
        "environment": known.environment,
        "pipelinerun": context.run,
        "repository": context.repository,
        "service": known.service,
        "taskrun": context.job,
    }.get(kind.subject, "")


def fill(kind: EventType, given: Mapping[str, str], known: Known) -> dict[str, Any]:
    """Return an event's content: what was given (`change.id=7` reaches inside), then what is known.

    A field that is a list takes its entries with commas between them. Raises RequestError where
    two given fields contradict each other.
    """
    content = _given(kind.shape.content, given)
    for name, value in _told(kind, known).items():
        if name in kind.shape.content.fields:
            _add(content, name, value)
    return content


def custom_of(given: Mapping[str, str], known: Known) -> CustomData:
    """Return our custom data from what was given; unknown names become labels.

    Raises RequestError where a value is not what its name asks for.
    """
    told = dict(given)
    outcome = told.pop("outcome", None)
    started = told.pop("started-at", "")
    if outcome is not None and outcome not in _OUTCOMES:
        raise _wrong("outcome", outcome, f"one of {', '.join(_OUTCOMES)}")
    if started and not is_moment(started):
        raise _wrong("started-at", started, "a time such as 2026-11-23T09:00:00Z")
    return CustomData(
        outcome=msgspec.convert(outcome, CustomData.__annotations__["outcome"]),
        started_at=started,
        planned=_planned(told.pop("planned", "")),
        previous_commit=_commit("previous-commit", told.pop("previous-commit", "")),
        commit=_commit("commit", told.pop("commit", known.commit)),
        team=told.pop("team", ""),
        rollback_of=told.pop("rollback-of", ""),
        run=_run(known.context),
        labels=told,
    )


def _told(kind: EventType, known: Known) -> dict[str, Any]:
    """Return what is known, by the name of the field that it would fill."""
    context = known.context
    repository = _thing(context.repository)
    told = {
        "environment": _thing(known.environment),
        "service": _thing(known.service),
        "repository": repository,
        "change": _thing(known.commit),
        "pipelineRun": _thing(context.run),
        "artifactId": known.artifact,
        "user": context.actor,
        "pipelineName": context.pipeline,
        "taskName": context.job,
        "outcome": known.outcome,
    }
    if kind.subject in {"pipelinerun", "taskrun"} and is_uri(context.url):
        told["uri"] = without_login(context.url)
    if kind.subject == "repository":
        told |= _repository(context)
    return {name: value for name, value in told.items() if value}


def _repository(context: BuildContext) -> dict[str, str]:
    owner, _, name = context.repository.rpartition("/")
    told = {"name": name, "owner": owner}
    address = source_of(context)
    return told | ({"uri": address} if is_uri(address) else {})


def _thing(name: str) -> dict[str, str]:
    return {"id": name} if name else {}


def _add(content: dict[str, Any], name: str, value: Any) -> None:  # noqa: ANN401 - text or record
    if name not in content:
        content[name] = value
    elif isinstance(value, dict) and isinstance(content[name], dict):
        content[name] = {**value, **content[name]}


def _given(shape: Record, given: Mapping[str, str]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for path, text in given.items():
        *outer, last = path.split(".")
        inner, field = content, shape
        for part in outer:
            inner = inner.setdefault(part, {})
            within = field.fields.get(part)
            field = within if isinstance(within, Record) else Record()
            if not isinstance(inner, dict):
                raise _contradiction(path)
        if last in inner:
            raise _contradiction(path)
        inner[last] = _value(field, last, text)
    return content


def _value(record: Record, name: str, text: str) -> str | list[str]:
    if isinstance(record.fields.get(name), Texts):
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _contradiction(path: str) -> RequestError:
    return RequestError(
        f"the content says {path[:60]!r} both as a value and as a record",
        remedy="say either environment=x or environment.id=x",
    )


def _planned(text: str) -> bool | None:
    if not text:
        return None
    if text.lower() not in _YES | _NO:
        raise _wrong("planned", text, "true or false")
    return text.lower() in _YES


def _commit(name: str, text: str) -> str:
    if text and not re.fullmatch(r"[0-9a-f]{7,64}", text, re.ASCII):
        raise _wrong(name, text, "a commit: 7 to 64 hexadecimal digits in lower case")
    return text


def _run(context: BuildContext) -> Run | None:
    run = Run(
        system=context.system,
        id=context.run,
        attempt=context.attempt,
        job=context.job,
        url=without_login(context.url),
        actor=context.actor,
    )
    return run if context.run else None


def _wrong(name: str, found: str, wanted: str) -> RequestError:
    return RequestError(
        f"the custom value {name} is {found[:60]!r}, and must be {wanted}",
        remedy=f"mend it, or leave {name} out",
    )
