"""Every call on the page of reports is run: it accepts what such a report leaves open, no more."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cdkit.cli.main import GROUP
from cdkit.core.verdict import Answer, Verdict
from cdkit.steps.scan_image import run
from cdkit.steps.scan_options import ScanImageOptions
from tests.docs.test_docs import ROOT, fences
from tests.image.layouts import single
from tests.scan import samples
from tests.scan.doubles import METADATA
from tests.scan.test_scanners import data
from tests.worlds import world

PAGE = "docs/scan-reports.md"
OF_DIGEST, OF_CONFIG = "sha256:" + "5" * 64, "sha256:" + "2" * 64

Json = dict[str, Any]


def _calls() -> list[tuple[str, ...]]:
    texts = [text.replace("\\\n", " ") for page, text in fences("sh") if page == PAGE]
    lines = [line for text in texts for line in text.splitlines() if line.startswith("cdkit ")]
    return [tuple(shlex.split(line)[2:]) for line in lines]


def _trivy(said: Json, config: str) -> None:
    said["Metadata"]["ImageID"], said["CreatedAt"] = config, "2026-11-23T11:00:00Z"


def _grype(said: Json, _: str) -> None:
    said["matches"] = []


def _packages(said: Json, _: str) -> None:
    said["vulnerabilities"] = []


def _scout(said: Json, _: str) -> None:
    del said["runs"][0]["properties"]
    said["runs"][0]["results"] = []


def _snyk(said: Json, _: str) -> None:
    said |= {"vulnerabilities": [], "ok": True, "uniqueCount": 0}


def _clair(said: Json, _: str) -> None:
    said |= {"vulnerabilities": {}, "package_vulnerabilities": {}}


def _ecr(said: Json, _: str) -> None:
    said["imageScanFindings"] |= {"enhancedFindings": [], "findingSeverityCounts": {}}


def _inspector(said: Json, _: str) -> None:
    said["sbom"]["vulnerabilities"] = []
    for counted in said["sbom"]["metadata"]["properties"]:
        counted["value"] = "0"


def _osv(said: Json, _: str) -> None:
    for result in said["results"]:
        for held in result["packages"]:
            held |= {"vulnerabilities": [], "groups": []}


CLEANED: dict[str, tuple[str, Callable[[Json, str], None]]] = {
    "trivy.json": ("trivy/0.68.2/clean.json", _trivy),
    "grype.json": ("grype/0.104.0/alpine.json", _grype),
    "packages.json": ("cyclonedx/1.6/grype.json", _packages),
    "scout.json": ("sarif/2.1.0/scout.json", _scout),
    "snyk.json": ("snyk/1.1300/debian.json", _snyk),
    "clair.json": ("clair/4.8/alpine.json", _clair),
    "ecr.json": ("inspector/ecr/enhanced.json", _ecr),
    "inspector.json": ("cyclonedx/1.5/inspector.json", _inspector),
    "osv.json": ("osv/2.2/debian.json", _osv),
}


def _prepare(names: tuple[str, ...], folder: Path) -> None:
    """Put the image, Trivy's database, and clean reports of the image where the call wants them."""
    layout, digest, config = single(folder / "image.tar", samples.SAMPLES["clean"])
    held = json.loads((layout / "blobs" / config.replace(":", "/")).read_text())
    for name in names:
        path, clean = CLEANED[name]
        text = data(path).decode().replace(OF_DIGEST, digest).replace(OF_CONFIG, config)
        said = json.loads(text)
        clean(said, config)
        if "image_metadata" in said:
            layers = [{"diff_id": one} for one in held["rootfs"]["diff_ids"]]
            said["image_metadata"]["layer_metadata"] = layers
        (folder / name).write_text(json.dumps(said))
    (folder / "~/.cache/trivy/db").mkdir(parents=True)
    (folder / "~/.cache/trivy/db/metadata.json").write_bytes(METADATA)


def _reports(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for before, word in pairwise(words) if before == "--report")


def _verdict(words: tuple[str, ...], folder: Path) -> Verdict:
    command = GROUP.get_command(None, "scan-image")  # type: ignore[arg-type]
    assert command is not None
    given = command.make_context("scan-image", list(words)).params
    names = ScanImageOptions.__struct_fields__
    chosen = {name: value for name, value in given.items() if value and name in names}
    return run(ScanImageOptions(**chosen), world(folder)).verdict


def _without(words: tuple[str, ...], at: int) -> tuple[str, ...]:
    return (*words[:at], *words[at + 2 :])


@pytest.mark.parametrize("words", _calls(), ids=lambda words: "+".join(_reports(words)))
def test_a_clean_report_passes_with_what_the_page_accepts_and_not_with_less(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    _prepare(_reports(words), tmp_path)

    assert _verdict(words, tmp_path).is_yes
    needed = {"--accept", "--db"} | ({"--report"} if len(_reports(words)) > 1 else set())
    for at in (at for at, word in enumerate(words) if word in needed):
        assert _verdict(_without(words, at), tmp_path).answer is Answer.CANNOT_TELL, words[at + 1]


def test_the_page_shows_every_format_that_is_read_and_says_what_it_was_tried_with() -> None:
    sections = re.split(r"^## ", (ROOT / PAGE).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]

    assert {name for words in _calls() for name in _reports(words)} == set(CLEANED)
    untried = {one.partition("\n")[0] for one in sections if "Tried with" not in one}
    assert untried == {"Any other"}
