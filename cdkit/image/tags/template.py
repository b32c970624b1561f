"""The templates of tag rules: text with `{{expressions}}`, as Handlebars writes them."""

import re
from collections.abc import Callable, Mapping

from msgspec import Struct

from cdkit.core.errors import RequestError

_MARK = re.compile(r"(?P<escapes>\\*)(?P<open>\{\{\{|\{\{)")
_INSIDE = re.compile(r"\s*(?:(?P<name>[A-Za-z_][\w-]*)(?P<rest>(?:\s+.*)?))", re.DOTALL | re.ASCII)
_WORD = re.compile(
    r"\s+(?:(?P<key>[A-Za-z_]\w*)=)?"
    r"(?:'(?P<single>(?:[^'\\]|\\.)*)'|\"(?P<double>(?:[^\"\\]|\\.)*)\"|(?P<bare>[^\s'\"=]+))",
    re.DOTALL | re.ASCII,
)
_LONGEST = 4_096


class Literal(Struct, frozen=True):
    """Text that stays as it is."""

    text: str


class Expression(Struct, frozen=True, kw_only=True):
    """One `{{name 'argument' key='value'}}`; `bare` is an argument that stood without quotes."""

    name: str
    argument: str | None = None
    bare: str = ""
    named: dict[str, str] = {}


Scope = Mapping[str, Callable[[Expression], str]]
"""What each name of an expression is worth."""


class Template(Struct, frozen=True, kw_only=True):
    """A text in its parts."""

    source: str
    parts: tuple[Literal | Expression, ...]

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """The expressions, as they follow one another."""
        return tuple(part for part in self.parts if isinstance(part, Expression))

    @property
    def names(self) -> frozenset[str]:
        """The names of the expressions."""
        return frozenset(expression.name for expression in self.expressions)

    @property
    def sole(self) -> str:
        """The name of the one expression that is the whole template, or an empty string."""
        part = self.parts[0] if len(self.parts) == 1 else None
        return part.name if isinstance(part, Expression) else ""


def read_template(text: str, *, where: str = "") -> Template:
    r"""Take a text apart (handlebarsjs.com/guide: expressions, literals, comments, `\{{` escapes).

    `{{{x}}}` is `{{x}}`: nothing is escaped here, since a tag is no HTML; `{{! … }}` says nothing,
    and `~` trims the text beside it. Blocks, partials and sub-expressions are refused. Raises
    RequestError for these, and where an expression is not closed or makes no sense.
    """
    if len(text) > _LONGEST:
        raise RequestError(
            f"a template of {len(text)} characters is too long",
            where=where or None,
            remedy=f"write {_LONGEST} characters at most",
        )
    parts: list[Literal | Expression] = []
    at, trim = 0, False
    while mark := _MARK.search(text, at):
        slashes = len(mark["escapes"])
        before = text[at : mark.start("open")]
        if slashes == 1:
            at = _escaped_end(text, mark.end())
            kept = text[mark.start("open") : at]
            parts.append(Literal(f"{_trimmed(before[:-1], start=trim)}{kept}"))
            trim = False
            continue
        inside, at = _inside(text, mark, where)
        before = before[:-1] if slashes > 1 else before
        parts.append(Literal(_trimmed(before, start=trim, end=inside.startswith("~"))))
        trim = inside.endswith("~")
        if expression := _expression(inside.strip("~").strip(), text, where):
            parts.append(expression)
    parts.append(Literal(_trimmed(text[at:], start=trim)))
    return Template(source=text, parts=tuple(part for part in parts if part != Literal("")))


def render(template: Template, scope: Scope) -> str:
    """Return the text with each expression in place; RequestError for a name out of the scope."""
    return "".join(
        part.text if isinstance(part, Literal) else _value(part, scope, template)
        for part in template.parts
    )


def check_names(template: Template, known: frozenset[str], *, where: str = "") -> None:
    """Raise RequestError where a template names an expression that there is not."""
    for name in sorted(template.names - known):
        raise RequestError(
            f"there is no expression {{{{{name}}}}} in {template.source[:200]!r}",
            where=where or None,
            remedy=f"write one of: {', '.join(sorted(known))}",
        )


def _value(expression: Expression, scope: Scope, template: Template) -> str:
    check_names(template, frozenset(scope))
    return scope[expression.name](expression)


def _trimmed(text: str, *, start: bool = False, end: bool = False) -> str:
    text = text.lstrip() if start else text
    return text.rstrip() if end else text


def _escaped_end(text: str, begin: int) -> int:
    r"""Return where text after `\{{` can hold an expression again: at the next mustache."""
    following = text.find("{{", begin)
    return len(text) if following < 0 else following - _slashes(text, following)


def _slashes(text: str, at: int) -> int:
    return at - len(text[:at].rstrip("\\"))


def _inside(text: str, mark: re.Match[str], where: str) -> tuple[str, int]:
    """Return what stands between the braces, and where the text goes on."""
    closing = "}" * len(mark["open"])
    begin = mark.end()
    if text.startswith("!--", begin):
        closing = "--}}"
    end = text.find(closing, begin)
    if end < 0:
        raise RequestError(
            f"an expression is not closed in {text[:200]!r}",
            where=where or None,
            remedy=f"write {closing} after it; in a CSV line, quote the field that holds a comma",
        )
    return text[begin:end], end + len(closing)


def _expression(inside: str, text: str, where: str) -> Expression | None:
    if inside.startswith("!"):
        return None
    found = _INSIDE.fullmatch(inside.removeprefix("&"))
    if found is None:
        raise _senseless(inside, text, where)
    argument, bare, named = None, "", {}
    at, rest = 0, found["rest"].rstrip()
    while at < len(rest):
        word = _WORD.match(rest, at)
        if word is None:
            raise _senseless(inside, text, where)
        quoted = word["single"] if word["single"] is not None else word["double"]
        value = re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL) if quoted is not None else None
        if word["key"]:
            named[word["key"]] = word["bare"] if value is None else value
        elif argument is not None or bare:
            raise _senseless(inside, text, where)
        else:
            argument, bare = value, word["bare"] or ""
        at = word.end()
    return Expression(name=found["name"], argument=argument, bare=bare, named=named)


def _senseless(inside: str, text: str, where: str) -> RequestError:
    return RequestError(
        f"{{{{{inside[:80]}}}}} in {text[:200]!r} is no expression",
        where=where or None,
        remedy="write {{name}}, or {{date 'YYYYMMDD' tz='UTC'}}; there are no blocks and partials",
    )
