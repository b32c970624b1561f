"""Reading and pushing artifacts: what a hostile registry cannot make of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cdkit.core.digest import sha256
from cdkit.core.errors import NoAccess, RequestError, Unreadable, Unwritable
from cdkit.core.oci.artifacts import BLOB_LIMIT, Artifacts, Entry
from cdkit.core.oci.media import OCI_MANIFEST
from cdkit.core.oci.reference import parse_repository
from tests.evidence.places import networked
from tests.parts import double
from tests.parts.double import Double, Given

NAME = "acme/orders"
BASIC = {"WWW-Authenticate": 'Basic realm="x"'}


@pytest.fixture
def registry() -> Iterator[Double]:
    with double.running() as running:
        yield running


def artifacts(registry: Double, folder: Path, *, login: bool = False) -> Artifacts:
    environ = {
        "CI_REGISTRY": registry.address,
        "CI_REGISTRY_USER": "ci",
        "CI_REGISTRY_PASSWORD": "open-sesame",
    }
    outside = networked(folder, environ=environ if login else {})
    return Artifacts(parse_repository(f"{registry.address}/{NAME}"), outside)


def test_a_blob_that_is_there_is_not_pushed_again(registry: Double, tmp_path: Path) -> None:
    artifacts(registry, tmp_path).push_blob(b"{}", "text/plain")
    entry = artifacts(registry, tmp_path).push_blob(b"{}", "text/plain")
    assert entry.digest == str(sha256(b"{}"))
    assert [method for method, _, _ in registry.asked] == ["HEAD", "POST", "PUT", "HEAD"]


def test_an_upload_that_leads_elsewhere_gets_no_login(registry: Double, tmp_path: Path) -> None:
    with double.running() as other:
        away = {"Location": f"{other.url}/v2/{NAME}/blobs/uploads/1"}
        registry.next.extend([Given(401, BASIC), Given(404), Given(202, away)])
        artifacts(registry, tmp_path, login=True).push_blob(b"{}", "text/plain")
        (there,) = other.asked
    assert "authorization" in registry.asked[-1][2]
    assert there[0] == "PUT"
    assert "authorization" not in there[2]


@pytest.mark.parametrize(
    "where", ["ftp://x/y", "http://evil.example/up", "https://u:p@x/", "//[", ""]
)
def test_an_upload_that_nobody_should_follow_is_refused(
    registry: Double, tmp_path: Path, where: str
) -> None:
    registry.next.extend([Given(404), Given(202, {"Location": where})])
    with pytest.raises(Unwritable, match="names no address to push to"):
        artifacts(registry, tmp_path).push_blob(b"{}", "text/plain")


def test_our_login_is_in_no_message_even_where_it_is_echoed(
    registry: Double, tmp_path: Path
) -> None:
    import base64

    word = base64.b64encode(b"ci:open-sesame").decode()
    body = b'{"errors":[{"code":"DENIED","message":"no: Basic %s"}]}' % word.encode()
    registry.next.extend([Given(401, BASIC), Given(404), Given(403, {}, body)])
    with pytest.raises(NoAccess) as caught:
        artifacts(registry, tmp_path, login=True).push_blob(b"{}", "text/plain")
    assert word not in str(caught.value)


def test_tags_that_no_tag_may_be_are_left_out(registry: Double, tmp_path: Path) -> None:
    kind = {"Content-Type": "application/json"}
    registry.next.append(Given(200, kind, b'{"tags":["v1","../x","a b","v1",""]}'))
    assert artifacts(registry, tmp_path).tags() == ("v1",)


def test_a_manifest_must_have_the_digest_that_was_asked_for(
    registry: Double, tmp_path: Path
) -> None:
    registry.always = Given(200, {"Content-Type": OCI_MANIFEST}, b"{}")
    with pytest.raises(Unreadable, match="answers with other bytes"):
        artifacts(registry, tmp_path).manifest("sha256:" + "a" * 64)
    with pytest.raises(RequestError, match=r"is not a digest|characters"):
        artifacts(registry, tmp_path).manifest("sha256:../../x")


@pytest.mark.parametrize("size", [-1, BLOB_LIMIT + 1])
def test_a_size_that_nobody_believes_is_not_asked_for(
    registry: Double, tmp_path: Path, size: int
) -> None:
    entry = Entry(media_type="x", digest="sha256:" + "a" * 64, size=size)
    with pytest.raises(Unreadable, match="are believable"):
        artifacts(registry, tmp_path).blob(entry)
    assert registry.asked == []


def test_a_repository_that_is_not_there_has_no_tags(registry: Double, tmp_path: Path) -> None:
    assert artifacts(registry, tmp_path).tags() == ()


def test_a_404_that_says_nothing_is_no_empty_list(registry: Double, tmp_path: Path) -> None:
    registry.always = Given(404, {}, b"not here")
    with pytest.raises(Exception, match="does not say that it is unknown"):
        artifacts(registry, tmp_path).tags()


def test_a_list_that_leads_back_to_itself_is_told_at_once(registry: Double, tmp_path: Path) -> None:
    again = {"Link": f'</v2/{NAME}/tags/list?n=1000>; rel="next"'}
    registry.always = Given(200, again, b'{"tags": ["v1"]}')
    with pytest.raises(Unreadable, match="a list without end"):
        artifacts(registry, tmp_path).tags()
    assert len(registry.asked) == 1
