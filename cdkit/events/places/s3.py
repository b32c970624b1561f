"""S3: an outbox is an object below a prefix, under a name made of what it held first.

Source: AWS S3, "PutObject", "ListObjectsV2", "DeleteObject". The login is the one that boto3 finds.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from cdkit.core.errors import CannotTell, Missing, MissingExtra, RequestError, TooLarge
from cdkit.core.world import MIB, World
from cdkit.events.place import Place

_SCHEME = "s3://"
_ENDING = ".db"
_LARGEST = 1024 * MIB
_NO_WORD = "the answer is not that of S3, but perhaps a proxy's or a login's page"


def put(address: str, data: bytes, world: World) -> str:
    """Put an outbox below a prefix."""
    del world
    bucket, prefix = _parts(address)
    key = f"{prefix}{'/' if prefix else ''}{hashlib.sha256(data).hexdigest()[:32]}{_ENDING}"
    with _client(address) as client:
        _put(client, bucket, key, data)
    return f"{_SCHEME}{bucket}/{key}"


def find(address: str, world: World) -> Sequence[str]:
    """Return every outbox below a prefix; or the one object that is named, where it is there."""
    del world
    bucket, prefix = _parts(address)
    below = f"{prefix}/" if prefix and not prefix.endswith(_ENDING) else prefix
    with _client(address) as client:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=below)
        keys = [str(entry["Key"]) for page in pages for entry in _contents(address, page)]
    if below.endswith(_ENDING):
        keys = [key for key in keys if key == below]
    return sorted(f"{_SCHEME}{bucket}/{key}" for key in keys if key.endswith(_ENDING))


def take(address: str, world: World) -> bytes:
    """Return an object."""
    del world
    bucket, key = _parts(address)
    with _client(address) as client:
        found = client.get_object(Bucket=bucket, Key=key)
        if found["ContentLength"] > _LARGEST:
            raise TooLarge(
                f"is larger than {_LARGEST // MIB} MiB",
                where=address[:200],
                remedy="see what lies there: no outbox is so large",
            )
        data: bytes = found["Body"].read()
        return data


def settle(address: str, data: bytes, world: World) -> None:
    """Take an object away, or put it back as it stands now."""
    del world
    bucket, key = _parts(address)
    with _client(address) as client:
        if data:
            _put(client, bucket, key, data)
        else:
            client.delete_object(Bucket=bucket, Key=key)


def _contents(address: str, page: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    if "Name" not in page:
        raise _failed(address, _NO_WORD)
    found: Sequence[Mapping[str, Any]] = page.get("Contents", ())
    return found


def _put(client: Any, bucket: str, key: str, data: bytes) -> None:  # noqa: ANN401 - boto3 has no types
    if "ETag" not in client.put_object(Bucket=bucket, Key=key, Body=data):
        raise _failed(f"{_SCHEME}{bucket}/{key}", _NO_WORD)


def _parts(address: str) -> tuple[str, str]:
    bucket, _, key = address.removeprefix(_SCHEME).partition("/")
    if not bucket:
        raise RequestError(f"{address[:60]!r} names no bucket", remedy="write s3://bucket/prefix")
    return bucket, key.strip("/")


@contextmanager
def _client(address: str) -> Iterator[Any]:
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError
    except ImportError as fault:
        raise MissingExtra("boto3", "aws", wanted_by=f"the place {address[:60]}") from fault
    try:
        yield boto3.client("s3")
    except ClientError as fault:
        code = str(fault.response.get("Error", {}).get("Code", ""))[:60]
        raise _failed(address, code) from fault
    except BotoCoreError as fault:
        raise _failed(address, type(fault).__name__) from fault
    except ResponseParserError as fault:
        raise _failed(address, _NO_WORD) from fault


def _failed(address: str, said: str) -> CannotTell:
    if said == "NoSuchKey":
        return Missing("is not there", where=address[:200], remedy="check the address")
    return CannotTell(
        f"S3 failed: {said}",
        where=address[:200],
        remedy="check that the bucket exists, and that this job may list, read, write and delete "
        "there",
    )


PLACE = Place(
    check=_parts,
    put=put,
    find=find,
    take=take,
    settle=settle,
    limit=_LARGEST,
)
