"""Our schemas mean what the official ones mean, type by type."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from cdkit.core.errors import RequestError
from cdkit.events.catalogue import BY_SHORT_NAME, event_shape, find, schemas
from cdkit.events.strict import check
from cdkit.events.vocabulary import TYPES
from tests.events.samples import broken, sample

ROOT = Path(__file__).resolve().parents[2]
# Words of a schema that describe and rule out nothing; `$id` names the document itself.
SILENT = frozenset({"$schema", "$id", "title", "description", "default", "example"})


def official_folder() -> Path | None:
    """The folder of the official schemas: named by the environment, or beside this repository."""
    named = os.environ.get("CDKIT_SCHEMAS")
    if named:
        return Path(named) / "cdevents-0.5.1"
    return next(iter(ROOT.parent.glob("*/schemas/cdevents-0.5.1")), None)


OFFICIAL = official_folder()  # read at import: tests run in an environment without our variables
needs_official = pytest.mark.skipif(
    OFFICIAL is None, reason="the official schemas are not here: name their folder in CDKIT_SCHEMAS"
)
OURS = schemas()


def official(file: str) -> dict[str, Any]:
    assert OFFICIAL
    document: dict[str, Any] = json.loads((OFFICIAL / file).read_text())
    return document


def official_event(short: str) -> dict[str, Any]:
    return official(short.replace(".", "") + ".json")


def official_by_id() -> dict[str, dict[str, Any]]:
    assert OFFICIAL
    found = (json.loads(path.read_text()) for path in OFFICIAL.rglob("*.json"))
    return {document["$id"]: document for document in found}


def meaning(schema: Any, base: str = "", known: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401
    """A schema with references replaced and without what rules nothing out."""
    if isinstance(schema, list):
        return [meaning(part, base, known) for part in schema]
    if not isinstance(schema, dict):
        return schema
    base = schema.get("$id", base)
    told = {name: part for name, part in schema.items() if name not in SILENT}
    if reference := told.pop("$ref", None):
        target = f"{base.rsplit('/', 1)[0]}/{reference}"
        assert known is not None
        return {**meaning(known[target], target, known), **meaning(told, base, known)}
    if isinstance(told.get("properties"), dict):
        properties = told["properties"].items()
        told["properties"] = {name: meaning(part, base, known) for name, part in properties}
    rest = {k: meaning(v, base, known) for k, v in told.items() if k != "properties"}
    return tidy({**rest, **({"properties": told["properties"]} if "properties" in told else {})})


def tidy(schema: dict[str, Any]) -> dict[str, Any]:
    """Drop what is the default, and sort what has no order."""
    if schema.get("additionalProperties") is True:
        del schema["additionalProperties"]
    if not schema.get("properties", True):
        del schema["properties"]
    if not schema.get("required", True):
        del schema["required"]
    for name in ("required", "enum"):
        if name in schema:
            schema[name] = sorted(schema[name])
    return schema


@needs_official
@pytest.mark.parametrize("short", sorted(BY_SHORT_NAME))
def test_our_schema_of_a_type_says_what_the_official_one_says(short: str) -> None:
    theirs = official_event(short)
    assert meaning(OURS[short]) == meaning(theirs, known=official_by_id())


@needs_official
def test_our_schema_of_custom_events_says_what_the_official_one_says() -> None:
    theirs = official("custom/schema.json")
    assert meaning(OURS["custom"]) == meaning(theirs, known=official_by_id())


@needs_official
@pytest.mark.parametrize("word", ["start", "end", "path", "relation"])
def test_our_schema_of_a_link_says_what_the_official_one_says(word: str) -> None:
    assert meaning(OURS[f"link.{word}"]) == meaning(official(f"links/link{word}.json"))


@needs_official
def test_the_catalogue_holds_every_official_type_and_no_other() -> None:
    assert OFFICIAL
    theirs = {
        json.loads(path.read_text())["properties"]["context"]["properties"]["type"]["enum"][0]
        for path in OFFICIAL.glob("*.json")
    }
    assert {kind.name for kind in TYPES} == theirs


@pytest.fixture(scope="module")
def validators() -> dict[str, Draft202012Validator]:
    registry: Registry[Any] = Registry()
    if OFFICIAL:
        documents = official_by_id()
        registry = registry.with_resources(
            (name, Resource.from_contents(document)) for name, document in documents.items()
        )
    return {
        kind.short: Draft202012Validator(
            official_event(kind.short),
            registry=registry,
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        )
        for kind in TYPES
        if OFFICIAL
    }


def ours(short: str) -> Draft202012Validator:
    return Draft202012Validator(OURS[short], format_checker=Draft202012Validator.FORMAT_CHECKER)


@needs_official
@pytest.mark.parametrize("full", [False, True], ids=["least", "most"])
@pytest.mark.parametrize("short", sorted(BY_SHORT_NAME))
def test_a_right_event_is_right_by_all_three(
    short: str,
    full: bool,  # noqa: FBT001 - a parameter of the test
    validators: dict[str, Draft202012Validator],
) -> None:
    event = sample(BY_SHORT_NAME[short], full=full)
    assert list(validators[short].iter_errors(event)) == []
    assert list(ours(short).iter_errors(event)) == []
    assert check(event) == ()


@needs_official
@pytest.mark.parametrize("short", sorted(BY_SHORT_NAME))
def test_a_broken_event_is_wrong_by_all_three(
    short: str, validators: dict[str, Draft202012Validator]
) -> None:
    kind = BY_SHORT_NAME[short]
    let_pass: list[str] = []
    for name, event in broken(sample(kind, full=True), event_shape(kind)):
        accepted = [
            who
            for who, right in (
                ("official", validators[short].is_valid(event)),
                ("schema", ours(short).is_valid(event)),
                ("check", not check(event)),
            )
            if right
        ]
        let_pass += [f"{who} accepts: {name}" for who in accepted]
    assert let_pass == []


def test_every_schema_is_itself_a_right_schema() -> None:
    for schema in OURS.values():
        Draft202012Validator.check_schema(schema)


def test_a_type_is_found_by_its_short_name() -> None:
    assert find("service.deployed").name == "dev.cdevents.service.deployed.0.3.0"


def test_a_type_is_found_by_its_full_name() -> None:
    assert find("dev.cdevents.change.created.0.4.0").short == "change.created"


def test_a_custom_type_is_found_by_its_form() -> None:
    kind = find("dev.cdeventsx.acme-rollout.paused.0.1.0")
    assert (kind.subject, kind.predicate) == ("acme-rollout", "paused")
    assert kind.name == "dev.cdeventsx.acme-rollout.paused.0.1.0"


def test_a_misspelt_type_is_answered_with_the_nearest() -> None:
    with pytest.raises(RequestError) as caught:
        find("service.deploy")
    assert "service.deployed" in caught.value.remedy


def test_a_misspelt_custom_type_is_answered_with_the_form() -> None:
    with pytest.raises(RequestError) as caught:
        find("dev.cdeventsx.acme-rollout.paused.0.10.0")
    assert caught.value.remedy.startswith("write dev.cdeventsx.<tool>-<subject>.<predicate>.0.1.0")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "dev.cdevents.service.deployed.0.1.0",
        "dev.cdeventsx.acme-rollout.paused.0.10.0",
        "dev.cdeventsx.acme-rollout.paused.0.1.0\n",
        "service.deployed\n",
    ],
)
def test_a_name_that_is_no_type_is_refused(name: str) -> None:
    with pytest.raises(RequestError, match="is not an event type of CDEvents"):
        find(name)
