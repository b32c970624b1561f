from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.core.errors import CannotTell, Missing, Unreadable
from cdkit.core.oci import media
from cdkit.core.oci.mirrors import Mirrors
from cdkit.core.oci.reference import parse
from cdkit.core.oci.registry import Registry
from cdkit.core.oci.resolve import resolve_all
from cdkit.core.world import Response, World
from tests.core.registries import UNKNOWN, outside, ref, serves
from tests.core.serving import Answer, serving
from tests.image.layouts import two_platforms
from tests.parts.loopback import free_port
from tests.worlds import NoHttp, Notebook, world

DIGEST = f"sha256:{'a' * 64}"
TWO = """
[[registry]]
prefix = "docker.io"
location = "docker.io"
[[registry.mirror]]
location = "m.example.com/hub"
[[registry.mirror]]
location = "second.example.com"
insecure = true
"""


def _places(tmp_path: Path, conf: str, reference: str, *, mirrored: bool = True) -> list[str]:
    (tmp_path / "r.conf").write_text(conf)
    around = world(tmp_path, environ={"CONTAINERS_REGISTRIES_CONF": "r.conf"})
    found = Mirrors(around).places(parse(reference), mirrored=mirrored)
    return [f"{place.base} {place.reference}" for place in found]


def test_mirrors_are_asked_in_turn_and_the_registry_last(tmp_path: Path) -> None:
    assert _places(tmp_path, TWO, "busybox:1") == [
        "https://m.example.com/v2/hub/library/busybox m.example.com/hub/library/busybox:1",
        "http://second.example.com/v2/library/busybox second.example.com/library/busybox:1",
        "https://registry-1.docker.io/v2/library/busybox docker.io/library/busybox:1",
    ]


def test_without_mirrors_wanted_the_registry_alone_is_asked_under_its_own_name(
    tmp_path: Path,
) -> None:
    conf = TWO.replace('location = "docker.io"', 'location = "elsewhere.example.com"')

    assert _places(tmp_path, conf, "busybox:1", mirrored=False) == [
        "https://registry-1.docker.io/v2/library/busybox docker.io/library/busybox:1"
    ]


@pytest.mark.parametrize(
    ("prefix", "reference", "first"),
    [
        ("quay.io/team", "quay.io/team/app:1", "m.example.com/app:1"),
        ("quay.io/team", "quay.io/teams/app:1", "quay.io/teams/app:1"),
        ("quay.io", "quay.io/team/app:1", "m.example.com/team/app:1"),
        ("quay.io/", "quay.io/team/app:1", "m.example.com/team/app:1"),
        ("quay.io/team/", "quay.io/team/app:1", "m.example.com/app:1"),
        ("quay.io", "quay.io:8443/team/app:1", "m.example.com:8443/team/app:1"),
        ("*.example.org", "a.b.example.org/app:1", "m.example.com/app:1"),
        ("*.example.org", "example.org/app:1", "example.org/app:1"),
        ("*.example.org", "x.example.org.evil.com/a:1", "x.example.org.evil.com/a:1"),
        ("*.example.org", "evil.com/x.example.org/a:1", "evil.com/x.example.org/a:1"),
    ],
)
def test_a_prefix_ends_where_a_part_of_the_name_ends(
    tmp_path: Path, prefix: str, reference: str, first: str
) -> None:
    conf = f'[[registry]]\nprefix = "{prefix}"\n[[registry.mirror]]\nlocation = "m.example.com"\n'
    assert _places(tmp_path, conf, reference)[0].split()[1] == first


@pytest.mark.parametrize(
    ("prefix", "location"),
    [("quay.io/a", "m.example.com"), ("quay.io", "mirror"), ("quay.io/a", "mirror/x")],
)
def test_a_mirror_without_a_registry_does_not_become_docker_hub(
    tmp_path: Path, prefix: str, location: str
) -> None:
    conf = f'[[registry]]\nprefix = "{prefix}"\n[[registry.mirror]]\nlocation = "{location}"\n'

    with pytest.raises(Unreadable, match="which names no registry"):
        _places(tmp_path, conf, "quay.io/a:1")


@pytest.mark.parametrize("location", ["", "m.example.com/Bad", "m.example.com/a b", "m:99999"])
def test_a_mirror_that_leads_to_no_image_is_said(tmp_path: Path, location: str) -> None:
    conf = f'[[registry]]\nprefix = "q.io"\n[[registry.mirror]]\nlocation = "{location}"\n'

    with pytest.raises(Unreadable, match=r"^r\.conf: leads to no image: "):
        _places(tmp_path, conf, "q.io/team/a:1")


def test_the_longest_prefix_wins_wherever_it_stands(tmp_path: Path) -> None:
    conf = "".join(
        f'[[registry]]\nprefix = "{prefix}"\nlocation = "{location}.example.com/x"\n'
        for prefix, location in (("quay.io", "all"), ("quay.io/a/b", "b"), ("quay.io/a", "a"))
    )

    assert _places(tmp_path, conf, "quay.io/a/b:1")[-1].endswith(" b.example.com/x:1")
    assert _places(tmp_path, conf, "quay.io/a/c:1")[-1].endswith(" a.example.com/x/c:1")


@pytest.mark.parametrize(
    ("kind", "more", "tag", "digest"),
    [
        ("all", "", True, True),
        ("digest-only", "", False, True),
        ("tag-only", "", True, False),
        ("all", "mirror-by-digest-only = true\n", False, True),
    ],
)
def test_a_mirror_may_be_for_tags_or_digests_only(
    tmp_path: Path, kind: str, more: str, *, tag: bool, digest: bool
) -> None:
    conf = (
        f'[[registry]]\nprefix = "quay.io"\n{more}[[registry.mirror]]\n'
        f'location = "m.example.com"\npull-from-mirror = "{kind}"\n'
    )
    assert (len(_places(tmp_path, conf, "quay.io/a:1")) == 2) is tag
    assert (len(_places(tmp_path, conf, f"quay.io/a@{DIGEST}")) == 2) is digest


@pytest.mark.parametrize("mirrored", [True, False])
def test_a_blocked_registry_is_cannot_tell(tmp_path: Path, *, mirrored: bool) -> None:
    conf = '[[registry]]\nprefix = "quay.io/bad"\nblocked = true\n'

    with pytest.raises(CannotTell) as caught:
        _places(tmp_path, conf, "quay.io/bad/app:1", mirrored=mirrored)

    assert str(caught.value) == "r.conf: blocks quay.io/bad, and so quay.io/bad/app:1"
    assert _places(tmp_path, conf, "quay.io/good/app:1")


class _Busy(NoHttp):
    """A mirror that wants fewer questions `busy` times, and a registry that answers if it is up."""

    def __init__(self, *, busy: int, up: bool) -> None:
        self.busy, self.up = busy, up
        self.asked: list[str] = []

    def request(self, method: str, url: str, **_: object) -> Response:  # noqa: ARG002
        host = url.split("/")[2]
        self.asked.append(host)
        headers = {"content-type": media.OCI_INDEX, "docker-content-digest": DIGEST}
        if host == "m.example.com" and self.busy:
            self.busy -= 1
            return Response(status=429, headers={"retry-after": "200"}, body=b"")
        is_up = self.up or host == "m.example.com"
        return Response(status=200 if is_up else 503, headers=headers if is_up else {}, body=b"")


def _busy(tmp_path: Path, http: _Busy) -> Registry:
    (tmp_path / "r.conf").write_text(
        '[[registry]]\nlocation = "quay.io"\n[[registry.mirror]]\nlocation = "m.example.com"\n'
    )
    around = world(tmp_path, environ={"CONTAINERS_REGISTRIES_CONF": "r.conf"}, http=http)
    return Registry(around, mirrored=True)


def test_a_mirror_that_wants_fewer_questions_is_asked_after_the_registry_from_then_on(
    tmp_path: Path,
) -> None:
    http = _Busy(busy=1, up=True)
    registry = _busy(tmp_path, http)

    for _ in range(2):
        assert str(registry.digest_of(parse("quay.io/app:1"))) == DIGEST
    assert http.asked == ["m.example.com", "quay.io", "quay.io"]


def test_such_a_mirror_still_answers_where_the_registry_does_not(tmp_path: Path) -> None:
    http = _Busy(busy=1, up=False)
    registry = _busy(tmp_path, http)

    with pytest.raises(CannotTell):
        registry.digest_of(parse("quay.io/app:1"))
    assert str(registry.digest_of(parse("quay.io/app:1"))) == DIGEST
    assert http.asked == ["m.example.com", "quay.io", "quay.io", "m.example.com"]


class _Noting(NoHttp):
    """Any registry: notes the addresses that it is asked for."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    def request(self, method: str, url: str, **_: object) -> Response:  # noqa: ARG002
        self.urls.append(url)
        headers = {"content-type": media.OCI_INDEX, "docker-content-digest": DIGEST}
        return Response(status=200, headers=headers, body=b"")


@pytest.mark.parametrize("mirrored", [True, False])
@pytest.mark.parametrize(("insecure", "scheme"), [("true", "http"), ("false", "https")])
def test_plain_http_beyond_loopback_is_spoken_to_insecure_registries_alone(
    tmp_path: Path, insecure: str, scheme: str, *, mirrored: bool
) -> None:
    conf = f'[[registry]]\nlocation = "registry.lan:5000"\ninsecure = {insecure}\n'
    (tmp_path / "r.conf").write_text(conf)
    http = _Noting()
    around = world(tmp_path, environ={"CONTAINERS_REGISTRIES_CONF": "r.conf"}, http=http)

    Registry(around, mirrored=mirrored).digest_of(parse("registry.lan:5000/app:1"))

    assert http.urls == [f"{scheme}://registry.lan:5000/v2/app/manifests/1"]


@pytest.mark.parametrize(
    ("conf", "said"),
    [
        ("[[registry", "is no registries.conf"),
        ("\xff", "is no registries.conf"),
        ("[[registry]]\nprefix = 7", "is no registries.conf"),
        ("[[registry]]\ninsecure = true", "without prefix and location"),
        ("[registries.search]\nregistries = ['a']", "is of version 1"),
        (
            "registry = [{prefix='a.io', mirror=[{location='b.io', pull-from-mirror='never'}]}]",
            "is no registries.conf",
        ),
        ("[[registry]]\nprefix='a.io'\n[[registry.mirror]]\ninsecure=true", "is no registries"),
    ],
)
def test_a_configuration_that_is_none_is_said_with_its_file(
    tmp_path: Path, conf: str, said: str
) -> None:
    (tmp_path / "r.conf").write_bytes(conf.encode("latin-1"))
    around = world(tmp_path, environ={"CONTAINERS_REGISTRIES_CONF": "r.conf"})

    with pytest.raises(Unreadable, match=said) as caught:
        Mirrors(around).places(parse("quay.io/a:1"), mirrored=True)

    assert str(caught.value.where) == "r.conf"


def test_a_configuration_that_is_named_and_missing_is_cannot_tell(tmp_path: Path) -> None:
    around = world(tmp_path, environ={"CONTAINERS_REGISTRIES_CONF": "none.conf"})

    with pytest.raises(Missing):
        Mirrors(around).places(parse("quay.io/a:1"), mirrored=True)


def test_a_file_in_the_folder_beside_it_goes_before_it(tmp_path: Path) -> None:
    folder = tmp_path / ".config/containers/registries.conf.d"
    folder.mkdir(parents=True)
    rule = '[[registry]]\nprefix = "quay.io"\nlocation = "{}.example.com"\n'
    (folder.parent / "registries.conf").write_text(
        f'unqualified-search-registries = ["x.io"]\n{rule.format("main")}'
    )
    (folder / "10.conf").write_text(rule.format("ten"))
    (folder / "20.conf").write_text(rule.format("twenty"))
    (folder / "30.toml").write_text("not read")
    around = world(tmp_path, environ={"HOME": str(tmp_path)})

    (place,) = Mirrors(around).places(parse("quay.io/a:1"), mirrored=True)

    assert str(place.reference) == "twenty.example.com/a:1"


def _mirrored(tmp_path: Path, origin: str, *mirrors: str) -> World:
    conf = f'[[registry]]\nlocation = "{origin}"\n'
    conf += "".join(f'[[registry.mirror]]\nlocation = "{mirror}"\n' for mirror in mirrors)
    (tmp_path / "r.conf").write_text(conf)
    return outside(tmp_path, CONTAINERS_REGISTRIES_CONF="r.conf")


def test_what_a_mirror_answers_is_taken_and_said_once(tmp_path: Path) -> None:
    layout, index, parts = two_platforms()
    with serving(serves(layout, index)) as mirror, serving(lambda _: Answer(500)) as origin:
        around = _mirrored(tmp_path, origin.address, f"{mirror.address}/hub")
        image = Registry(around, mirrored=True).image(ref(origin))

    assert str(image.digest) == index
    assert [str(part.digest) for part in image.platforms] == parts
    assert origin.asked == []
    assert mirror.asked[0].path == "/v2/hub/team/app/manifests/v1"
    assert isinstance(around.talk, Notebook)
    assert around.talk.said == [
        f"{mirror.address} answers for {origin.address}, whose mirror it is"
    ]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(404, {}, UNKNOWN.encode()), None),
        (Answer(404, {}, b"<html>"), "does not say that it is unknown"),
        (Answer(200, {"Content-Type": "text/html"}, b"<html>"), "answers with a web page"),
        (Answer(401), "wants a login (401)"),
        (Answer(503), "cannot answer (503)"),
    ],
)
def test_where_a_mirror_has_no_answer_the_registry_is_asked(
    tmp_path: Path, answer: Answer, said: str | None
) -> None:
    layout, index, _ = two_platforms()
    with serving(lambda _: answer) as mirror, serving(serves(layout, index)) as origin:
        around = _mirrored(tmp_path, origin.address, mirror.address)
        assert str(Registry(around, mirrored=True).digest_of(ref(origin))) == index

    assert isinstance(around.talk, Notebook)
    if said is None:
        assert around.talk.said == []
    else:
        (line,) = around.talk.said
        assert line.startswith(f"{mirror.address}, a mirror of {origin.address}, has no answer: ")
        assert said in line


def test_a_registry_that_has_moved_is_asked_where_it_is_now_and_that_is_said(
    tmp_path: Path,
) -> None:
    layout, index, _ = two_platforms()
    with serving(serves(layout, index)) as now:
        conf = f'[[registry]]\nprefix = "old.example.com"\nlocation = "{now.address}/moved"\n'
        (tmp_path / "r.conf").write_text(conf)
        around = outside(tmp_path, CONTAINERS_REGISTRIES_CONF="r.conf")
        found = Registry(around, mirrored=True).digest_of(parse("old.example.com/app:v1"))

    assert str(found) == index
    assert now.asked[0].path == "/v2/moved/app/manifests/v1"
    assert isinstance(around.talk, Notebook)
    assert around.talk.said == [
        f"{now.address} is asked for old.example.com, as registries.conf has it"
    ]


def test_a_verification_never_asks_a_mirror(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    with serving(lambda _: Answer(500)) as mirror, serving(serves(layout, index)) as origin:
        around = _mirrored(tmp_path, origin.address, mirror.address)
        assert str(Registry(around).digest_of(ref(origin))) == index

    assert mirror.asked == []


def test_a_mirror_that_is_down_is_given_up_once_for_all_references(tmp_path: Path) -> None:
    layout, index, _ = two_platforms()
    with serving(serves(layout, index)) as origin:
        around = _mirrored(tmp_path, origin.address, f"127.0.0.1:{free_port()}")
        references = [parse(f"{origin.address}/app{number}:v1") for number in range(20)]
        found = resolve_all(references, around, at_once=1)

    assert {str(digest) for digest in found.values()} == {index}
    assert around.clock.monotonic() == 7.5  # the waits of one request, not of twenty
