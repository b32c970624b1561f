"""Scanning what is deployed: a registry on loopback, and an engine that answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cdkit.core.documents.statement import state
from cdkit.core.doors.http import RequestsHttp
from cdkit.core.errors import CannotTell, NoInput, RequestError
from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.core.world import World
from cdkit.evidence.store import open_store
from cdkit.steps.scan_image import run
from cdkit.steps.scan_options import ScanImageOptions
from tests.core.serving import Answer as HttpAnswer
from tests.core.serving import serving
from tests.image.layouts import Layout, single
from tests.scan import samples
from tests.scan.doubles import FakeEngine
from tests.scan.test_obtain import report_of
from tests.steps.test_scan_image import _outputs
from tests.steps.test_scan_since import RECORDS, deploy, keep
from tests.worlds import NOW, StandingClock, world

KIND = "application/vnd.oci.image.manifest.v1+json"


@contextmanager
def registry(folder: Path, *names: str) -> Iterator[list[tuple[str, str]]]:
    """Serve the images of these samples; give each one's reference and config."""
    made = [single(folder / name, samples.SAMPLES[name]) for name in names]
    blobs = {
        path.name: path.read_bytes()
        for layout, _, _ in made
        for path in (layout / "blobs/sha256").iterdir()
    }

    def answer(asked: Any) -> HttpAnswer:  # noqa: ANN401 - what the server hands over
        data = blobs.get(asked.path.rpartition(":")[2])
        return HttpAnswer(200, {"Content-Type": KIND}, data) if data else HttpAnswer(404)

    with serving(answer) as server:
        yield [
            (f"{server.address}/acme/{n}@{d}", c) for n, (_, d, c) in zip(names, made, strict=True)
        ]


def outside(folder: Path, *reports: bytes, at: int = 0) -> World:
    made = world(folder, now=NOW + timedelta(days=at), http=RequestsHttp(StandingClock()))
    metadata = f'{{"Version": 2, "UpdatedAt": "{NOW + timedelta(days=at):%Y-%m-%d}T06:00:00Z"}}'
    return replace(made, engine=FakeEngine(reports=list(reports), metadata=metadata.encode()))


def watch(world_: World, **changes: Any) -> Outcome:  # noqa: ANN401 - any option
    given: dict[str, Any] = {"watch_list": True, "records": RECORDS, **changes}
    return run(ScanImageOptions(accept=("unknown-severity",), **given), world_)


def report(config: str, name: str, at: int = 0) -> bytes:
    day = f"{NOW + timedelta(days=at):%Y-%m-%d}"
    return report_of(config, name).replace(b"2026-11-23", day.encode())


def test_each_deployed_image_is_scanned_and_leaves_a_fact(tmp_path: Path) -> None:
    with registry(tmp_path, "findings", "clean") as ((one, config), (other, clean)):
        deploy(one, tmp_path)
        deploy(other, tmp_path, "staging")
        outcome = watch(outside(tmp_path, report(config, "findings"), report(clean, "clean")))

    assert outcome.verdict.is_yes
    assert outcome.document is not None
    assert len(outcome.more) == 1
    rows = {row[0]: row[1:] for row in outcome.tables[0].rows}
    assert rows[one] == ("orders in production", "yes", "3", "0")
    assert rows[other] == ("orders in staging", "yes", "0", "0")
    assert _outputs(outcome).image.splitlines() == [one, other]


def test_the_clock_runs_on_from_scan_to_scan_and_ends(tmp_path: Path) -> None:
    with registry(tmp_path, "findings") as ((image, config),):
        deploy(image, tmp_path)
        keep(watch(outside(tmp_path, report(config, "findings"))), tmp_path)
        late = watch(outside(tmp_path, report(config, "findings", 8), at=8))

    assert late.verdict.answer is Answer.NO
    assert _outputs(late).overdue == "1"
    (reason,) = (r for r in late.verdict.reasons if r.answer is Answer.NO)
    assert reason.what.startswith(f"{image}: critical: made-ssl")
    assert "orders in production has it since 2026-11-23" in reason.what


EXCEPTIONS = """\
exceptions:
  - {id: CVE-2026-91001, reason: not reachable, owner: team, expires: "2027-01-31"}
  - {id: CVE-2026-99999, reason: not there, owner: team, expires: "2027-01-31"}
"""


def test_what_one_image_has_and_another_has_too_stay_two_findings(tmp_path: Path) -> None:
    with registry(tmp_path / "a", "findings") as ((one, config),):
        host, _, rest = one.partition("/acme/findings")
        deploy(one, tmp_path)
        deploy(f"{host}/acme/billing{rest}", tmp_path, "staging")
        reports = [report(config, "findings"), report(config, "findings")]
        outcome = watch(outside(tmp_path, *reports))

    ssl = [found for found in outcome.findings if found.rule == "CVE-2026-91001"]
    assert len({found.fingerprint for found in ssl}) == 2
    assert [found.properties["runs"] for found in ssl] == [
        "orders in production",
        "orders in staging",
    ]
    web = [found.where for found in outcome.findings if found.rule == "CVE-2026-91004"]
    assert all(
        where.startswith((f"{host}/acme/findings/", f"{host}/acme/billing/")) for where in web
    )
    assert outcome.examined == "watch-list"
    assert [table.heading for table in outcome.tables] == [
        "What is deployed",
        "What to do: orders in production",
        "What to do: orders in staging",
    ]


def test_a_reason_names_a_file_of_this_machine_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "vex.json").write_text("no JSON")
    with registry(tmp_path, "findings") as ((image, config),):
        deploy(image, tmp_path)
        outcome = watch(outside(tmp_path, report(config, "findings")), vex=("vex.json",))

    unread = [r for r in outcome.verdict.reasons if r.where and "vex.json" in r.where.path]
    assert [r.where.path for r in unread if r.where] == ["vex.json"]


def test_an_exception_that_one_image_needs_is_not_unused(tmp_path: Path) -> None:
    (tmp_path / "exceptions.yaml").write_text(EXCEPTIONS)
    with registry(tmp_path, "findings", "clean") as ((one, config), (other, clean)):
        deploy(one, tmp_path)
        deploy(other, tmp_path, "staging")
        reports = [report(config, "findings"), report(clean, "clean")]
        outcome = watch(outside(tmp_path, *reports), exceptions="exceptions.yaml")

    unused = [note for note in outcome.notes if "covers nothing" in note]
    assert len(unused) == 1
    assert "CVE-2026-99999" in unused[0]


def test_an_exceptions_file_that_is_wrong_is_a_wrong_request(tmp_path: Path) -> None:
    (tmp_path / "exceptions.yaml").write_text("exceptions: [{id: CVE-1}]")
    with registry(tmp_path, "clean") as ((image, config),):
        deploy(image, tmp_path)
        with pytest.raises(RequestError):
            watch(outside(tmp_path, report(config, "clean")), exceptions="exceptions.yaml")


def test_an_image_that_cannot_be_pulled_stops_no_other(tmp_path: Path) -> None:
    with registry(tmp_path, "clean") as ((image, config),):
        gone = f"{image.rpartition('@')[0]}@sha256:{'0' * 64}"
        deploy(gone, tmp_path, "staging")
        deploy(image, tmp_path)
        outcome = watch(outside(tmp_path, report(config, "clean")))

    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert any(r.what.startswith(gone) for r in outcome.verdict.reasons)
    assert {row[0]: row[2] for row in outcome.tables[0].rows}[image] == "yes"


def test_one_environment_or_service_can_be_named(tmp_path: Path) -> None:
    with registry(tmp_path, "clean", "findings") as ((one, config), (other, _)):
        deploy(one, tmp_path)
        deploy(other, tmp_path, "staging")
        outcome = watch(outside(tmp_path, report(config, "clean")), new_since="production")

    assert [row[0] for row in outcome.tables[0].rows] == [one]


def test_nothing_deployed_is_no_input(tmp_path: Path) -> None:
    with pytest.raises(NoInput, match="no record says that anything is deployed"):
        watch(outside(tmp_path))


def test_records_that_cannot_be_read_are_no_list(tmp_path: Path) -> None:
    folder = tmp_path / RECORDS / "environments/production"
    folder.mkdir(parents=True)
    (folder / f"{'0' * 64}.json").write_text("{}")

    with pytest.raises(CannotTell):
        watch(outside(tmp_path))


@pytest.mark.parametrize(
    "changes",
    [
        {"image": f"registry.example.com/a@sha256:{'a' * 64}"},
        {"reports": ("r.json",)},
        {"records": "none"},
        {"write": {"cyclonedx": "sbom.json"}},
    ],
)
def test_what_does_not_go_with_a_watch_list_is_a_wrong_request(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    with pytest.raises(RequestError):
        watch(outside(tmp_path), **changes)


def test_a_record_of_a_scan_that_cannot_be_read_starts_no_clock_anew(tmp_path: Path) -> None:
    with registry(tmp_path, "findings") as ((image, config),):
        deploy(image, tmp_path)
        keep(watch(outside(tmp_path, report(config, "findings"))), tmp_path)
        deployed = {path.name for path in (tmp_path / "records/environments").rglob("*.json")}
        (scanned,) = (
            path
            for path in (tmp_path / "records/subjects").rglob("*.json")
            if path.name not in deployed
        )
        scanned.write_bytes(scanned.read_bytes()[:-9])
        late = watch(outside(tmp_path, report(config, "findings", 8), at=8))

    (doubt,) = (r for r in late.verdict.reasons if r.answer is Answer.CANNOT_TELL)
    assert "not every record of its scans can be read" in doubt.what


def test_an_attempt_that_scanned_nothing_moves_no_day(tmp_path: Path) -> None:
    with registry(tmp_path, "findings") as ((image, config),):
        deploy(image, tmp_path)
        keep(watch(outside(tmp_path, report(config, "clean"))), tmp_path)
        keep(watch(outside(tmp_path, b"no report", at=5)), tmp_path)
        late = watch(outside(tmp_path, report(config, "findings", 8), at=8))

    assert {found.properties["since"] for found in late.findings} == {f"{NOW:%Y-%m-%d}"}


def test_the_clock_of_one_platform_runs_from_watch_to_watch(tmp_path: Path) -> None:
    layout = Layout()
    parts = [layout.manifest(samples.SAMPLES["findings"], f"linux/{a}") for a in ("amd64", "s390x")]
    index = layout.index(*parts)
    config = json.loads(layout.blobs[parts[0]["digest"]])["config"]["digest"]

    def answer(asked: Any) -> HttpAnswer:  # noqa: ANN401 - what the server hands over
        digest = asked.path.rpartition("/")[2]
        kind = index["mediaType"] if digest == index["digest"] else KIND
        return HttpAnswer(200, {"Content-Type": kind}, layout.blobs[digest])

    with serving(answer) as server:
        image = f"{server.address}/acme/orders@{index['digest']}"
        deploy(image, tmp_path)
        for at, overdue in ((0, "0"), (8, "1")):
            around = outside(tmp_path, report(config, "findings", at), at=at)
            outcome = watch(around, platform="linux/amd64")
            assert outcome.document is not None
            (subject,) = outcome.subjects
            assert subject.keys() == {parts[0]["digest"]}
            assert _outputs(outcome).overdue == overdue
            open_store(RECORDS, around).put(state(outcome.document, subject))
