"""A GitLab project of its own for a test, with components, a pipeline, and a `cdkit` that tells."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.actions.conftest import commit
from tests.parts.gitlab import Gitlab, Pipeline

IMAGE = f"registry.example.com/cdkit@sha256:{'a' * 64}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Project:
    """A GitLab project that holds the components, and includes them in its own pipeline.

    Its `cdkit` is a program that writes down how it was called, and exits with the code that the
    variable EXIT of its job says, or the file `exit-<job>`.
    """

    folder: Path
    gitlab: Gitlab

    def run(self, *includes: Mapping[str, Any], jobs: Mapping[str, Any] | None = None) -> Pipeline:
        """Commit a pipeline of these components and jobs, and run it."""
        pipeline = {"include": list(includes), **(jobs or {})}
        (self.folder / ".gitlab-ci.yml").write_text(yaml.safe_dump(pipeline, sort_keys=False))
        commit(self.folder)
        return self.gitlab.run(self.folder, path=str(self.folder.parent / "bin"))

    def told(self, name: str = "ask") -> dict[str, str]:
        """Return the environment that `cdkit <name>` was called with."""
        environ: dict[str, str] = json.loads((self.folder / f"told/{name}.json").read_text())
        return environ


def include(step: str, **inputs: str | Sequence[str]) -> dict[str, Any]:
    given = {key.replace("_", "-"): value for key, value in inputs.items()}
    where = f"$CI_SERVER_FQDN/$CI_PROJECT_PATH/{step}@$CI_COMMIT_SHA"
    job = {} if step == "base" else {"job-artifacts": ["told/"]}
    return {"component": where, "inputs": {"job-image": IMAGE, **job, **given}}


TELLS = f"""#!{sys.executable}
import json, os, pathlib, sys
folder = pathlib.Path("told")
folder.mkdir(exist_ok=True)
(folder / (os.environ["CI_JOB_NAME"] + ".json")).write_text(json.dumps(dict(os.environ)))
pathlib.Path("gl-code-quality.json").write_text("[]")
outputs = "CDKIT_IMAGE=localhost/orders@sha256:" + "b" * 64 + "\\nCDKIT_REFERENCE=orders:7\\n"
pathlib.Path(os.environ["CDKIT_DOTENV"]).write_text(outputs)
print("called with", *sys.argv[1:])
said = pathlib.Path("exit-" + os.environ["CI_JOB_NAME"])
sys.exit(int(said.read_text() if said.exists() else os.environ.get("EXIT", "0")))
"""


def lay(folder: Path, files: Mapping[str, str], gitlab: Gitlab) -> Project:
    """Lay a project whose repository holds these files."""
    repository, commands = folder / "orders", folder / "bin"
    for path, text in files.items():
        (repository / path).parent.mkdir(parents=True, exist_ok=True)
        (repository / path).write_text(text)
    commands.mkdir()
    (commands / "cdkit").write_text(TELLS)
    (commands / "cdkit").chmod(0o755)
    where = "https://gitlab.example.com/acme/orders.git"
    subprocess.run(["git", "init", "--quiet", "-b", "main", str(repository)], check=True)
    subprocess.run(["git", "-C", str(repository), "remote", "add", "origin", where], check=True)
    return Project(folder=repository, gitlab=gitlab)
