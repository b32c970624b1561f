"""What is new since what runs: from one record to the next scan."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cdkit.core.context import BuildContext
from cdkit.core.digest import Digest
from cdkit.core.documents.kinds import Deployment, Findings, Identity, Made, Platform
from cdkit.core.documents.statement import state
from cdkit.core.errors import ConfigError, RequestError
from cdkit.core.oci.reference import parse_pinned
from cdkit.core.step import Outcome
from cdkit.core.subject import image_subject
from cdkit.core.verdict import Answer
from cdkit.core.world import World
from cdkit.evidence.store import open_store
from cdkit.steps.origin import origin_of
from cdkit.steps.scan_baseline import scans_of
from cdkit.steps.scan_image import run
from cdkit.steps.scan_options import ScanImageOptions
from tests.steps.test_scan_image import ACCEPTING, NAME, _outputs, _prepare
from tests.worlds import NOW, FakeGit, StandingClock, world

RECORDS = "records"


def scan(folder: Path, at: int = 0, **changes: Any) -> Outcome:  # noqa: ANN401 - any option
    """Scan the image in a folder `at` days after noon, with its real report of that day."""
    outside = on_day(folder, at)
    digest = _prepare(folder, "findings")
    for path in ("report.json", "cache/db/metadata.json"):
        text = (folder / path).read_text()
        day = f"{NOW + timedelta(days=at):%Y-%m-%d}"
        (folder / path).write_text(text.replace("2026-11-23", day))
    made: dict[str, Any] = {
        "image": f"{NAME}@{digest}",
        "layout": "image",
        "reports": ("report.json",),
        "database": "cache",
        "records": RECORDS,
        **changes,
    }
    return run(ScanImageOptions(**made), outside)


def on_day(folder: Path, at: int) -> World:
    return replace(world(folder), clock=StandingClock(NOW + timedelta(days=at)))


def keep(outcome: Outcome, folder: Path) -> str:
    """Put a scan's fact into the store; return the image that it is about."""
    assert outcome.document is not None
    outside = world(folder)
    open_store(RECORDS, outside).put(state(outcome.document, *outcome.subjects))
    return _outputs(outcome).image


def deploy(of: str, folder: Path, environment: str = "production", **changes: Any) -> None:  # noqa: ANN401
    outside = world(folder)
    reference = parse_pinned(of)
    assert reference.digest is not None
    document = Deployment(
        origin=origin_of(outside, "emit-event"),
        image=of,
        environment=environment,
        service="orders",
        status="deployed",
    )
    changed = msgspec.structs.replace(document, **changes)
    subject = image_subject(reference.name, reference.digest)
    open_store(RECORDS, outside).put(state(changed, subject))


@pytest.fixture
def running(tmp_path: Path) -> Path:
    """A folder whose records say that this image was scanned and runs in production."""
    image = keep(scan(tmp_path, accept=("unknown-severity",)), tmp_path)
    deploy(image, tmp_path)
    return tmp_path


def test_what_runs_already_blocks_nothing_and_goes_on_the_clock(running: Path) -> None:
    outcome = scan(running, at=1, accept=("unknown-severity",))

    outputs = _outputs(outcome)
    assert outcome.verdict.is_yes
    assert (outputs.new, outputs.clocked, outputs.overdue) == ("0", "3", "0")
    assert any("The first time ends on 2026-11-30: CVE-2026-91001" in n for n in outcome.notes)


def test_the_clock_runs_out(running: Path) -> None:
    outcome = scan(running, at=8, accept=("unknown-severity",))

    assert outcome.verdict.answer is Answer.NO
    (reason,) = (r for r in outcome.verdict.reasons if r.answer is Answer.NO)
    assert "production has it since 2026-11-23, and its time ended on 2026-11-30" in reason.what
    assert _outputs(outcome).overdue == "1"


def test_another_build_of_the_same_starts_no_clock_anew(running: Path) -> None:
    image = keep(scan(running, at=5, accept=("unknown-severity",)), running)
    deploy(image, running)

    assert _outputs(scan(running, at=8, accept=("unknown-severity",))).overdue == "1"


def test_the_days_are_the_users(running: Path) -> None:
    outcome = scan(running, at=8, accept=("unknown-severity",), clock={"critical": "10"})

    assert outcome.verdict.is_yes


def test_everything_counts_where_the_user_says_so(running: Path) -> None:
    assert scan(running, at=1, new_since="none").verdict.answer is Answer.NO


def test_without_a_deployment_everything_counts(tmp_path: Path) -> None:
    outcome = scan(tmp_path, new_since="production")

    assert outcome.verdict.answer is Answer.NO
    assert "Everything counts as new: no record says what runs in production." in outcome.notes


def test_a_deployed_image_that_nobody_scanned_makes_nothing_old(tmp_path: Path) -> None:
    image = f"{NAME}@sha256:{'a' * 64}"
    deploy(image, tmp_path)

    outcome = scan(tmp_path, new_since="production")

    assert outcome.verdict.answer is Answer.NO
    assert any(f"`cdkit scan-image --image {image}`" in note for note in outcome.notes)


@pytest.mark.parametrize(
    "changes",
    [
        {"image": f"registry.example.com/acme/billing@sha256:{'b' * 64}"},
        {"environment": "staging"},
        {"status": "removed"},
    ],
)
def test_what_is_deployed_of_others_elsewhere_or_no_more_is_no_baseline(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    image = keep(scan(tmp_path), tmp_path)
    deploy(changes.get("image", image), tmp_path, **changes)

    assert scan(tmp_path, at=1).verdict.answer is Answer.NO


def test_what_was_taken_out_is_no_baseline(running: Path) -> None:
    image = _outputs(scan(running)).image
    later = origin_of(on_day(running, 1), "emit-event")
    deploy(image, running, status="removed", origin=later)

    assert scan(running, at=2).verdict.answer is Answer.NO


def test_a_record_that_cannot_be_read_makes_nothing_old(running: Path) -> None:
    digest = _outputs(scan(running)).image.rpartition(":")[2]
    (running / RECORDS / "subjects/sha256" / digest / f"{'0' * 64}.json").write_text("{}")

    outcome = scan(running, at=1)

    assert outcome.verdict.answer is Answer.NO
    assert any("not every record of it can be read" in note for note in outcome.notes)


def test_the_record_holds_what_the_next_scan_needs(tmp_path: Path) -> None:
    document = scan(tmp_path).document

    assert isinstance(document, Findings)
    names = [(c.name, c.version, c.kind) for c in document.inventory]
    assert ("made-ssl", "3.5.0-r0", "os/alpine") in names
    assert len(document.known) == 5
    assert {one.since for one in document.known} == {"2026-11-23"}
    assert document.numbers["critical"] == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"thresholds": {"libary": "high"}}, "did you mean library"),
        ({"thresholds": {"os": "hihg"}}, "did you mean high"),
        ({"thresholds": {"path:": "high"}}, "no scope"),
        ({"grace": {"high": "soon"}}, "no number of days"),
        ({"clock": {"severe": "3"}}, "no severity"),
        ({"fail_on_cvss": 11.0}, "fail-on-cvss is 11"),
        ({"fail_on_epss": -0.5}, "fail-on-epss is -0.5"),
        ({"accept": ("stale-databse",)}, "no doubt"),
    ],
)
def test_an_option_that_makes_no_sense_is_a_wrong_request(
    tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(RequestError) as caught:
        scan(tmp_path, **options)

    assert said in f"{caught.value.what} {caught.value.remedy}"


def test_attacks_that_nobody_speaks_of_are_cannot_tell(tmp_path: Path) -> None:
    outcome = scan(tmp_path, fail_on_kev=True, fail_on="critical", thresholds={"os": "never"})

    assert {r.rule for r in outcome.verdict.reasons} >= {"untold-attacks"}


def test_an_old_catalogue_is_cannot_tell_where_it_decides(tmp_path: Path) -> None:
    (tmp_path / "kev.json").write_text(
        '{"dateReleased": "2026-10-01T00:00:00Z", "count": 1,'
        ' "vulnerabilities": [{"cveID": "CVE-1999-1000"}]}'
    )

    outcome = scan(tmp_path, fail_on_kev=True, kev="kev.json")

    assert "stale-feed" in {reason.rule for reason in outcome.verdict.reasons}


def test_a_file_on_attacks_that_decides_nothing_is_a_wrong_request(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="is given, and decides nothing"):
        scan(tmp_path, epss="epss.csv")
    with pytest.raises(RequestError, match="is given, and decides nothing"):
        scan(tmp_path, kev="kev.json")


def test_who_sees_that_something_low_fails_sees_that_it_is_exploited(tmp_path: Path) -> None:
    (tmp_path / "kev.json").write_text(
        '{"dateReleased": "2026-11-20T00:00:00Z", "count": 1, '
        '"vulnerabilities": [{"cveID": "CVE-2026-91002"}]}'
    )

    outcome = scan(tmp_path, fail_on="critical", fail_on_kev=True, kev="kev.json")

    (finding,) = [one for one in outcome.findings if one.rule == "CVE-2026-91002"]
    assert finding.message.endswith("nobody has fixed it (invented); known to be exploited")
    (rule,) = [one for one in outcome.rules if one.id == "CVE-2026-91002"]
    assert rule.title.endswith("nobody has fixed it (invented)")
    rows = {row[1]: row[3] for row in outcome.tables[0].rows}
    assert rows["CVE-2026-91002"] == "fails: known to be exploited"


def test_an_exception_is_found_by_an_alias_and_a_wrong_kind_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "e.yaml").write_text(
        "exceptions:\n- {id: a, reason: b, owner: c, expires: '2027-01-01', kind: weather}\n"
    )

    with pytest.raises(ConfigError, match="weather"):
        scan(tmp_path, exceptions="e.yaml")


def test_accepting_is_no_way_around_the_rest(running: Path) -> None:
    outcome = scan(running, at=8, **{k: v for k, v in ACCEPTING.items() if k == "accept"})

    assert outcome.verdict.answer is Answer.NO


def test_scores_that_cannot_be_read_hide_no_exploited_vulnerability(tmp_path: Path) -> None:
    (tmp_path / "epss.csv").write_text("cut")
    (tmp_path / "kev.json").write_text(
        '{"dateReleased": "2026-11-20T00:00:00Z", "count": 1, '
        '"vulnerabilities": [{"cveID": "CVE-2026-91002"}]}'
    )

    outcome = scan(
        tmp_path, fail_on="critical", fail_on_kev=True, kev="kev.json", fail_on_epss=0.5,
        epss="epss.csv",
    )  # fmt: skip

    answers = {reason.rule: reason.answer for reason in outcome.verdict.reasons}
    assert answers["CVE-2026-91002"] is Answer.NO
    assert any(str(reason.where) == "epss.csv" for reason in outcome.verdict.reasons)


CHANGE = BuildContext(system="github", pull_request="7", target_branch="main")


def _in_a_change(folder: Path, *committed: str) -> Outcome:
    """Scan what runs already in a pull request whose commit holds these files."""
    contents = dict.fromkeys((("HEAD", path) for path in committed), b"")
    outside = replace(on_day(folder, 0), context=CHANGE, git=FakeGit(contents=contents))
    options = ScanImageOptions(
        image=f"{NAME}@{_prepare(folder, 'findings')}",
        layout="image",
        reports=("report.json",),
        database="cache",
        records=RECORDS,
        accept=("unknown-severity",),
    )
    return run(options, outside)


def test_records_that_a_job_brought_along_are_a_baseline_in_a_change(running: Path) -> None:
    outcome = _in_a_change(running, "src/app.py")

    assert outcome.verdict.is_yes
    assert _outputs(outcome).clocked == "3"


@pytest.mark.parametrize("committed", ["records/by-subject/x.json", "records"])
def test_a_change_cannot_bring_its_own_records(running: Path, committed: str) -> None:
    outcome = _in_a_change(running, committed)

    assert outcome.verdict.answer is Answer.NO
    assert _outputs(outcome).new == "3"
    said = "Everything counts as new: records comes with the checkout of the change."
    assert said in outcome.notes


def identify(image: str, folder: Path, **changes: Any) -> None:  # noqa: ANN401
    outside = world(folder)
    reference = parse_pinned(image)
    assert reference.digest is not None
    document = Identity(
        origin=origin_of(outside, "tag-image"),
        image=image,
        repository=reference.name,
        digest=str(reference.digest),
    )
    changed = msgspec.structs.replace(document, **changes)
    open_store(RECORDS, outside).put(
        state(changed, image_subject(reference.name, reference.digest))
    )


ACCEPTED = ("unknown-severity",)


def _of_another_build(folder: Path, **changes: Any) -> Outcome:  # noqa: ANN401
    """Scan the image where another build of the only service is deployed that has the same."""
    image = keep(scan(folder, accept=ACCEPTED), folder)
    other = f"{NAME}@sha256:{'c' * 64}"
    fact = scan(folder, accept=ACCEPTED).document
    assert fact is not None
    digest = parse_pinned(other).digest
    assert digest is not None
    open_store(RECORDS, world(folder)).put(state(fact, image_subject(NAME, digest)))
    deploy(other, folder)
    if identity := changes.pop("identity", ""):
        identify(f"{identity}@{image.partition('@')[2]}", folder)
    return scan(folder, at=1, accept=ACCEPTED, image="", **changes)


def test_an_image_that_nothing_ties_to_the_only_service_gets_no_pass_by_it(tmp_path: Path) -> None:
    outcome = _of_another_build(tmp_path)

    assert outcome.verdict.answer is Answer.CANNOT_TELL
    (reason,) = (one for one in outcome.verdict.reasons if one.answer is Answer.CANNOT_TELL)
    assert reason.rule == "unnamed-service"
    assert reason.remedy.startswith("name it: --service orders, or --image ")
    assert _outputs(outcome).clocked == "3"


@pytest.mark.parametrize("named", [{"service": "orders"}, {"identity": NAME}])
def test_a_service_that_is_named_or_recorded_has_its_clock(
    tmp_path: Path, named: dict[str, str]
) -> None:
    outcome = _of_another_build(tmp_path, **named)

    assert outcome.verdict.is_yes
    assert _outputs(outcome).clocked == "3"


def test_an_image_that_is_recorded_as_anothers_has_no_clock(tmp_path: Path) -> None:
    outcome = _of_another_build(tmp_path, identity="registry.example.com/acme/billing")

    assert outcome.verdict.answer is Answer.NO
    assert _outputs(outcome).new == "3"


def test_what_runs_itself_needs_no_name(running: Path) -> None:
    outcome = scan(running, at=1, accept=ACCEPTED, image="")

    assert outcome.verdict.is_yes
    assert _outputs(outcome).clocked == "3"


def test_nothing_on_the_clock_needs_no_name(tmp_path: Path) -> None:
    outcome = _of_another_build(tmp_path, thresholds={"os": "never", "library": "never"})

    assert outcome.verdict.is_yes


@pytest.mark.parametrize(
    ("made", "day"),
    [
        (None, "2026-11-23"),
        (Made(started="2026-11-20T00:00:00Z"), "2026-11-20"),
        (Made(started="2026-11-24T00:00:00Z"), "2026-11-23"),
        (Made(undated=1), "2026-11-23"),
    ],
)
def test_what_a_report_could_not_know_is_counted_from_the_reports_own_day(
    tmp_path: Path, made: Made | None, day: str
) -> None:
    outcome = scan(tmp_path, accept=ACCEPTED)
    assert isinstance(outcome.document, Findings)
    document = msgspec.structs.replace(outcome.document, made=made)
    open_store(RECORDS, world(tmp_path)).put(state(document, *outcome.subjects))
    deploy(_outputs(outcome).image, tmp_path)

    notes = scan(tmp_path, at=1, accept=ACCEPTED).notes

    assert any(f"last scanned on {day}: what it has is not new" in note for note in notes)


@pytest.mark.parametrize("vouched", [True, False])
def test_scans_of_single_platforms_are_scans_of_the_deployed_image(
    tmp_path: Path, *, vouched: bool
) -> None:
    outside, reference = world(tmp_path), parse_pinned(f"{NAME}@sha256:{'1' * 64}")
    amd64 = Digest.parse(f"sha256:{'2' * 64}")
    outcome = scan(tmp_path, accept=("unknown-severity",))
    assert outcome.document is not None
    assert reference.digest is not None
    store = open_store(RECORDS, outside)
    store.put(state(outcome.document, image_subject(NAME, amd64)))
    identity = Identity(
        origin=origin_of(outside, "tag-image"),
        image=reference.pinned,
        repository=NAME,
        digest=str(reference.digest if vouched else Digest.parse(f"sha256:{'3' * 64}")),
        platforms=(Platform(platform="linux/amd64", digest=str(amd64)),),
    )
    store.put(state(identity, image_subject(NAME, reference.digest)))

    earlier = scans_of(reference.pinned, RECORDS, outside)

    assert len(earlier.moments) == vouched
    assert bool(earlier.packages) is vouched
    told = scans_of(reference.pinned, RECORDS, outside, frozenset({str(amd64)}))
    assert len(told.moments) == 1
