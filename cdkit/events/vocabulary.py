"""The 45 event types of CDEvents 0.5.1 as data.

Source: the specification's pages for source code, continuous integration, testing, deployment,
operations and tickets at tag v0.5.1 (cdevents.dev). A test holds this equal to its schemas.
"""

from cdkit.events.shapes import EventType, Record, Shape, Subject, Text, Texts

SPECIFICATION = "0.5.1"

_ANY = Text()
_SOME = Text(least=1)
_URI = Text(format="uri")
_REFERENCE = Text(least=1, format="uri-reference")
_OUTCOME = Text(enum=("success", "failure", "cancel", "error"))
_SEVERITY = Text(enum=("low", "medium", "high", "critical"))

_THING = Record(required={"id": _SOME}, optional={"source": _REFERENCE})
_RUN = Record(required={"id": _SOME}, optional={"source": _ANY})
_SBOM = Record(required={"uri": _REFERENCE})
_TRIGGER = Record(
    optional={
        "type": Text(enum=("manual", "pipeline", "event", "schedule", "other")),
        "uri": _URI,
    },
    extra=True,
)
_TEST_SUITE = Record(required={"id": _SOME}, optional={"version": _ANY, "name": _ANY, "uri": _URI})
_TEST_KINDS = (
    "performance", "functional", "unit", "security", "compliance", "integration", "e2e", "other",
)  # fmt: skip
_TEST_CASE = Record(
    required=_TEST_SUITE.required,
    optional={**_TEST_SUITE.optional, "type": Text(enum=_TEST_KINDS)},
)

_PIPELINE: dict[str, Shape] = {"pipelineName": _ANY, "uri": _URI}
_TASK: dict[str, Shape] = {"taskName": _ANY, "uri": _URI, "pipelineRun": _THING}
_REPOSITORY: dict[str, Shape] = {"name": _ANY, "owner": _ANY, "uri": _URI, "viewUrl": _URI}
_IN: dict[str, Shape] = {"environment": _THING}
_DEPLOYED: dict[str, Shape] = {"environment": _THING, "artifactId": _SOME}
_AFFECTED: dict[str, Shape] = {"description": _ANY, "service": _THING, "artifactId": _SOME}
_CASE: dict[str, Shape] = {"testSuiteRun": _RUN, "testCase": _TEST_CASE}
_JUDGED: dict[str, Shape] = {"severity": _SEVERITY, "reason": _ANY}
_ENDED: dict[str, Shape] = {"outcome": _OUTCOME, "environment": _THING}
_TICKET: dict[str, Shape] = {
    "summary": _ANY,
    "ticketType": Text(known=("bug", "enhancement", "incident", "task", "question")),
    "group": _ANY,
    "creator": _SOME,
    "assignees": Texts(),
    "priority": Text(known=("low", "medium", "high")),
    "labels": Texts(),
    "milestone": _ANY,
    "uri": _REFERENCE,
}
_RESOLUTION = Text(least=1, known=("completed", "withdrawn", "duplicate"))


def _type(
    name: str,
    version: str = "0.3.0",
    required: dict[str, Shape] | None = None,
    optional: dict[str, Shape] | None = None,
    *,
    plain_sources: bool = False,
    word: str = "",
) -> EventType:
    subject, predicate = name.split(".")
    content = Record(required=required or {}, optional=optional or {})
    shape = Subject(content=content, plain_sources=plain_sources, word=word)
    return EventType(subject=subject, predicate=predicate, version=version, shape=shape)


def _test(
    name: str,
    version: str = "0.3.0",
    required: dict[str, Shape] | None = None,
    optional: dict[str, Shape] | None = None,
) -> EventType:
    """Return one of the test types, whose sources have no format in 0.5.1."""
    return _type(name, version, required, optional, plain_sources=True)


def _ticket(
    name: str, *required: str, also: dict[str, Shape] | None = None, word: str = ""
) -> EventType:
    fields = {**_TICKET, **(also or {})}
    return _type(
        name,
        "0.2.0",
        {field: fields[field] for field in required},
        {field: shape for field, shape in fields.items() if field not in required},
        word=word,
    )


TYPES: tuple[EventType, ...] = (
    _type("artifact.deleted", "0.2.0", None, {"user": _SOME}),
    _type("artifact.downloaded", "0.2.0", None, {"user": _SOME}),
    _type("artifact.packaged", required={"change": _THING}, optional={"sbom": _SBOM}),
    _type("artifact.published", optional={"sbom": _SBOM, "user": _SOME}),
    _type("artifact.signed", required={"signature": _SOME}),
    _type("branch.created", optional={"repository": _THING}),
    _type("branch.deleted", optional={"repository": _THING}),
    _type("build.finished", optional={"artifactId": _ANY}),
    _type("build.queued"),
    _type("build.started"),
    _type("change.abandoned", optional={"repository": _THING}),
    _type("change.created", "0.4.0", None, {"description": _SOME, "repository": _THING}),
    _type("change.merged", optional={"repository": _THING}),
    _type("change.reviewed", optional={"repository": _THING}),
    _type("change.updated", optional={"repository": _THING}),
    _type("environment.created", optional={"name": _ANY, "uri": _URI}),
    _type("environment.deleted", optional={"name": _ANY}),
    _type("environment.modified", optional={"name": _ANY, "uri": _URI}),
    _type("incident.detected", required=_IN, optional=_AFFECTED),
    _type(
        "incident.reported",
        required={**_IN, "ticketURI": Text(least=1, format="uri")},
        optional=_AFFECTED,
    ),
    _type("incident.resolved", required=_IN, optional=_AFFECTED),
    _type("pipelinerun.finished", optional={**_PIPELINE, "outcome": _OUTCOME, "errors": _ANY}),
    _type("pipelinerun.queued", optional=_PIPELINE),
    _type("pipelinerun.started", required=_PIPELINE),
    _type(
        "repository.created",
        required={"name": _SOME, "uri": _URI},
        optional={"owner": _ANY, "viewUrl": _URI},
    ),
    _type("repository.deleted", optional=_REPOSITORY),
    _type("repository.modified", optional=_REPOSITORY),
    _type("service.deployed", required=_DEPLOYED),
    _type("service.published", optional=_IN),
    _type("service.removed", optional=_IN),
    _type("service.rolledback", required=_DEPLOYED),
    _type("service.upgraded", required=_DEPLOYED),
    _type("taskrun.finished", optional={**_TASK, "outcome": _ANY, "errors": _ANY}),
    _type("taskrun.started", optional=_TASK),
    _test("testcaserun.finished", required=_ENDED, optional={**_CASE, **_JUDGED}),
    _test("testcaserun.queued", required=_IN, optional={**_CASE, "trigger": _TRIGGER}),
    _test("testcaserun.skipped", "0.2.0", None, {**_CASE, **_IN, "reason": _ANY}),
    _test("testcaserun.started", required=_IN, optional={**_CASE, "trigger": _TRIGGER}),
    _test(
        "testoutput.published",
        required={
            "outputType": Text(enum=("report", "video", "image", "log", "other")),
            "format": _ANY,
        },
        optional={"uri": _URI, "testCaseRun": _RUN},
    ),
    _test("testsuiterun.finished", required=_ENDED, optional={"testSuite": _TEST_SUITE, **_JUDGED}),
    _test(
        "testsuiterun.queued",
        required=_IN,
        optional={"testSuite": _TEST_SUITE, "trigger": _TRIGGER},
    ),
    _test(
        "testsuiterun.started",
        required=_IN,
        optional={"testSuite": _TEST_SUITE, "trigger": _TRIGGER},
    ),
    _ticket(
        "ticket.closed",
        "uri",
        "resolution",
        also={"resolution": _RESOLUTION, "updatedBy": _ANY},
        word="ticket",
    ),
    _ticket("ticket.created", "summary", "creator", "uri"),
    _ticket("ticket.updated", "uri", also={"updatedBy": _ANY}),
)
"""Every type, in the order of its name."""

CUSTOM_TYPE = r"^dev\.cdeventsx\.[a-zA-Z0-9]+-[a-zA-Z]+\.[a-zA-Z]+\.[0-9]\.[0-9]\.[0-9]$"
"""What the type of an event outside the vocabulary looks like (spec.md, "Custom events")."""

_POINTER = Record(required={"contextId": _SOME}, extra=True)
_TARGET = Record(optional={"contextId": _SOME}, extra=True)
_TAGS = Record(extra=True)
_MOMENT = Text(format="date-time")


def _kind(word: str) -> Text:
    return Text(enum=(word,))


EMBEDDED_LINKS: dict[str, Record] = {
    "END": Record(required={"linkType": _kind("END")}, optional={"from": _POINTER, "tags": _TAGS}),
    "PATH": Record(
        required={"linkType": _kind("PATH"), "from": _POINTER}, optional={"tags": _TAGS}
    ),
    "RELATION": Record(
        required={"linkType": _kind("RELATION"), "linkKind": _SOME, "target": _TARGET},
        optional={"tags": _TAGS},
    ),
}
"""The links that travel inside an event, by `linkType` (links.md, "Embedded")."""

_SEPARATE: dict[str, Shape] = {"chainId": _SOME, "timestamp": _MOMENT}

SEPARATE_LINKS: dict[str, Record] = {
    "END": Record(
        required={**_SEPARATE, "linkType": _kind("END"), "from": _POINTER, "end": _POINTER},
        optional={"tags": _TAGS},
    ),
    "PATH": Record(
        required={**_SEPARATE, "linkType": _kind("PATH"), "from": _POINTER, "to": _POINTER},
        optional={"tags": _TAGS},
    ),
    "RELATION": Record(
        required={
            **_SEPARATE,
            "linkType": _kind("RELATION"),
            "source": _POINTER,
            "target": _POINTER,
        },
        optional={"linkKind": _SOME, "tags": _TAGS},
    ),
    "START": Record(
        required={**_SEPARATE, "linkType": _kind("START"), "start": _POINTER},
        optional={"tags": _TAGS},
    ),
}
"""The links that are sent on their own, by `linkType` (links.md, "Separate")."""
