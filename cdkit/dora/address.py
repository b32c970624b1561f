"""Where an engine outside is: the URL that a user writes, in which no password stands."""

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec import Struct

from cdkit.core.errors import RequestError
from cdkit.core.secret import Secret

PASSWORD = "CDKIT_ENGINE_PASSWORD"  # noqa: S105 - the name of a variable


class Address(Struct, frozen=True, kw_only=True):
    """Where an engine is: the parts of its URL, and the password that came by the environment.

    `path` are the names behind the host, without what is empty.
    """

    scheme: str
    host: str = ""
    port: int | None = None
    user: str = ""
    path: tuple[str, ...] = ()
    settings: dict[str, str] = {}
    password: Secret | None = None

    def told(self) -> dict[str, Any]:
        """Return host, port, user and password, those that were told, as most clients take them."""
        password = self.password.reveal() if self.password else None
        parts = {"host": self.host, "port": self.port, "user": self.user, "password": password}
        return {name: value for name, value in parts.items() if value}


def parsed(url: str, environ: Mapping[str, str]) -> Address:
    """Return the parts of a URL; RequestError where it is none, or a password stands in it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        refuse("this is no URL", "write postgres://user@host:5432/database")
    if parts.password is not None:
        refuse(
            "a password stands in the URL, where everybody sees it",
            f"take it out, and set {PASSWORD} from a secret",
        )
    secret = environ.get(PASSWORD, "")
    return Address(
        scheme=parts.scheme,
        host=_host(parts.netloc, parts.hostname or ""),
        port=port,
        user=unquote(parts.username or ""),
        path=tuple(unquote(one) for one in parts.path.split("/") if one),
        settings=dict(parse_qsl(parts.query, keep_blank_values=True)),
        password=Secret(secret) if secret else None,
    )


def _host(place: str, host: str) -> str:
    """Return a host as it is written: urlsplit makes it small, and a path may begin with it."""
    start = place.lower().rfind(host)
    return place[start : start + len(host)] if start >= 0 else host


def listed(names: Iterable[str]) -> str:
    """Return names as a message has them."""
    return ", ".join(sorted(names))


def refuse(what: str, remedy: str) -> NoReturn:
    """Raise RequestError about the option `engine`."""
    raise RequestError(what, where="engine", remedy=remedy)
