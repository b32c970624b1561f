"""The shape of a JSON document, as its first bytes show it: what a format is recognised by."""

import re
from functools import lru_cache

from msgspec import Struct

_TOKEN = re.compile(
    rb'\s*(?:"((?:[^"\\]|\\.)*+)"|([{}\[\],:])|([^\s"{}\[\],:]++))', re.ASCII | re.DOTALL
)
_DEPTH = 3
"""How deep keys are looked at."""

_LONGEST = 200


class Shape(Struct, frozen=True):
    """Keys as far as they are seen: `a.b` for an object's in an object, `a[].b` for one in a list.

    `root` is `{` or `[`, `first` the first key of the root; `texts` are the strings that keys have.
    """

    root: str
    first: str
    keys: frozenset[str]
    texts: dict[str, str]

    def has(self, *names: str) -> bool:
        """Whether all these keys were seen."""
        return self.keys.issuperset(names)


_NONE = Shape("", "", frozenset(), {})


@lru_cache(maxsize=2)
def shape_of(head: bytes) -> Shape:
    """Return the shape of the JSON document that begins with these bytes; an empty one of others.

    Of several documents (one a line) it is the first one's.
    """
    data = head.removeprefix(b"\xef\xbb\xbf")
    opened = data.lstrip()[:1]
    if opened not in {b"{", b"["}:
        return _NONE
    return _Walk().over(data)


class _Walk:
    """Goes over the tokens, knowing of each open bracket how it is reached."""

    def __init__(self) -> None:
        self.root = self.first = self.key = ""
        self.keys: set[str] = set()
        self.texts: dict[str, str] = {}
        self.open: list[str] = []
        self.objects: list[bool] = []
        self.expects_key = False

    def over(self, data: bytes) -> Shape:
        at = 0
        while found := _TOKEN.match(data, at):
            at = found.end()
            text, sign = found[1], found[2]
            if text is not None:
                self._text(text[:_LONGEST].decode("utf-8", "replace"))
            elif sign is not None:
                self._sign(sign.decode())
                if not self.open:
                    break
            elif not self.open:
                break
        return Shape(self.root, self.first, frozenset(self.keys), self.texts)

    def _text(self, text: str) -> None:
        if self.expects_key:
            prefix = self.open[-1] if self.open else ""
            self.key = f"{prefix}{text}"
            self.expects_key = False
            self.first = self.first or self.key
            if len(self.open) <= _DEPTH:
                self.keys.add(self.key)
        elif self.objects and self.objects[-1] and len(self.open) <= _DEPTH:
            self.texts.setdefault(self.key, text)

    def _sign(self, sign: str) -> None:
        if sign in "{[":
            self._begin(sign)
        elif sign in "}]":
            if self.open:
                self.open.pop()
                self.objects.pop()
            self.expects_key = False
        elif sign == ",":
            self.expects_key = bool(self.objects and self.objects[-1])

    def _begin(self, sign: str) -> None:
        if not self.root:
            self.root, prefix = sign, ""
        elif self.objects[-1]:
            prefix = f"{self.key}." if sign == "{" else self.key
        else:
            prefix = self.open[-1]
        if sign == "[":
            prefix += "[]"
        elif prefix.endswith("[]"):
            prefix += "."
        self.open.append(prefix)
        self.objects.append(sign == "{")
        self.expects_key = sign == "{"
