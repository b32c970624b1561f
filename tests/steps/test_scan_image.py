from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdkit.core.context import BuildContext
from cdkit.core.documents.document import Replay
from cdkit.core.documents.kinds import Findings
from cdkit.core.doors.clock import SystemClock
from cdkit.core.doors.engine import DockerEngine
from cdkit.core.doors.http import RequestsHttp
from cdkit.core.errors import CannotTell, CdkitError, ConfigError, RequestError
from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.steps.scan_image import run
from cdkit.steps.scan_options import ScanImageOptions, ScanImageOutputs
from tests.core.serving import Answer as HttpAnswer
from tests.core.serving import serving
from tests.image.layouts import Layout, single
from tests.parts import vulndb
from tests.scan import samples
from tests.scan.doubles import METADATA, FakeEngine
from tests.scan.test_obtain import report_of
from tests.scan.test_trivy import sample
from tests.worlds import NOW, FakeGit, StandingClock, world

NAME = "registry.example.com/acme/orders"
ORDERS = Path(__file__).resolve().parents[2] / "examples" / "orders"


def _prepare(folder: Path, base: str = "clean") -> str:
    """A layout, a report of it and a database's metadata in a folder; return the digest."""
    _, digest, config = single(folder / "image", samples.SAMPLES[base])
    (folder / "report.json").write_bytes(report_of(config, base))
    (folder / "cache/db").mkdir(parents=True, exist_ok=True)
    (folder / "cache/db/metadata.json").write_bytes(METADATA)
    return digest


def _options(**changes: object) -> ScanImageOptions:
    made = {"layout": "image", "reports": ("report.json",), "database": "cache", **changes}
    return ScanImageOptions(**made)  # type: ignore[arg-type]


def _outputs(outcome: Outcome) -> ScanImageOutputs:
    assert isinstance(outcome.outputs, ScanImageOutputs)
    return outcome.outputs


def test_a_report_of_secrets_alone_says_nothing_of_vulnerabilities(tmp_path: Path) -> None:
    _prepare(tmp_path)
    made = json.loads((tmp_path / "report.json").read_text())
    secret = {"RuleID": "made", "Category": "general", "Severity": "LOW", "Title": "Made"}
    made["Results"].append({"Target": "/a", "Class": "secret", "Secrets": [secret]})
    (tmp_path / "report.json").write_text(json.dumps(made))

    outcome = run(_options(), world(tmp_path))

    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert [reason.rule for reason in outcome.verdict.reasons] == ["not-looked-for"]


def test_a_clean_report_of_this_very_image_is_yes(tmp_path: Path) -> None:
    digest = _prepare(tmp_path)

    outcome = run(_options(image=f"{NAME}@{digest}"), world(tmp_path))

    assert outcome.verdict.is_yes
    assert outcome.subjects[0].name == NAME
    assert outcome.subjects[0].keys() == {digest}
    document = outcome.document
    assert isinstance(document, Findings)
    assert document.evidence == "vulnerabilities"
    assert document.examined == {"platforms": 1, "packages": 2}
    assert document.tool.database is not None
    assert _outputs(outcome).packages == "2"


def test_vulnerabilities_are_no_and_counted(tmp_path: Path) -> None:
    _prepare(tmp_path, "findings")

    outcome = run(_options(), world(tmp_path))

    outputs = _outputs(outcome)
    assert outcome.verdict.answer is Answer.NO
    counts = (outputs.critical, outputs.high, outputs.medium, outputs.low, outputs.unknown)
    assert counts == ("1", "2", "0", "1", "1")
    assert outcome.headline == "3 fail at once; 1 critical, 2 high, 1 low, 1 unknown"
    assert outcome.tables[0].rows[0] == (
        "upgrade made-ssl from 3.5.0-r0 to 3.5.1-r1",
        "CVE-2026-91001",
        "critical",
        "fails",
    )
    assert {rule.id for rule in outcome.rules} == {f"CVE-2026-9100{n}" for n in (1, 2, 3, 4)}


@pytest.mark.parametrize("fail_on", ["low", "medium", "high", "critical"])
def test_the_threshold_is_the_users(tmp_path: Path, fail_on: str) -> None:
    _prepare(tmp_path, "findings")

    verdict = run(_options(fail_on=fail_on), world(tmp_path)).verdict

    rules = {reason.rule for reason in verdict.reasons if reason.answer is Answer.NO}
    assert ("CVE-2026-91002" in rules) == (fail_on == "low")
    assert ("CVE-2026-91004" in rules) == (fail_on != "critical")


def test_vulnerabilities_are_looked_for_whatever_else_is_asked(tmp_path: Path) -> None:
    _prepare(tmp_path)
    engine = FakeEngine()

    options = _options(reports=(), database="", look_for=("secrets",))
    run(options, replace(world(tmp_path), engine=engine))

    (container,) = engine.ran
    at = container.command.index("--scanners")
    assert container.command[at + 1] == "vuln,secret"


def test_a_report_of_another_image_is_cannot_tell(tmp_path: Path) -> None:
    _prepare(tmp_path)
    (tmp_path / "report.json").write_bytes(sample("findings"))

    verdict = run(_options(), world(tmp_path)).verdict

    assert verdict.answer is Answer.CANNOT_TELL
    assert [reason.rule for reason in verdict.reasons] == ["other-image"]


def test_a_made_report_cannot_show_its_filters_and_that_is_said(tmp_path: Path) -> None:
    _prepare(tmp_path)
    report = json.loads((tmp_path / "report.json").read_bytes())
    report["Results"][0]["ExperimentalModifiedFindings"] = [{"Status": "ignored"}]
    (tmp_path / "report.json").write_text(json.dumps(report))

    (note,) = run(_options(), world(tmp_path)).notes

    assert note.startswith("report.json was made elsewhere")
    assert note.endswith("It says that 1 findings were kept out.")


def test_a_layout_of_another_image_is_cannot_tell(tmp_path: Path) -> None:
    _prepare(tmp_path)

    with pytest.raises(CannotTell, match="does not hold"):
        run(_options(image=f"{NAME}@sha256:{'0' * 64}"), world(tmp_path))


def test_one_of_two_platforms_is_not_the_whole_image(tmp_path: Path) -> None:
    layout = Layout()
    parts = [layout.manifest(samples.SAMPLES["clean"], f"linux/{a}") for a in ("amd64", "arm64")]
    layout.root(layout.index(*parts))
    layout.save(tmp_path / "image")
    config = json.loads(layout.blobs[parts[0]["digest"]])["config"]["digest"]
    (tmp_path / "report.json").write_bytes(report_of(config))
    (tmp_path / "cache/db").mkdir(parents=True)
    (tmp_path / "cache/db/metadata.json").write_bytes(METADATA)

    whole = run(_options(), world(tmp_path))
    part = run(_options(platform="linux/amd64"), world(tmp_path))

    assert whole.verdict.answer is Answer.CANNOT_TELL
    assert "linux/arm64" in whole.verdict.reasons[0].what
    assert part.verdict.is_yes
    assert any(
        note.startswith("Only linux/amd64 was judged; 1 more platforms are in the index.")
        for note in part.notes
    )
    (subject,) = part.subjects
    assert subject.keys() == {parts[0]["digest"]}
    assert _outputs(part).image == ""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (ScanImageOptions(), "no image is named"),
        (ScanImageOptions(image=f"{NAME}:v1"), "carries no digest"),
        (_options(accept=("stale-database",)), "no doubt 'stale-database'"),
        (_options(stale_after=0), "stale-after is 0"),
        (_options(timeout=-1), "timeout is -1"),
        (_options(platform="linux/s390x"), "holds no image for 'linux/s390x'"),
    ],
)
def test_a_wrong_request_is_refused(tmp_path: Path, options: ScanImageOptions, said: str) -> None:
    _prepare(tmp_path)

    with pytest.raises(RequestError, match=said):
        run(options, world(tmp_path))


EXCEPTIONS = """exceptions:
  - {id: CVE-2026-91001, reason: not reached, owner: team, expires: "2027-01-01"}
  - {id: CVE-2026-91004, reason: not reached, owner: team, expires: "2027-01-01"}
"""
ACCEPTING = {"accept": ("unknown-severity",), "exceptions": "exceptions.yaml"}


def test_exceptions_cover_and_are_counted(tmp_path: Path) -> None:
    _prepare(tmp_path, "findings")
    (tmp_path / "exceptions.yaml").write_text(EXCEPTIONS)

    outcome = run(_options(**ACCEPTING), world(tmp_path))

    assert outcome.verdict.is_yes
    assert _outputs(outcome).suppressed == "3"


def test_a_pull_request_cannot_except_itself(tmp_path: Path) -> None:
    _prepare(tmp_path, "findings")
    (tmp_path / "exceptions.yaml").write_text(EXCEPTIONS)
    context = BuildContext(system="github", pull_request="7", target_branch="main")

    verdict = run(_options(**ACCEPTING), world(tmp_path, context=context)).verdict

    assert verdict.answer is Answer.NO


def test_a_pull_request_has_the_exceptions_of_the_target_branch(tmp_path: Path) -> None:
    _prepare(tmp_path, "findings")
    context = BuildContext(system="github", branch="feature", default_branch="main")
    git = FakeGit(contents={("origin/main", "exceptions.yaml"): EXCEPTIONS.encode()})

    assert run(_options(**ACCEPTING), world(tmp_path, context=context, git=git)).verdict.is_yes


class _Shallow(FakeGit):
    def read(self, revision: str, path: str) -> bytes:
        raise CannotTell(f"{path}: {revision} was not fetched", remedy="fetch it")


def test_exceptions_that_cannot_be_read_on_the_target_branch_are_cannot_tell(
    tmp_path: Path,
) -> None:
    _prepare(tmp_path)
    context = BuildContext(system="github", target_branch="main")

    verdict = run(
        _options(exceptions="exceptions.yaml"), world(tmp_path, context=context, git=_Shallow())
    ).verdict

    assert verdict.answer is Answer.CANNOT_TELL
    assert verdict.reasons[0].remedy == "git fetch origin main before this step"


def test_a_faulty_exceptions_file_stops_the_step(tmp_path: Path) -> None:
    _prepare(tmp_path)
    (tmp_path / "exceptions.yaml").write_text(EXCEPTIONS.replace("owner", "ower"))

    with pytest.raises(ConfigError):
        run(_options(exceptions="exceptions.yaml"), world(tmp_path))


def test_an_expired_exception_counts_no_longer_and_is_named(tmp_path: Path) -> None:
    _prepare(tmp_path, "findings")
    (tmp_path / "exceptions.yaml").write_text(EXCEPTIONS.replace("2027-01-01", "2026-11-22"))

    verdict = run(_options(**ACCEPTING), world(tmp_path)).verdict

    assert verdict.answer is Answer.NO
    assert all("of team ended on 2026-11-22" in r.what for r in verdict.reasons)


def test_a_dockerfile_that_is_named_must_be_there(tmp_path: Path) -> None:
    _prepare(tmp_path)

    with pytest.raises(CdkitError):
        run(_options(dockerfile="Dockerfile.prod"), world(tmp_path))


def test_what_the_base_image_brought_is_told_as_one_thing_to_do(tmp_path: Path) -> None:
    _prepare(tmp_path, "findings")
    report = json.loads((tmp_path / "report.json").read_bytes())
    makers = ["base", "COPY site /", "COPY vendor /"]
    report["Metadata"]["ImageConfig"]["history"] = [{"created_by": maker} for maker in makers]
    (tmp_path / "report.json").write_text(json.dumps(report))
    lines = f"FROM alpine:3.22@sha256:{'a' * 64}\nCOPY site /\nCOPY vendor /\n"
    (tmp_path / "Dockerfile").write_text(lines)

    (table,) = run(_options(accept=("unknown-severity",)), world(tmp_path)).tables

    assert [row[0] for row in table.rows] == [
        "build on a newer base image: alpine:3.22 (Dockerfile:1) brings made-ssl, made-zip",
        "upgrade made-web from 2.1.0 to 2.1.4 or 3.0.2",
        "made-box 1.0-r0: no fix yet",
    ]


@pytest.mark.parametrize("folder", ["", "demo/bad"])
def test_the_examples_recordings_are_replayed_at_their_dockerfiles_lines(folder: str) -> None:
    replay = Replay(run="r", at="2026-11-23T12:00:00Z")
    outside = world(ORDERS / folder, now=NOW, replay=replay)

    outcome = run(ScanImageOptions(layout="image", recorded=("scan/trivy.json",)), outside)

    places = {finding.rule: finding.where for finding in outcome.findings}
    if folder:
        assert outcome.verdict.answer is Answer.NO
        assert places["CVE-2026-90003"] == "Dockerfile:5"
        assert places["CVE-2026-90004"] == "Dockerfile:5"
    else:
        assert outcome.verdict.is_yes
        assert places == {"CVE-2026-90002": "Dockerfile:3", "CVE-2026-90001": "Dockerfile:6"}
    assert isinstance(outcome.document, Findings)
    assert outcome.document.origin.replay == replay
    assert "replayed" in outcome.notes[0]


def test_without_a_layout_the_registry_says_what_the_image_holds(tmp_path: Path) -> None:
    digest = _prepare(tmp_path)
    blobs = {path.name: path.read_bytes() for path in (tmp_path / "image/blobs/sha256").iterdir()}
    kind = "application/vnd.oci.image.manifest.v1+json"

    with serving(
        lambda asked: HttpAnswer(200, {"Content-Type": kind}, blobs[asked.path.rpartition(":")[2]])
    ) as server:
        outside = world(tmp_path, http=RequestsHttp(StandingClock()))
        name = f"{server.address}/a/b@{digest}"
        outcome = run(_options(layout="", image=name), outside)

    assert outcome.verdict.is_yes


def test_an_image_that_cannot_be_looked_up_is_cannot_tell_with_the_way_out(tmp_path: Path) -> None:
    digest = _prepare(tmp_path)

    with pytest.raises(CannotTell) as caught:
        run(_options(layout="", image=f"{NAME}@{digest}"), world(tmp_path))

    assert "--layout" in caught.value.remedy


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.integers(0, 5000))
def test_a_report_that_is_cut_off_is_never_yes(tmp_path: Path, cut: int) -> None:
    _prepare(tmp_path)
    path = tmp_path / "report.json"
    path.write_bytes(path.read_bytes().rstrip()[:-1][:cut])

    outcome = run(_options(), world(tmp_path))

    assert outcome.verdict.answer is Answer.CANNOT_TELL


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(gone=st.sampled_from(["Results", "Metadata", "SchemaVersion", "ImageID", "OS", "Packages"]))
def test_a_report_that_lacks_what_makes_it_one_is_never_yes(tmp_path: Path, gone: str) -> None:
    _prepare(tmp_path)
    report = json.loads((tmp_path / "report.json").read_bytes())
    for level in (report, report["Metadata"], *report["Results"]):
        level.pop(gone, None)
    (tmp_path / "report.json").write_text(json.dumps(report))

    outcome = run(_options(), world(tmp_path))

    assert outcome.verdict.answer is Answer.CANNOT_TELL


@pytest.mark.needs("docker", "trivy")
def test_a_real_trivy_scans_the_example_live(tmp_path: Path, trivy_image: str) -> None:
    now = SystemClock().now()  # Trivy stamps its report with the machine's own time
    vulndb.write(tmp_path, ORDERS / "scan/advisories.yaml", now)
    options = ScanImageOptions(
        layout="image", scanner_image=trivy_image, database=str(tmp_path), by="docker"
    )
    outside = replace(world(ORDERS / "demo" / "bad", now=now), engine=DockerEngine())

    outcome = run(options, outside)

    assert outcome.verdict.answer is Answer.NO
    against = {(r.rule, str(r.where)) for r in outcome.verdict.reasons}
    assert against == {("CVE-2026-90003", "Dockerfile:5"), ("CVE-2026-90004", "Dockerfile:5")}
