"""What an engine hands over piece by piece, an image or a file of a container, and not for ever."""

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cdkit.core.errors import CannotTell

if TYPE_CHECKING:
    from docker import DockerClient

_PIECE = 1024 * 1024
_OK = 200
_NOT_FOUND = 404


@contextlib.contextmanager
def handed_over(
    client: "DockerClient", address: str, *, patience: float, longest: float = 3600, **asked: str
) -> Iterator[Iterator[bytes] | None]:
    """Give the pieces of what the Engine API answers to GET `address`; None where it has none.

    The SDK's own calls take the time limit off what they stream (docker.api.client), so that an
    engine which hangs would be waited for without end. Here each piece is waited for `patience`
    seconds, all of them `longest`; then CannotTell, or an error of requests, is raised.
    """
    api = client.api
    url = f"{api.base_url}/v{api.api_version}{address}"
    response = api.get(url, params=asked, stream=True, timeout=patience)
    with contextlib.closing(response):
        if response.status_code == _NOT_FOUND:
            yield None
            return
        if response.status_code != _OK:
            said = response.raw.read(500, decode_content=True).decode("utf-8", "replace")
            raise CannotTell(
                f"the engine answered {response.status_code}: {said}",
                remedy="look at what the engine logs",
            )
        yield _within(response.iter_content(_PIECE), time.monotonic() + longest, longest)


def _within(pieces: Iterator[bytes], end: float, longest: float) -> Iterator[bytes]:
    for piece in pieces:
        if time.monotonic() > end:
            raise CannotTell(
                f"the engine did not hand all of it over within {longest:g} s",
                remedy="look at what the engine logs",
            )
        yield piece
