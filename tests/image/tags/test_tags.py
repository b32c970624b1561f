from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.digest import Digest
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.oci.reference import is_tag
from cdkit.image.tags.facts import Facts
from cdkit.image.tags.flavor import Flavor
from cdkit.image.tags.tags import KINDS, best, make_tags, read_tags, rule_of, sanitise

COMMIT = "c" * 40
FULL = Facts(
    build_id="123-1",
    commit=COMMIT,
    described="v1.2.3",
    branch="main",
    tag="v1.2.3",
    pull_request="31",
    digest=Digest("sha256", "d" * 64),
)


def make(kind: str, facts: Facts, *, allow_dirty: bool = False) -> str:
    """The one tag of a kind."""
    return make_tags((rule_of(kind),), Flavor(), facts, allow_dirty=allow_dirty).version


def make_best(facts: Facts) -> str:
    return make_tags((best(facts),), Flavor(), facts).version


def verbatim(tags: tuple[str, ...]) -> tuple[str, ...]:
    return make_tags(read_tags(tags), Flavor(), Facts()).names


@given(st.text())
def test_any_text_becomes_a_legal_tag(text: str) -> None:
    assert is_tag(sanitise(text))


@given(st.text(), st.text())
def test_different_texts_become_different_tags(one: str, other: str) -> None:
    assert one == other or sanitise(one) != sanitise(other)


@given(st.text(alphabet="ab/-_.+", min_size=1, max_size=6), st.text(alphabet="ab/-_.+", min_size=1))
def test_texts_that_look_alike_become_different_tags(one: str, other: str) -> None:
    assert one == other or sanitise(one) != sanitise(other)


@given(st.text(alphabet="abc-_.", min_size=120, max_size=300))
def test_long_texts_that_begin_alike_become_different_tags(text: str) -> None:
    assert sanitise(text + "x") != sanitise(text + "y")


@given(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", fullmatch=True))
def test_a_legal_tag_stays_as_it_is(text: str) -> None:
    assert sanitise(text) == text


def test_what_sanitising_would_merge_stays_apart() -> None:
    assert sanitise("feature-a") == "feature-a"
    assert sanitise("feature/a").startswith("feature-a-")


@pytest.mark.parametrize(
    ("kind", "tag"),
    [
        ("build", "build-123-1"),
        ("sha", f"sha-{COMMIT}"),
        ("digest", f"digest-{'d' * 64}"),
        ("version", "1.2.3"),
        ("describe", "v1.2.3"),
        ("branch", "main"),
        ("pr", "pr-31"),
    ],
)
def test_each_kind_of_tag_says_where_it_comes_from(kind: str, tag: str) -> None:
    assert make(kind, FULL) == tag


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_that_the_source_does_not_say_is_cannot_tell(kind: str) -> None:
    with pytest.raises(CannotTell, match="there is no"):
        make(kind, Facts())


def test_an_unknown_kind_is_a_wrong_request() -> None:
    with pytest.raises(RequestError) as caught:
        make("date", FULL)

    assert "build, sha, digest" in caught.value.remedy


def test_a_rerun_has_another_tag() -> None:
    assert make("build", Facts(build_id="123-1")) != make("build", Facts(build_id="123-2"))


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ("v1.2.3", "1.2.3"),
        ("1.2.3-rc.1", "1.2.3-rc.1"),
        ("v1.2.3+build.7", "1.2.3_build.7"),
        ("v1.2.3-rc.1+b-7", "1.2.3-rc.1_b-7"),
    ],
)
def test_a_git_tag_becomes_a_version(tag: str, version: str) -> None:
    assert make("version", Facts(tag=tag)) == version


@pytest.mark.parametrize("tag", ["release-7", "v1.2", "v01.2.3", "v1.2.3 ", "1.2.3+a+b"])
def test_a_git_tag_that_is_no_version_is_cannot_tell(tag: str) -> None:
    with pytest.raises(CannotTell, match="is no version"):
        make("version", Facts(tag=tag))


def test_a_commit_beyond_a_tag_is_not_that_version() -> None:
    with pytest.raises(CannotTell, match="no git tag on this commit"):
        make("version", Facts(described="v1.2.3-4-gabcdef0"))


@pytest.mark.parametrize(
    "branch",
    [
        *("build-123-1", f"sha-{COMMIT}", COMMIT, "digest-x", "pr-31", "latest", "edge", "nightly"),
        *("1.2.3", "v1.0.0", "1.2", "1", "v2", "1.2.3rc1", "1.2.3_fork.3", "release-7-3-gabc1234"),
    ],
)
def test_a_branch_cannot_take_the_tag_of_another_kind(branch: str) -> None:
    assert make("branch", Facts(branch=branch)) != branch


@pytest.mark.parametrize(
    "tag", ["build-123-1", f"sha-{COMMIT}", "digest-x", "pr-31", "1.2.3_a", "v1.2.3_fork.3"]
)
@pytest.mark.parametrize("rule", ["type=ref,event=tag", "type=match,pattern=.*", "{{tag}}"])
def test_a_git_tag_cannot_take_the_tag_of_another_kind(rule: str, tag: str) -> None:
    made = make_tags(read_tags([rule]), Flavor(), Facts(tag=tag)).version

    assert made.startswith(f"{tag}-")


@pytest.mark.parametrize("tag", ["v1.2.3", "1.2", "latest", "nightly", "REL_16_1", "release_2026"])
def test_an_ordinary_git_tag_keeps_its_name(tag: str) -> None:
    assert make_tags(read_tags(["type=ref,event=tag"]), Flavor(), Facts(tag=tag)).version == tag


PAIRS = st.sampled_from(["1", "2", "a", "b", ".", "-", "_", "+", "/", "v", "1.2.3", "pr-", "rc1"])
RULES = (
    "type=semver,pattern={{version}}",
    "type=ref,event=tag",
    "type=ref,event=branch",
    "type=ref,event=pr",
    "type=sha,format=long",
    "type=build",
)


def _names(refs: dict[str, str]) -> set[str]:
    facts = Facts(**{"build_id": "7-1", "commit": COMMIT} | refs)  # type: ignore[arg-type]
    return set(make_tags(read_tags(RULES), Flavor(latest="false"), facts).names)


@given(st.lists(PAIRS, min_size=1, max_size=5), st.lists(PAIRS, min_size=1, max_size=5))
def test_a_branch_gets_no_tag_of_a_git_tag_of_another_name(one: list[str], two: list[str]) -> None:
    branch, tag = "".join(one), "".join(two)
    shared = _names({"branch": branch}) & _names({"tag": tag}) - _names({})

    assert not shared or branch == tag


@given(st.lists(PAIRS, min_size=1, max_size=5), st.lists(PAIRS, min_size=1, max_size=5))
def test_two_git_tags_share_a_tag_only_where_they_are_one_version(
    one: list[str], two: list[str]
) -> None:
    first, second = "".join(one), "".join(two)
    shared = _names({"tag": first}) & _names({"tag": second}) - _names({})

    assert not shared or first.removeprefix("v") == second.removeprefix("v")


@pytest.mark.parametrize("rule", ["type=semver,pattern={{version}}", "type=version"])
def test_a_version_that_ends_like_a_tag_kept_apart_is_kept_apart_too(rule: str) -> None:
    branch = make("branch", Facts(branch="1.2.3"))
    made = make_tags(read_tags([rule]), Flavor(), Facts(tag=f"v{branch}")).version

    assert made != branch


def test_a_branch_called_as_such_a_version_is_kept_apart_from_it() -> None:
    name = make("branch", Facts(branch="1.2.3"))

    assert make("version", Facts(tag=f"v{name}")) != make("branch", Facts(branch=name))


def test_a_version_that_ends_in_its_commit_keeps_its_name() -> None:
    tag = f"0.0.0-20261127-{COMMIT[:12]}"

    assert make("version", Facts(tag=f"v{tag}", commit=COMMIT)) == tag
    assert make("version", Facts(tag=f"v{tag}", commit="d" * 40)) != tag


@pytest.mark.parametrize("kind", ["sha", "version", "describe", "branch"])
def test_a_dirty_tree_is_refused_or_marked(kind: str) -> None:
    dirty = Facts(commit=COMMIT, described="v1.2.3", branch="main", tag="v1.2.3", dirty=True)

    with pytest.raises(CannotTell, match="changes that no commit names"):
        make(kind, dirty)
    assert make(kind, dirty, allow_dirty=True).endswith("-dirty")


def test_the_best_tag_is_of_the_build_then_the_commit_then_the_digest() -> None:
    digest = Digest("sha256", "d" * 64)

    assert make_best(Facts(build_id="7-1", commit=COMMIT, digest=digest)) == "build-7-1"
    assert make_best(Facts(commit=COMMIT, digest=digest)) == f"sha-{COMMIT}"
    assert make_best(Facts(commit=COMMIT, dirty=True, digest=digest)) == f"digest-{'d' * 64}"
    assert make_best(Facts(digest=digest)) == f"digest-{'d' * 64}"


def test_nothing_to_name_an_image_by_is_cannot_tell() -> None:
    with pytest.raises(CannotTell, match="no build id, no commit, no digest"):
        make_best(Facts())
    with pytest.raises(CannotTell, match="changes that no commit names"):
        make_best(Facts(commit=COMMIT, dirty=True))


def test_own_tags_are_taken_as_they_are_and_once() -> None:
    assert verbatim(("Prod", "1", "Prod")) == ("Prod", "1")


@pytest.mark.parametrize("tag", ["a/b", "-x", "", "a b", "x" * 129, "a\n"])
def test_an_illegal_tag_of_ones_own_is_refused_and_not_mended(tag: str) -> None:
    with pytest.raises(RequestError) as caught:
        verbatim((tag,))
    assert "(character " in caught.value.what
    assert caught.value.remedy.startswith("begin with a letter, a digit or `_`")


@given(st.text(min_size=1), st.booleans())
def test_a_branch_that_is_named_like_another_ones_tag_does_not_get_it(
    text: str,
    dirty: bool,  # noqa: FBT001 - hypothesis hands it over
) -> None:
    # Whoever may push a branch could choose its name so that it takes over another branch's tag.
    taken = make("branch", Facts(branch=text, dirty=dirty), allow_dirty=True)

    assert taken == text or make("branch", Facts(branch=taken)) != taken


@pytest.mark.parametrize("kind", ["build", "sha", "digest", "version"])
def test_a_branch_cannot_be_named_as_a_tag_of_another_kind(kind: str) -> None:
    tag = make(kind, FULL)

    assert make("branch", Facts(branch=tag)) != tag


def test_an_ordinary_branch_keeps_its_name() -> None:
    for branch in ("main", "release-2026-11", "fix-abc", "deadbeef"):
        assert make("branch", Facts(branch=branch)) == branch


def test_a_build_whose_id_is_merged_with_anothers_is_no_name_that_lasts() -> None:
    facts = Facts(build_id="shop/orders-42")
    rules = read_tags(["type=build"])

    assert make_tags(rules, Flavor(), facts).lasting
    assert not make_tags(rules, Flavor(plain=True), facts).lasting
