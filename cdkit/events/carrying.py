"""Outboxes on their way through S3: from a job whose machine vanishes to one that delivers them.

Source: AWS S3, "PutObject", "ListObjectsV2", "DeleteObject". The login is the one that boto3 finds.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import Struct

from cdkit.core.errors import CannotTell, MissingExtra, RequestError
from cdkit.core.world import MIB, Files

_SCHEME = "s3://"
_LARGEST = 1024 * MIB
_FOLDER = ".cdkit/carried"


class Carried(Struct, frozen=True, kw_only=True):
    """An outbox that was fetched: its address, and the file that it stands in here."""

    address: str
    path: str


def is_far(place: str) -> bool:
    """Whether a place is in S3 and not on this machine."""
    return place.startswith(_SCHEME)


def waiting_room() -> str:
    """Return a file of our own, for an outbox on its way: nobody else has it open."""
    import uuid

    return f"{_FOLDER}/{uuid.uuid4().hex}.db"


def send_off(path: str, place: str, files: Files) -> str:
    """Put an outbox below a prefix, under a name made of its content; return its address."""
    bucket, prefix = _parts(place)
    data = files.read(path, limit=_LARGEST)
    key = f"{prefix}{hashlib.sha256(data).hexdigest()[:32]}.db"
    with _client(place) as client:
        client.put_object(Bucket=bucket, Key=key, Body=data)
    return f"{_SCHEME}{bucket}/{key}"


def fetch(place: str, files: Files) -> list[Carried]:
    """Return every outbox below a prefix, each in a file here, by the order of their addresses."""
    bucket, prefix = _parts(place)
    found = []
    with _client(place) as client:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = sorted(
            str(entry["Key"])
            for page in pages
            for entry in page.get("Contents", ())
            if str(entry["Key"]).endswith(".db") and entry["Size"] <= _LARGEST
        )
        for key in keys:
            data = client.get_object(Bucket=bucket, Key=key)["Body"].read()
            path = waiting_room()
            files.write(path, data)
            found.append(Carried(address=f"{_SCHEME}{bucket}/{key}", path=path))
    return found


def settle(carried: Carried, files: Files, *, is_empty: bool) -> None:
    """Take an outbox away where nothing is left in it; else put it back as it stands now."""
    bucket, _, key = carried.address.removeprefix(_SCHEME).partition("/")
    with _client(carried.address) as client:
        if is_empty:
            client.delete_object(Bucket=bucket, Key=key)
        else:
            body = files.read(carried.path, limit=_LARGEST)
            client.put_object(Bucket=bucket, Key=key, Body=body)
    files.remove(carried.path)


def _parts(place: str) -> tuple[str, str]:
    bucket, _, prefix = place.removeprefix(_SCHEME).partition("/")
    if not bucket:
        raise RequestError(f"{place[:60]!r} names no bucket", remedy="write s3://bucket/prefix")
    prefix = prefix.strip("/")
    return bucket, f"{prefix}/" if prefix else ""


@contextmanager
def _client(place: str) -> Iterator[Any]:
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError as fault:
        raise MissingExtra("boto3", "aws", wanted_by=f"the place {place[:60]}") from fault
    try:
        yield boto3.client("s3")
    except ClientError as fault:
        code = str(fault.response.get("Error", {}).get("Code", ""))[:60]
        raise _failed(place, code) from fault
    except BotoCoreError as fault:
        raise _failed(place, type(fault).__name__) from fault


def _failed(place: str, said: str) -> CannotTell:
    return CannotTell(
        f"S3 failed: {said}",
        where=place[:200],
        remedy="check that the bucket exists, and that this job may list, read, write and delete "
        "there",
    )
