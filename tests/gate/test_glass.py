"""Breaking the glass: one image, a person, some hours; refused to whoever nobody vouches for."""

from datetime import timedelta

import pytest
from msgspec import structs

from cdkit.core.documents.collected import Collected
from cdkit.core.documents.fact import Fact
from cdkit.core.verdict import Answer
from cdkit.gate.glass import Breaker, Broken, broken
from cdkit.gate.policy import BreakGlass, Policy
from cdkit.gate.subject import Request
from tests.evidence.doubles import IMAGE, IMAGE_KEY, fact, origin
from tests.gate.asking import UNIT, against, ask
from tests.gate.test_back import decision
from tests.worlds import NOW

ANN = Breaker(incident="INC-7", actor="ann", system="github")
REQUEST = Request(image=IMAGE, key=IMAGE_KEY, stage="deployment")


def breaking(breaker: Breaker = ANN, by: Policy = UNIT, *facts: Fact) -> Broken:
    return broken(ask(by=by), by, breaker, REQUEST, Collected(facts=facts), NOW)


def letting(*by: str, hours: int = 4) -> Policy:
    return structs.replace(UNIT, break_glass=BreakGlass(by=by, hours=hours))


def test_a_person_opens_the_gate_and_what_was_not_answered_stays_to_be_seen() -> None:
    found = breaking()
    assert found.ruling.verdict.answer is Answer.YES
    assert [r.what for r in found.ruling.verdict.reasons] == [
        (
            "ann broke the glass for INC-7, until 2026-11-23T16:00:00+00:00: 1 of 1 requirements"
            " are not answered with yes"
        )
    ]
    assert [one.answer for one in found.ruling.requirements] == [Answer.CANNOT_TELL, Answer.YES]
    assert found.until == NOW + timedelta(hours=4)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"system": "terminal"}, "nobody vouches for who breaks the glass here"),
        ({"system": ""}, "nobody vouches for who breaks the glass here"),
        ({"actor": ""}, "nobody vouches for who breaks the glass here"),
        ({"actor": "renovate[bot]"}, "renovate[bot] is no person"),
        ({"actor": "project_7_bot_5a50dd"}, "project_7_bot_5a50dd is no person"),
        ({"actor": "GitHub-Hookshot/044aadd"}, "GitHub-Hookshot/044aadd is no person"),
        ({"actor": "github-actions"}, "github-actions is no person"),
        ({"is_of_a_change": True}, "a change that is not merged breaks no glass"),
        ({"incident": ""}, "'' names no incident"),
        ({"incident": " "}, "' ' names no incident"),
        ({"incident": "a\nb"}, "'a\\nb' names no incident"),
    ],
)
def test_nobody_else_opens_it(changes: dict[str, object], what: str) -> None:
    found = breaking(structs.replace(ANN, **changes))
    assert found.ruling.verdict.answer is Answer.CANNOT_TELL
    assert against(found.ruling)[-1] == what
    assert found.until is None


def test_the_policy_may_say_who_for_how_long_or_nobody() -> None:
    assert breaking(ANN, letting("ann", "bob")).until is not None
    assert breaking(ANN, letting("Ann")).until is not None
    assert against(breaking(ANN, letting("bob")).ruling)[-1] == "ann may not break the glass"
    assert breaking(ANN, letting(hours=1)).until == NOW + timedelta(hours=1)
    shut = breaking(ANN, letting(hours=0)).ruling
    assert against(shut)[-1] == "the policy lets nobody break the glass"


def forced(at: str, incident: str = "INC-7") -> Fact:
    return fact(decision(origin=origin("check-gate", recorded_at=at), incident=incident))


def test_the_hours_of_an_incident_run_from_the_first_time() -> None:
    found = breaking(ANN, UNIT, forced("2026-11-23T10:00:00Z"))
    assert found.until == NOW + timedelta(hours=2)


def test_a_clock_from_the_future_makes_no_incident_last_longer() -> None:
    found = breaking(ANN, UNIT, forced("2099-01-01T00:00:00Z"))
    assert found.until == NOW + timedelta(hours=4)


def test_after_its_hours_an_incident_opens_nothing() -> None:
    found = breaking(ANN, UNIT, forced("2026-11-23T08:00:00Z"))
    assert found.until is None
    assert against(found.ruling)[-1] == (
        "the glass was broken for INC-7 already, until 2026-11-23T12:00:00+00:00"
    )
    other = breaking(ANN, UNIT, forced("2026-11-23T08:00:00Z", incident="INC-6"))
    assert other.until == NOW + timedelta(hours=4)
