"""The texts that an expression may give: SQL that a migration puts together from constants."""

from collections.abc import Mapping, Sequence
from itertools import product

import msgspec

from cdkit.migrations.mysql.commands import PREPARED, called
from cdkit.migrations.reading.cursor import pieces
from cdkit.migrations.reading.scan import Token

_MOST = 32
"""Texts that one expression may give, and are still told apart."""

Texts = tuple[str, ...]
Settings = Mapping[str, str]


def prepared(tokens: Sequence[Token], settings: Settings) -> Texts | None:
    """Return what EXECUTE of these tokens may run; None where nobody can say."""
    if [each.up for each in tokens[:2]] == ["EXECUTE", "IMMEDIATE"]:
        return texts_of(tokens[2:], settings)
    if len(tokens) < 2:
        return None
    return _held(PREPARED + tokens[1].text.strip("`").lower(), settings)


def either(old: str | None, new: str) -> str:
    """Return what a variable holds that was set, or was not; None for one that nobody has set."""
    if old is None or not (old and new):
        return new if old is None else ""
    return as_setting(tuple(dict.fromkeys((*_decoded(old), *_decoded(new)))))


def as_setting(texts: Texts | None) -> str:
    """Return texts as a session's settings hold them; empty where nobody can say."""
    return "" if texts is None else msgspec.json.encode(texts).decode()


def _decoded(said: str) -> Texts:
    return msgspec.json.decode(said, type=Texts)


def texts_of(tokens: Sequence[Token], settings: Settings) -> Texts | None:
    """Return each text that an expression may give; None where nobody can say.

    `settings` are the variables by name, each with its texts as JSON, or empty if unknown.
    """
    tokens = _bare(tokens)
    if not tokens or called([*tokens]):
        return None
    first, word = tokens[0], tokens[0].up
    if len(tokens) == 1:
        return _of_one(first, settings)
    if word == "SELECT":
        end = _at(tokens, "FROM")
        return texts_of(tokens[1 : len(tokens) if end < 0 else end], settings)
    if word == "CASE":
        return _of_case(tokens[1:-1], settings) if tokens[-1].up == "END" else None
    if tokens[1].up == "(" and tokens[-1].up == ")" and _closes(tokens) == len(tokens) - 1:
        return _of_function(word, [_bare(each) for each in pieces(tokens[2:-1])], settings)
    return None


def _of_one(token: Token, settings: Settings) -> Texts | None:
    if token.kind == "string" and token.text[0] in "'\"":
        return (_unescaped(token.text),) if token.closed else None
    if token.up == "NULL":
        return ("",)
    return _held(token.text.lower().replace("`", ""), settings) if _is_own(token) else None


def _is_own(token: Token) -> bool:
    return token.kind == "variable" and not token.text.startswith("@@")


def _held(name: str, settings: Settings) -> Texts | None:
    said = settings.get(name, "")
    return _decoded(said) if said else None


def _unescaped(text: str) -> str:
    """Return what a string says (MySQL manual, 11.1.1 "String Literals")."""
    quote, out, at = text[0], [], 1
    while at < len(text) - 1:
        if text[at] == "\\" or text[at : at + 2] == quote * 2:
            at += 1
        out.append({"n": "\n", "t": "\t", "r": "\r"}.get(text[at], text[at])
                   if text[at - 1] == "\\" else text[at])  # fmt: skip
        at += 1
    return "".join(out)


def _of_function(word: str, given: Sequence[Sequence[Token]], settings: Settings) -> Texts | None:
    if word == "IF" and len(given) == 3:
        return _any_of(given[1:], settings)
    if word in {"IFNULL", "COALESCE"}:
        return _any_of(given, settings)
    if word != "CONCAT":
        return None
    parts = [texts_of(each, settings) for each in given]
    known = [each for each in parts if each is not None]
    many = 1
    for each in known:
        many *= len(each)
    if len(known) < len(parts) or many > _MOST:
        return None
    return tuple("".join(each) for each in product(*known))


def _any_of(given: Sequence[Sequence[Token]], settings: Settings) -> Texts | None:
    found: dict[str, None] = {}
    for each in given:
        texts = texts_of(each, settings)
        if texts is None:
            return None
        found |= dict.fromkeys(texts)
    return tuple(found) if len(found) <= _MOST else None


def _of_case(tokens: Sequence[Token], settings: Settings) -> Texts | None:
    """Return what each THEN and the ELSE give; where CASE stands in a CASE, nobody can say."""
    if any(each.up == "CASE" for each in tokens):
        return None
    given: list[list[Token]] = []
    into: list[Token] | None = None
    for token in tokens:
        if token.up in {"THEN", "ELSE"}:
            given.append(into := [])
        elif token.up == "WHEN":
            into = None
        elif into is not None:
            into.append(token)
    return _any_of(given, settings)


def _bare(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return tokens without parentheses around all of them."""
    while tokens and tokens[0].up == "(" and _closes(tokens) == len(tokens) - 1:
        tokens = tokens[1:-1]
    return tokens


def _closes(tokens: Sequence[Token]) -> int:
    """Return where the first parenthesis is closed, -1 where it never is."""
    depth = 0
    for at, token in enumerate(tokens):
        depth += (token.up == "(") - (token.up == ")")
        if token.up == ")" and depth == 0:
            return at
    return -1


def _at(tokens: Sequence[Token], word: str) -> int:
    """Return where a word stands outside parentheses, -1 where it does not."""
    depth = 0
    for at, token in enumerate(tokens):
        depth += (token.up == "(") - (token.up == ")")
        if token.up == word and depth == 0:
            return at
    return -1
