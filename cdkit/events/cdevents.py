"""What happened, as a CDEvent: built from our nouns, under an id that a retry has too."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Struct, structs

from cdkit.core.context import BuildContext
from cdkit.core.documents.document import Replay
from cdkit.core.errors import RequestError
from cdkit.core.names import NAMESPACE, schema_id
from cdkit.events.formats import is_uri
from cdkit.events.shapes import EventType
from cdkit.events.strict import check
from cdkit.events.vocabulary import SPECIFICATION

CUSTOM_KIND = "event-data"
_OURSELVES = "/cdkit"


class Run(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """The run that sent an event."""

    system: str = ""
    id: str = ""
    attempt: int = 0
    job: str = ""
    url: str = ""
    actor: str = ""


class CustomData(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What CDEvents has no field for, and the delivery metrics need.

    `outcome` tells a failed deployment from a good one; `started_at` is RFC 3339; `planned` is
    false for what an incident made necessary; the change is what lies between `previous_commit`
    and `commit`; `rollback_of` is the image that was taken back; `replay` marks an event of a run
    that pretends to be at another time. `labels` are the sender's own words.
    """

    schema: str = schema_id(CUSTOM_KIND)
    outcome: Literal["success", "failure", "cancel", "error"] | None = None
    started_at: str = ""
    planned: bool | None = None
    previous_commit: str = ""
    commit: str = ""
    team: str = ""
    rollback_of: str = ""
    run: Run | None = None
    replay: Replay | None = None
    labels: dict[str, str] = {}


class Happening(Struct, frozen=True, kw_only=True):
    """What happened: a type, its subject and content, when (RFC 3339) and where it was seen."""

    kind: EventType
    source: str
    subject: str
    time: str
    content: Mapping[str, Any]
    custom: CustomData
    chain_id: str = ""
    links: Sequence[Mapping[str, Any]] = ()


def custom_schema() -> dict[str, Any]:
    """Return the JSON Schema of our custom data."""
    schema = msgspec.json.schema(CustomData)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": schema_id(CUSTOM_KIND),
        **schema,
    }


def build(happening: Happening, *, id: str) -> dict[str, Any]:  # noqa: A002 - what CDEvents calls it
    """Return the CDEvent of a happening; raises RequestError with every fault where it is wrong."""
    context: dict[str, Any] = {
        "specversion": SPECIFICATION,
        "id": id,
        "source": happening.source,
        "type": happening.kind.name,
        "timestamp": happening.time,
    }
    if happening.chain_id:
        context["chainId"] = happening.chain_id
    if happening.links:
        context["links"] = [dict(link) for link in happening.links]
    event = {
        "context": context,
        "subject": {"id": happening.subject, "content": dict(happening.content)},
        "customData": {"schema": happening.custom.schema, **msgspec.to_builtins(happening.custom)},
        "customDataContentType": "application/json",
    }
    if faults := check(event):
        raise RequestError(
            f"this is no right {happening.kind.short}: " + "; ".join(map(str, faults)),
            remedy="mend the inputs; `content` sets fields of the event: change.id=123",
        )
    return event


def identity(
    happening: Happening, context: BuildContext, *, moment: str, replay: Replay | None
) -> str:
    """Return the id of a happening: the same for a retry, another for another run or attempt.

    A UUID (version 5) over the repository, the run with its attempt and job, and all that the event
    says besides its time: a deployment that failed and the one that then came about in the same job
    are two. Where no CI system names a run, `moment` (to the microsecond) stands for it: a second
    call is then a second event, since nothing says that it is the same.
    """
    import json
    import uuid

    run = [context.system, context.repository, context.run, context.attempt, context.job]
    what: list[object] = [happening.kind.name, happening.source, happening.subject]
    more = msgspec.to_builtins(structs.replace(happening.custom, run=None, replay=None))
    what += [happening.content, more, happening.chain_id, happening.links]
    unnamed = "" if context.run else moment
    mark = [replay.run, replay.at] if replay else []
    # The standard library's JSON escapes what UTF-8 cannot hold, which `build` then refuses.
    name = json.dumps([run, what, unnamed, mark], sort_keys=True)
    return str(uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_URL, f"{NAMESPACE}/event"), name))


def chain_of(context: BuildContext, commit: str) -> str:
    """Return the chain of a commit's events, the same in each of its jobs and runs; or nothing.

    A UUID (version 5) over the repository and the commit: from the change over the artifact to
    each deployment, without anybody handing an id on.
    """
    import uuid

    repository = source_of(context)
    if not commit or repository == _OURSELVES:
        return ""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{NAMESPACE}/chain/{repository}/{commit}"))


def links_of(given: Sequence[str]) -> tuple[dict[str, Any], ...]:
    """Return links from `KIND=ID`: `PATH`, `END`, or the kind of a relation.

    Source: CDEvents links.md, "Embedded". Raises RequestError where one is not of that form.
    """
    return tuple(map(_link, given))


def _link(text: str) -> dict[str, Any]:
    kind, equals, name = (part.strip() for part in text.partition("="))
    if not (kind and equals and name):
        raise RequestError(
            f"{text[:60]!r} is no link", remedy="write PATH=<id of an event> or ARTIFACT=<id>"
        )
    if kind in {"PATH", "END"}:
        return {"linkType": kind, "from": {"contextId": name}}
    return {"linkType": "RELATION", "linkKind": kind, "target": {"contextId": name}}


def source_of(context: BuildContext) -> str:
    """Return where an event comes from: the repository's address, or its name, or cdkit itself.

    A user or a token in the address (GitLab's clone address holds one) is left out.
    """
    if context.repository_url and is_uri(context.repository_url):
        return without_login(context.repository_url)
    if context.repository:
        return "/" + quote(context.repository.strip("/").encode("utf-8", "replace"))
    return _OURSELVES


def without_login(address: str) -> str:
    """Return an address without the user and the password in it; any other text as it is."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
