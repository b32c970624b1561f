from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.context import BuildContext
from cdkit.core.errors import RequestError
from cdkit.image.tags.expressions import scope_of
from cdkit.image.tags.facts import Facts
from cdkit.image.tags.labels import PREFIX, Wording, at_levels, known_labels, say
from cdkit.image.tags.parent import Parent
from cdkit.image.tags.payload import License, Payload, Repository

AT = datetime(2026, 11, 23, tzinfo=UTC)
CONTEXT = BuildContext(
    system="github", repository="acme/orders", repository_url="https://github.com/acme/orders"
)


def labels(
    context: BuildContext = CONTEXT,
    repository: Repository | None = None,
    parent: Parent | None = None,
) -> dict[str, str]:
    """What is known, without the prefix that all share."""
    payload = Payload(repository=repository) if repository else None
    known = known_labels(
        context, payload, commit="", version="v1", created=AT, url="", parent=parent
    )
    return {name.removeprefix(PREFIX): text for name, text in known.items()}


def test_labels_that_nobody_knows_are_left_out() -> None:
    assert labels(BuildContext(system="terminal")) == {
        "created": "2026-11-23T00:00:00Z",
        "version": "v1",
        "ref.name": "v1",
    }


def test_the_event_says_what_the_repository_is() -> None:
    repository = Repository(
        name="Orders",
        description="Takes\n orders",
        html_url="https://github.com/Acme/Orders",
        license=License(spdx_id="Apache-2.0"),
    )

    assert labels(repository=repository) | {"created": ""} == {
        "created": "",
        "source": "https://github.com/Acme/Orders",
        "url": "https://github.com/Acme/Orders",
        "version": "v1",
        "ref.name": "v1",
        "title": "Orders",
        "description": "Takes orders",
        "licenses": "Apache-2.0",
    }


def test_no_licence_is_claimed_where_none_was_found() -> None:
    assert "licenses" not in labels(repository=Repository(license=License(spdx_id="NOASSERTION")))
    assert labels(repository=Repository())["title"] == "orders"


def test_the_base_image_is_named_with_its_digest() -> None:
    found = labels(parent=Parent(name="docker.io/library/alpine:3.22", digest="sha256:1"))

    assert found["base.name"] == "docker.io/library/alpine:3.22"
    assert found["base.digest"] == "sha256:1"


def said(
    *own: str, annotations: tuple[str, ...] = (), levels: tuple[str, ...] = ("manifest",)
) -> Wording:
    scope = scope_of(Facts(commit="c" * 40, now=AT, committed_at=AT))
    return say({"b": "1", "c": "2"}, scope, labels=own, annotations=annotations, levels=levels)


def test_own_labels_win_and_all_are_sorted() -> None:
    wording = said("a=x=y", "c=", "# none", "d={{commit_date 'YYYY-MM-DDTHH:mm:ss.SSS[Z]'}}")

    assert list(wording.labels.items()) == [
        ("a", "x=y"),
        ("b", "1"),
        ("c", ""),
        ("d", "2026-11-23T00:00:00.000Z"),
    ]
    assert wording.annotations == ("manifest:b=1", "manifest:c=2")


def test_an_entry_without_a_value_is_left_out_and_told() -> None:
    wording = said("invalid", "=x", annotations=("foo",))

    assert list(wording.labels) == ["b", "c"]
    assert wording.left_out == ("invalid", "=x", "foo")


def test_annotations_go_to_each_level() -> None:
    wording = said(annotations=("b=9",), levels=("index, manifest[linux/amd64]", "index"))

    assert wording.annotations == (
        "index:b=9",
        "index:c=2",
        "manifest[linux/amd64]:b=9",
        "manifest[linux/amd64]:c=2",
    )
    assert wording.labels["b"] == "1"


@pytest.mark.parametrize("level", ["manifests", "index[linux/amd64]", "manifest[x\n]", "m:a"])
def test_a_level_that_there_is_not_is_a_wrong_request(level: str) -> None:
    with pytest.raises(RequestError, match="is no level of annotations"):
        at_levels({}, (level,))


@given(st.text(), st.text())
def test_no_label_forges_a_line(name: str, value: str) -> None:
    scope = {"x": lambda _: value}
    wording = say(
        {}, scope, labels=(f"{name.replace('{', '')}={{{{x}}}}",), annotations=(), levels=()
    )

    for key, text in wording.labels.items():
        assert len(f"{key}={text}".splitlines()) == 1
