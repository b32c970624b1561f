"""waive and review-glass: a person's word, whom the CI system vouches for."""

from pathlib import Path

import pytest

from cdkit.core.context import BuildContext
from cdkit.core.documents.kinds import Evidence, Waiver
from cdkit.core.documents.statement import state
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.step import Outcome
from cdkit.evidence.store import open_store
from cdkit.steps.review_glass import STEP as REVIEW
from cdkit.steps.review_glass import ReviewGlassOptions
from cdkit.steps.waive import STEP, WaiveOptions
from tests.evidence.doubles import IMAGE, SUBJECT, origin
from tests.gate.test_back import decision
from tests.worlds import world

ANN = BuildContext(system="github", actor="ann")
BOB = BuildContext(system="github", actor="bob")


def waive(folder: Path, context: BuildContext = ANN, **options: str) -> Outcome:
    usual = {
        "image": IMAGE,
        "requirement": "vulnerabilities",
        "reason": "not reachable",
        "expires": "2026-12-31",
    }
    return STEP.run(WaiveOptions(**(usual | options)), world(folder, context=context))  # type: ignore[arg-type]


def test_a_waiver_is_a_fact_in_the_name_of_who_started_the_job(tmp_path: Path) -> None:
    outcome = waive(tmp_path, rule="CVE-1", stage="delivery")
    found = outcome.document
    assert isinstance(found, Waiver)
    assert (found.requirement, found.rule, found.stage) == ("vulnerabilities", "CVE-1", "delivery")
    assert (found.origin.actor, found.expires) == ("ann", "2026-12-31")
    assert outcome.subjects == (SUBJECT,)


def test_a_change_that_is_not_merged_waives_nothing(tmp_path: Path) -> None:
    """Whoever runs its job again is the actor: of what somebody else wrote there."""
    for change in (
        BuildContext(system="github", actor="ann", pull_request="7"),
        BuildContext(system="github", actor="ann", event="pull_request_target", branch="main"),
    ):
        with pytest.raises(CannotTell, match="a change that is not merged waives nothing"):
            waive(tmp_path, change)


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"reason": " "}, "reason"),
        ({"requirement": ""}, "requirement"),
        ({"requirement": "identity"}, "requirement"),
        ({"expires": ""}, "expires"),
        ({"expires": "2026-11-22"}, "expires"),
        ({"expires": "2028-01-01"}, "expires"),
        ({"expires": "20261231"}, "expires"),
        ({"image": ""}, "image"),
        ({"image": "orders:latest"}, "image"),
    ],
)
def test_a_waiver_that_could_not_count_is_refused(
    tmp_path: Path, options: dict[str, str], where: str
) -> None:
    with pytest.raises(RequestError) as caught:
        waive(tmp_path, **options)  # type: ignore[arg-type]
    assert where in str(caught.value)


@pytest.mark.parametrize(
    "context", [BuildContext(system="terminal", actor="ann"), BuildContext(system="github")]
)
def test_where_nobody_vouches_for_a_person_nothing_is_waived(
    tmp_path: Path, context: BuildContext
) -> None:
    with pytest.raises(CannotTell, match="nobody vouches here for who waives"):
        waive(tmp_path, context)


def forced(folder: Path, *incidents: str) -> None:
    store = open_store(".cdkit/records", world(folder))
    for incident in incidents:
        document = decision(incident=incident, origin=origin("check-gate", actor="ann"))
        store.put(state(document, SUBJECT))


def review(folder: Path, context: BuildContext = BOB, **options: str) -> Outcome:
    usual = {"image": IMAGE, "comment": "a hotfix"}
    return REVIEW.run(ReviewGlassOptions(**(usual | options)), world(folder, context=context))  # type: ignore[arg-type]


def test_a_review_names_the_decision_and_what_came_of_it(tmp_path: Path) -> None:
    forced(tmp_path, "INC-1")
    found = review(tmp_path).document
    assert isinstance(found, Evidence)
    assert found.said["comment"] == "a hotfix"
    assert review(tmp_path, decision=found.said["decision"]).verdict.is_yes


def test_whoever_forced_it_does_not_review_it(tmp_path: Path) -> None:
    forced(tmp_path, "INC-1")
    with pytest.raises(CannotTell, match="must be another person than ann"):
        review(tmp_path, ANN)


def test_a_machine_looks_at_nothing(tmp_path: Path) -> None:
    forced(tmp_path, "INC-1")
    machine = BuildContext(system="github", actor="dependabot[bot]")
    with pytest.raises(CannotTell, match="is no person"):
        review(tmp_path, machine)
    assert review(tmp_path, BuildContext(system="github", actor="talbot")).verdict.is_yes


def test_of_several_one_must_be_named(tmp_path: Path) -> None:
    forced(tmp_path, "INC-1", "INC-2")
    with pytest.raises(CannotTell, match="2 forced decisions about this image are not reviewed"):
        review(tmp_path)
    with pytest.raises(CannotTell, match="was forced"):
        review(tmp_path, decision="sha256:" + "0" * 64)


@pytest.mark.parametrize("options", [{"comment": ""}, {"decision": "INC-1"}, {"image": ""}])
def test_a_review_of_nothing_is_refused(tmp_path: Path, options: dict[str, str]) -> None:
    forced(tmp_path, "INC-1")
    with pytest.raises(RequestError):
        review(tmp_path, **options)  # type: ignore[arg-type]
