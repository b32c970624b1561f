"""What a registry's refusals mean (distribution-spec, "Error Codes")."""

import re

import msgspec
from msgspec import Struct

from cdkit.core.errors import CannotTell, Failing, NoAnswer
from cdkit.core.escape import terminal
from cdkit.core.oci.reference import Reference
from cdkit.core.world import Response

_ABSENT = frozenset({"MANIFEST_UNKNOWN", "NAME_UNKNOWN", "TAG_EXPIRED"})
"""Codes that say "there is none"; the last is Quay's, of a tag that was deleted."""

_HARBORS = "NOT_FOUND"
"""What Harbor says instead, as any gateway before it might: so its words count too, which name the
project ("artifact team/app:v1 not found", "repository …", "project …")."""

_FOR_ALL = frozenset({429, 502, 503, 504})
"""Answers that speak of the whole registry; the door has tried again before it gave them."""

_MEANING = {
    401: ("wants a login", "log in to the registry: docker login {registry}"),
    403: ("does not allow it", "use an account that may read the repository"),
    429: ("has had too many requests", "wait, or log in: accounts have higher limits"),
}
_LONGEST = 200


class _Error(Struct, frozen=True, kw_only=True):
    code: str = ""
    message: str | None = None


class _Errors(Struct, frozen=True, kw_only=True):
    errors: tuple[_Error, ...]


def refusal(answer: Response, reference: Reference) -> CannotTell:
    """Return the error for an answer that is neither an image nor "there is none".

    It is NoAnswer where the registry cannot serve anybody now, Failing where it failed itself.
    """
    meaning, remedy = _MEANING.get(
        answer.status, ("cannot answer", "try again; ask the registry's operator if it stays so")
    )
    said = _limits(answer) if answer.status == 429 else _said(answer) + _wait(answer)
    what = f"{reference.registry} {meaning} ({answer.status}) for {reference}{said}"
    remedy = remedy.format(registry=reference.registry)
    if answer.status in _FOR_ALL:
        return NoAnswer(what, remedy=remedy, after=answer.headers.get("retry-after", ""))
    return (Failing if answer.status >= 500 else CannotTell)(what, remedy=remedy)


def check_absent(answer: Response, reference: Reference) -> None:
    """Return where a 404 says that there is no such manifest; CannotTell for any other 404.

    Distribution answers 404 "OCI index found, but accept header does not support OCI indexes" for
    a tag that exists, a proxy answers 404 for anything: neither means that the tag is free.
    """
    errors = _errors(answer)
    if errors and all(_is_absent(error, reference) for error in errors):
        said = " ".join(error.message or "" for error in errors).lower()
        if "accept header" not in said:
            return
    raise CannotTell(
        f"{reference.registry} answers 404 for {reference}, and does not say that it is unknown",
        remedy="check the registry's address, and any proxy before it",
    )


def _is_absent(error: _Error, reference: Reference) -> bool:
    if error.code == _HARBORS:
        project = re.escape(reference.repository.partition("/")[0])
        return re.search(rf"(?<![\w.-]){project}(?![\w.-])", error.message or "") is not None
    return error.code in _ABSENT


def _errors(answer: Response) -> tuple[_Error, ...]:
    try:
        return msgspec.json.decode(answer.body, type=_Errors).errors
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()


def _said(answer: Response) -> str:
    """Return the registry's own words, where it has any."""
    words = [f"{error.code} {error.message or ''}".strip() for error in _errors(answer)]
    return f"; it says: {terminal(' / '.join(words))[:_LONGEST]}" if any(words) else ""


def _limits(answer: Response) -> str:
    """Return what a 429 says of limits: `Retry-After`, and Docker Hub's own headers.

    Those are `ratelimit-limit` and `ratelimit-remaining`, each `100;w=21600` (a number, and for how
    many seconds it counts), and `docker-ratelimit-source`, whose limit it is: an address or a user.
    """
    headers = answer.headers
    said: list[str] = []
    if limit := re.fullmatch(r"(\d{1,9});w=(\d{1,9})", headers.get("ratelimit-limit", "")):
        left = headers.get("ratelimit-remaining", "").partition(";")[0] or "none known to be"
        said.append(f"its limit is {limit[1]} in {int(limit[2]) / 3600:g} h, {left} left")
    if source := headers.get("docker-ratelimit-source"):
        said.append(f"counted for {source}")
    return _wait(answer) + "".join(f"; {terminal(part)[:_LONGEST]}" for part in said)


def _wait(answer: Response) -> str:
    after = answer.headers.get("retry-after", "")
    seconds = f"{after} s" if after.isdecimal() else after
    return f"; {terminal(f'it asks to wait for {seconds}')[:_LONGEST]}" if after else ""
