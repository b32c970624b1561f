"""What goes wrong with a registry, on a double that does it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cdkit.core.errors import CannotTell, NoAnswer, Unreadable
from cdkit.core.oci import media
from cdkit.core.oci.reference import Reference, parse
from cdkit.core.oci.registry import Registry
from tests.core.registries import log_in, outside
from tests.image.layouts import push, two_platforms
from tests.parts.double import Double, Given, running
from tests.worlds import Notebook, StandingClock


@pytest.fixture
def double() -> Iterator[Double]:
    with running() as double:
        yield double


@pytest.fixture
def index(double: Double) -> str:
    """The digest of team/app:v1 in the double."""
    layout, index, _ = two_platforms()
    push(layout, double.address, "team/app", "v1")
    double.asked.clear()
    return index


def _app(double: Double, rest: str = ":v1") -> Reference:
    return parse(f"{double.address}/team/app{rest}")


def test_an_honest_double_is_read_whole(double: Double, index: str, tmp_path: Path) -> None:
    client = Registry(outside(tmp_path))

    assert str(client.image(_app(double)).digest) == index
    assert str(client.digest_of(_app(double), proof=True)) == index
    assert client.digest_of(_app(double, ":none")) is None


def test_proof_reads_the_manifest_though_head_would_do(
    double: Double, index: str, tmp_path: Path
) -> None:
    assert str(Registry(outside(tmp_path)).digest_of(_app(double), proof=True)) == index
    assert [method for method, _, _ in double.asked] == ["HEAD", "GET"]


def test_a_head_that_lies_is_caught_where_proof_is_wanted(
    double: Double, index: str, tmp_path: Path
) -> None:
    lie = f"sha256:{'1' * 64}"
    double.next.append(Given(200, {"Content-Type": media.OCI_INDEX, "Docker-Content-Digest": lie}))

    with pytest.raises(Unreadable) as caught:
        Registry(outside(tmp_path)).digest_of(_app(double), proof=True)

    assert caught.value.what == (
        f"{double.address} answers HEAD with {lie}, and GET with {index}: it lies, or the tag "
        "moved just now"
    )


def test_a_head_of_what_get_does_not_have_is_caught_where_proof_is_wanted(
    double: Double, tmp_path: Path
) -> None:
    lie = f"sha256:{'1' * 64}"
    double.next.append(Given(200, {"Content-Type": media.OCI_INDEX, "Docker-Content-Digest": lie}))

    with pytest.raises(Unreadable, match="and GET with nothing"):
        Registry(outside(tmp_path)).digest_of(_app(double), proof=True)


@pytest.mark.parametrize("proof", [True, False])
def test_a_digest_header_that_always_lies_is_caught_by_the_bytes(
    double: Double, index: str, tmp_path: Path, *, proof: bool
) -> None:
    double.digest_header = "lies"
    client = Registry(outside(tmp_path))

    with pytest.raises(Unreadable, match="other bytes"):
        client.digest_of(_app(double), proof=True) if proof else client.manifest(_app(double))
    assert index


@pytest.mark.parametrize("proof", [True, False])
def test_without_a_digest_header_the_bytes_are_hashed(
    double: Double, index: str, tmp_path: Path, *, proof: bool
) -> None:
    double.digest_header = "missing"

    assert str(Registry(outside(tmp_path)).digest_of(_app(double), proof=proof)) == index
    assert [method for method, _, _ in double.asked] == ["HEAD", "GET"]


@pytest.mark.parametrize("status", [405, 501])
def test_a_registry_that_knows_no_head_is_asked_by_get(
    double: Double, index: str, tmp_path: Path, status: int
) -> None:
    double.next.append(Given(status))

    assert str(Registry(outside(tmp_path)).digest_of(_app(double))) == index
    assert [method for method, _, _ in double.asked] == ["HEAD", "GET"]


PAGE = Given(200, {"Content-Type": "text/html"}, b"<html><title>Sign in</title></html>")


@pytest.mark.parametrize(
    "given",
    [
        PAGE,
        Given(200, {"Content-Type": media.OCI_INDEX}, PAGE.body),
        Given(200, {"Content-Type": "application/json"}, b'{"status": "ok"}'),
        Given(200, {}, b""),
    ],
    ids=["page", "page-as-index", "json", "empty"],
)
@pytest.mark.parametrize("proof", [True, False])
def test_a_page_has_no_digest(double: Double, tmp_path: Path, given: Given, *, proof: bool) -> None:
    double.always = given

    with pytest.raises(Unreadable, match=r"a web page|is not what an image holds"):
        Registry(outside(tmp_path)).digest_of(_app(double), proof=proof)


def test_a_registry_that_hangs_is_given_up_in_time(double: Double, tmp_path: Path) -> None:
    double.always = Given(hang=True)

    with pytest.raises(NoAnswer) as caught:
        Registry(outside(tmp_path), timeout=0.1).digest_of(_app(double))

    assert caught.value.what == "127.0.0.1 did not answer in time"


class _Running(StandingClock):
    """A second goes by whenever somebody looks."""

    def monotonic(self) -> float:
        self.slept.append(1.0)
        return sum(self.slept)


def test_a_registry_that_drips_is_given_up_in_time(double: Double, tmp_path: Path) -> None:
    double.always = Given(200, {"Content-Type": media.OCI_INDEX}, b" " * 100_000, drip=True)

    with pytest.raises(NoAnswer, match="did not end its answer in time"):
        Registry(outside(tmp_path, clock=_Running())).manifest(_app(double))


@pytest.mark.parametrize(
    "given",
    [
        Given(200, {"Content-Type": media.OCI_INDEX}, b'{"schemaVersion": 2', length=900),
        Given(200, {"Content-Type": media.OCI_INDEX}, chunks=(b'{"schema', b"Ver"), cut=True),
    ],
    ids=["length", "chunked"],
)
def test_an_answer_that_is_cut_is_tried_again_and_then_said(
    double: Double, tmp_path: Path, given: Given
) -> None:
    double.always = given

    with pytest.raises(CannotTell, match="cut its answer short") as caught:
        Registry(outside(tmp_path)).manifest(_app(double))

    assert len(double.asked) == 5
    assert not isinstance(caught.value, NoAnswer)


def test_a_chunked_answer_is_as_good(double: Double, index: str, tmp_path: Path) -> None:
    kind, data = double.manifests["team/app", index]
    double.next.append(Given(200, {"Content-Type": kind}, chunks=(data[:7], data[7:])))

    found = Registry(outside(tmp_path)).manifest(_app(double))

    assert found is not None
    assert str(found.digest) == index


@pytest.mark.parametrize("chunked", [True, False])
def test_a_manifest_that_is_far_too_large_is_not_read_to_its_end(
    double: Double, tmp_path: Path, *, chunked: bool
) -> None:
    kind = {"Content-Type": media.OCI_INDEX}
    piece = b" " * (1024 * 1024)
    double.always = (
        Given(200, kind, chunks=(piece,) * 9) if chunked else Given(200, kind, piece * 9)
    )

    with pytest.raises(CannotTell, match="over 4194304 bytes"):
        Registry(outside(tmp_path)).manifest(_app(double))


def test_failures_that_pass_are_waited_out(double: Double, index: str, tmp_path: Path) -> None:
    clock = StandingClock()
    double.next.extend([Given(503), Given(502), Given(429, {"Retry-After": "3"})])

    assert str(Registry(outside(tmp_path, clock=clock)).digest_of(_app(double))) == index
    assert clock.slept == [0.5, 1.0, 3.0]


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, ""),
        ({"Retry-After": "3600"}, "; it asks to wait for 3600 s"),
        (
            {"Retry-After": "Mon, 23 Nov 2026 18:00:00 GMT"},
            "; it asks to wait for Mon, 23 Nov 2026 18:00:00 GMT",
        ),
        (
            {
                "RateLimit-Limit": "100;w=21600",
                "RateLimit-Remaining": "0;w=21600",
                "Docker-RateLimit-Source": "192.0.2.7",
            },
            "; its limit is 100 in 6 h, 0 left; counted for 192.0.2.7",
        ),
        ({"RateLimit-Limit": "many", "Retry-After": "\x1b[2Jsoon"}, "; it asks to wait for soon"),
    ],
)
def test_too_many_requests_are_said_with_the_limits(
    double: Double, tmp_path: Path, headers: dict[str, str], said: str
) -> None:
    double.always = Given(429, headers)

    with pytest.raises(NoAnswer) as caught:
        Registry(outside(tmp_path)).digest_of(_app(double))

    assert caught.value.what == (
        f"{double.address} has had too many requests (429) for {_app(double)}{said}"
    )
    assert len(double.asked) == (1 if "Mon" in said or "3600" in said else 5)


def test_what_a_registry_says_itself_is_shown_and_disarmed(double: Double, tmp_path: Path) -> None:
    errors = [{"code": "DENIED", "message": "no\n::error::evil \x1b[31maccess"}]
    double.always = Given(403, {}, json.dumps({"errors": errors}).encode())

    with pytest.raises(CannotTell) as caught:
        Registry(outside(tmp_path)).manifest(_app(double))

    assert "\n" not in caught.value.what
    assert "\x1b" not in caught.value.what
    assert "; it says: DENIED no" in caught.value.what


def test_warnings_are_said_once_each_and_disarmed(
    double: Double, index: str, tmp_path: Path
) -> None:
    kind, data = double.manifests["team/app", index]
    said = '299 - "Retired \\"soon\\" \x1b[31m", 199 - "not this", 299 - "and more"'
    double.always = Given(200, {"Content-Type": kind, "Warning": said}, data)
    around = outside(tmp_path)

    Registry(around).digest_of(_app(double))

    assert isinstance(around.talk, Notebook)
    assert around.talk.said == [
        f'{double.address} warns: Retired "soon" ',
        f"{double.address} warns: and more",
    ]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_loop_is_told(double: Double, tmp_path: Path, status: int) -> None:
    double.always = Given(status, {"Location": "/v2/team/app/manifests/v1?token=word"})

    with pytest.raises(CannotTell) as caught:
        Registry(outside(tmp_path)).digest_of(_app(double))

    assert caught.value.what == (
        f"{double.address} redirects without end, at last to "
        f"'{double.url}/v2/team/app/manifests/v1'"
    )
    assert len(double.asked) == 6


def test_a_login_that_is_never_enough_is_asked_for_once(double: Double, tmp_path: Path) -> None:
    double.always = Given(401, {"WWW-Authenticate": 'Basic realm="r"'})
    log_in(tmp_path, double.address, "ci", "password")

    with pytest.raises(CannotTell, match=r"wants a login \(401\) .* with the login from"):
        Registry(outside(tmp_path)).digest_of(_app(double))

    assert len(double.asked) == 2


@pytest.mark.parametrize(
    "ask", [Registry.digest_of, Registry.manifest, Registry.image], ids=["digest", "manifest", "i"]
)
def test_a_page_for_404_is_not_absent(
    double: Double, tmp_path: Path, ask: Callable[[Registry, Reference], object]
) -> None:
    double.always = Given(404, {"Content-Type": "text/html"}, b"<html>no such host</html>")

    with pytest.raises(CannotTell, match="does not say that it is unknown"):
        ask(Registry(outside(tmp_path)), _app(double))


def test_a_part_that_is_gone_is_said(double: Double, index: str, tmp_path: Path) -> None:
    child = json.loads(double.manifests["team/app", index][1])["manifests"][1]["digest"]
    del double.manifests["team/app", child]

    with pytest.raises(CannotTell) as caught:
        Registry(outside(tmp_path)).image(_app(double))

    assert caught.value.what == (
        f"{double.address} does not hold {child}, a part of {_app(double)}"
    )
