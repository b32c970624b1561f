"""The passport as text: what it says, that it loads nothing, that foreign text stays text."""

import base64
import hashlib
import re
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdkit.core.documents.dossier import Release, Series, Stay
from cdkit.core.documents.kinds import (
    Approval,
    Decision,
    Deployment,
    Evidence,
    Failure,
    Findings,
    Made,
    PolicySource,
    Tool,
    Waiver,
)
from cdkit.core.finding import Location
from cdkit.core.verdict import cannot_tell, judge, no, yes
from cdkit.report.passport.page import passport
from cdkit.report.web.pieces import NONE, prose
from tests.evidence.doubles import IMAGE, IMAGE_KEY, evidence, fact, identity, origin
from tests.report.passport.dossiers import (
    REPLAY,
    decision,
    deployment,
    dossier,
    hostile,
    of_history,
)
from tests.report.reading import EVIL, Page
from tests.worlds import COMMIT, NOW, TREE

OTHER = IMAGE.replace("a" * 64, "b" * 64)


def shown(page: str) -> str:
    return Page(page).text


@pytest.mark.parametrize(
    "said",
    ["registry.example/orders", IMAGE_KEY, COMMIT, TREE, "As of 23 Nov 2026, 12:00"],
)
def test_it_says_what_the_image_is(said: str) -> None:
    assert said in shown(passport(dossier(identity())))


def test_an_image_without_an_identity_is_told_how_to_get_one() -> None:
    assert f"cdkit tag-image --digest {IMAGE}" in shown(passport(dossier(evidence())))


def test_a_decision_stands_with_its_requirement_and_a_link_to_the_fact() -> None:
    known = fact(evidence())
    page = passport(dossier(evidence(), decision()))
    assert "May it enter deployment? ✓ yes" in shown(page)
    assert f'<a href="#fact-{known.digest[7:23]}">unit</a>' in page
    assert f'id="fact-{known.digest[7:23]}"' in page


def test_a_fact_that_the_records_hold_no_more_is_no_link() -> None:
    page = Page(passport(dossier(decision())))
    targets = {one.removeprefix("#") for one in page.all("href") if one.startswith("#")}
    assert targets <= set(page.all("id"))


def test_a_closed_gate_says_why_where_and_what_to_do() -> None:
    text = shown(passport(dossier(decision("no"))))
    assert "✕ no 2 tests failed junit.xml:3 What to do: mend them" in text


def test_a_doubt_about_the_policy_is_told_with_the_decision() -> None:
    doubt = cannot_tell("the policy was changed", remedy="ask again on main")
    told = decision()
    whole = msgspec.structs.replace(told, verdict=judge([*told.verdict.reasons, doubt]))
    assert "cannot tell: the policy was changed" in shown(passport(dossier(whole)))


def test_a_policy_that_the_change_brought_is_marked() -> None:
    policy = PolicySource(where="policy.yaml", digest="sha256:" + "5" * 64)
    page = passport(dossier(decision(policy=policy)))
    assert "not from a protected branch" in page
    assert "not from a protected branch" not in passport(dossier(decision()))


def test_a_record_that_cannot_be_read_is_told_first() -> None:
    broken = cannot_tell("is cut off", where=Location(path="records/x.json"), remedy="remove it")
    text = shown(passport(dossier(identity(), unreadable=(broken,))))
    assert "1 record could not be read, and may have said anything." in text
    assert "is cut off records/x.json What to do: remove it" in text


def test_without_such_a_record_nothing_is_said_of_one() -> None:
    assert "could not be read" not in shown(passport(dossier(identity())))


def test_a_fact_of_a_replay_is_marked_and_decides_nothing() -> None:
    text = shown(passport(dossier(decision(origin=origin(replay=REPLAY)))))
    assert "so counted by no gate: 1 fact." in text
    assert "Last decision none none that counts here" in text


def test_a_fact_from_the_future_is_marked_and_is_no_last_decision() -> None:
    later = decision(origin=origin(recorded_at="2030-01-01T00:00:00Z"))
    text = shown(passport(dossier(decision("no"), later)))
    assert "recorded later than now: 1 fact." in text
    assert "Last decision ✕ no" in text


def test_uncommitted_changes_are_told() -> None:
    page = passport(dossier(identity(origin=origin(dirty=True))))
    assert "It was built from a working tree with changes that no commit holds." in shown(page)


def test_where_it_runs_stands_at_the_top_and_what_ran_before_it_in_the_table() -> None:
    stay = Stay(deployment=deployment(), fact="sha256:1", before=OTHER)
    text = shown(passport(dossier(identity(), stays=(stay,))))
    assert "Runs now production since 23 Nov 2026, 11:00" in text
    assert "runs now orders@ bbbbbbbbbbbb…" in text


def test_where_it_ran_until_another_took_its_place() -> None:
    stay = Stay(deployment=deployment(), fact="sha256:1", until="2026-11-23T11:30:00Z", after=OTHER)
    text = shown(passport(dossier(identity(), stays=(stay,))))
    assert "Runs now nowhere ran in production" in text
    assert "23 Nov 2026, 11:30 nothing orders@ bbbbbbbbbbbb…" in text


def let_in(told: Deployment, *decisions: Decision) -> str:
    """Return what stands at the end of the row of the one deployment."""
    stay = Stay(deployment=told, fact="sha256:1")
    text = shown(passport(dossier(*decisions, stays=(stay,))))
    return text.partition("runs now nothing ")[2].partition(" Approvals and exceptions")[0]


PRODUCTION = "production"


def test_the_decision_before_a_deployment_let_it_in() -> None:
    told = let_in(deployment(), decision(stage=PRODUCTION))
    assert told == f"{NONE} github · 1 decision"


@pytest.mark.parametrize(
    "told",
    [
        decision("no", stage=PRODUCTION),
        decision(stage="staging"),
        decision(stage=PRODUCTION, origin=origin(recorded_at="2026-11-23T11:00:01Z")),
        decision(stage=PRODUCTION, origin=origin(recorded_at="yesterday")),
        decision(stage=PRODUCTION, origin=origin(replay=REPLAY)),
    ],
    ids=["it said no", "of another stage", "after it", "at no time", "of a replay"],
)
def test_another_decision_let_nothing_in(told: Decision) -> None:
    assert let_in(deployment(), told) == f"{NONE} github · 1 no decision"


def test_a_deployment_that_names_a_decision_which_said_no_shows_that() -> None:
    shut = decision("no", stage=PRODUCTION)
    told = let_in(deployment(decision=fact(shut).digest), shut, decision(stage=PRODUCTION))
    assert told == f"{NONE} github · 1 decision ✕ no"


def test_a_deployment_that_names_a_decision_which_nobody_has_shows_that() -> None:
    told = let_in(deployment(decision="sha256:" + "d" * 64), decision(stage=PRODUCTION))
    assert told == f"{NONE} github · 1 dddddddddddd… not in the records"


def test_the_timeline_goes_forward_by_day_and_ends_with_what_has_no_time() -> None:
    told = [
        evidence("unit", recorded_at="2026-11-21T23:59:00Z"),
        evidence("load", recorded_at="2026-11-22T00:01:00+00:00"),
        evidence("other", recorded_at="yesterday"),
    ]
    text = shown(passport(dossier(*told)))
    begin = text.index("Times are in UTC.")
    said = "21 Nov 2026 23:59 Evidence: unit ✓ yes 22 Nov 2026 00:01 Evidence: load ✓ yes"
    assert text[begin:].startswith(f"Times are in UTC. {said}")
    assert f"At no known time {NONE} Evidence: other" in text


def series(*values: float | None, shut: bool = False) -> Series:
    return Series(
        evidence="unit",
        what="tests run",
        unit="",
        values=values,
        shut=(*(False for _ in values[1:]), shut),
    )


def charted(*values: float | None, shut: bool = False) -> str:
    releases = [Release(image=f"r@{n}", at=f"2026-11-{n + 1:02d}T00:00:00Z") for n in range(30)]
    chosen = (*releases[: len(values) - 1], Release(image=IMAGE, at="2026-11-23T00:00:00Z"))
    return passport(dossier(identity(), releases=chosen, series=(series(*values, shut=shut),)))


def test_a_difference_that_nobody_can_see_is_drawn_as_such() -> None:
    page = charted(20.057, 20.06)
    assert "Nearly the same as the release before it." in shown(page)
    assert re.findall(r'text-anchor="end">([0-9.]+)</text>', page) == ["19.7", "20.1", "20.5"]


def test_a_chart_says_in_words_what_it_draws() -> None:
    page = charted(1_000, 1_500, 1_400)
    assert "<title>unit: tests run: from 1\u2009000 to 1\u2009500 over 3 releases</title>" in page
    assert "100 less than the release before it." in shown(page)


def test_a_gap_is_not_drawn_over() -> None:
    assert charted(1, 2, None, 3, 4).count("<polyline") == 2


def test_a_number_of_evidence_that_said_no_is_drawn_and_told_as_such() -> None:
    page = charted(3, 4, shut=True)
    assert 'class="here bad"' in page
    assert "4 (not yes)" in shown(page)


@pytest.mark.parametrize(
    "values", [(0.0,), (5.0, 5.0), (-1.0, 1.0), (1e15, 2e15), (None, 0.0), (-1e308, 1e308)]
)
def test_a_chart_of_any_numbers_is_one(values: tuple[float | None, ...]) -> None:
    page = charted(*values)
    assert "nan" not in page
    assert "inf" not in re.sub("[Ii]nfo?", "", page)
    for x in re.findall(r' c[xy]="([^"]*)"', page):
        assert 0 <= float(x) <= 360


def test_a_failed_test_stands_with_what_it_said(tmp_path: Path) -> None:
    text = shown(passport(of_history(tmp_path, 5)))
    assert "2 failures tests.test_orders::test_total_0 assert 12 == 13" in text


def waived(expires: str) -> Waiver:
    return Waiver(
        origin=origin("waive", actor="maria"),
        image=IMAGE,
        requirement="load",
        rule="p95",
        reason="new disks",
        expires=expires,
    )


def test_more_failures_than_anybody_reads_are_counted() -> None:
    failures = tuple(Failure(name=f"test_{n:03}") for n in range(60))
    told = msgspec.structs.replace(evidence(), failures=failures, failures_left_out=7)
    text = shown(passport(dossier(told)))
    assert "67 failures test_000" in text
    assert "test_049 and 17 more" in text


def test_a_waiver_whose_day_is_over_says_so() -> None:
    text = shown(passport(dossier(waived("2026-11-22"))))
    assert "load p95 new disks maria 2026-11-22 over each 23 Nov 2026, 11:00" in text


@pytest.mark.parametrize("day", ["2026-11-23", "2027-01-01"])
def test_a_waiver_counts_through_its_last_day(day: str) -> None:
    text = shown(passport(dossier(waived(day))))
    assert f"load p95 new disks maria {day} each" in text


@pytest.mark.parametrize("day", ["never", "9999-99-99"])
def test_a_waiver_without_a_day_is_over(day: str) -> None:
    assert f"maria {day} over each" in shown(passport(dossier(waived(day))))


def test_an_approval_says_who_when_of_what_and_who_vouches_for_it() -> None:
    given = Approval(
        who="jo",
        at="2026-11-23T10:00:00Z",
        commit=COMMIT,
        how="github-review",
        url="https://ci.example/pr/1",
    )
    told = msgspec.structs.replace(evidence("review", counts=None), approvals=(given,))
    page = passport(dossier(told))
    assert f"jo 23 Nov 2026, 10:00 {COMMIT[:12]}… github-review" in shown(page)
    assert '<a href="https://ci.example/pr/1" rel="noopener noreferrer">github-review</a>' in page


FORCED = decision(incident="INC-7", until="2026-11-23T15:00:00Z")


def review(actor: str) -> Evidence:
    told = evidence("break-glass-review", counts=None, actor=actor)
    return msgspec.structs.replace(told, said={"decision": fact(FORCED).digest})


def test_a_gate_that_was_opened_by_force_says_who_why_and_until_when() -> None:
    text = shown(passport(dossier(FORCED)))
    assert "May it enter deployment? ✓ yes opened by force" in text
    assert "Break-glass by maria for incident INC-7, until 23 Nov 2026, 15:00" in text
    assert "Last decision ✓ yes to enter deployment, by force, 23 Nov 2026, 11:00" in text
    assert "INC-7 maria 23 Nov 2026, 11:00 23 Nov 2026, 15:00 not yet" in text


@pytest.mark.parametrize(
    ("actor", "said"), [("jo", "by jo"), ("maria", "not yet"), ("", "not yet")]
)
def test_only_another_person_reviews_what_was_forced(actor: str, said: str) -> None:
    text = shown(passport(dossier(FORCED, review(actor))))
    assert f"23 Nov 2026, 15:00 {said} " in text.partition("Opened by force")[2]


def test_a_forced_decision_lets_nothing_in_after_its_time() -> None:
    late = deployment(origin=origin("emit-event", recorded_at="2026-11-23T16:00:00Z"))
    forced = decision(stage=PRODUCTION, incident="INC-7", until="2026-11-23T15:00:00Z")
    assert let_in(late, forced).endswith("no decision")
    assert let_in(deployment(), forced).endswith("github · 1 decision")


def test_a_decision_about_the_environment_let_it_in_and_one_to_stay_did_not() -> None:
    told = decision(environment=PRODUCTION)
    assert let_in(deployment(), told).endswith("github · 1 decision")
    stay = decision(stage=PRODUCTION, question="stay")
    assert let_in(deployment(), stay).endswith("no decision")
    assert "May it stay in production?" in shown(passport(dossier(stay)))


def test_a_policy_names_the_one_that_it_adds_to() -> None:
    central = PolicySource(where="oci://r/policy:3", digest="sha256:" + "6" * 64, protected=True)
    own = PolicySource(
        where="policy.yaml", digest="sha256:" + "5" * 64, protected=True, extends=central
    )
    text = shown(passport(dossier(decision(policy=own))))
    assert "555555555555… , which adds to Policy oci://r/policy:3, 666666666666…" in text


def test_who_signed_a_fact_is_told() -> None:
    signed = msgspec.structs.replace(fact(evidence()), signers=("release key", "ci"))
    assert "this image release key, ci" in shown(passport(dossier(facts=(signed,))))
    assert "this image unsigned" in shown(passport(dossier(evidence())))


def test_the_same_dossier_gives_the_same_bytes(tmp_path: Path) -> None:
    whole = of_history(tmp_path, 3)
    assert passport(whole) == passport(whole)
    other = msgspec.structs.replace(whole, at=NOW + timedelta(hours=1))
    assert passport(whole) != passport(other)


def test_its_policy_lets_it_load_nothing_and_knows_its_style() -> None:
    page = Page(passport(dossier(identity())))
    (policy,) = (t["content"] for _, t in page.elements if "http-equiv" in t)
    known = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{known}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def harmless(html: str) -> Page:
    """Check that a page runs and loads nothing, links to the web and itself only, and return it."""
    page = Page(html)
    assert not page.open
    tags = {tag for tag, _ in page.elements}
    assert not tags & {
        "script",
        "img",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
        "foreignobject",
    }
    for _, told in page.elements:
        assert not [name for name in told if name.startswith("on") or name in {"style", "src"}]
    assert all(re.match("#|https?://|data:,$", href) for href in page.all("href"))
    assert len(page.all("id")) == len(set(page.all("id")))
    return page


def test_hostile_text_stays_text_wherever_it_stands() -> None:
    page = harmless(passport(hostile(EVIL)))
    assert "<script>alert(1)</script>" in page.text
    assert "\u202e" not in page.text
    assert "\x1b" not in page.text


def test_no_command_of_a_ci_system_is_in_the_page() -> None:
    html = passport(hostile("\n::error::x ##[error]y ##vso[task.complete]"))
    assert "##[" not in html
    assert "##vso[" not in html
    assert not re.search(r"(?m)^\s*::", html)


@given(st.text(), st.text())
@settings(max_examples=60)
def test_any_text_anywhere_leaves_the_page_whole(text: str, url: str) -> None:
    elements = [tag for tag, _ in harmless(passport(hostile(text, url))).elements if tag != "a"]
    plain = [tag for tag, _ in Page(passport(hostile("plain", ""))).elements if tag != "a"]
    # What may differ is a dash for nothing, or a piece of code: no text adds anything else.
    assert set(elements) <= {*plain, "time"}


def test_a_run_is_a_link_where_its_address_is_one_of_the_web() -> None:
    page = passport(dossier(evidence(url="https://ci.example/runs/1")))
    assert '<a href="https://ci.example/runs/1" rel="noopener noreferrer">github · 1</a>' in page
    assert "javascript" not in passport(dossier(evidence(url="javascript:alert(1)")))


@pytest.mark.parametrize(
    ("said", "codes"), [("run `cdkit x`, then `y`", ["cdkit x", "y"]), ("a ` b", []), ("a", [])]
)
def test_what_stands_between_backticks_is_code(said: str, codes: list[str]) -> None:
    assert re.findall("<code>(.*?)</code>", prose(said)) == codes


def test_more_text_than_anybody_reads_is_cut_and_says_so() -> None:
    html = passport(dossier(identity(tags=("x" * 1_000_000,))))
    assert len(html) < 60_000
    assert "… (998000 more characters)" in html


def test_more_rows_than_anybody_reads_are_counted() -> None:
    labels = {f"label-{n:05}": "x" for n in range(5_000)}
    text = shown(passport(dossier(identity(labels=labels))))
    assert "label-00999 x and 4000 more" in text


def test_another_name_than_that_of_its_identity_is_told() -> None:
    other = "mirror.example/orders@" + IMAGE_KEY
    assert f"Its identity names it {IMAGE}" in shown(passport(dossier(identity(), image=other)))
    assert "Its identity names it" not in shown(passport(dossier(identity())))


def test_more_reasons_than_anybody_reads_are_counted() -> None:
    many = judge([no(f"reason {n}", remedy="mend it") for n in range(25)])
    text = shown(passport(dossier(evidence(verdict=many))))
    assert "reason 19" in text
    assert "reason 20" not in text
    assert "and 5 more" in text


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (
            Made(started="2026-10-20T08:00:00Z", ended="2026-10-20T08:00:00Z"),
            "report of 2026-10-20",
        ),
        (Made(started="2026-10-20T08:00:00Z", undated=1), "report of unknown age"),
        (None, ""),
    ],
)
def test_a_scan_says_of_when_the_report_is_that_it_judged(made: Made | None, said: str) -> None:
    scan = Findings(
        origin=origin(),
        evidence="vulnerabilities",
        verdict=judge([yes("nothing known")]),
        tool=Tool(name="trivy"),
        examined={"packages": 3},
        made=made,
    )

    text = shown(passport(dossier(identity(), scan)))

    assert said in text
    assert ("report of" in text) is (made is not None)
