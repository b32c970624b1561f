"""What is gathered about an image: its facts, where it ran, the releases before it."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from cdkit.core.digest import Digest
from cdkit.core.documents.document import Document, Replay
from cdkit.core.documents.dossier import Dossier, Series
from cdkit.core.documents.kinds import Counts, Coverage, Deployment, Evidence, Platform
from cdkit.core.documents.statement import state
from cdkit.core.errors import NoInput, RequestError
from cdkit.core.subject import Subject, image_subject
from cdkit.core.verdict import judge, no
from cdkit.evidence.store import open_store
from cdkit.report.passport.page import passport
from cdkit.steps.dossier import gather
from tests.evidence.doubles import (
    IMAGE,
    IMAGE_KEY,
    REPOSITORY,
    SOURCE,
    SUBJECT,
    evidence,
    identity,
    origin,
)
from tests.steps.histories import digest_of, image_of, write
from tests.worlds import NOW, TREE, world

REPLAY = Replay(run="r1", at="2026-11-20T00:00:00Z")
OTHER = f"{REPOSITORY}@sha256:" + "b" * 64


def keep(folder: Path, document: Document, *subjects: Subject) -> None:
    open_store("records", world(folder)).put(state(document, *(subjects or (SUBJECT,))))


def about(folder: Path, image: str = IMAGE, *, at: str = "") -> Dossier:
    replay = Replay(run="now", at=at) if at else None
    now = NOW.fromisoformat(at) if at else NOW
    return gather(image, "records", world(folder, now=now, replay=replay))


def deployed(
    image: str,
    hour: int,
    *,
    environment: str = "production",
    status: str = "deployed",
    **of: object,
) -> tuple[Deployment, Subject]:
    digest = Digest.parse(image.rpartition("@")[2])
    event = Deployment(
        origin=origin("emit-event", recorded_at=f"2026-11-22T{hour:02d}:00:00Z", **of),
        image=image,
        environment=environment,
        service="orders",
        status=status,
    )
    return event, image_subject(REPOSITORY, digest)


def named(dossier: Dossier, evidence: str, what: str) -> Series:
    (series,) = (s for s in dossier.series if (s.evidence, s.what) == (evidence, what))
    return series


def test_facts_about_the_image_its_source_and_its_platforms_are_gathered(tmp_path: Path) -> None:
    arm = "sha256:" + "1" * 64
    keep(tmp_path, identity(platforms=(Platform(platform="linux/arm64", digest=arm),)))
    keep(tmp_path, evidence("unit"), SOURCE)
    keep(tmp_path, evidence("smoke"), Subject(digest={"sha256": "1" * 64}))
    keep(tmp_path, evidence("foreign"), Subject(digest={"sha256": "2" * 64}))
    assert {fact.kind for fact in about(tmp_path).facts} == {"identity", "unit", "smoke"}


def test_what_a_replay_says_of_its_source_is_followed_where_nothing_else_does(
    tmp_path: Path,
) -> None:
    keep(tmp_path, identity(origin=origin(replay=REPLAY)))
    keep(tmp_path, evidence("unit", replay=REPLAY), SOURCE)
    assert {fact.kind for fact in about(tmp_path).facts} == {"identity", "unit"}


def test_facts_of_one_second_come_as_a_pipeline_leaves_them(tmp_path: Path) -> None:
    event, subject = deployed(IMAGE, 1)
    by = origin("emit-event")
    keep(tmp_path, msgspec.structs.replace(event, origin=by), subject)
    keep(tmp_path, evidence())
    keep(tmp_path, identity())
    assert [fact.kind for fact in about(tmp_path).facts] == ["identity", "unit", "deployment"]


def test_a_bare_digest_finds_the_same_and_gets_its_name_from_the_identity(tmp_path: Path) -> None:
    keep(tmp_path, identity())
    assert about(tmp_path, IMAGE_KEY) == about(tmp_path, IMAGE)


def test_a_bare_digest_gets_its_name_from_a_deployment_too(tmp_path: Path) -> None:
    keep(tmp_path, *deployed(IMAGE, 1))
    assert about(tmp_path, IMAGE_KEY).image == IMAGE


@pytest.mark.parametrize(
    "at",
    [
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "",
        "now",
        "2026-11-23",
        "1e9",
        "\0",
    ],
)
def test_a_fact_of_any_time_is_told_and_breaks_nothing(tmp_path: Path, at: str) -> None:
    keep(tmp_path, evidence("load"))
    keep(tmp_path, evidence(recorded_at=at))
    keep(tmp_path, identity(origin=origin(recorded_at=at)))
    event, subject = deployed(IMAGE, 1)
    by = msgspec.structs.replace(event.origin, recorded_at=at)
    keep(tmp_path, msgspec.structs.replace(event, origin=by), subject)
    for replay in ("", "2026-11-23T12:00:00+00:00"):
        found = about(tmp_path, at=replay)
        assert len(found.facts) + found.later == 4
        assert passport(found).startswith("<!doctype html>")


@pytest.mark.parametrize("image", ["orders:1.4", "orders", "sha256:abc", "", "\n@sha256:" + "a"])
def test_a_name_that_can_move_is_refused(tmp_path: Path, image: str) -> None:
    with pytest.raises(RequestError):
        about(tmp_path, image)


def test_an_image_that_no_record_speaks_of_is_no_input(tmp_path: Path) -> None:
    keep(tmp_path, evidence("unit"), Subject(digest={"sha256": "2" * 64}))
    with pytest.raises(NoInput, match="no record speaks of"):
        about(tmp_path)


def test_an_unreadable_record_alone_is_told_and_is_not_no_input(tmp_path: Path) -> None:
    place = tmp_path / f"records/subjects/sha256/{'a' * 64}/{'0' * 64}.json"
    place.parent.mkdir(parents=True)
    place.write_text("{}")
    found = about(tmp_path)
    assert not found.facts
    assert [str(reason.where).rpartition("/")[2] for reason in found.unreadable] == [place.name]


def test_a_broken_record_of_another_release_is_told_too(tmp_path: Path) -> None:
    image = write(tmp_path, 3)
    place = tmp_path / f"records/subjects/sha256/{digest_of(1)[7:]}/{'0' * 64}.json"
    place.write_text("{}")
    assert [str(one.where) for one in about(tmp_path, image).unreadable] == [
        place.relative_to(tmp_path).as_posix()
    ]


def test_a_look_back_leaves_out_what_came_later_and_counts_it(tmp_path: Path) -> None:
    keep(tmp_path, evidence("unit", recorded_at="2026-11-20T11:00:00Z"))
    keep(tmp_path, evidence("load", recorded_at="2026-11-22T11:00:00Z"))
    found = about(tmp_path, at="2026-11-21T00:00:00+00:00")
    assert [fact.kind for fact in found.facts] == ["unit"]
    assert found.later == 1


def test_a_look_back_to_before_all_is_no_input_and_says_so(tmp_path: Path) -> None:
    keep(tmp_path, evidence())
    with pytest.raises(NoInput, match="until the time that --at names"):
        about(tmp_path, at="2026-11-01T00:00:00+00:00")


def test_a_fact_from_the_future_stays_when_nobody_looks_back(tmp_path: Path) -> None:
    keep(tmp_path, evidence("unit", recorded_at="2027-01-01T00:00:00Z"))
    assert [fact.kind for fact in about(tmp_path).facts] == ["unit"]


def test_identities_that_differ_are_counted_and_the_newest_is_told(tmp_path: Path) -> None:
    keep(tmp_path, identity(origin=origin(recorded_at="2026-11-20T00:00:00Z")))
    keep(tmp_path, identity(origin=origin(recorded_at="2026-11-21T00:00:00Z"), tree="9" * 40))
    found = about(tmp_path)
    assert found.identity is not None
    assert (found.identity.tree, found.others) == ("9" * 40, 1)


def test_two_identities_that_say_the_same_are_one(tmp_path: Path) -> None:
    keep(tmp_path, identity(origin=origin(recorded_at="2026-11-20T00:00:00Z")))
    keep(tmp_path, identity(tags=("1.4",)))
    found = about(tmp_path)
    assert found.others == 0
    assert found.identity is not None
    assert found.identity.tree == TREE


def test_a_stay_knows_what_ran_before_it_and_what_took_its_place(tmp_path: Path) -> None:
    third = f"{REPOSITORY}@sha256:" + "c" * 64
    for image, hour in ((OTHER, 1), (IMAGE, 2), (third, 3)):
        keep(tmp_path, *deployed(image, hour))
    (stay,) = about(tmp_path).stays
    assert (stay.before, stay.after, stay.until) == (OTHER, third, "2026-11-22T03:00:00Z")


def test_an_image_that_was_deployed_again_stayed_all_the_time(tmp_path: Path) -> None:
    keep(tmp_path, *deployed(IMAGE, 2))
    keep(tmp_path, *deployed(IMAGE, 3))
    (stay,) = about(tmp_path).stays
    assert (stay.deployment.origin.recorded_at, stay.until) == ("2026-11-22T02:00:00Z", "")


def test_an_image_that_came_back_stayed_twice(tmp_path: Path) -> None:
    for image, hour in ((IMAGE, 1), (OTHER, 2), (IMAGE, 3)):
        keep(tmp_path, *deployed(image, hour))
    first, second = about(tmp_path).stays
    assert (first.after, first.until) == (OTHER, "2026-11-22T02:00:00Z")
    assert (second.before, second.until) == (OTHER, "")


def test_an_image_that_was_taken_out_runs_no_more(tmp_path: Path) -> None:
    keep(tmp_path, *deployed(IMAGE, 1))
    keep(tmp_path, *deployed(IMAGE, 2, status="removed"))
    (stay,) = about(tmp_path).stays
    assert (stay.until, stay.after) == ("2026-11-22T02:00:00Z", "")


def test_another_environment_ends_no_stay(tmp_path: Path) -> None:
    keep(tmp_path, *deployed(IMAGE, 1))
    keep(tmp_path, *deployed(OTHER, 2, environment="staging"))
    (stay,) = about(tmp_path).stays
    assert stay.until == ""


def test_a_replayed_deployment_is_counted_and_is_no_stay(tmp_path: Path) -> None:
    keep(tmp_path, identity())
    keep(tmp_path, *deployed(IMAGE, 1, replay=REPLAY))
    keep(tmp_path, *deployed(OTHER, 2, replay=REPLAY))
    found = about(tmp_path)
    assert (found.stays, found.replayed) == ((), 1)
    assert [release.image for release in found.releases] == [IMAGE]


def test_releases_come_in_the_order_of_their_first_deployment(tmp_path: Path) -> None:
    image = write(tmp_path, 3)
    found = about(tmp_path, image)
    assert [r.image for r in found.releases] == [image_of(1), image_of(2), image_of(3)]
    assert found.releases[0].environments == ("staging", "production")


@pytest.mark.parametrize(
    ("mine", "earlier", "newer"), [(204, 5, 0), (5, 5, 0), (4, 0, 200), (0, 0, 204)]
)
def test_of_many_releases_the_last_are_looked_at_or_the_last_up_to_an_old_one(
    tmp_path: Path, mine: int, earlier: int, newer: int
) -> None:
    for number in range(205):
        event, subject = deployed(image_of(number), 1)
        at = f"{NOW - timedelta(days=300 - number):%Y-%m-%dT%H:%M:%SZ}"
        by = msgspec.structs.replace(event.origin, recorded_at=at)
        keep(tmp_path, msgspec.structs.replace(event, origin=by), subject)
    found = about(tmp_path, image_of(mine))
    assert (found.earlier, found.newer) == (earlier, newer)
    assert found.releases[0].image == image_of(earlier)
    assert len(found.releases) == 205 - earlier - newer
    assert image_of(mine) in {release.image for release in found.releases}


def test_an_image_that_was_not_deployed_comes_last(tmp_path: Path) -> None:
    keep(tmp_path, identity())
    keep(tmp_path, *deployed(OTHER, 1))
    first, last = about(tmp_path).releases
    assert (first.image, last.image, last.at) == (OTHER, IMAGE, "")


def test_another_repository_is_no_release(tmp_path: Path) -> None:
    keep(tmp_path, identity())
    event, subject = deployed(OTHER, 1)
    foreign = "registry.example/billing@" + OTHER.rpartition("@")[2]
    keep(tmp_path, msgspec.structs.replace(event, image=foreign), subject)
    assert [release.image for release in about(tmp_path).releases] == [IMAGE]


def shard(number: int, tests: int, covered: int) -> Evidence:
    told = evidence(
        counts=Counts(tests=tests, passed=tests, failed=0, errors=0, skipped=0),
        shard=number,
        shards=2,
        job="unit",
    )
    coverage = Coverage(lines_covered=covered, lines=100)
    return msgspec.structs.replace(told, coverage=coverage, duration=4.0)


def test_tests_of_shards_add_up_and_of_coverage_the_smallest_is_certain(tmp_path: Path) -> None:
    keep(tmp_path, shard(1, 30, 70))
    keep(tmp_path, shard(2, 12, 80))
    found = about(tmp_path)
    assert named(found, "unit", "tests run").values == (42.0,)
    assert named(found, "unit", "lines").values == (70.0,)
    assert named(found, "unit", "duration").values == (8.0,)


def test_a_number_of_evidence_that_says_no_is_marked(tmp_path: Path) -> None:
    keep(tmp_path, evidence(verdict=judge([no("2 tests failed", remedy="mend them")])))
    assert named(about(tmp_path), "unit", "tests run").shut == (True,)


def test_a_release_without_a_number_leaves_a_gap(tmp_path: Path) -> None:
    keep(tmp_path, *deployed(OTHER, 1))
    keep(tmp_path, evidence())
    keep(tmp_path, identity())
    assert named(about(tmp_path), "unit", "tests run").values == (None, 3.0)


def test_what_was_replayed_is_no_number(tmp_path: Path) -> None:
    keep(tmp_path, evidence(replay=REPLAY))
    assert about(tmp_path).series == ()


def test_a_retry_replaces_what_it_retried(tmp_path: Path) -> None:
    keep(tmp_path, evidence(attempt=1, job="unit", counts=_counts(9)))
    keep(tmp_path, evidence(attempt=2, job="unit", counts=_counts(11)))
    assert named(about(tmp_path), "unit", "tests run").values == (11.0,)


def _counts(tests: int) -> Counts:
    return Counts(tests=tests, passed=tests, failed=0, errors=0, skipped=0)


def test_the_same_facts_and_time_give_the_same_dossier(tmp_path: Path) -> None:
    image = write(tmp_path, 4)
    assert about(tmp_path, image) == about(tmp_path, image)
    later = gather(image, "records", world(tmp_path, now=NOW + timedelta(days=1)))
    assert msgspec.structs.replace(later, at=NOW) == about(tmp_path, image)
