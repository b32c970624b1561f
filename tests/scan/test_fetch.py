from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from socket import EAI_AGAIN, EAI_NONAME, gaierror

import pytest

from cdkit.core.doors.attempt import unreached
from cdkit.core.doors.http import RequestsHttp
from cdkit.core.errors import CannotTell, NoHost, RequestError
from cdkit.core.world import Response, World
from cdkit.scan.fetch import Fetched, fetch_database
from cdkit.scan.obtain import obtain
from cdkit.scan.scanners.trivy import SCANNER
from tests.core.serving import Answer, Asked, serving
from tests.image.layouts import Layout, push
from tests.parts.registry import Registry as RealRegistry
from tests.scan import samples, test_obtain
from tests.worlds import NOW, NoHttp, Notebook, StandingClock, world

METADATA = b'{"Version": 2, "UpdatedAt": "2026-11-23T06:00:00Z"}'
VULNERABILITIES = {"trivy.db": b"bbolt" * 1000, "metadata.json": METADATA}
_LARGE = b"".join(hashlib.sha256(b"%d" % one).digest() for one in range(5000))
"""More than is asked for at first, packed too."""
JAVA = {"trivy-java.db": b"sqlite", "metadata.json": b'{"Version": 1}'}
TITLE = "org.opencontainers.image.title"
"""Trivy itself wants it of a database's layer (pkg/oci/artifact.go)."""
LAYER = "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip"
JAVA_LAYER = "application/vnd.aquasec.trivy.javadb.layer.v1.tar+gzip"


def _packed(files: Mapping[str, bytes], link: str = "") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        if link:
            member = tarfile.TarInfo(link)
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(member)
    return out.getvalue()


def _artifact(data: bytes, media_type: str = LAYER) -> Layout:
    layout = Layout()
    layer = layout.put(data, media_type, annotations={TITLE: "db.tar.gz"})
    config = layout.put(b"{}", "application/vnd.aquasec.trivy.config.v1+json")
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config,
        "layers": [layer],
    }
    layout.root(layout.put_json(manifest, "application/vnd.oci.image.manifest.v1+json"))
    return layout


def _busy(asked: Asked) -> Answer:  # noqa: ARG001 - the shape of a script
    return Answer(status=429, headers={"Retry-After": "1"})


def _outside(folder: Path) -> World:
    outside = world(folder, environ={"HOME": str(folder)})
    return replace(outside, http=RequestsHttp(outside.clock))


def _fetch(folder: Path, *repositories: str) -> Fetched:
    return fetch_database(SCANNER, "bundle", repositories, 60, _outside(folder))


def _publish(registry: RealRegistry, name: str, *, java: bool = True, **changes: bytes) -> str:
    push(
        _artifact(changes.get("data", _packed(VULNERABILITIES))),
        registry.address,
        f"{name}/trivy-db",
        "2",
    )
    if java:
        data = _artifact(_packed(JAVA), JAVA_LAYER)
        push(data, registry.address, f"{name}/trivy-java-db", "1")
    return f"{registry.address}/{name}/trivy-db:2"


@pytest.mark.needs("registry")
def test_both_databases_are_fetched_from_a_mirror(tmp_path: Path, registry: RealRegistry) -> None:
    mirror = _publish(registry, "both")

    fetched = _fetch(tmp_path, mirror)

    assert fetched.database is not None
    assert fetched.database.updated_at == "2026-11-23T06:00:00Z"
    assert fetched.source == mirror
    assert fetched.notes == ()
    found = {str(p.relative_to(tmp_path / "bundle")) for p in (tmp_path / "bundle").rglob("*.*")}
    assert found == {
        "db/trivy.db",
        "db/metadata.json",
        "java-db/trivy-java.db",
        "java-db/metadata.json",
    }
    assert (tmp_path / "bundle/db/trivy.db").read_bytes() == VULNERABILITIES["trivy.db"]


@pytest.mark.needs("registry")
def test_a_mirror_without_the_java_database_is_told(tmp_path: Path, registry: RealRegistry) -> None:
    (note,) = _fetch(tmp_path, _publish(registry, "nojava", java=False)).notes

    assert note.startswith("Trivy's Java database was not fetched")
    assert note.endswith("an image with JAR files in it cannot be scanned by it.")


@pytest.mark.needs("registry")
def test_the_next_mirror_serves_where_one_says_429(tmp_path: Path, registry: RealRegistry) -> None:
    with serving(_busy) as busy:
        fetched = _fetch(tmp_path, f"{busy.address}/a/trivy-db:2", _publish(registry, "next"))

    assert fetched.source == f"{registry.address}/next/trivy-db:2"


def _layer_busy(asked: Asked) -> Answer:
    """Give the manifest, and refuse what it names: a registry counts layers by themselves."""
    layout = _artifact(_packed(VULNERABILITIES))
    root = layout.roots[0]["digest"]
    if "/manifests/" not in asked.path:
        return Answer(status=429, headers={"Retry-After": "200"})
    headers = {
        "Docker-Content-Digest": root,
        "Content-Type": "application/vnd.oci.image.manifest.v1+json",
    }
    return Answer(headers=headers, body=layout.blobs[root])


@pytest.mark.needs("registry")
@pytest.mark.parametrize("busy", [lambda _: Answer(429, {"Retry-After": "200"}), _layer_busy])
def test_a_mirror_that_answers_now_comes_before_one_that_wants_to_be_waited_for(
    tmp_path: Path, registry: RealRegistry, busy: Callable[[Asked], Answer]
) -> None:
    outside = _outside(tmp_path)
    name = f"now{busy.__name__.strip('<>')}"
    with serving(busy) as slow:
        names = (f"{slow.address}/a/trivy-db:2", _publish(registry, name))
        fetched = fetch_database(SCANNER, "bundle", names, 300, outside)

    assert fetched.source == f"{registry.address}/{name}/trivy-db:2"
    assert (tmp_path / "bundle/db/trivy.db").read_bytes() == VULNERABILITIES["trivy.db"]
    assert isinstance(outside.clock, StandingClock)
    assert outside.clock.slept == []


def test_where_all_want_to_be_waited_for_the_soonest_is_asked_first(tmp_path: Path) -> None:
    outside = _outside(tmp_path)
    assert isinstance(outside.clock, StandingClock)
    slept = outside.clock.slept
    asked: list[tuple[str, float]] = []

    def later(name: str, seconds: int) -> Callable[[Asked], Answer]:
        def answer(_: Asked) -> Answer:
            asked.append((name, sum(slept)))
            if sum(slept) < seconds:
                return Answer(429, {"Retry-After": f"{seconds - sum(slept):.0f}"})
            return Answer(404, body=b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')

        return answer

    with serving(later("long", 200)) as long, serving(later("short", 40)) as short:
        names = tuple(f"{one.address}/a/trivy-db:2" for one in (long, short))
        with pytest.raises(CannotTell, match="is not in the registry"):
            fetch_database(SCANNER, "bundle", names, 300, outside)

    assert slept[0] == 40
    assert [one for one in asked if one[1] < 200][:3] == [("long", 0), ("short", 0), ("short", 40)]
    assert ("long", 200) in asked


def test_all_are_asked_again_after_a_while_where_all_say_429(tmp_path: Path) -> None:
    with serving(_busy) as busy:
        outside = _outside(tmp_path)
        repository = f"{busy.url.removeprefix('http://')}/a/trivy-db:2"

        with pytest.raises(CannotTell, match=r"too many requests \(429\)"):
            fetch_database(SCANNER, "bundle", (repository,), 60, outside)

    talk = outside.talk
    assert isinstance(talk, Notebook)
    asked = [line for line in talk.said if line.startswith("All are asked again")]
    assert asked[:2] == ["All are asked again in 10 s.", "All are asked again in 30 s."]
    assert isinstance(outside.clock, StandingClock)
    assert {10, 30} <= set(outside.clock.slept)


@pytest.mark.parametrize("after", ["25", "20", "1"])
def test_nobody_stays_longer_than_the_user_gives_and_one_more_try(
    tmp_path: Path, after: str
) -> None:
    outside = _outside(tmp_path)
    with serving(_closed(after)) as busy, pytest.raises(CannotTell):
        fetch_database(SCANNER, "bundle", (f"{busy.address}/a/trivy-db:2",), 60, outside)

    assert isinstance(outside.clock, StandingClock)
    assert 60 <= sum(outside.clock.slept) + int(after) <= 120 + int(after)


@pytest.mark.needs("registry")
def test_a_mirror_by_registries_conf_that_wants_to_be_waited_for_comes_after_the_registry(
    tmp_path: Path, registry: RealRegistry
) -> None:
    repository = _publish(registry, "conf", data=_packed({**VULNERABILITIES, "trivy.db": _LARGE}))
    outside = _outside(tmp_path)
    outside = replace(outside, environ={**outside.environ, "CONTAINERS_REGISTRIES_CONF": "r.conf"})
    with serving(_closed("200")) as slow:
        (tmp_path / "r.conf").write_text(
            f'[[registry]]\nlocation = "{registry.address}"\n'
            f'[[registry.mirror]]\nlocation = "{slow.address}"\ninsecure = true\n'
        )
        fetched = fetch_database(SCANNER, "bundle", (repository,), 300, outside)

    assert fetched.source == repository
    assert (tmp_path / "bundle/db/trivy.db").read_bytes() == _LARGE
    assert isinstance(outside.clock, StandingClock)
    assert outside.clock.slept == []
    assert slow.asked


def _closed(after: str, status: int = 429) -> Callable[[Asked], Answer]:
    return lambda _: Answer(status=status, headers={"Retry-After": after})


HOUR = [("3600", 429), ("3600", 503), ("Mon, 23 Nov 2026 13:00:00 GMT", 429)]


@pytest.mark.parametrize(("after", "status"), HOUR)
def test_a_registry_that_asks_for_an_hour_is_left_alone(
    tmp_path: Path, after: str, status: int
) -> None:
    outside = _outside(tmp_path)
    with serving(_closed(after, status)) as busy:
        names = (f"{busy.address}/a/trivy-db:2", f"{busy.address}/b/trivy-db:2")
        with pytest.raises(CannotTell, match="; it asks to wait for ") as caught:
            fetch_database(SCANNER, "bundle", names, 60, outside)

    assert len(busy.asked) == 1
    assert caught.value.remedy == "try again in 3600 s, or name a mirror: --db-repository"
    assert isinstance(outside.clock, StandingClock)
    assert outside.clock.slept == []


def test_only_the_others_are_asked_again_where_one_asks_for_an_hour(tmp_path: Path) -> None:
    outside = _outside(tmp_path)
    with (
        serving(_closed("3600")) as hour,
        serving(_closed("61", 503)) as minute,
        serving(_closed("50", 503)) as short,
    ):
        names = tuple(f"{one.address}/a/trivy-db:2" for one in (hour, minute, short))
        with pytest.raises(CannotTell) as caught:
            fetch_database(SCANNER, "bundle", names, 40, outside)

    assert (len(hour.asked), len(minute.asked), len(short.asked)) == (1, 1, 2)
    assert caught.value.remedy.startswith("try again in 61 s")
    talk = outside.talk
    assert isinstance(talk, Notebook)
    assert [line for line in talk.said if "asked again" in line] == [
        "The others are asked again in 50 s."
    ]


@pytest.mark.needs("registry")
def test_the_second_database_is_not_asked_for_where_the_first_was_refused_for_an_hour(
    tmp_path: Path, registry: RealRegistry
) -> None:
    with serving(_closed("3600")) as busy:
        fetched = _fetch(tmp_path, f"{busy.address}/a/trivy-db:2", _publish(registry, "hour"))

    assert (fetched.source, fetched.notes) == (f"{registry.address}/hour/trivy-db:2", ())
    assert len(busy.asked) == 1


class _Nowhere(NoHttp):
    """A network in which nobody knows a name."""

    def request(self, *given: object, **more: object) -> Response:
        del given, more
        raise unreached("registry.example", gaierror(EAI_NONAME, "Name or service not known"))


def test_a_name_that_nobody_knows_is_not_asked_again(tmp_path: Path) -> None:
    outside = replace(_outside(tmp_path), http=_Nowhere(), quick_http=_Nowhere())

    with pytest.raises(CannotTell, match=r"registry\.example cannot be reached"):
        fetch_database(SCANNER, "bundle", ("registry.example/a/trivy-db:2",), 60, outside)

    assert isinstance(outside.clock, StandingClock)
    assert {10, 30, 60}.isdisjoint(outside.clock.slept)


def test_a_resolver_that_does_not_answer_now_may_answer_later() -> None:
    assert not isinstance(unreached("a", gaierror(EAI_AGAIN, "try again")), NoHost)
    assert not isinstance(unreached("a", TimeoutError()), NoHost)


@pytest.mark.needs("registry")
@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("cut", _packed(VULNERABILITIES)[:-20], "is no tar in gzip"),
        ("plain", b"no gzip at all", "is no tar in gzip"),
        ("up", _packed({"../trivy.db": b"x", **VULNERABILITIES}), r"holds '\.\./trivy\.db'"),
        ("abs", _packed({"/etc/x": b"x"}), "holds '/etc/x'"),
        ("link", _packed({}, link="trivy.db"), "holds 'trivy.db', which is no part"),
        ("more", _packed({**VULNERABILITIES, "evil": b""}), "holds 'evil'"),
        ("less", _packed({"metadata.json": METADATA}), r"lacks trivy\.db"),
        ("empty", _packed({**VULNERABILITIES, "trivy.db": b""}), "is empty"),
        (
            "schema",
            _packed({**VULNERABILITIES, "metadata.json": b'{"Version": 3}'}),
            "is of version 3, and trivy reads version 2",
        ),
        ("text", _packed({**VULNERABILITIES, "metadata.json": b"{"}), "is not what Trivy writes"),
        ("bits", gzip.compress(b"\xff" * 2000), "is no tar in gzip"),
    ],
    ids=lambda value: value if isinstance(value, str) else "data",  # gzip holds the time
)
def test_a_database_that_is_none_leaves_the_old_one(
    tmp_path: Path, registry: RealRegistry, name: str, data: bytes, said: str
) -> None:
    (tmp_path / "bundle/db").mkdir(parents=True)
    (tmp_path / "bundle/db/trivy.db").write_bytes(b"old")
    (tmp_path / "bundle/db/metadata.json").write_bytes(b"old")

    with pytest.raises(CannotTell, match=said):
        _fetch(tmp_path, _publish(registry, f"bad-{name}", data=data))

    assert (tmp_path / "bundle/db/trivy.db").read_bytes() == b"old"
    assert [path.name for path in (tmp_path / "bundle").iterdir()] == ["db"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle"]


@pytest.mark.needs("registry")
def test_an_image_is_no_database(tmp_path: Path, registry: RealRegistry) -> None:
    push(_artifact(b"x", "application/vnd.oci.image.layer.v1.tar"), registry.address, "img", "2")

    with pytest.raises(CannotTell, match="is not Trivy's database"):
        _fetch(tmp_path, f"{registry.address}/img:2")


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "bundle/db").mkdir(parents=True)
    (tmp_path / "bundle/db/0001_init.sql").write_text("CREATE TABLE a (b int);")

    with pytest.raises(RequestError, match=r"holds 0001_init\.sql"):
        _fetch(tmp_path, "127.0.0.1:1/a/trivy-db:2")

    assert (tmp_path / "bundle/db/0001_init.sql").is_file()


@pytest.mark.needs("registry", "trivy")
def test_a_real_trivy_scans_by_what_was_fetched(tmp_path: Path, registry: RealRegistry) -> None:
    made = samples.database(tmp_path / "made", NOW) / "db"
    files = {path.name: path.read_bytes() for path in made.iterdir()}
    _fetch(tmp_path, _publish(registry, "real", data=_packed(files)))
    folder = samples.build("findings", tmp_path)
    wanted = test_obtain._wanted(folder, way="program", database=str(tmp_path / "bundle"))
    obtained = obtain(wanted, test_obtain._outside(tmp_path, processes=test_obtain._RealTrivy()))

    assert obtained.trouble == []
    assert len(obtained.scans[0].report.vulnerabilities) == 5
