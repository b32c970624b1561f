"""What must hold of any rule: its tags are legal, and different names never share one."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.oci.reference import is_tag
from cdkit.image.tags.facts import Facts
from cdkit.image.tags.flavor import Flavor, read_flavor
from cdkit.image.tags.rule_line import read_rule, tag_types
from cdkit.image.tags.tags import Tags, make_tags, read_tags

AT = datetime(2020, 1, 10, 0, 30, tzinfo=UTC)
COMMIT = "860c1904a1ce19322e91ac35af1ab07466440c37"
NAMES = st.text(max_size=200) | st.text(alphabet="ab/-_.+#1v", max_size=12)

LINES = st.sampled_from(
    [
        "type=ref,event=branch",
        "type=ref,event=tag",
        "type=ref,event=pr",
        "type=raw,value={{branch}}",
        "type=raw,value={{tag}}",
        "type=raw,value={{branch}}{{tag}}{{pr}}{{base_ref}}",
        "type=sha,prefix={{branch}}-",
        "type=semver,pattern={{version}},value={{tag}}",
        "type=pep440,pattern={{raw}},value={{tag}}",
        "type=match,pattern=.*,value={{branch}}",
        "type=match,pattern=.*",
        "type=edge,branch=main",
        "type=version",
        "type=describe",
        "type=build",
        "type=schedule,pattern={{date 'dddd, MMMM Do'}}-{{branch}}".replace(", ", " "),
    ]
)


def facts(**given: str) -> Facts:
    return Facts(commit=COMMIT, now=AT, event="schedule", **given)  # type: ignore[arg-type]


def tags_of(line: str, known: Facts, flavor: Flavor | None = None) -> Tags:
    return make_tags(read_tags((line,)), flavor or Flavor(), known)


@given(LINES, NAMES, NAMES, NAMES, st.sampled_from(["unique", "plain"]))
def test_any_name_through_any_rule_gives_legal_tags(
    line: str, branch: str, tag: str, other: str, sanitize: str
) -> None:
    known = facts(
        branch=branch, tag=tag, pull_request=other, target=other, described=tag, build_id=other
    )
    flavor = read_flavor((f"sanitize={sanitize}", "latest=true"))

    assert all(map(is_tag, tags_of(line, known, flavor).names))


@given(st.sampled_from(["branch", "tag"]), NAMES, NAMES)
def test_different_refs_never_share_a_tag(field: str, one: str, other: str) -> None:
    line = f"type=ref,event={field}"
    first, second = (tags_of(line, facts(**{field: ref})) for ref in (one, other))

    assert one == other or not first.names or first.version != second.version


@given(NAMES, NAMES, st.sampled_from(["", "-alpine", "_x"]))
def test_different_branches_never_share_a_tag_with_a_suffix(
    one: str, other: str, suffix: str
) -> None:
    flavor = Flavor(prefix="v-", suffix=suffix)
    names = {
        tags_of("type=ref,event=branch", facts(branch=ref), flavor).version
        for ref in {one, other} - {""}
    }

    assert len(names) == len({one, other} - {""})


VERSIONS = st.from_regex(r"1\.0\.0(-[a-c.]{1,3})?(\+[a-c.-]{1,3})?", fullmatch=True)


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("type=ref,event=branch", "branch"),
        ("type=ref,event=tag", "tag"),
        ("type=raw,value={{branch}}", "branch"),
        ("type=raw,value=x-{{branch}}", "branch"),
        ("type=raw,value=x-{{tag}}", "tag"),
        ("type=sha,suffix=-{{branch}}", "branch"),
        ("type=match,pattern=/.*/s", "tag"),
    ],
)
@given(name=NAMES, dirty=st.booleans())
def test_a_name_chosen_to_be_anothers_tag_does_not_get_it(
    line: str,
    field: str,
    name: str,
    dirty: bool,  # noqa: FBT001 - hypothesis hands it over
) -> None:
    # Whoever may push a ref could choose its name so that it takes over another ref's tag.
    known = Facts(commit=COMMIT, dirty=dirty, **{field: name})  # type: ignore[arg-type]
    tags = make_tags(read_tags((line,)), Flavor(), known, allow_dirty=True)
    start = tags_of(line, facts(**{field: ""})).version
    taken = tags.version.removeprefix(start or "x-")

    assert taken in {"", name} or tags_of(line, facts(**{field: taken})).version != tags.version


@given(VERSIONS, VERSIONS)
def test_different_versions_never_share_a_tag(one: str, other: str) -> None:
    line = "type=semver,pattern={{version}}"
    first, second = (tags_of(line, facts(tag=text)) for text in (one, other))

    assert one == other or not first.names or first.version != second.version


@given(VERSIONS, VERSIONS)
def test_different_python_versions_never_share_a_tag(one: str, other: str) -> None:
    line = "type=pep440,pattern={{raw}}"
    first, second = (tags_of(line, facts(tag=text)) for text in (one, other))

    assert one == other or not first.names or first.version != second.version


@pytest.mark.parametrize("branch", ["1.2.3", "v1.0.0", "build-1-1", "pr-31", "latest"])
def test_a_branch_cannot_take_the_tag_of_another_type(branch: str) -> None:
    assert tags_of("type=ref,event=branch", facts(branch=branch)).version != branch
    assert tags_of("type=ref,event=branch,sanitize=plain", facts(branch=branch)).version == branch


@pytest.mark.parametrize(
    "line",
    [
        "type=sha",
        "type=ref,event=branch",
        "type=semver,pattern={{version}}",
        "type=match,pattern=.*",
        "type=edge,branch=main",
        "type=raw,value=x-{{sha}}",
        "type=raw,value=x,prefix={{branch}}",
    ],
)
def test_a_dirty_tree_is_refused_or_marked_by_every_rule_that_names_the_commit(line: str) -> None:
    on_branch = "semver" not in line and "match" not in line
    known = Facts(
        commit=COMMIT, branch="main" if on_branch else "", tag="v1.0.0", dirty=True, now=AT
    )

    with pytest.raises(CannotTell, match="changes that no commit names"):
        make_tags(read_tags((line,)), Flavor(), known)
    made = make_tags(read_tags((line,)), Flavor(), known, allow_dirty=True)
    assert all(name.endswith("-dirty") for name in made.names)


def test_latest_of_a_dirty_tree_is_marked_too() -> None:
    known = Facts(commit=COMMIT, tag="v1.0.0", dirty=True)
    rules = read_tags(("type=semver,pattern={{version}}",))

    assert make_tags(rules, Flavor(), known, allow_dirty=True).names == (
        "1.0.0-dirty",
        "latest-dirty",
    )


def test_a_tag_of_ones_own_says_nothing_of_the_commit() -> None:
    known = Facts(commit=COMMIT, dirty=True)

    assert make_tags(read_tags(("stable",)), Flavor(), known).names == ("stable",)


@given(st.text(max_size=80))
def test_any_line_is_a_rule_or_a_wrong_request(line: str) -> None:
    with suppress(RequestError):
        assert read_rule(line).type in tag_types()


@given(st.text(alphabet="type=raw,value{}\\'\" date{{~!&#}}", max_size=60))
def test_any_template_is_rendered_or_a_wrong_request(text: str) -> None:
    with suppress(RequestError):
        assert all(map(is_tag, tags_of(f"type=raw,value={text}", facts()).names))


@given(st.text(max_size=60))
def test_any_flavour_is_one_or_a_wrong_request(line: str) -> None:
    with suppress(RequestError):
        assert isinstance(read_flavor((line,)), Flavor)


def test_every_type_has_the_rank_that_metadata_action_gives_it() -> None:
    ranks = {name: kind.priority for name, kind in tag_types().items()}

    assert {
        "schedule": 1000,
        "semver": 900,
        "pep440": 900,
        "match": 800,
        "edge": 700,
        "ref": 600,
        "raw": 200,
        "sha": 100,
    }.items() <= ranks.items()


def test_a_rule_is_completed_by_what_its_type_says() -> None:
    assert read_rule("type=sha,prefix=").attributes == {"format": "short", "prefix": ""}
    assert read_rule("type=ref,event=pr").attributes == {"event": "pr", "prefix": "pr-"}
    assert read_rule('type=match,"pattern=a,b"').attributes["pattern"] == "a,b"
    assert read_rule(" TYPE = raw , value = a = b ").attributes == {"value": "a = b"}
    assert read_rule("acustomtag,enable=true").type == "raw"


def test_a_flavour_is_read() -> None:
    flavor = read_flavor(("latest=false", "prefix=dev-,onlatest=true,suffix=-x,onlatest=true", "#"))

    assert flavor == Flavor(
        latest="false", prefix="dev-", prefix_latest=True, suffix="-x", suffix_latest=True
    )
    assert read_flavor(("prefix= ",)) == Flavor()


@pytest.mark.parametrize(
    ("pattern", "group", "found"),
    [
        (r"\d.\d", 0, "1.2"),
        (r"v(?<all>.*)", 1, "1.2.3-rc.22"),
        (r"(?<n>2)\k<n>", 0, "22"),
        (r"(?<=rc\.)\d+", 0, "22"),
        ("/RC/i", 0, "rc"),
        (r"/\d+/g", 3, "22"),
        (r"(x)?rc", 1, None),
        ("[[v]", 0, "v"),
        ("^rc", 0, None),
    ],
)
def test_a_pattern_finds_what_javascript_finds(pattern: str, group: int, found: str | None) -> None:
    made = tags_of(f'type=match,"pattern={pattern}",group={group}', facts(tag="v1.2.3-rc.22"))

    assert made.version == (found or "")


@pytest.mark.parametrize("pattern", ["/a/q", "(?P<", "*", "a{2,1}", "/(/g"])
def test_a_pattern_that_is_none_is_a_wrong_request(pattern: str) -> None:
    with pytest.raises(RequestError):
        read_rule(f'type=match,"pattern={pattern}"')


@given(st.text(alphabet="(?<>=!:)[]{}1,ab.*+|\\k/$^", max_size=20))
def test_any_pattern_is_one_or_a_wrong_request(pattern: str) -> None:
    with suppress(RequestError):
        assert read_rule(f"type=match,pattern={pattern.replace(',', '')}").type == "match"
