"""Golden cases of tags: a run (its variables and its event), rules, and the tags that follow."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from cdkit.ci.detect import detect
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.oci.reference import is_tag
from cdkit.core.verdict import Answer
from cdkit.core.world import World
from cdkit.image.tags.labels import PREFIX
from cdkit.steps.tag_image import TagImageOptions, TagImageOutputs, run
from tests.worlds import FakeGit, world

CASES = Path(__file__).parents[2] / "cases" / "image" / "tags"
EVENTS: dict[str, Any] = yaml.safe_load((CASES / "events.yaml").read_text(encoding="utf-8"))
AT = datetime(2020, 1, 10, 0, 30, tzinfo=UTC)
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/orders",
    "GITHUB_RUN_ID": "16512345678",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_SHA": "860c1904a1ce19322e91ac35af1ab07466440c37",
}
REPOSITORY = "ghcr.io/acme/orders"


def run_of(event: str, folder: Path) -> World:
    """The world of a run, which has no git checkout."""
    found = EVENTS[event]
    environ = dict(found["environ"])
    if "GITHUB_REF" in environ:
        environ |= GITHUB
    if "payload" in found:
        (folder / "event.json").write_text(json.dumps(found["payload"]), encoding="utf-8")
        environ["GITHUB_EVENT_PATH"] = str(folder / "event.json")
    context = detect(environ).read(environ)
    return world(folder, now=AT, environ=environ, context=context, git=FakeGit(at=None))


def cases() -> list[Any]:
    return [
        pytest.param(case, id=f"{path.stem}: {case['name']}")
        for path in sorted(CASES.glob("*.yaml"))
        if path.name != "events.yaml"
        for case in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


def options_of(case: dict[str, Any]) -> TagImageOptions:
    about = {"name", "event", "is", "labelled", "wrong", "cannot-tell"}
    given = {key.replace("-", "_"): value for key, value in case.items() if key not in about}
    lists: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in given.items()
    }
    return TagImageOptions(repository=REPOSITORY, **lists)


@pytest.mark.parametrize("case", cases())
def test_a_run_gets_its_tags(case: dict[str, Any], tmp_path: Path) -> None:
    outside = run_of(case["event"], tmp_path)
    if said := case.get("wrong"):
        with pytest.raises(RequestError) as wrong:
            run(options_of(case), outside)
        assert said in wrong.value.what
        return
    if said := case.get("cannot-tell"):
        with pytest.raises(CannotTell) as unknown:
            run(options_of(case), outside)
        assert said in unknown.value.what
        return
    outcome = run(options_of(case), outside)
    outputs = outcome.outputs
    assert isinstance(outputs, TagImageOutputs)
    tags = case["is"]
    assert outputs.tag_names.split() == tags
    assert outputs.tags.split() == [f"{REPOSITORY}:{tag}" for tag in tags]
    assert outputs.version == (tags[0] if tags else "")
    assert all(map(is_tag, tags))
    assert outcome.verdict.answer is (Answer.YES if tags else Answer.CANNOT_TELL)
    if "labelled" in case:
        lines = [line.partition("=") for line in outputs.labels.split("\n")]
        found = {name.removeprefix(PREFIX): text for name, _, text in lines}
        assert found == case["labelled"]


def test_every_run_is_in_a_case() -> None:
    used = {parameter.values[0]["event"] for parameter in cases()}
    assert used == set(EVENTS)
