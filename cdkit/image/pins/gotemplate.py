"""Go templates as trees: what Helm's are written in, read but never run."""

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from cdkit.core.errors import Unreadable

_ACTION = re.compile(
    r"\{\{(?P<left>-(?=\s))?(?P<body>(?:\s*/\*.*?\*/\s*|(?:\"(?:\\.|[^\"\\\n])*\"|`[^`]*`|(?!\}\})[^\"`])*?))"
    r"(?P<right>(?<=\s)-)?\}\}",
    re.DOTALL,
)
_TOKEN = re.compile(
    r"\s+|(?P<string>\"(?:\\.|[^\"\\])*\"|`[^`]*`|'(?:\\.|[^'\\])*')"
    r"|(?P<field>\$?\w*(?:\.\w+)+|\$\w*|\.)|(?P<word>[\w+-][\w+.-]*)|(?P<mark>:=|[=|(),])"
)
_OPENS = frozenset({"if", "range", "with", "define", "block"})
_DEEPEST = 60


class Operand(Struct, frozen=True, kw_only=True):
    """A value in an action: `kind` is `string`, `field` (`.a.b`, `$x.a`, `.`), `word` or `paren`.

    `inner` is the pipeline in parentheses; `text` is then the fields that follow it (`.a.b`).
    """

    kind: str
    text: str
    inner: "Pipeline | None" = None


class Pipeline(Struct, frozen=True, kw_only=True):
    """Commands, each fed by the one before; `names` are the variables that the result goes to."""

    commands: tuple[tuple[Operand, ...], ...]
    names: tuple[str, ...] = ()


class Node(Struct, frozen=True, kw_only=True):
    """A piece of a template: `text`, an `action`, or a block: `if`, `range`, `with`.

    A block's `branches` are its bodies in their order, each with its pipeline: None for `else`.
    """

    kind: str
    text: str = ""
    pipeline: Pipeline | None = None
    branches: tuple[tuple[Pipeline | None, tuple["Node", ...]], ...] = ()
    line: int = 0


class Template(Struct, frozen=True, kw_only=True):
    """A file: what it writes, and what it defines by name."""

    nodes: tuple[Node, ...]
    defines: Mapping[str, tuple[Node, ...]]


def parse_template(path: str, text: str) -> Template:
    """Return a template's tree, blanks trimmed as its marks (`{{-`) say.

    The syntax is that of Go's text/template. Raises Unreadable for what is no such template.
    """
    try:
        reading = _Reading(text)
        nodes, _ = reading.body(0)
    except (ValueError, IndexError) as fault:
        raise Unreadable(
            f"is no template: {fault}", where=path, remedy="see what `helm template` says of it"
        ) from fault
    return Template(nodes=tuple(nodes), defines=reading.defines)


def _pieces(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield texts and actions' bodies in turn, each with its line."""
    at, line, trim = 0, 1, False
    while (start := text.find("{{", at)) >= 0:
        found = _ACTION.match(text, start)
        if not found:
            raise ValueError(f"an action does not end, below line {line}")
        before = text[at:start]
        line += before.count("\n")
        before = before.lstrip() if trim else before
        yield "text", before.rstrip() if found["left"] else before, line
        body = found["body"].strip()
        if not body.startswith("/*"):
            yield "action", body, line
        line += found[0].count("\n")
        trim, at = bool(found["right"]), found.end()
    rest = text[at:]
    yield "text", rest.lstrip() if trim else rest, line


class _Reading:
    def __init__(self, text: str) -> None:
        self._pieces = list(_pieces(text))
        self._at = 0
        self.defines: dict[str, tuple[Node, ...]] = {}

    def body(self, depth: int) -> tuple[list[Node], str]:
        """Return the nodes up to the `else` or `end` that closes them, and that action."""
        if depth > _DEEPEST:
            raise ValueError("it is nested too deep")
        nodes: list[Node] = []
        while self._at < len(self._pieces):
            kind, text, line = self._pieces[self._at]
            self._at += 1
            first, _, rest = text.partition(" ") if kind == "action" else ("", "", "")
            if kind == "text":
                nodes += [Node(kind="text", text=text, line=line)] if text else []
            elif first in {"end", "else"}:
                if depth == 0:
                    raise ValueError(f"line {line} closes nothing")
                return nodes, text
            elif first in _OPENS:
                nodes += self._block(first, rest, line, depth)
            elif first not in {"break", "continue"}:
                nodes.append(Node(kind="action", pipeline=_pipeline(text), line=line))
        if depth:
            raise ValueError("a block is not closed")
        return nodes, ""

    def _block(self, kind: str, rest: str, line: int, depth: int) -> list[Node]:
        if kind in {"define", "block"}:
            name = _pipeline(rest).commands[0][0].text
            body, _ = self.body(depth + 1)
            self.defines[name] = tuple(body)
            return []
        branches: list[tuple[Pipeline | None, tuple[Node, ...]]] = []
        condition: Pipeline | None = _pipeline(rest)
        while True:
            body, closed = self.body(depth + 1)
            branches.append((condition, tuple(body)))
            word, _, more = closed.partition(" ")
            if word == "end":
                return [Node(kind=kind, branches=tuple(branches), line=line)]
            more = more.strip().removeprefix("if ").removeprefix("with ")
            condition = _pipeline(more) if more.strip() else None


def _pipeline(text: str) -> Pipeline:
    tokens: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise ValueError(f"{text[at : at + 20]!r} is no part of an action")
        if found.lastgroup:
            of_paren = found.lastgroup == "field" and text[at - 1 : at] == ")"
            tokens.append(("fields" if of_paren else found.lastgroup, found[0]))
        at = found.end()
    names: list[str] = []
    marks = [
        index for index, token in enumerate(tokens) if token in {("mark", ":="), ("mark", "=")}
    ]
    if marks:
        names = [text for kind, text in tokens[: marks[0]] if kind == "field"]
        tokens = tokens[marks[0] + 1 :]
    commands, rest = _commands(tokens, 0, 0)
    if rest < len(tokens):
        raise ValueError("a parenthesis closes nothing")
    return Pipeline(commands=commands, names=tuple(names))


def _commands(
    tokens: Sequence[tuple[str, str]], at: int, depth: int
) -> tuple[tuple[tuple[Operand, ...], ...], int]:
    if depth > _DEEPEST:
        raise ValueError("it is nested too deep")
    commands: list[tuple[Operand, ...]] = []
    command: list[Operand] = []
    while at < len(tokens):
        kind, text = tokens[at]
        if (kind, text) == ("mark", ")"):
            break
        at += 1
        if (kind, text) == ("mark", "|"):
            commands.append(tuple(command))
            command = []
        elif (kind, text) == ("mark", "("):
            inner, at = _commands(tokens, at, depth + 1)
            if at >= len(tokens):
                raise ValueError("a parenthesis is not closed")
            at += 1
            fields = ""
            if at < len(tokens) and tokens[at][0] == "fields":
                fields, at = tokens[at][1], at + 1
            command.append(Operand(kind="paren", text=fields, inner=Pipeline(commands=inner)))
        elif kind == "string":
            command.append(Operand(kind="string", text=_unquoted(text)))
        elif kind != "mark":
            command.append(Operand(kind=kind, text=text))
    return (*commands, tuple(command)), at


def _unquoted(text: str) -> str:
    inner = text[1:-1]
    if text[0] == "`":
        return inner
    return inner.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
