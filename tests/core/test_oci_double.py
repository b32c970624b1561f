"""The double and docker-registry answer alike in what both have."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import pytest

from cdkit.core.oci import media
from tests.core.registries import digest_of
from tests.parts.double import Double, running
from tests.parts.registry import Registry as RealRegistry

ALL = media.ACCEPT
KINDS = {
    "oci": (media.OCI_INDEX, media.OCI_MANIFEST, "application/vnd.oci.image"),
    "docker": (media.DOCKER_LIST, media.DOCKER_MANIFEST, "application/vnd.docker"),
}
LAYER = b"not even a tar"


def _config(architecture: str) -> bytes:
    return json.dumps({"architecture": architecture, "os": "linux", "rootfs": {
        "type": "layers", "diff_ids": [digest_of(LAYER)]}, "history": [{}]}).encode()  # fmt: skip


def _manifest(family: str, architecture: str) -> bytes:
    _, kind, prefix = KINDS[family]
    config = _config(architecture)
    image = "config.v1" if family == "oci" else "container.image.v1"
    layer = "layer.v1.tar" if family == "oci" else "image.rootfs.diff.tar.gzip"
    tree = {
        "schemaVersion": 2,
        "mediaType": kind,
        "config": {
            "mediaType": f"{prefix}.{image}+json",
            "digest": digest_of(config),
            "size": len(config),
        },
        "layers": [
            {"mediaType": f"{prefix}.{layer}", "digest": digest_of(LAYER), "size": len(LAYER)}
        ],
    }
    return json.dumps(tree).encode()


def _index(family: str) -> bytes:
    kind, manifest, _ = KINDS[family]
    entries = [
        {
            "mediaType": manifest,
            "digest": digest_of(_manifest(family, architecture)),
            "size": len(_manifest(family, architecture)),
            "platform": {"architecture": architecture, "os": "linux"},
        }
        for architecture in ("amd64", "arm64")
    ]
    return json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": entries}).encode()


class _Said:
    """What an answer says, as far as it matters."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        kind = headers.get("content-type", "").partition(";")[0]
        self.kind = kind
        self.digest = "" if kind == "" else headers.get("docker-content-digest", "")
        self.length = headers.get("content-length", "")
        self.range = headers.get("content-range", "")
        self.body = body

    @property
    def errors(self) -> list[str]:
        return [error["code"] for error in json.loads(self.body or b"{}").get("errors", [])]


def _ask(
    address: str, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
) -> _Said:
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        connection.request(method, path, body or None, dict(headers))
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        if method == "POST" and (location := found.get("location")):
            parts = urlsplit(location)
            joint = "&" if parts.query else "?"
            there = f"{parts.path}?{parts.query}{joint}digest={digest_of(body)}"
            return _ask(address, "PUT", there, {"Content-Type": "application/octet-stream"}, body)
        return _Said(answer.status, found, answer.read())
    finally:
        connection.close()


def _fill(address: str) -> None:
    """Push an index of two platforms of each family, as :two, and one of them as :one."""
    for family, (index, manifest, _) in KINDS.items():
        name = f"/v2/twin/{family}"
        for blob in (LAYER, _config("amd64"), _config("arm64")):
            assert _ask(address, "POST", f"{name}/blobs/uploads/", {}, blob).status == 201
        for tag, kind, data in (
            (digest_of(_manifest(family, "arm64")), manifest, _manifest(family, "arm64")),
            ("one", manifest, _manifest(family, "amd64")),
            ("two", index, _index(family)),
        ):
            put = _ask(address, "PUT", f"{name}/manifests/{tag}", {"Content-Type": kind}, data)
            assert (put.status, put.digest or digest_of(data)) == (201, digest_of(data))


@pytest.fixture(scope="module")
def double() -> Iterator[Double]:
    with running() as double:
        _fill(double.address)
        yield double


@pytest.fixture(scope="module")
def real(registry: RealRegistry) -> str:
    _fill(registry.address)
    return registry.address


_OCI, _DOCKER = "/v2/twin/oci/manifests", "/v2/twin/docker/manifests"
_ONE = digest_of(_manifest("docker", "amd64"))
REQUESTS: list[tuple[str, str, dict[str, str]]] = [
    ("GET", "/v2/", {}),
    *(
        (method, f"{base}/{name}", {"Accept": ALL})
        for method in ("HEAD", "GET")
        for base in (_OCI, _DOCKER)
        for name in ("one", "two", "none", f"sha256:{'0' * 64}")
    ),
    ("GET", f"{_DOCKER}/{_ONE}", {"Accept": ALL}),
    ("HEAD", f"{_DOCKER}/{_ONE}", {}),
    ("GET", "/v2/twin/none/manifests/v1", {"Accept": ALL}),
    # What a registry does to those who do not accept all four kinds.
    ("GET", f"{_OCI}/two", {"Accept": media.DOCKER_LIST}),
    ("GET", f"{_OCI}/two", {}),
    ("GET", f"{_OCI}/one", {"Accept": media.DOCKER_MANIFEST}),
    ("HEAD", f"{_OCI}/one", {"Accept": media.OCI_INDEX}),
    ("GET", f"{_DOCKER}/two", {"Accept": media.DOCKER_MANIFEST}),
    ("HEAD", f"{_DOCKER}/two", {"Accept": f"{media.DOCKER_MANIFEST}, {media.OCI_INDEX}"}),
    ("GET", f"/v2/twin/oci/blobs/{digest_of(LAYER)}", {}),
    ("HEAD", f"/v2/twin/oci/blobs/{digest_of(LAYER)}", {}),
    ("GET", f"/v2/twin/oci/blobs/{digest_of(LAYER)}", {"Range": "bytes=4-7"}),
    ("GET", f"/v2/twin/oci/blobs/{digest_of(LAYER)}", {"Range": "bytes=10-"}),
    ("GET", "/v2/twin/oci/blobs/sha256:abc", {}),
    ("GET", f"/v2/twin/oci/blobs/sha256:{'0' * 64}", {}),
    ("GET", "/v2/twin/oci/tags/list", {}),
    ("GET", "/v2/twin/none/tags/list", {}),
    ("GET", "/v2/twin/oci/nothing/like/this", {}),
]


@pytest.mark.needs("registry")
@pytest.mark.parametrize(("method", "path", "headers"), REQUESTS)
def test_the_double_reads_as_the_real_one_does(
    real: str, double: Double, method: str, path: str, headers: Mapping[str, str]
) -> None:
    ours = _ask(double.address, method, path, headers)
    theirs = _ask(real, method, path, headers)

    assert (ours.status, ours.kind, ours.digest) == (theirs.status, theirs.kind, theirs.digest)
    assert ours.range == theirs.range
    if ours.status in {200, 206} and ours.kind != "application/json":
        assert ours.length == theirs.length
    if ours.kind == "application/json":
        assert ours.errors == theirs.errors
    if ours.kind != "application/json" and method == "GET":
        assert ours.body == theirs.body


@pytest.mark.needs("registry")
@pytest.mark.parametrize("accept", [{}, {"Accept": "*/*"}, {"Accept": media.OCI_MANIFEST}])
@pytest.mark.parametrize("tag", ["one", "two"])
def test_both_convert_to_schema_1_for_those_who_do_not_ask_for_more(
    real: str, double: Double, accept: Mapping[str, str], tag: str
) -> None:
    for address in (double.address, real):
        found = _ask(address, "GET", f"{_DOCKER}/{tag}", accept)
        assert (found.status, found.kind in media.SCHEMA1) == (200, True)
        assert found.digest != _ONE
        assert json.loads(found.body)["schemaVersion"] == 1


@pytest.mark.needs("registry")
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (media.OCI_MANIFEST, b"{"),
        (
            media.OCI_MANIFEST,
            _manifest("oci", "amd64").replace(digest_of(LAYER).encode(), b"sha256:" + b"1" * 64),
        ),
        (media.OCI_MANIFEST, _manifest("oci", "arm64")),
        (media.OCI_MANIFEST, _manifest("oci", "amd64")),
    ],
    ids=["no-json", "missing-blob", "another", "the-same"],
)
def test_both_take_and_refuse_the_same_manifests(
    real: str, double: Double, kind: str, body: bytes
) -> None:
    ours, theirs = (
        _ask(address, "PUT", f"{_OCI}/changing", {"Content-Type": kind}, body)
        for address in (double.address, real)
    )

    assert (ours.status, ours.errors) == (theirs.status, theirs.errors)


@pytest.mark.needs("registry")
def test_both_refuse_bytes_under_another_digest(real: str, double: Double) -> None:
    path = f"{_OCI}/sha256:{'1' * 64}"
    ours, theirs = (
        _ask(
            address,
            "PUT",
            path,
            {"Content-Type": media.OCI_MANIFEST},
            _manifest("oci", "amd64"),
        )
        for address in (double.address, real)
    )

    assert (ours.status, ours.errors) == (theirs.status, theirs.errors) == (400, ["DIGEST_INVALID"])


def test_an_immutable_double_keeps_a_tag_and_takes_the_same_again() -> None:
    with running() as double:
        _fill(double.address)
        double.immutable = True
        same, other = (
            _ask(
                double.address,
                "PUT",
                f"{_OCI}/one",
                {"Content-Type": media.OCI_MANIFEST},
                _manifest("oci", architecture),
            )
            for architecture in ("amd64", "arm64")
        )

    assert (same.status, same.errors) == (201, [])
    assert (other.status, other.errors) == (400, ["TAG_INVALID"])
    assert double.tags["twin/oci", "one"] == digest_of(_manifest("oci", "amd64"))


def test_a_double_lists_who_refers_to_an_image() -> None:
    subject = digest_of(_manifest("oci", "amd64"))
    with running() as double:
        _fill(double.address)
        signature = json.loads(_manifest("oci", "arm64"))
        signature["artifactType"] = "application/x.signature"
        signature["subject"] = {
            "mediaType": media.OCI_MANIFEST,
            "digest": subject,
            "size": len(_manifest("oci", "amd64")),
        }
        data = json.dumps(signature).encode()
        kind = {"Content-Type": media.OCI_MANIFEST}
        _ask(double.address, "PUT", f"{_OCI}/{digest_of(data)}", kind, data)
        referrers = f"/v2/twin/oci/referrers/{subject}"
        found = [
            _ask(double.address, "GET", f"{referrers}{query}", {})
            for query in ("", "?artifactType=application/x.other")
        ]

    assert [entry["digest"] for entry in json.loads(found[0].body)["manifests"]] == [
        digest_of(data)
    ]
    assert json.loads(found[1].body)["manifests"] == []


@pytest.mark.needs("registry")
def test_both_delete_a_manifest_with_its_tags(double: Double, real: str) -> None:
    data = _manifest("oci", "amd64").replace(b'"schemaVersion": 2', b'"schemaVersion":  2')
    where = "/v2/twin/oci/manifests"
    for address in (double.address, real):
        kind = {"Content-Type": media.OCI_MANIFEST}
        assert _ask(address, "PUT", f"{where}/over", kind, data).status == 201
        gone = [_ask(address, "DELETE", f"{where}/{digest_of(data)}", {}) for _ in range(2)]
        assert [said.status for said in gone] == [202, 404]
        left = _ask(address, "GET", f"{where}/over", {"Accept": ALL})
        assert (left.status, left.errors) == (404, ["MANIFEST_UNKNOWN"])
