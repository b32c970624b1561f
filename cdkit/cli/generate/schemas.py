"""The JSON Schemas: our documents and configuration from their structs, CDEvents from its facts."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from cdkit.cli.session import RUN, VERSION, Walk
from cdkit.core.documents.kinds import (
    Announcement,
    Decision,
    Deployment,
    Evidence,
    Findings,
    Identity,
    Waiver,
)
from cdkit.core.names import schema_id
from cdkit.core.step import AnyStep
from cdkit.events.catalogue import schemas as event_schemas
from cdkit.events.cdevents import custom_schema
from cdkit.gate.policy import Policy
from cdkit.image.pins.lock import ImageLock
from cdkit.migrations.baseline import LintBaseline
from cdkit.report.document import ReportDocument
from cdkit.scan.exceptions import Exceptions

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DOCUMENTS: dict[str, type[msgspec.Struct]] = {
    "identity": Identity,
    "findings": Findings,
    "evidence": Evidence,
    "decision": Decision,
    "waiver": Waiver,
    "deployment": Deployment,
    "announcement": Announcement,
    "report": ReportDocument,
    "policy": Policy,
    "exceptions": Exceptions,
    "image-lock": ImageLock,
    "lint-baseline": LintBaseline,
}
_STRICT = frozenset({"policy", "exceptions", "config", "image-lock", "lint-baseline"})
"""What people write: an unknown key is an error there, as it is when we read it."""


def schemas(steps: Sequence[AnyStep]) -> Mapping[str, str]:
    """Return every schema of ours: `schemas/<kind>/v1.json`, and those of the events."""
    made = {f"schemas/{kind}/v1.json": document(kind, of) for kind, of in _DOCUMENTS.items()}
    made["schemas/config/v1.json"] = configuration(steps)
    made["schemas/event-data/v1.json"] = custom_schema()
    for name, schema in event_schemas().items():
        made[f"schemas/cdevents/0.5.1/{name}.json"] = schema
    return {path: json.dumps(schema, indent=2) + "\n" for path, schema in made.items()}


def document(kind: str, struct: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the schema of one document or configuration file of ours."""
    ((schema,), definitions) = msgspec.json.schema_components(
        [struct], ref_template="#/$defs/{name}"
    )
    return _finished(kind, schema, definitions)


def configuration(steps: Sequence[AnyStep]) -> dict[str, Any]:
    """Return the schema of cdkit.yaml: one section a step, and the order of the walk."""
    structs = [Walk, *(step.options for step in steps)]
    found, definitions = msgspec.json.schema_components(structs, ref_template="#/$defs/{name}")
    names = [RUN, *(step.name for step in steps)]
    sections: dict[str, Any] = {VERSION: {"const": 1}}
    sections |= {
        name: {"anyOf": [schema, {"type": "null"}]}
        for name, schema in zip(names, found, strict=True)
    }
    whole = {"type": "object", "properties": sections, "additionalProperties": False}
    return _finished("config", whole, definitions)


def _finished(kind: str, schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if kind in _STRICT:
        for part in (schema, *definitions.values()):
            if "properties" in part:
                part["additionalProperties"] = False
    head = {"$schema": _DIALECT, "$id": schema_id(kind), "title": f"cdkit {kind}, version 1"}
    return {**head, **schema, "$defs": dict(sorted(definitions.items()))}
