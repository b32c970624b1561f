"""What an event says, by short names: for filters, and for the templates of services."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from cdkit.core.documents.purl import Purl, parse_purl
from cdkit.core.errors import RequestError
from cdkit.events.cloudevents import CloudEvent
from cdkit.events.formats import moment

Facts = Mapping[str, Any]

_LONGEST_TITLE = 300
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERBS = {
    "deployed": "was deployed",
    "upgraded": "was deployed",
    "rolledback": "was rolled back",
    "removed": "was removed",
    "published": "was published",
}
_JOINTS = {"deployed": "to", "upgraded": "to", "removed": "from"}
_FAILED = {"failure": "failed", "error": "failed", "cancel": "was cancelled"}
_UNCLEAR = "ended nobody knows how"

NAMES = (
    "id", "kind", "type", "subject", "predicate", "about", "source", "time", "time-s", "time-ms",
    "time-ns", "started", "started-s", "started-ms", "started-ns", "began", "began-s",
    "began-ms", "began-ns", "environment", "tier", "service",
    "artifact", "image", "digest", "version", "repository", "repository-url", "commit",
    "previous-commit", "outcome", "planned", "rollback", "rollback-of", "team", "run", "attempt",
    "job", "run-url", "actor", "chain", "title", "event", "event-json", "trace-id",
    "span-id", "time-ns-text", "began-ns-text",
)  # fmt: skip
"""The name of every fact. What an event does not say is an empty text."""


def facts_of(event: CloudEvent) -> Facts:
    """Return what an event says.

    `kind` is its short type (`service.deployed`), `about` its subject's id; `time` and `started`
    are RFC 3339 and, with an ending, whole seconds, milliseconds or nanoseconds since 1970.
    `began` is `started`, or `time` where nobody said. `outcome` of a service's event is `success`
    where it says nothing else, since CDEvents has the event for what came about. `tier` is the kind
    of environment that its name tells, if it tells one. `event` is the whole CDEvent.
    """
    whole = msgspec.json.decode(event.data)
    content = whole["subject"]["content"]
    custom = _record(whole.get("customData"))
    run = _record(custom.get("run"))
    _, _, subject, predicate = event.type.split(".", 3)[:4]
    kind = f"{subject}.{predicate.partition('.')[0]}"
    purl = _purl(_text(content.get("artifactId")) or event.subject)
    told: dict[str, Any] = {
        "id": event.id,
        "kind": kind,
        "type": event.type,
        "subject": subject,
        "predicate": kind.partition(".")[2],
        "about": event.subject,
        "source": event.source,
        "environment": _environment(subject, event.subject, content),
        "service": event.subject if subject == "service" else _id(content.get("service")),
        "outcome": _outcome(subject, content, custom),
        "planned": _switch(custom.get("planned")),
        "rollback": kind == "service.rolledback" or bool(custom.get("rollbackOf")),
        "attempt": run.get("attempt", 0),
        "chain": _text(whole["context"].get("chainId")),
        "event": whole,
        "event-json": event.data.decode(),
        **_artifact(purl, _text(content.get("artifactId"))),
        **_repository(event.source),
        **{name: _text(custom.get(key)) for name, key in _CUSTOM},
        **{name: _text(run.get(key)) for name, key in _RUN},
        **_moments("time", event.time),
        **_moments("started", _text(custom.get("startedAt"))),
        **_moments("began", _text(custom.get("startedAt")) or event.time),
    }
    told["tier"] = _TIERS.get(told["environment"].lower(), "")
    told |= _traced(told)
    told["title"] = _title(told)
    return told


_TIERS = {
    **dict.fromkeys(("production", "prod", "prd", "live"), "PRODUCTION"),
    **dict.fromkeys(("staging", "stage", "stg", "preprod", "pre-production"), "STAGING"),
    **dict.fromkeys(("testing", "test", "qa", "uat"), "TESTING"),
    **dict.fromkeys(("development", "dev"), "DEVELOPMENT"),
}
"""The four kinds of environment of DevLake, by the names that mean just one of them."""

_CUSTOM = (
    ("commit", "commit"),
    ("previous-commit", "previousCommit"),
    ("team", "team"),
    ("rollback-of", "rollbackOf"),
)
_RUN = (("run", "id"), ("job", "job"), ("run-url", "url"), ("actor", "actor"))


def _record(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _id(value: object) -> str:
    return _text(_record(value).get("id"))


def _switch(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else ""


def _environment(subject: str, about: str, content: Mapping[str, Any]) -> str:
    return about if subject == "environment" else _id(content.get("environment"))


def _outcome(subject: str, content: Mapping[str, Any], custom: Mapping[str, Any]) -> str:
    """Return the outcome; one that is no text as its JSON, which is none of those there are."""
    told = next((one for one in map(_said, (custom, content)) if one is not None), None)
    if told is None:
        return "success" if subject == "service" else ""
    return told if isinstance(told, str) else msgspec.json.encode(told).decode()


def _said(record: Mapping[str, Any]) -> object:
    return record.get("outcome")


def _purl(text: str) -> Purl | None:
    try:
        return parse_purl(text)
    except RequestError:
        return None


def _artifact(purl: Purl | None, artifact: str) -> dict[str, str]:
    """Return the artifact as a package URL, as an image, and by its digest or version."""
    if purl is None:
        return {"artifact": artifact, "image": "", "digest": "", "version": ""}
    place = dict(purl.qualifiers).get("repository_url", "") if purl.type == "oci" else ""
    return {
        "artifact": str(purl),
        "image": f"{place}@{purl.version}" if place else "",
        "digest": purl.version if ":" in purl.version else "",
        "version": purl.version,
    }


def _repository(source: str) -> dict[str, str]:
    """Return a repository's name and address; nothing where its path leads out of itself."""
    parts = urlsplit(source)
    is_url = parts.scheme in {"http", "https"}
    path = parts.path.strip("/").removesuffix(".git")
    if {".", ".."} & {*unquote(path).split("/")}:
        return {"repository": "", "repository-url": ""}
    return {"repository": path, "repository-url": source if is_url else ""}


def _moments(name: str, text: str) -> dict[str, Any]:
    """Return a time in every form; all are empty where there is none."""
    at = moment(text) if text else None
    if at is None:
        return dict.fromkeys((name, f"{name}-s", f"{name}-ms", f"{name}-ns"), "")
    since = at - _EPOCH
    micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return {
        name: text,
        f"{name}-s": micros // 1_000_000,
        f"{name}-ms": micros // 1000,
        f"{name}-ns": micros * 1000,
    }


def _traced(told: Facts) -> dict[str, str]:
    """Return the ids of a span (W3C Trace Context): a chain's events are one trace."""
    trace = hashlib.sha256(str(told["chain"] or told["id"]).encode()).hexdigest()[:32]
    return {
        "trace-id": trace,
        "span-id": hashlib.sha256(f"{told['source']}|{told['id']}".encode()).hexdigest()[:16],
        "time-ns-text": str(told["time-ns"]),
        "began-ns-text": str(told["began-ns"]),
    }


def _title(told: Facts) -> str:
    """Return the event in one line for people: `orders was deployed to production`."""
    predicate: str = told["predicate"]
    verb = _VERBS.get(predicate, predicate)
    joint = _JOINTS.get(predicate, "in")
    if told["subject"] == "service" and told["outcome"] != "success":
        verb, joint = f"{_FAILED.get(told['outcome'], _UNCLEAR)}: {predicate}", "in"
    place = told["environment"] if told["environment"] != told["about"] else ""
    ahead = "" if told["subject"] == "service" else f"{told['subject']} "
    title = f"{ahead}{told['about']} {verb}" + (f" {joint} {place}" if place else "")
    return title if len(title) <= _LONGEST_TITLE else f"{title[:_LONGEST_TITLE]}…"
