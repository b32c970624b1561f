"""Every key of a policy is explained, with an example that is one, and stands in the guide."""

from pathlib import Path

import msgspec
import pytest

from cdkit.gate.keys import KEYS
from cdkit.gate.policy import Policy, Requirement, Stage
from cdkit.gate.read import read_policy

GUIDE = Path(__file__).parents[2] / "docs" / "policy.md"


def names(*structs: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for one in structs for field in msgspec.structs.fields(one)}


def test_every_key_is_explained_and_no_other() -> None:
    assert set(KEYS) == names(Policy, Stage, Requirement) - {"version", "name"}


@pytest.mark.parametrize("name", KEYS)
def test_every_key_stands_in_the_guide(name: str) -> None:
    assert name in GUIDE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", KEYS)
def test_every_example_is_part_of_a_policy(name: str) -> None:
    example = KEYS[name].example
    keys = KEYS["signers"].example if name == "signed-by" else ""
    if name in names(Policy):
        stage = "{name: delivery, enter: [{evidence: vulnerabilities}]}"
        more = "" if name == "stages" else f"stages: [{stage}]\n"
        text = f"version: 1\n{more}{keys}\n{example}\n"
    elif name in names(Stage):
        text = f"version: 1\nstages:\n  - name: a\n    {example}\n"
    else:
        kind = {"contracts": "migrations", "stage": "decision"}.get(name, "unit")
        first = "" if name == "evidence" else f"evidence: {kind}\n        "
        text = f"version: 1\n{keys}\nstages:\n  - name: a\n    enter:\n      - {first}{example}\n"
    assert read_policy(text.encode(), where="policy.yaml").version == 1
