"""Any other service that takes JSON over HTTP: its template stands in the configuration."""

import dataclasses
import difflib

import msgspec

from cdkit.core.errors import RequestError
from cdkit.events.facts import NAMES
from cdkit.events.service import Form, Service, ServiceOptions
from cdkit.events.sinks._service import check, sink_of
from cdkit.events.template import holes

_SERVICE = Service(name="json", forms=(Form(body=None),), keys={"url": ""})


def _check(options: ServiceOptions) -> None:
    check(_SERVICE, options)
    try:
        template = msgspec.json.decode(options.template)
    except (msgspec.DecodeError, RecursionError) as fault:
        raise RequestError(
            f"a json sink's template is not JSON: {fault}",
            remedy='write one such as {"text": "{title}"}',
        ) from fault
    for name in sorted(holes(template) - set(NAMES)):
        near = difflib.get_close_matches(name, NAMES, n=1)
        raise RequestError(
            f"a json sink's template has the hole {name[:60]!r}, which no event fills",
            remedy=f"did you mean {near[0]!r}?" if near else f"use: {', '.join(NAMES)}",
        )


SINK = dataclasses.replace(sink_of(_SERVICE), schemes=(), check=_check)
