"""The pipeline of docs/gitlab.md runs as it stands there; only programs are stood in for."""

from __future__ import annotations

import dataclasses
import importlib
import json
import re
import sys
from pathlib import Path

import pytest

from cdkit.cli.generate.gitlab import gitlab as components
from cdkit.cli.table import STEPS
from tests.actions.checkout import ROOT
from tests.actions.conftest import commit
from tests.cli.gitlab_project import Project, lay
from tests.image import pushing
from tests.image.layouts import Layout, two_platforms
from tests.parts.gitlab import Gitlab, Pipeline
from tests.parts.registry import Registry

pytestmark = pytest.mark.needs("gitlab-ci-local")

PROGRAMS = {
    "make": '#!/bin/sh\nmkdir -p reports\nfor set in "$@"; do export "$set" 2>/dev/null; done\n'
    'echo "<testsuite/>" > "$REPORT"\n',
    "docker": '#!/bin/sh\necho "docker $*"\necho "of the push" > meta.json\n',
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Guided:
    """The guide's pipeline, after it ran."""

    project: Project
    pipeline: Pipeline


def snippet(holds: str) -> str:
    """Return the guide's pipeline that holds this text, with components of the project itself."""
    text = (ROOT / "docs/gitlab.md").read_text(encoding="utf-8")
    found = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (pipeline,) = [one for one in found if holds in one]
    ours = "$CI_SERVER_FQDN/$CI_PROJECT_PATH/"
    return str(pipeline.replace("$CI_SERVER_FQDN/platform/cdkit/", ours)).replace(
        "@1.0.0", "@$CI_COMMIT_SHA"
    )


def guided(folder: Path, gitlab: Gitlab, files: dict[str, str]) -> Guided:
    """Run the guide's pipeline in a project that holds these files too."""
    pipeline = snippet("# .gitlab-ci.yml\n")
    steps = [importlib.import_module(entry.module).STEP for entry in STEPS]
    told = {
        path: one.replace('cdkit/"]', 'cdkit/", "told/"]')
        for path, one in components(steps).items()
    }
    deploy = '#!/bin/sh\necho "deploying $1"\n'
    project = lay(folder, {**told, ".gitlab-ci.yml": pipeline, "deploy": deploy, **files}, gitlab)
    (project.folder / "deploy").chmod(0o755)
    for name, program in PROGRAMS.items():
        (folder / "bin" / name).write_text(program)
        (folder / "bin" / name).chmod(0o755)
    commit(project.folder)
    variable = ("--variable", "CI_COMMIT_BEFORE_SHA=1234567")
    ran = gitlab.run(project.folder, *variable, path=str(folder / "bin"))
    return Guided(project=project, pipeline=ran)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, gitlab: Gitlab) -> Guided:
    """Every step says yes."""
    return guided(tmp_path_factory.mktemp("good"), gitlab, {})


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory, gitlab: Gitlab) -> Guided:
    """The linter and the gate say no."""
    files = {"exit-lint-migrations": "1", "exit-check-gate": "1"}
    return guided(tmp_path_factory.mktemp("closed"), gitlab, files)


def test_the_image_that_the_gate_let_in_is_deployed(good: Guided) -> None:
    assert good.pipeline.code == 0, good.pipeline.said
    assert f"deploying localhost/orders@sha256:{'b' * 64}" in good.pipeline.said


def test_the_image_is_built_under_the_name_that_the_step_gave_it(good: Guided) -> None:
    assert "docker buildx build --push --tag orders:7 " in good.pipeline.said


def test_what_buildx_left_reaches_the_step_that_verifies_it(good: Guided) -> None:
    told = good.project.told("verify-image")
    assert told["CDKIT_VERIFY_IMAGE_METADATA"] == "meta.json"
    assert (good.project.folder / "meta.json").read_text() == "of the push\n"


def test_the_linter_is_told_the_commit_before_the_push(good: Guided) -> None:
    assert good.project.told("lint-migrations")["CDKIT_LINT_MIGRATIONS_SINCE"] == "1234567"


def test_the_gate_is_told_the_image_and_the_stage(good: Guided) -> None:
    told = good.project.told("check-gate")
    assert told["CDKIT_IMAGE"] == f"localhost/orders@sha256:{'b' * 64}"
    assert told["CDKIT_CHECK_GATE_STAGE"] == "deployment"


def test_the_gate_decides_though_a_job_before_it_failed(closed: Guided) -> None:
    assert "called with check-gate" in closed.pipeline.said


def test_nothing_is_deployed_when_the_gate_is_closed(closed: Guided) -> None:
    assert re.search(r"^check-gate +finished in .* FAIL 1", closed.pipeline.said, re.MULTILINE)
    assert "deploying" not in closed.pipeline.said


#: `docker buildx build --push`, stood in for: skopeo pushes a layout, and the metadata is
#: hand-made after docs.docker.com, `docker buildx build`, "--metadata-file".
BUILDX = f"""#!{sys.executable}
import json, os, subprocess, sys
if sys.argv[1:] == ["buildx", "create", "--use"]:
    sys.exit()
tag, metadata = sys.argv[5], sys.argv[7]
assert sys.argv[1:5] + sys.argv[6:7] == ["buildx", "build", "--push", "--tag", "--metadata-file"]
copied = [*json.loads(os.environ["SKOPEO"]), "oci:" + os.environ["LAYOUT"] + ":v1"]
subprocess.run([*copied, "docker://" + tag], check=True)
root = json.load(open(os.environ["LAYOUT"] + "/index.json"))["manifests"][0]
result = {{"containerimage.descriptor": root, "containerimage.digest": root["digest"]}}
json.dump({{**result, "image.name": tag}}, open(metadata, "w"))
if os.environ.get("OVERTAKEN"):
    copied[-1] = "oci:" + os.environ["OVERTAKEN"] + ":v1"
    subprocess.run([*copied, "docker://" + tag], check=True)
"""
CDKIT = f"""#!/bin/sh
PYTHONPATH={ROOT} exec {sys.executable} -m cdkit "$@"
"""


def in_one_job(
    folder: Path, gitlab: Gitlab, registry: Registry, overtaken: str = ""
) -> tuple[Guided, str]:
    """Run the guide's one job with the real cdkit and a real registry; return the digest too."""
    layout, index, _ = two_platforms()
    layout.save(folder / "image")
    other = Layout()
    other.root(other.manifest(({"who": b"somebody else"},)))
    other.save(folder / "other")
    steps = [importlib.import_module(entry.module).STEP for entry in STEPS]
    deploy = '#!/bin/sh\necho "deploying $1"\n'
    files = {".gitlab-ci.yml": snippet("--dotenv image.env"), "deploy": deploy}
    project = lay(folder, {**components(steps), **files}, gitlab)
    (project.folder / "deploy").chmod(0o755)
    for name, program in {"docker": BUILDX, "cdkit": CDKIT}.items():
        (folder / "bin" / name).write_text(program)
        (folder / "bin" / name).chmod(0o755)
    commit(project.folder)
    told = {
        "CI_REGISTRY_IMAGE": f"{registry.address}/gitlab/{folder.name}",
        "LAYOUT": str(folder / "image"),
        "SKOPEO": json.dumps(pushing.SKOPEO),
        "OVERTAKEN": overtaken and str(folder / overtaken),
    }
    variables = [word for pair in told.items() for word in ("--variable", "=".join(pair))]
    ran = gitlab.run(project.folder, *variables, path=str(folder / "bin"))
    return Guided(project=project, pipeline=ran), index


@pytest.mark.needs("registry", "skopeo")
def test_one_job_names_builds_pushes_verifies_and_hands_the_image_on(
    tmp_path: Path, gitlab: Gitlab, registry: Registry
) -> None:
    ran, index = in_one_job(tmp_path, gitlab, registry)

    assert ran.pipeline.code == 0, ran.pipeline.said
    image = f"{registry.address}/gitlab/{tmp_path.name}@{index}"
    assert f"deploying {image}" in ran.pipeline.said
    assert (ran.project.folder / "image.env").read_text() == f"CDKIT_IMAGE={image}\n"


@pytest.mark.needs("registry", "skopeo")
def test_a_job_that_somebody_overtook_hands_nothing_on(
    tmp_path: Path, gitlab: Gitlab, registry: Registry
) -> None:
    ran, index = in_one_job(tmp_path, gitlab, registry, "other")

    assert re.search(r"^push +finished in .* FAIL 1", ran.pipeline.said, re.MULTILINE)
    assert f"and not {index}, which was pushed" in ran.pipeline.said
    assert "deploying" not in ran.pipeline.said
