"""A service with an API of several calls: each answer that is no success ends the delivery."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from cdkit.core.errors import CannotTell, CdkitError, RequestError
from cdkit.core.secret import Secret
from cdkit.core.world import World
from cdkit.events.cloudevents import JSON
from cdkit.events.facts import Facts, facts_of
from cdkit.events.service import ServiceOptions
from cdkit.events.sink import Parcel, Receipt, State
from cdkit.events.sinks._answer import state_of, wait_of
from cdkit.events.sinks._posting import (
    Held,
    Unsayable,
    check_headers,
    check_private,
    check_timeout,
    check_url,
    variable,
)


class Ended(Exception):
    """An answer that ends the delivery: what it means, what was said, how long to wait."""

    def __init__(self, state: State, said: str, wait: float = 0.0) -> None:
        self.state = state
        self.said = said
        self.wait = wait
        super().__init__(said)


class Api(Struct, frozen=True, kw_only=True):
    """Where an API is, what lets us in, and the world."""

    base: str
    headers: Mapping[str, str | Secret]
    timeout: float
    world: World

    def get(self, path: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the records of a list; raises Ended where there is none."""
        found = self._call("GET", f"{path}?{urlencode(query)}", b"")
        if not isinstance(found, list):
            raise Ended("later", "an answer that is no list")
        return [record for record in found if isinstance(record, dict)]

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the record that was made; raises Ended where none was."""
        found = self._call("POST", path, msgspec.json.encode(body))
        if not isinstance(found, dict) or "id" not in found:
            raise Ended("later", "an answer without the id of what was made")
        return found

    def _call(self, method: str, path: str, body: bytes) -> object:
        url = self.base.rstrip("/") + path
        check_private(url)
        headers = {**self.headers, **({"content-type": JSON} if body else {})}
        answer = self.world.quick_http.request(
            method, url, headers=headers, body=body, timeout=self.timeout
        )
        if (state := state_of(answer.status)) != "delivered":
            wait = wait_of(answer, self.world.clock.now())
            what = path.partition("?")[0]
            raise Ended(state, f"status {answer.status} to {method} {what}", wait)
        try:
            decoded: object = msgspec.json.decode(answer.body)
        except (msgspec.DecodeError, RecursionError) as fault:
            raise Ended("later", "an answer that is no JSON") from fault
        return decoded


def one_by_one(events: Sequence[Parcel], tell: Callable[[Facts], str]) -> Sequence[Receipt]:
    """Tell each event; `tell` returns what came of it, or raises what kept it from coming about."""
    return [_receipt(parcel, tell) for parcel in events]


def _receipt(parcel: Parcel, tell: Callable[[Facts], str]) -> Receipt:
    try:
        said = tell(facts_of(parcel.event))
    except Ended as fault:
        return Receipt(key=parcel.key, state=fault.state, said=fault.said, wait=fault.wait)
    except Held as fault:
        return Receipt(key=parcel.key, state="held", said=str(fault))
    except Unsayable as fault:
        return Receipt(key=parcel.key, state="refused", said=str(fault))
    except CannotTell as fault:
        return Receipt(key=parcel.key, state="down", said=fault.what)
    except CdkitError as fault:
        return Receipt(key=parcel.key, state="held", said=fault.what)
    return Receipt(key=parcel.key, state="delivered", said=said)


def needed(facts: Facts, name: str) -> str:
    """Return a fact as text; raises Unsayable where the event does not say it."""
    if not facts[name]:
        raise Unsayable(f"the event does not say {name!r}, which a deployment needs")
    return str(facts[name])


def forge_state(facts: Facts, states: Mapping[str, str]) -> str:
    """Return what a forge calls an event's outcome; raises Unsayable for one that is none."""
    if facts["outcome"] not in states:
        raise Unsayable(f"its outcome {facts['outcome'][:60]!r} is none of: {', '.join(states)}")
    return states[facts["outcome"]]


def told(given: str, environ: Mapping[str, str], name: str, usual: str = "") -> str:
    """Return an option, what the CI system's variable says, or what is usual; Held for nothing."""
    return given or environ.get(name, "").strip() or usual or variable(name, environ)


def check(options: ServiceOptions, known: Sequence[str], *, kind: str) -> None:
    """Raise RequestError for options that cannot work."""
    check_url(options.url)
    check_headers(options.headers, kind=kind)
    check_timeout(options.timeout, kind=kind)
    for name in options.settings:
        if name not in known:
            raise RequestError(
                f"{kind} sink has no setting {name[:60]!r}",
                remedy=f"its settings are: {', '.join(known)}",
            )
    if options.template or options.secret_env or options.url_env or options.headers:
        raise RequestError(
            f"{kind} sink takes no template, secret-env, url-env or headers",
            remedy="give it url, token-env and settings only",
        )
