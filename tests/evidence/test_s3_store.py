"""Facts in S3: what is different from a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.core.digest import sha256
from cdkit.core.errors import CannotTell, RequestError, Unwritable
from cdkit.evidence.store import open_store
from tests.evidence.places import PlaceOfFacts, in_bucket
from tests.evidence.test_stores import bare
from tests.parts.amazon import Amazon
from tests.worlds import world


@pytest.fixture
def bucket(amazon: Amazon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PlaceOfFacts:
    return in_bucket(amazon, tmp_path, monkeypatch)


def put(place: str, data: bytes) -> None:
    import boto3

    name, _, key = place.removeprefix("s3://").partition("/")
    boto3.client("s3").put_object(Bucket=name, Key=key, Body=data)


@pytest.mark.needs("aws")
def test_an_object_is_named_by_the_hash_of_its_bytes(bucket: PlaceOfFacts) -> None:
    data = bare(bucket)
    name = f"{sha256(data).encoded}.json"
    wanted = f"{bucket.records}/subjects/sha256/{'a' * 64}/{name}"
    assert bucket.open().keep(data) == wanted


@pytest.mark.needs("aws")
def test_a_written_fact_is_never_overwritten(bucket: PlaceOfFacts) -> None:
    data = bare(bucket)
    put(bucket.open().place_of(data), b"{}")
    with pytest.raises(Unwritable, match="something else"):
        bucket.open().keep(data)


@pytest.mark.needs("aws")
@pytest.mark.parametrize("cut", [0, 1, 100])
def test_an_object_that_was_cut_off_is_told_as_unreadable(bucket: PlaceOfFacts, cut: int) -> None:
    data = bare(bucket)
    where = bucket.open().place_of(data)
    put(where, data[:cut])
    bucket.open().keep(bare(bucket, "lint"))
    found = bucket.open().about(frozenset({bucket.key}))
    assert [fact.kind for fact in found.facts] == ["lint"]
    assert [str(one.where) for one in found.unreadable] == [where]
    assert "cut off" in found.unreadable[0].what


@pytest.mark.needs("aws")
def test_a_bucket_that_is_not_there_is_told(bucket: PlaceOfFacts) -> None:
    store = open_store("s3://nobody-made-this-one/x", bucket.outside)
    found = store.about(frozenset({bucket.key}))
    assert ["S3 says NoSuchBucket" in one.what for one in found.unreadable] == [True]
    with pytest.raises(Unwritable, match="NoSuchBucket"):
        store.keep(bare(bucket))


def test_a_server_that_is_down_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    store = open_store("s3://bucket", world(tmp_path))
    found = store.about(frozenset({"sha256:" + "a" * 64}))
    assert ["S3 does not answer" in one.what for one in found.unreadable] == [True]


def test_without_a_login_s3_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    store = open_store("s3://bucket", world(tmp_path))
    with pytest.raises(CannotTell, match="NoCredentials"):
        store.keep(bare(_anywhere(tmp_path)))


def _anywhere(folder: Path) -> PlaceOfFacts:
    from cdkit.core.digest import Digest
    from cdkit.core.subject import image_subject

    subject = image_subject("registry.example/orders", Digest("sha256", "a" * 64))
    return PlaceOfFacts(records="s3://bucket", outside=world(folder), subject=subject)


@pytest.mark.parametrize(
    "records", ["s3://", "s3://b", "s3://Bucket/x", "s3://bucket/a/../b", "s3://bucket/a b"]
)
def test_what_is_no_bucket_and_prefix_is_refused(tmp_path: Path, records: str) -> None:
    with pytest.raises(RequestError, match="names no place in S3") as caught:
        open_store(records, world(tmp_path))
    assert "3 to 63" in caught.value.remedy
