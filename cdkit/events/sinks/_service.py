"""The sink of a service that is data: fill its template, post it, read its answer."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from cdkit.core.errors import RequestError
from cdkit.core.secret import Secret
from cdkit.core.world import World
from cdkit.events.cloudevents import JSON
from cdkit.events.facts import facts_of
from cdkit.events.service import Form, Service, ServiceOptions
from cdkit.events.sink import Parcel, Receipt, Sink
from cdkit.events.sinks._posting import (
    Request,
    Unsayable,
    check_headers,
    check_private,
    check_timeout,
    check_url,
    post,
    secret_headers,
    signed,
    variable,
)
from cdkit.events.template import Filling, Lacking, fill, fill_text
from cdkit.events.when import matches

_FORM = "application/x-www-form-urlencoded"


def sink_of(service: Service) -> Sink:
    """Return the sink of a service."""

    def send(events: Sequence[Parcel], options: ServiceOptions, world: World) -> Sequence[Receipt]:
        return [receipt for parcel in events for receipt in _send(service, parcel, options, world)]

    return Sink(
        options=ServiceOptions,
        schemes=(f"{service.name}:",),
        read=lambda text: _read(service, text),
        check=lambda options: check(service, options),
        place=lambda options: _place(service, options),
        send=send,
        takes=tuple(form.takes for form in service.forms),
        variables=tuple(filter(None, service.keys.values())),
        settings=(
            *(f"{name} (needed)" for name in service.needs),
            *(f"{name}={usual}" if usual else name for name, usual in service.settings.items()),
        ),
    )


def _read(service: Service, text: str) -> dict[str, str]:
    """Read `slack:` or `slack:VARIABLE`, the variable of what is secret."""
    name = text.partition(":")[2]
    key = "token-env" if "token" in service.keys else "url-env"
    return {key: name} if name else {}


def _send(service: Service, parcel: Parcel, options: ServiceOptions, world: World) -> list[Receipt]:
    def make() -> Request:
        try:
            return _request(service, parcel, options, world)
        except Lacking as fault:
            raise Unsayable(
                f"the event does not say {fault.name!r}, which {service.name} needs"
            ) from fault

    return post(
        [parcel],
        make,
        world,
        timeout=options.timeout,
        judge=service.judge,
        is_program=service.forms[0].body is not None,
    )


def _request(service: Service, parcel: Parcel, options: ServiceOptions, world: World) -> Request:
    facts = facts_of(parcel.event)
    form = next((form for form in service.forms if matches(form.takes, facts)), None)
    if form is None:
        raise Unsayable(f"{service.name} knows no such event")
    values = {**facts, **_keys(service, options, world), "key.delivery": parcel.key[:32]}
    plain = Filling(values=values, escape=str)
    values |= {
        f"setting.{name}": _optional(text, plain) for name, text in _settings(service, options)
    }
    if options.secret_env:
        text = str(values["event-json"]).encode()
        values |= signed(parcel.key, text, options.secret_env, world)
    url = _address(service, form, values)
    if any(isinstance(value, Secret) for value in values.values()):
        check_private(url)
    body = fill(_body(form, options), Filling(values=values, escape=service.escape))
    headers: dict[str, str | Secret] = {
        name: Secret(fill_text(text, plain)) for name, text in service.headers.items()
    }
    headers |= secret_headers(options.headers, world.environ)
    if service.is_web_form:
        return url, {"content-type": _FORM, **headers}, urlencode(body).encode()
    return url, {"content-type": JSON, **headers}, msgspec.json.encode(body)


def _optional(text: str, filling: Filling) -> str:
    try:
        return fill_text(text, filling)
    except Lacking:
        return ""


def _body(form: Form, options: ServiceOptions) -> Any:  # noqa: ANN401 - any JSON
    return msgspec.json.decode(options.template) if options.template else form.body


def _settings(service: Service, options: ServiceOptions) -> list[tuple[str, str]]:
    return list({**service.settings, **options.settings}.items())


def _keys(service: Service, options: ServiceOptions, world: World) -> dict[str, Any]:
    """Return what is secret, from the variables that hold it; raises Held where one is not set."""
    found: dict[str, Any] = {}
    if options.url:
        found["key.url"] = options.url
    elif address := options.url_env or service.keys.get("url", ""):
        url = variable(address, world.environ)
        found["key.url"] = url if service.is_open_address else Secret(url)
    if token := options.token_env or service.keys.get("token", ""):
        found["key.token"] = Secret(variable(token, world.environ))
        pair = found["key.token"].reveal().encode("utf-8", "replace")
        found["key.basic"] = Secret(_base64(pair))
    return found


def _base64(text: bytes) -> str:
    import base64

    return base64.b64encode(text).decode()


def _address(service: Service, form: Form, values: Mapping[str, Any]) -> str:
    def encoded(text: str) -> str:
        return quote(text, safe=service.path_safe).replace("%2F", service.path_joint)

    key = values.get("key.url")
    host = Filling(values=values, escape=str)
    base = fill_text("{key.url}", host) if key else fill_text(service.base, host)
    if not form.path:
        return base
    return base.rstrip("/") + fill_text(form.path, Filling(values=values, escape=encoded))


def check(service: Service, options: ServiceOptions) -> None:
    """Raise RequestError for options with which the service can never be told."""
    kind = f"a {service.name}"
    check_url(options.url)
    check_headers(options.headers, kind=kind)
    check_timeout(options.timeout, kind=kind)
    known = {*service.settings, *service.needs}
    for name in options.settings:
        if name not in known:
            raise RequestError(
                f"{kind} sink has no setting {name[:60]!r}",
                remedy=f"its settings are: {', '.join(sorted(known)) or 'none'}",
            )
    for name in service.needs:
        if not options.settings.get(name):
            raise RequestError(
                f"{kind} sink needs the setting {name!r}", remedy=f"write settings: {{{name}: …}}"
            )
    _check_keys(service, options, kind)


def _check_keys(service: Service, options: ServiceOptions, kind: str) -> None:
    if options.token_env and "token" not in service.keys:
        raise RequestError(f"{kind} sink has no key", remedy="take token-env out")
    if options.url and options.url_env:
        raise RequestError(f"{kind} sink has two addresses", remedy="give url or url-env")
    if options.template and service.name != "json":
        raise RequestError(
            f"{kind} sink has its own template", remedy="use type: json for one of your own"
        )
    if "url" in service.keys and not (options.url or options.url_env or service.keys["url"]):
        raise RequestError(f"{kind} sink needs an address", remedy="give url, or url-env")


def _place(service: Service, options: ServiceOptions) -> str:
    """Return the service, and what tells it from another of its kind, without secrets."""
    if options.name:
        return options.name
    apart = [options.url, *(f"{k}={v}" for k, v in sorted(options.settings.items()))]
    variables = [name for name in (options.url_env, options.token_env) if name]
    mark = hashlib.sha256("\n".join(apart).encode()).hexdigest()[:8] if any(apart) else ""
    told = [service.name, *(f"${name}" for name in variables)]
    return ":".join(told) + (f"#{mark}" if mark else "")
