"""Runs a composite action on GitHub's own parser and expression engine, with a real bash."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.parts.node import Node

SCRIPT = Path(__file__).parent / "run_action.mjs"
SAMPLES = Path(__file__).parent / "samples"

#: One text with every trick in it: shell, quotes, workflow commands, environment files, Markdown.
HOSTILE = (SAMPLES / "hostile.txt").read_text().rstrip("\n")
#: What `${{ github.token }}` would give; see run_action.mjs.
TOKEN = "SECRET-TOKEN"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """One run: inputs as in `with:`, more environment, and where it stands."""

    workspace: Path
    temp: Path
    inputs: Mapping[str, str] = dataclasses.field(default_factory=dict)
    env: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Result:
    """What a run did.

    `given` is all that the steps put into GITHUB_OUTPUT, declared or not; `broken` names a line
    there that the runner would refuse.
    """

    case: Case
    code: int
    stdout: str
    stderr: str
    outputs: Mapping[str, str]
    given: Mapping[str, str]
    broken: str
    written: Mapping[str, str]
    commands: Sequence[Mapping[str, str]]

    def intrusions(self) -> list[str]:
        """What a hostile input has brought about, if anything."""
        files = [path.name for path in self.case.workspace.rglob("pwned*")]
        forged = [
            f"command {each}"
            for each in self.commands
            if each["properties"] == "title=forged" or each["message"].startswith("forged")
        ]
        keys = [f"output {name}" for name in self.given if "forged" in name]
        leaks = [TOKEN] if TOKEN in json.dumps([self.stdout, self.stderr, dict(self.given)]) else []
        env = [name for name in ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE") if self.written[name]]
        broken = [f"broken: {self.broken}"] if self.broken else []
        return [*files, *forged, *keys, *leaks, *env, *broken]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """What GitHub's packages say about an action, its contents, and its runs."""

    diagnostics: Sequence[str]
    declared: Mapping[str, Any]
    results: Sequence[Result]


def run(node: Node, action: Path, cases: Sequence[Case] = ()) -> Report:
    """Validate an action's file, then run each case in turn; after a diagnostic none runs."""
    asked = [
        {
            "inputs": dict(case.inputs),
            "env": dict(case.env),
            "workspace": str(case.workspace),
            "temp": str(case.temp),
        }
        for case in cases
    ]
    done = node.run(SCRIPT, stdin=json.dumps({"action": str(action), "cases": asked}))
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    results = [
        Result(case=case, **result) for case, result in zip(cases, said["cases"], strict=False)
    ]
    return Report(diagnostics=said["diagnostics"], declared=said["declared"], results=results)
