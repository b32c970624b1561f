"""Reading an API's answer: the JSON that it should be, or a reason why there is none."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from cdkit.core.errors import CannotTell
from cdkit.core.secret import Secret
from cdkit.core.world import MIB, Response, World

T = TypeVar("T")


def get_json(
    url: str, kind: type[T], world: World, *, api: str, headers: Mapping[str, str | Secret]
) -> T:
    """Return what an API answers a GET with; CannotTell for any answer but 200 and its JSON."""
    answer = world.http.request("GET", url, headers=headers, limit=MIB)
    return read_json(answer, kind, api=api)


def read_json(answer: Response, kind: type[T], *, api: str) -> T:
    """Return the JSON of an answer as this type."""
    if answer.status != 200:
        meaning = {401: ": it wants another login", 403: ": the login may not read it"}
        raise CannotTell(
            f"{api} answers {answer.status}{meaning.get(answer.status, '')}",
            remedy="let the login read the registry's settings",
        )
    return decode(answer.body, kind, api=api)


def decode(data: bytes, kind: type[T], *, api: str) -> T:
    """Return JSON as this type; CannotTell where it is none."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise CannotTell(
            f"{api} answers something else than its documentation says",
            remedy="check the registry's address, and any proxy before it",
        ) from fault
