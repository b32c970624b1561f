"""What every sink over HTTP does alike: secrets from the environment, one try, receipts."""

import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from cdkit.core.errors import CannotTell, CdkitError, MissingExtra, RequestError
from cdkit.core.oci.reference import is_loopback
from cdkit.core.secret import Secret
from cdkit.core.world import Response, World
from cdkit.events.signature import keys_of, sign
from cdkit.events.sink import Parcel, Receipt, State
from cdkit.events.sinks._answer import state_of, wait_of

_OURS = re.compile(
    r"ce-.*|webhook-.*|content-(?:type|length)|host|transfer-encoding", re.IGNORECASE
)
_LONGEST_TIMEOUT = 300
_PAGE = (
    "with a page for people instead of the service's answer, as a login or a proxy shows one: look "
    "at the address"
)


class Held(Exception):
    """Something here must be mended before this receiver takes anything."""


class Unsayable(Exception):
    """The event lacks what this receiver needs."""


Request = tuple[str, Mapping[str, str | Secret], bytes]
"""An address, headers, and a body."""


def post(
    parcels: Sequence[Parcel],
    make: Callable[[], Request],
    world: World,
    *,
    timeout: float,
    judge: Callable[[Response], str] = lambda _: "",
    is_program: bool = False,
) -> list[Receipt]:
    """Send one request for these parcels, and return what the receiver said of them.

    `make` raises Held where a secret is missing, Unsayable where the event cannot be said; `judge`
    returns the fault that an answer of 2xx may hide. A receiver that `is_program` never answers
    with a page for people.
    """
    try:
        url, headers, body = make()
        if any(isinstance(value, Secret) for value in headers.values()):
            check_private(url)
        answer = world.quick_http.request("POST", url, headers=headers, body=body, timeout=timeout)
    except Held as fault:
        return receipts(parcels, "held", str(fault))
    except Unsayable as fault:
        return receipts(parcels, "refused", str(fault))
    except CannotTell as fault:
        return receipts(parcels, "down", fault.what)
    except CdkitError as fault:
        return receipts(parcels, "held", fault.what)
    if is_program and answer.status < 300 and _is_page(answer):
        return receipts(parcels, "held", f"status {answer.status}, {_PAGE}")
    return answered(parcels, answer, world, judge)


def _is_page(answer: Response) -> bool:
    return answer.body.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html"))


def answered(
    parcels: Sequence[Parcel],
    answer: Response,
    world: World,
    judge: Callable[[Response], str] = lambda _: "",
) -> list[Receipt]:
    """Return receipts for an answer."""
    state = state_of(answer.status)
    if state == "delivered":
        fault = judge(answer)
        return receipts(parcels, "refused" if fault else state, fault or f"status {answer.status}")
    said = f"status {answer.status}"
    if 300 <= answer.status < 400:
        said += " (a redirect, which is not followed: give the address that it leads to)"
    if state == "held":
        said += ": the login is missing, wrong, expired or not allowed"
    if state == "gone":
        said += ": it takes nothing any more"
    wait = wait_of(answer, world.clock.now())
    if wait:
        said += f", and it asks to be left alone for {wait:.0f} s"
    return receipts(parcels, state, said, wait)


def receipts(
    parcels: Sequence[Parcel], state: State, said: str, wait: float = 0.0
) -> list[Receipt]:
    """Return the same receipt for each parcel."""
    return [Receipt(key=p.key, state=state, said=said, wait=wait) for p in parcels]


def lacking(parcels: Sequence[Parcel], missing: MissingExtra) -> list[Receipt]:
    """Return that all are held until the package is installed that sends them."""
    return receipts(parcels, "held", f"{missing.what}: {missing.remedy}")


def variable(name: str, environ: Mapping[str, str]) -> str:
    """Return what a variable holds; raises Held where it is not set."""
    value = environ.get(name, "").strip()
    if not value:
        raise Held(f"the variable {name} is not set")
    return value


def secret_headers(
    headers: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, str | Secret]:
    """Return headers with the values of the variables that they name."""
    return {name: Secret(variable(value, environ)) for name, value in headers.items()}


def signed(name: str, body: bytes, variable_name: str, world: World) -> dict[str, str | Secret]:
    """Return the signature of a body by Standard Webhooks, of this very moment; or raises Held.

    `name` is that of the delivery, the same at each try; the secret stands in a variable.
    """
    keys = keys_of(variable(variable_name, world.environ))
    if not keys:
        raise Held(f"the variable {variable_name} holds no secret such as whsec_…")
    moment = int(world.clock.now().timestamp())
    return sign(keys, id=f"msg_{name}", moment=moment, body=body)


def check_headers(headers: Mapping[str, str], *, kind: str) -> None:
    """Raise RequestError for a header that is none, or that we set ourselves."""
    for name in headers:
        if _OURS.fullmatch(name) or not re.fullmatch(r"[A-Za-z0-9_-]+", name, re.ASCII):
            raise RequestError(
                f"{kind} sink cannot be given the header {name[:60]!r}",
                remedy="take it out: it is no header's name, or cdkit sets it itself",
            )


def check_timeout(timeout: float, *, kind: str) -> None:
    """Raise RequestError for a time that no answer may take."""
    if not 0 < timeout <= _LONGEST_TIMEOUT:
        raise RequestError(
            f"{kind} sink's timeout is {timeout:g} s", remedy="give 1 to 300 seconds"
        )


def check_url(url: str) -> None:
    """Raise RequestError for an address that nothing can be sent to."""
    from cdkit.core.doors.quick_http import parse_target

    if url:
        parse_target(url)


def check_private(url: str) -> None:
    """Raise Held where somebody on the way could read along: neither TLS, nor this very machine."""
    if not url.startswith("https://") and not is_loopback(urlsplit(url).netloc):
        raise Held("a secret would travel unencrypted: the address must begin with https://")
