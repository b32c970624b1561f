"""Fetching a token from a registry's token server (distribution, "Token" and "OAuth2 token")."""

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from cdkit.core.errors import CannotTell, Failing, NoAnswer
from cdkit.core.oci.authfile import Login, basic
from cdkit.core.secret import Secret
from cdkit.core.world import Http, Response

_WORD = re.compile(r"[!-~]+", re.ASCII)
_USUAL_LIFE = 60
"""Seconds that a token lives where the server does not say (distribution, token.md)."""

_SHORTEST_LIFE = 10
_MARGIN = 5
"""Seconds before its end from which a token is not used any more."""

_NO_OAUTH = frozenset({404, 405})
"""What a token server says to POST that knows GET alone: some registries' to this day."""


class Refused(CannotTell):
    """A token server gives no token to this login, or to nobody in particular."""


class Wanted(Struct, frozen=True, kw_only=True):
    """A token to ask for: of whom, for which service, to do what (scopes, blanks between them)."""

    realm: str
    service: str
    scope: str


class Token(Struct, frozen=True, kw_only=True):
    """A token as an Authorization header, and the seconds for which it may be used."""

    header: Secret
    seconds: float


class _Answer(Struct, frozen=True, kw_only=True):
    token: str | None = None
    access_token: str | None = None
    expires_in: float | None = None
    issued_at: str | None = None

    def __repr__(self) -> str:
        return "_Answer(***)"


def server_of(realm: str) -> str:
    """Return the host of a token server."""
    return urlsplit(realm).hostname or ""


def fetch(wanted: Wanted, login: Login | None, http: Http) -> Token | None:
    """Return a token, or None where the answer holds none that a header could carry.

    An identity token is exchanged by POST, and where the server does not know that, sent as a
    password is. Raises Refused where the server refuses the login, CannotTell where it cannot
    answer.
    """
    asked = [("service", wanted.service)] if wanted.service else []
    answer = None
    if login and login.identity_token:
        answer = _post(wanted, login.identity_token, asked, http)
    if answer is None or answer.status in _NO_OAUTH:
        answer = _get(wanted, login, asked, http)
    if answer.status != 200:
        raise _refused(server_of(wanted.realm), answer)
    return _read(answer, server_of(wanted.realm))


def _post(
    wanted: Wanted, identity_token: Secret, asked: list[tuple[str, str]], http: Http
) -> Response:
    form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", identity_token.reveal()),
        ("client_id", "cdkit"),
        *asked,
        ("scope", wanted.scope),
    ]
    kind = "application/x-www-form-urlencoded"
    return http.request(
        "POST", wanted.realm, headers={"Content-Type": kind}, body=urlencode(form).encode()
    )


def _get(wanted: Wanted, login: Login | None, asked: list[tuple[str, str]], http: Http) -> Response:
    scopes = [("scope", scope) for scope in wanted.scope.split()]
    header = login.basic() if login else None
    if login and login.identity_token:
        header = basic(login.user or "<token>", login.identity_token)
    joint = "&" if "?" in wanted.realm else "?"
    return http.request(
        "GET",
        f"{wanted.realm}{joint}{urlencode([*asked, *scopes])}",
        headers={"Authorization": header} if header else {},
    )


def _read(answer: Response, host: str) -> Token | None:
    try:
        found = msgspec.json.decode(answer.body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise CannotTell(
            f"{host} answered with something that is no token",
            remedy="check that the address is a registry's, and no login page stands before it",
        ) from fault
    word = found.token or found.access_token or ""
    if not _WORD.fullmatch(word):
        return None
    life = (found.expires_in or _USUAL_LIFE) - _age(found.issued_at, answer) - _MARGIN
    return Token(header=Secret(f"Bearer {word}"), seconds=max(_SHORTEST_LIFE, life))


def _age(issued_at: str | None, answer: Response) -> float:
    """Return how old a token is already, both times by the server's clock; ours may differ."""
    try:
        issued = datetime.fromisoformat(issued_at or "")
        return max(0.0, (parsedate_to_datetime(answer.headers["date"]) - issued).total_seconds())
    except (ValueError, KeyError, TypeError, OverflowError):
        return 0.0


def _refused(host: str, answer: Response) -> CannotTell:
    status = answer.status
    if status in {400, 401, 403}:
        return Refused(f"{host} gives no token ({status})", remedy="log in with another account")
    what, remedy = f"{host} gives no token: it answered {status}", "try again later"
    if status in {429, 502, 503, 504}:
        return NoAnswer(what, remedy=remedy, after=answer.headers.get("retry-after", ""))
    return (Failing if status >= 500 else CannotTell)(what, remedy=remedy)
