"""A service that takes JSON over HTTP, as data: address, headers, template."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct

from cdkit.core.world import Response
from cdkit.events.sink import SinkOptions
from cdkit.events.template import Escape
from cdkit.events.when import When


def _nothing_hidden(_: Response) -> str:
    return ""


class Form(Struct, frozen=True, kw_only=True):
    """One kind of request: which events it is for, the path after the address, the body.

    The body is JSON with holes (see `template`), or pairs where the service takes a web form.
    """

    body: Any
    path: str = ""
    takes: When = When()


class Service(Struct, frozen=True, kw_only=True):
    """How a service is told.

    Holes are filled with the event's facts (`facts.NAMES`), with `setting.<name>` and with
    `key.url` and `key.token`. `base` is its address, where it is the same for everybody; `keys`
    name the variables that usually hold what is secret: `url`, `token`. `settings` are what else
    it wants to know, with defaults (which may have holes); those of `needs` have none. `path_safe`
    are characters that are not encoded in a path; `path_joint` is what stands there for a `/`
    within a setting. `judge` returns the fault that an answer of 2xx may hide. `is_web_form` says
    that the body is no JSON but a web form; `is_open_address` that the address is no secret.
    """

    name: str
    forms: tuple[Form, ...]
    base: str = ""
    headers: Mapping[str, str] = {}
    keys: Mapping[str, str] = {}
    settings: Mapping[str, str] = {}
    needs: tuple[str, ...] = ()
    escape: Escape = str
    path_safe: str = ""
    path_joint: str = "%2F"
    judge: Callable[[Response], str] = _nothing_hidden
    is_web_form: bool = False
    is_open_address: bool = False


class ServiceOptions(SinkOptions, frozen=True, kw_only=True):
    """Where the secrets are, and what else the service wants to know."""

    url: Annotated[str, Meta(description="The service's address, where it is another.")] = ""
    url_env: Annotated[str, Meta(description="The variable that holds the address.")] = ""
    token_env: Annotated[str, Meta(description="The variable that holds the key.")] = ""
    secret_env: Annotated[
        str, Meta(description="The variable with the secret to sign with, where it starts a job.")
    ] = ""
    headers: Annotated[
        dict[str, str], Meta(description="Headers, each with the variable that holds its value.")
    ] = {}  # noqa: RUF012 - msgspec copies it for each instance
    template: Annotated[str, Meta(description="The JSON, with holes.")] = ""
    settings: Annotated[dict[str, str], Meta(description="What else it wants to know.")] = {}  # noqa: RUF012 - as above
    timeout: Annotated[float, Meta(description="Seconds that an answer may take.")] = 10.0
