"""What a chart's templates make of its values: every line, with marks where values go into it.

Nothing is run. Both branches of every condition are taken, so that a line may have several forms;
what cannot be followed is a mark for an unknown value.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cdkit.image.pins.gotemplate import Node, Operand, Pipeline, Template
from cdkit.image.pins.template_value import (
    ASKING,
    BUILDING,
    CHOOSING,
    NOTHING,
    UNKNOWN,
    Path,
    Value,
    either,
    literal,
    text_of,
)

_FIRST = 0xE001
_LAST = 0xF8FF
_MOST_FORMS = 64
_MOST_STEPS = 300_000
_LONGEST = 2_000
_DEEPEST = 12


class Line(Struct, frozen=True, kw_only=True):
    """A form of a line that templates make, and where the template makes it."""

    text: str
    file: str
    line: int


class Misuse(Struct, frozen=True, kw_only=True):
    """A value given to a function that looks into it, as `semverCompare` does."""

    path: Path
    function: str
    file: str
    line: int


class Rendering(Struct, frozen=True, kw_only=True):
    """All lines, what stands behind each mark, and which values functions look into.

    `complete` says whether everything was followed; where it was not, nothing may be concluded
    from what is not there.
    """

    lines: tuple[Line, ...]
    marks: Mapping[str, Path]
    misuses: tuple[Misuse, ...]
    complete: bool


class _Scope(Struct, kw_only=True):
    dot: Value
    root: Value
    names: dict[str, Value]
    depth: int = 0


def render(
    templates: Mapping[str, Template], library: Mapping[str, Template], roots: Mapping[str, str]
) -> Rendering:
    """Return what templates make of values; `library` are defines alone.

    `roots` names, by template, the key of the values that a chart within the chart sees as its
    own; an empty string for the chart itself.
    """
    drawing = _Drawing([*library.values(), *templates.values()])
    for path, template in templates.items():
        drawing.draw(path, template.nodes, roots.get(path, ""))
    return Rendering(
        lines=tuple(drawing.lines),
        marks={mark: path for path, mark in drawing.marks.items()},
        misuses=tuple(dict.fromkeys(drawing.misuses)),
        complete=drawing.complete,
    )


class _Drawing:
    def __init__(self, templates: Iterable[Template]) -> None:
        self._defines = {name: body for one in templates for name, body in one.defines.items()}
        self.lines: dict[Line, None] = {}
        self.marks: dict[Path, str] = {}
        self.misuses: list[Misuse] = []
        self.complete = True
        self._steps = 0
        self._file = ""
        self._line = 0
        self._written = 0
        self._forms: tuple[str, ...] = ("",)

    def draw(self, path: str, nodes: Sequence[Node], key: str) -> None:
        self._file, self._forms = path, ("",)
        own: Path = ("Values", key) if key else ("Values",)
        fields = {"Values": self.at(own)}
        if not key:
            fields["Chart"] = self.at(("Chart",))
        root = Value(fields=fields)
        try:
            self._body(nodes, _Scope(dot=root, root=root, names={"$": root}))
        except RecursionError:
            self.complete = False
        self._end_line()

    def at(self, *paths: Path) -> Value:
        """Return the value that stands at one of these paths."""
        return Value(forms=tuple(self._mark(path) for path in paths), paths=frozenset(paths))

    def _mark(self, path: Path) -> str:
        if path not in self.marks:
            if _FIRST + len(self.marks) > _LAST:
                self.complete = False
                return UNKNOWN
            self.marks[path] = chr(_FIRST + len(self.marks))
        return self.marks[path]

    def _body(self, nodes: Sequence[Node], scope: _Scope) -> None:
        for node in nodes:
            self._steps += 1
            if self._steps > _MOST_STEPS:
                self.complete = False
                return
            self._line = node.line
            if node.kind == "text":
                self._write((node.text,))
            elif node.kind == "action" and node.pipeline:
                value = self._assigned(node.pipeline, scope)
                if not node.pipeline.names:
                    self._write(value.forms)
            else:
                self._block(node, scope)

    def _block(self, node: Node, scope: _Scope) -> None:
        """Take every branch from where the block begins, and go on from all of their ends."""
        before, ends = self._forms, []
        outside = dict(scope.names)
        for condition, body in node.branches:
            self._forms = before
            inside = _Scope(dot=scope.dot, root=scope.root, names=dict(outside), depth=scope.depth)
            self._line = node.line
            if condition:
                value = self._assigned(condition, inside)
                self._enter(node.kind, condition, value, inside)
            self._body(body, inside)
            ends.append(self._forms)
            for name in outside:
                scope.names[name] = either((scope.names[name], inside.names[name]))
        if all(condition for condition, _ in node.branches):
            ends.append(before)
        self._forms = self._few(form for end in ends for form in end)

    def _enter(self, kind: str, condition: Pipeline, value: Value, scope: _Scope) -> None:
        if kind == "with":
            scope.dot = value
        elif kind == "range":
            scope.dot = self._item(value)
            for name in condition.names[-1:]:
                scope.names[name] = scope.dot
            for name in condition.names[:-1]:
                scope.names[name] = NOTHING

    def _item(self, value: Value) -> Value:
        if value.items:
            return either(value.items)
        return self.at(*((*path, "*") for path in sorted(value.paths))) if value.paths else NOTHING

    def _assigned(self, pipeline: Pipeline, scope: _Scope) -> Value:
        value = self._pipeline(pipeline, scope)
        for name in pipeline.names:
            scope.names[name] = value
        return value

    def _pipeline(self, pipeline: Pipeline, scope: _Scope) -> Value:
        value: Value | None = None
        for command in pipeline.commands:
            value = self._command(command, value, scope)
            if len(value.forms) > _MOST_FORMS:
                value = replace(value, forms=self._few(value.forms))
        return value or NOTHING

    def _command(self, command: Sequence[Operand], fed: Value | None, scope: _Scope) -> Value:
        if not command:
            return fed or NOTHING
        first, *rest = command
        if first.kind != "word":
            return self._operand(first, scope)
        arguments = [self._operand(one, scope) for one in rest]
        if fed is not None:
            arguments.append(fed)
        return self._call(first.text, arguments, scope) if arguments else literal(first.text)

    def _operand(self, operand: Operand, scope: _Scope) -> Value:
        if operand.kind == "string":
            return literal(operand.text)
        if operand.kind == "word":
            return self._call(operand.text, [], scope)
        if operand.kind == "paren" and operand.inner:
            return self._fields(self._pipeline(operand.inner, scope), operand.text)
        name, dot, fields = operand.text.partition(".")
        start = scope.names.get(name, NOTHING) if name else scope.dot
        return self._fields(start, fields) if dot else start

    def _fields(self, value: Value, fields: str) -> Value:
        for name in fields.split("."):
            if name:
                value = self._field(value, name)
        return value

    def _field(self, value: Value, name: str) -> Value:
        if value.fields is not None and name in value.fields:
            return value.fields[name]
        if value.paths:
            return self.at(*((*path, name) for path in sorted(value.paths)))
        return NOTHING

    def _call(self, name: str, arguments: list[Value], scope: _Scope) -> Value:
        """Return what a function of Go's templates, of Sprig or of Helm gives."""
        if name in {"include", "template"} and arguments:
            return self._include(arguments, scope)
        if name in CHOOSING and arguments:
            return either(CHOOSING[name](arguments))
        if name in BUILDING:
            return BUILDING[name](arguments)
        if name in {"index", "get", "dig"} and arguments:
            return self._index(name, arguments)
        if name in {"printf", "print", "join", "nindent"} and arguments:
            return self._text_of(name, arguments)
        compared = name in {"eq", "ne"} and any(one.forms == ("",) for one in arguments)
        if name not in ASKING and not compared:
            self._looked_into(name, arguments)
        return NOTHING

    def _text_of(self, name: str, arguments: list[Value]) -> Value:
        if name == "printf":
            return self._printf(arguments)
        if name == "nindent":
            return self._join("", [literal("\n"), arguments[-1]])
        if name == "join":
            return self._join(text_of(arguments[0]), arguments[-1].items or [NOTHING])
        return self._join("", arguments)

    def _looked_into(self, name: str, arguments: Iterable[Value]) -> None:
        for argument in arguments:
            for path in [*argument.paths, *self._paths_in(argument.forms)]:
                self.misuses.append(
                    Misuse(path=path, function=name, file=self._file, line=self._line)
                )

    def _paths_in(self, forms: Iterable[str]) -> list[Path]:
        held = {character for form in forms for character in form if character > UNKNOWN}
        return [path for path, mark in self.marks.items() if mark in held] if held else []

    def _index(self, name: str, arguments: list[Value]) -> Value:
        value, keys = arguments[0], arguments[1:]
        if name == "dig":
            value, keys = arguments[-1], arguments[:-2]
        for key in keys:
            value = self._field(value, text_of(key) or "*")
        return value

    def _printf(self, arguments: list[Value]) -> Value:
        pieces = text_of(arguments[0]).replace("%v", "%s").replace("%q", "%s").split("%s")
        values = arguments[1:]
        if len(pieces) != len(values) + 1:
            self._looked_into("printf", values)
            return NOTHING
        forms: tuple[str, ...] = (pieces[0],)
        for piece, value in zip(pieces[1:], values, strict=True):
            forms = self._few(form + one + piece for form in forms for one in value.forms)
        return Value(forms=forms)

    def _join(self, between: str, values: Sequence[Value]) -> Value:
        forms: tuple[str, ...] = ("",)
        for index, value in enumerate(values):
            mark = between if index else ""
            forms = self._few(form + mark + one for form in forms for one in value.forms)
        return Value(forms=forms)

    def _include(self, arguments: list[Value], scope: _Scope) -> Value:
        """Draw what a name defines in a place of its own: what of it is whole lines stays there."""
        name = text_of(arguments[0])
        body = self._defines.get(name)
        if body is None or scope.depth > _DEEPEST:
            # A name that is put together is a file's, for its checksum; another is a helper's of a
            # chart that is not here, which may look into anything that it is given.
            self.complete = self.complete and not name
            self._looked_into("include", arguments[1:])
            return NOTHING
        dot = arguments[1] if len(arguments) > 1 else NOTHING
        here = self._forms, self._line
        self._forms = ("",)
        before = len(self.lines)
        self._body(body, _Scope(dot=dot, root=dot, names={"$": dot}, depth=scope.depth + 1))
        if len(self.lines) > before and self._forms:
            self._end_line()
            forms: tuple[str, ...] = (UNKNOWN,)
        else:
            forms = self._forms
        self._forms, self._line = here
        return Value(forms=forms)

    def _write(self, texts: Iterable[str]) -> None:
        """Write a text that may have several forms, whole lines of which are done with."""
        started, ends = self._forms, []
        for text in texts:
            self._forms = started
            if any(character >= UNKNOWN for character in text):
                self._written = self._line
            first, *more = text.split("\n")
            self._forms = self._few(form + first for form in self._forms)
            for line in more:
                self._end_line()
                self._forms = (line,)
            ends.append(self._forms)
        self._forms = self._few(form for end in ends for form in end)

    def _end_line(self) -> None:
        for form in self._forms:
            if any(character >= UNKNOWN for character in form):
                self.lines[Line(text=form, file=self._file, line=self._written)] = None
        self._forms = ("",)

    def _few(self, forms: Iterable[str]) -> tuple[str, ...]:
        """Return different forms, as many and as long as can be followed."""
        found: dict[str, None] = {}
        for form in forms:
            self._steps += 1
            if len(form) > _LONGEST or len(found) == _MOST_FORMS or self._steps > _MOST_STEPS:
                self.complete = False
                break
            found[form] = None
        return tuple(found) or ("",)
