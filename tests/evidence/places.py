"""Places that facts can be kept in, for tests that hold for each of them."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from cdkit.core.digest import Digest, sha256
from cdkit.core.doors.http import RequestsHttp
from cdkit.core.oci.artifacts import Artifacts
from cdkit.core.oci.media import OCI_MANIFEST
from cdkit.core.oci.reference import parse_repository
from cdkit.core.subject import Subject, image_subject
from cdkit.core.trust import Verifier
from cdkit.core.world import Http, World
from cdkit.evidence.store import Store, open_store
from tests.parts import double, presence
from tests.parts.amazon import Amazon
from tests.parts.double import Double
from tests.parts.registry import Registry
from tests.worlds import StandingClock, world

PLACES = ("folder", "registry", "referrers", "s3")
IMAGE = (
    b'{"schemaVersion":2,"mediaType":"%s","layers":[],'
    b'"config":{"mediaType":"%s","digest":"%s","size":2}}'
)


@dataclass
class PlaceOfFacts:
    """A store that is empty, and how to open it."""

    records: str
    outside: World
    subject: Subject

    def open(self, verifier: Verifier | None = None) -> Store:
        return open_store(self.records, self.outside, verifier=verifier)

    @property
    def key(self) -> str:
        (key,) = self.subject.keys()
        return key


def networked(
    folder: Path, *, environ: Mapping[str, str] | None = None, http: Http | None = None
) -> World:
    return world(folder, environ=environ, http=http or RequestsHttp(StandingClock()))


def pushed_image(address: str, folder: Path, repository: str = "") -> tuple[str, Digest]:
    """Push the smallest image to a new repository; return the repository and the digest."""
    name = repository or f"{address}/facts-{secrets.token_hex(4)}/orders"
    artifacts = Artifacts(parse_repository(name), networked(folder))
    config = artifacts.push_blob(b"{}", "application/vnd.oci.image.config.v1+json")
    data = IMAGE % (OCI_MANIFEST.encode(), config.media_type.encode(), config.digest.encode())
    assert artifacts.push_manifest("v1", data, OCI_MANIFEST).status == 201
    return name, sha256(data)


def in_registry(address: str, folder: Path) -> PlaceOfFacts:
    name, digest = pushed_image(address, folder)
    return PlaceOfFacts(
        records=f"oci://{name}", outside=networked(folder), subject=image_subject(name, digest)
    )


@contextlib.contextmanager
def on_double(folder: Path) -> Iterator[tuple[Double, PlaceOfFacts]]:
    with double.running() as registry:
        yield registry, in_registry(registry.address, folder)


def in_bucket(amazon: Amazon, folder: Path, monkeypatch: pytest.MonkeyPatch) -> PlaceOfFacts:
    """A bucket of its own; boto3 finds the server through the environment, as users' jobs do."""
    for name, value in amazon.environ.items():
        monkeypatch.setenv(name, value)
    import boto3

    bucket = f"facts-{secrets.token_hex(4)}"
    boto3.client("s3").create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return PlaceOfFacts(
        records=f"s3://{bucket}/evidence",
        outside=world(folder),
        subject=image_subject("registry.example/orders", Digest("sha256", "a" * 64)),
    )


@pytest.fixture(params=PLACES)
def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PlaceOfFacts]:
    """Each kind of store in turn, empty; skipped where its server is not here."""
    needs = {"registry": ("registry",), "s3": ("aws",)}.get(request.param, ())
    presence.demand(needs, presence.required())
    if request.param == "registry":
        found: Registry = request.getfixturevalue("registry")
        yield in_registry(found.address, tmp_path)
    elif request.param == "referrers":
        with on_double(tmp_path) as (_, one):
            yield one
    elif request.param == "s3":
        yield in_bucket(request.getfixturevalue("amazon"), tmp_path, monkeypatch)
    else:
        subject = image_subject("registry.example/orders", Digest("sha256", "a" * 64))
        yield PlaceOfFacts(records="records", outside=world(tmp_path), subject=subject)
