"""S3, or what speaks as it does: facts are objects, laid out as in a folder (`shelf.py`).

An object is written only where there is none (`If-None-Match: *`, AWS "Conditional writes"), and is
named by its content, so writers never meet. Logins, region and endpoint are boto3's own affair:
AWS_ACCESS_KEY_ID, a role, AWS_ENDPOINT_URL_S3 for another server.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from cdkit.core.doors.workers import each
from cdkit.core.errors import (
    CannotTell,
    CdkitError,
    Missing,
    MissingExtra,
    NoAnswer,
    NotAllowed,
    RequestError,
    TooLarge,
    Unwritable,
)
from cdkit.core.trust import Verifier
from cdkit.core.world import MIB, World
from cdkit.evidence.shelf import ShelfStore, quietly
from cdkit.evidence.store import Store, StoreKind

T = TypeVar("T")

_URL = re.compile(
    r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:/[A-Za-z0-9!_.*'()=+@-]+)*)/?", re.ASCII
)
_LIMIT = 64 * MIB
_AT_ONCE = 16
_DENIED = frozenset({"AccessDenied", "403", "AllAccessDisabled", "InvalidAccessKeyId"})
_NONE = frozenset({"NoSuchKey", "404"})
_THERE = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
_UNKNOWN = frozenset({"NotImplemented", "501"})
_REMEDY = "check the bucket's name and region, and that the job may read, list and write there"


class _Bucket:
    """The objects of one bucket, by `s3://bucket/key`."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._client = _client()

    def write(self, path: str, data: bytes) -> None:
        """Put an object, unless there is one."""
        key = self._key(path)
        kind = "application/json"

        def put(**more: str) -> None:
            self._client.put_object(
                Bucket=self._bucket, Key=key, Body=data, ContentType=kind, **more
            )

        try:
            self._asked(path, lambda: put(IfNoneMatch="*"))
        except _Told as told:
            if told.code in _UNKNOWN:  # a server without it: names are content, nothing is lost
                self._asked(path, put)
            elif told.code not in _THERE:
                raise _unwritten(told, path) from told

    def read(self, path: str) -> bytes:
        """Return an object."""
        try:
            return self._asked(path, lambda: self._get(path))
        except _Told as told:
            if told.code in _NONE:
                raise Missing("is not there", where=path, remedy=_REMEDY) from told
            raise CannotTell(told.what, where=path, remedy=_REMEDY) from told

    def names(self, folder: str) -> tuple[str, ...]:
        """Return what stands below a folder."""
        prefix = f"{self._key(folder)}/"
        try:
            found = self._asked(folder, lambda: list(self._listed(prefix)))
        except _Told as told:
            raise CannotTell(told.what, where=folder, remedy=_REMEDY) from told
        if not found:
            raise Missing("is not there", where=folder, remedy=_REMEDY)
        return tuple(sorted({key.removeprefix(prefix).rstrip("/") for key in found} - {""}))

    def each(self, paths: list[str]) -> Iterator[tuple[str, bytes | CdkitError]]:
        """Yield the objects as they come."""
        read = self.read
        return each(lambda path: quietly(lambda: read(path)), paths, at_once=_AT_ONCE)

    def _get(self, path: str) -> bytes:
        answer = self._client.get_object(Bucket=self._bucket, Key=self._key(path))
        data: bytes = answer["Body"].read(_LIMIT + 1)
        if len(data) > _LIMIT:
            raise TooLarge(
                f"holds more than {_LIMIT} bytes", where=path, remedy="find out who put it there"
            )
        return data

    def _listed(self, prefix: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, Delimiter="/"
        )
        for page in pages:
            yield from (entry["Key"] for entry in page.get("Contents", ()))
            yield from (entry["Prefix"] for entry in page.get("CommonPrefixes", ()))

    def _key(self, path: str) -> str:
        return path.removeprefix(f"s3://{self._bucket}/")

    def _asked(self, where: str, ask: Callable[[], T]) -> T:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return ask()
        except ClientError as fault:
            error = fault.response.get("Error", {})
            raise _Told(str(error.get("Code", "")), str(error.get("Message", ""))) from fault
        except BotoCoreError as fault:
            raise NoAnswer(
                f"S3 does not answer: {type(fault).__name__}: {str(fault)[:200]}",
                where=where,
                remedy=_REMEDY,
            ) from fault


class _Told(Exception):
    """What S3 said no with."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.what = f"S3 says {code[:60]}: {message[:200]}"
        super().__init__(self.what)


def _unwritten(told: _Told, path: str) -> Unwritable:
    kind = NotAllowed if told.code in _DENIED else Unwritable
    return kind(told.what, where=path, remedy=_REMEDY)


def _client() -> Any:  # noqa: ANN401 - of a library that an extra brings
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError as fault:
        raise MissingExtra("boto3", "aws", wanted_by="keeping facts in S3") from fault
    config = Config(
        connect_timeout=10,
        read_timeout=30,
        retries={"mode": "standard", "max_attempts": 4},
        max_pool_connections=_AT_ONCE,
    )
    try:
        return boto3.session.Session().client("s3", config=config)
    except (BotoCoreError, ValueError) as fault:
        raise CannotTell(f"S3 cannot be asked: {str(fault)[:200]}", remedy=_REMEDY) from fault


def _open(records: str, world: World, verifier: Verifier | None) -> Store:
    del world  # boto3 has its own way to the network, and its own logins
    match = _URL.fullmatch(records)
    if match is None or "/../" in f"{records}/":
        raise RequestError(
            f"{records[:200]!r} names no place in S3",
            where="records",
            remedy="write s3://bucket/prefix; a bucket's name has 3 to 63 small letters, digits,"
            " `.` and `-`",
        )
    return ShelfStore(f"s3://{match[1]}{match[2]}", _Bucket(match[1]), verifier)


STORE = StoreKind(name="s3", open=_open)
