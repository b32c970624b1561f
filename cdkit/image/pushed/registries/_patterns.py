"""Patterns that registries keep for tags, matched in bounded time or not at all.

They are foreign, and Python's matcher can be made to run for years: so each is taken apart into
pieces that cannot nest, of which a few at most may repeat.
"""

import re

from cdkit.core.errors import CannotTell

_LONGEST = 200
_MOST_REPEATS = 4
_CLASS = r"\[\^?(?:[A-Za-z0-9_.:/+-]|\\[dw.-])+\]"
_ATOM = rf"(?:{_CLASS}|\\[dwDW.\-_+]|[A-Za-z0-9_:/-]|\.)"
_REPEAT = r"(?:[*+?]|\{[0-9]{1,3}(?:,[0-9]{0,3})?\})"
_PLAIN = re.compile(rf"(\^)?((?:{_ATOM}{_REPEAT}?)*)(\$)?", re.ASCII)
_REPEATED = re.compile(rf"{_ATOM}{_REPEAT}", re.ASCII)

_TOKENS = re.compile(
    r"(?P<folders>(?:(?<=/)|\A)\*\*/)|(?P<rest>(?:(?<=/)|\A)\*\*\Z)|(?P<any>\*+)|(?P<one>\?)|[^*?]+",
    re.ASCII,
)
_MEANINGS = {"folders": r"(?:.*/)?", "rest": r".*", "any": r"[^/]*", "one": r"[^/]"}
_REPEATING = frozenset(_MEANINGS.values()) - {_MEANINGS["one"]}


def wildcard(pattern: str, text: str) -> bool:
    """Whether a text matches a pattern in which `*` stands for any characters, or none."""
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == text
    if not text.startswith(first):
        return False
    at = len(first)
    for piece in rest[:-1]:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return len(text) - at >= len(rest[-1]) and text.endswith(rest[-1])


def regular(pattern: str, text: str) -> bool:
    """Whether a plain regular expression matches a text.

    CannotTell where it is not plain (groups, alternatives, many repeats), and where it would match
    a part of the text and not the whole: which of the two counts, no documentation says.
    """
    plain = len(pattern) <= _LONGEST and "--" not in pattern and _PLAIN.fullmatch(pattern)
    if not plain or len(_REPEATED.findall(pattern)) > _MOST_REPEATS:
        raise _too_much(pattern)
    try:
        ready = re.compile(pattern, re.ASCII)
    except (re.error, OverflowError) as fault:
        raise _too_much(pattern) from fault
    whole = ready.fullmatch(text) is not None
    if whole != (ready.search(text) is not None):
        raise CannotTell(
            f"the rule {pattern!r} matches a part of {text!r}", remedy="anchor it: ^…$"
        )
    return whole


def doublestar(pattern: str, text: str) -> bool:
    """Whether a pattern with `*`, `?`, `**` between slashes, and `{a,b}` matches a text.

    These are those of Harbor's rules (bmatcuk/doublestar): `*` and `?` stop at a slash. CannotTell
    for classes, escapes, nested braces, and for more wildcards than can be tried in no time.
    """
    if len(pattern) > _LONGEST or re.search(r"[\[\]\\]|\{[^}]*\{", pattern):
        raise _too_much(pattern)
    return any(_starred(one, text) for one in _alternatives(pattern))


def _alternatives(pattern: str) -> list[str]:
    head, brace, rest = pattern.partition("{")
    if not brace:
        return [pattern]
    inner, closed, tail = rest.partition("}")
    if not closed or "{" in tail:
        raise _too_much(pattern)
    return [f"{head}{one}{tail}" for one in inner.split(",")]


def _starred(pattern: str, text: str) -> bool:
    pieces = []
    for token in _TOKENS.finditer(pattern):
        kind = token.lastgroup or ""
        pieces.append(_MEANINGS.get(kind) or re.escape(token[0]))
    if sum(piece in _REPEATING for piece in pieces) > _MOST_REPEATS:
        raise _too_much(pattern)
    return re.fullmatch("".join(pieces), text, re.ASCII | re.DOTALL) is not None


def _too_much(pattern: str) -> CannotTell:
    return CannotTell(
        f"cdkit does not try the rule {pattern[:_LONGEST]!r}: it is more than a plain pattern",
        remedy="look at the rule in the registry, or write it more plainly",
    )
