"""HCL, Terraform's language, as blocks, attributes and values with their places."""

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from cdkit.core.errors import Unreadable
from cdkit.image.pins.document import Lines, Source

_TOKEN = re.compile(
    r"(?P<blank>[ \t\r]+|/\*.*?\*/|(?:#|//)[^\n]*)|(?P<line>\n)"
    r"|(?P<heredoc><<-?(?P<word>[^\W\d][\w-]*)[ \t]*\r?\n)|(?P<name>[^\W\d][\w-]*)"
    r"|(?P<number>\d[\w.]*)|(?P<mark>=>|==|!=|<=|>=|&&|\|\||\.\.\.|[-+*/%<>!?:=.,()\[\]{}@~$&|;^])",
    re.DOTALL,
)
_ESCAPES = re.compile(r"\\|\$\$\{|%%\{")
_BRACKETS = {"[": ("]", "list"), "(": (")", "other")}
_DEEPEST = 60
_BLOCK_LABELS = 4


class Value(Struct, frozen=True, kw_only=True):
    """A piece of an expression, with its place: what stands between quotes for a text.

    `kind` is `text`, `heredoc`, `ref` (`var.image`), `call`, `object`, `list` or `other`. `plain`
    says of a text that it is written as it is meant: no variable, no escape. `inner` are the
    expressions in a text's `${…}`, a call's arguments or a list's items.
    """

    kind: str
    start: int
    end: int
    text: str = ""
    plain: bool = False
    inner: tuple["Expression", ...] = ()
    entries: tuple["Attribute", ...] = ()


Expression = tuple[Value, ...]
"""A value alone, or several with operators between them."""


class Attribute(Struct, frozen=True, kw_only=True):
    """A name with its value, of a body or an object."""

    name: str
    value: Expression
    start: int


class Body(Struct, frozen=True, kw_only=True):
    """What stands between a block's braces, or in a file."""

    attributes: tuple[Attribute, ...]
    blocks: tuple["Block", ...]

    def attribute(self, name: str) -> Attribute | None:
        """Return an attribute of this body."""
        return next((one for one in self.attributes if one.name == name), None)


class Block(Struct, frozen=True, kw_only=True):
    """A block: `resource "type" "name" { … }`."""

    kind: str
    labels: tuple[str, ...]
    body: Body


class _Token(Struct, frozen=True):
    kind: str
    text: str
    start: int
    end: int
    value: Value | None = None


def parse_hcl(source: Source) -> Body:
    """Return a file of HCL as its body.

    The grammar is that of hclsyntax (hashicorp/hcl, spec.md); expressions are only taken apart as
    far as values stand in them. Raises Unreadable at the place where it is none.
    """
    reading = _Parser(source)
    return reading.body(top=True)


def texts(source: Source) -> Iterator[tuple[int, int]]:
    """Yield where the texts and heredocs of a file stand; raises Unreadable as `parse_hcl` does."""
    tokens, _ = _Lexer(source).tokens(0, 0, inside=False)
    yield from ((each.start, each.end) for each in tokens if each.kind == "value")


def walk(body: Body) -> Iterator[Attribute]:
    """Yield the attributes of a body and of all blocks in it."""
    waiting = [body]
    while waiting:
        here = waiting.pop()
        yield from here.attributes
        waiting.extend(reversed([block.body for block in here.blocks]))


class _Lexer:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text

    def fault(self, at: int, what: str) -> Unreadable:
        return Unreadable(
            f"is not HCL: {what}",
            where=Lines(self.source).place(min(at, len(self.text))),
            remedy="see what `terraform validate` says of it, or except the file, with a reason",
        )

    def tokens(self, at: int, depth: int, *, inside: bool) -> tuple[list[_Token], int]:
        """Return the tokens up to the end, or `inside` a text's `${` up to its `}`."""
        if depth > _DEEPEST:
            raise self.fault(at, "it is nested too deep")
        found: list[_Token] = []
        braces = 0
        while at < len(self.text):
            if self.text[at] == '"':
                value, end = self._quoted(at, depth)
                found.append(_Token("value", "", at, end, value))
                at = end
                continue
            match = _TOKEN.match(self.text, at)
            if not match:
                raise self.fault(at, f"{self.text[at : at + 1]!r} stands where it cannot")
            if match["heredoc"]:
                value, at = self._heredoc(match["word"], match.end(), depth)
                found.append(_Token("value", "", match.start(), at, value))
                continue
            if match["mark"] in {"{", "}"}:
                braces += 1 if match["mark"] == "{" else -1
                if inside and braces < 0:
                    return found, match.end()
            if not match["blank"]:
                kind = str(match.lastgroup)
                found.append(_Token(kind, match[0], match.start(), match.end()))
            at = match.end()
        if inside:
            raise self.fault(at, "a text is not closed")
        return found, at

    def _quoted(self, start: int, depth: int) -> tuple[Value, int]:
        at = start + 1
        inner: list[Expression] = []
        while at < len(self.text):
            here = self.text[at]
            if here == '"':
                return self._text("text", start + 1, at, inner), at + 1
            if here == "\n":
                break
            at = self._past(at, depth, inner)
        raise self.fault(start, "a text is not closed")

    def _past(self, at: int, depth: int, inner: list[Expression]) -> int:
        """Return where a text goes on after one character, escape or interpolation."""
        if self.text[at] == "\\":
            return at + 2
        if self.text.startswith(("$${", "%%{"), at):
            return at + 3
        if self.text.startswith(("${", "%{"), at):
            tokens, end = self.tokens(at + 2, depth + 1, inside=True)
            marked = self.text[at] == "%"
            expression = () if marked else _Parser(self.source, tokens, depth + 1).expression(())
            inner.append(expression)
            return end
        return at + 1

    def _heredoc(self, word: str, start: int, depth: int) -> tuple[Value, int]:
        at = start
        while at < len(self.text):
            end = self.text.find("\n", at)
            end = len(self.text) if end < 0 else end
            if self.text[at:end].strip() == word:
                inner: list[Expression] = []
                here = start
                while here < at:
                    here = here + 1 if self.text[here] == "\\" else self._past(here, depth, inner)
                return self._text("heredoc", start, at, inner), end
            at = end + 1
        raise self.fault(start, f"no line {word} ends what begins here")

    def _text(self, kind: str, start: int, end: int, inner: list[Expression]) -> Value:
        text = self.text[start:end]
        plain = not inner and not _ESCAPES.search(text)
        return Value(kind=kind, start=start, end=end, text=text, plain=plain, inner=tuple(inner))


class _Parser:
    def __init__(self, source: Source, tokens: list[_Token] | None = None, depth: int = 0) -> None:
        self._lexer = _Lexer(source)
        self._tokens = tokens
        if tokens is None:
            self._tokens, _ = self._lexer.tokens(0, 0, inside=False)
        self._at = 0
        self._depth = depth

    def _peek(self, ahead: int = 0) -> _Token:
        tokens = self._tokens or []
        at = self._at + ahead
        end = tokens[-1].end if tokens else 0
        return tokens[at] if at < len(tokens) else _Token("end", "", end, end)

    def _take(self) -> _Token:
        token = self._peek()
        self._at += 1
        return token

    def _skip_lines(self) -> None:
        while self._peek().kind == "line":
            self._at += 1

    def body(self, *, top: bool = False) -> Body:
        attributes: list[Attribute] = []
        blocks: list[Block] = []
        self._deeper()
        while True:
            self._skip_lines()
            token = self._take()
            if token.kind == "end" and top:
                break
            if token.text == "}" and token.kind == "mark" and not top:
                break
            if token.kind != "name":
                raise self._lexer.fault(token.start, "no name stands where one must")
            if self._peek().text == "=":
                self._at += 1
                value = self.expression(("\n", "}"))
                attributes.append(Attribute(name=token.text, value=value, start=token.start))
            else:
                blocks.append(self._block(token))
        self._depth -= 1
        return Body(attributes=tuple(attributes), blocks=tuple(blocks))

    def _block(self, token: _Token) -> Block:
        labels: list[str] = []
        while len(labels) <= _BLOCK_LABELS:
            here = self._take()
            if here.text == "{":
                return Block(kind=token.text, labels=tuple(labels), body=self.body())
            if here.kind == "value" and here.value:
                labels.append(here.value.text)
            elif here.kind == "name":
                labels.append(here.text)
            else:
                break
        raise self._lexer.fault(token.end, "neither a value nor a block follows a name")

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._lexer.fault(self._peek().start, "it is nested too deep")

    def expression(self, ends: tuple[str, ...]) -> Expression:
        """Return what stands up to one of these marks, which stays; brackets are taken whole."""
        self._deeper()
        found: list[Value] = []
        while True:
            token = self._peek()
            if token.kind == "end" or (token.text in ends and token.kind in {"line", "mark"}):
                break
            if token.text in {")", "]", "}"} and token.kind == "mark":
                if not ends:
                    raise self._lexer.fault(token.start, "a bracket closes nothing")
                break
            value = self._value()
            found += [value] if value else []
        self._depth -= 1
        return tuple(found)

    def _value(self) -> Value | None:
        token = self._take()
        if token.kind == "value":
            return token.value
        if token.kind == "name":
            return self._named(token)
        if token.kind == "line":
            return None
        if token.text == "{":
            return self._object(token)
        if token.text in _BRACKETS:
            return self._list(token, *_BRACKETS[token.text])
        return Value(kind="other", start=token.start, end=token.end, text=token.text)

    def _named(self, token: _Token) -> Value:
        end, text = token.end, token.text
        if self._peek().text == "(":
            self._at += 1
            return self._list(token, ")", "call")
        while True:
            if self._peek().text == "." and self._peek(1).kind in {"name", "number"}:
                text += f".{self._peek(1).text}"
                end = self._peek(1).end
                self._at += 2
            elif self._peek().text == "[" and self._peek().start == end:
                index = self._list(self._take(), "]", "list")
                text, end = f"{text}[]", index.end
            else:
                return Value(kind="ref", start=token.start, end=end, text=text)

    def _list(self, token: _Token, closing: str, kind: str) -> Value:
        items: list[Expression] = []
        while True:
            self._skip_lines()
            if self._peek().text == closing:
                end = self._take().end
                return Value(
                    kind=kind, start=token.start, end=end, text=token.text, inner=tuple(items)
                )
            items.append(self.expression((",",)))
            self._separator(closing)

    def _separator(self, closing: str) -> None:
        self._skip_lines()
        token = self._peek()
        if token.text == ",":
            self._at += 1
        elif token.text != closing:
            raise self._lexer.fault(token.start, f"no {closing!r} closes what is open")

    def _object(self, token: _Token) -> Value:
        entries: list[Attribute] = []
        while True:
            while self._peek().kind == "line" or self._peek().text == ",":
                self._at += 1
            if self._peek().text == "}":
                end = self._take().end
                return Value(kind="object", start=token.start, end=end, entries=tuple(entries))
            start = self._peek().start
            key = self.expression(("=", ":", "=>"))
            if self._peek().text not in {"=", ":", "=>"}:
                raise self._lexer.fault(start, "an object's key has no value")
            self._at += 1
            self._skip_lines()
            value = self.expression(("\n", ",", "}"))
            name = key[0].text if len(key) == 1 and key[0].kind in {"ref", "text"} else ""
            entries.append(Attribute(name=name, value=value, start=start))


def names(values: Expression) -> Mapping[str, Value]:
    """Return the references in an expression, those in texts and calls included."""
    found: dict[str, Value] = {}
    waiting = list(values)
    while waiting:
        here = waiting.pop()
        if here.kind == "ref":
            found[here.text] = here
        waiting += [one for inner in here.inner for one in inner]
        waiting += [one for entry in here.entries for one in entry.value]
    return found
