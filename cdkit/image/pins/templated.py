"""Images in YAML that a template engine has yet to go through: looked for line by line."""

import functools
import re
from collections.abc import Iterator

from cdkit.image.pins.document import Source
from cdkit.image.pins.use import Use, holds_variable, image_at, refused

MARKS = ("{{", "{%", "<%", "#{")
"""What a template engine's own words begin with (Go and Jinja, Jinja, ERB, others)."""

_VALUE = r"""["']?[ \t]*:[ \t]+
    (?:"(?P<double>[^"\n]*)"|'(?P<single>[^'\n]*)'|(?P<plain>[^\s#"'][^\n]*))
    (?(plain)|[ \t]*,?[ \t]*(?:\#[^\n]*)?\r?$)"""


_FLOW = re.compile(
    r"""^[ \t]*(?:-[ \t]+)*(?:["']?[\w./-]+["']?[ \t]*:[ \t]+)?(?:\[|\{(?!\{))[^\n]*""",
    re.MULTILINE,
)
_ITEM = r"""["']?[ \t]*:[ \t]+
    (?:"(?P<double>[^"\n]*)"|'(?P<single>[^'\n]*)'
    |(?P<plain>[^\s\#"'{}\[\],](?:\{\{[^\n]*?\}\}|[^,{}\[\]\n])*))"""
_ANCHOR = re.compile(r"\A&\S+[ \t]+")


@functools.cache
def _line(keys: str) -> re.Pattern[str]:
    before = r"""^[ \t]*(?:-[ \t]+)*["']?"""
    return re.compile(f"{before}(?:{keys}){_VALUE}", re.MULTILINE | re.VERBOSE)


def _flows(text: str, keys: str) -> Iterator[re.Match[str]]:
    for line in _FLOW.finditer(text):
        yield from _item(keys).finditer(text, *line.span())


@functools.cache
def _item(keys: str) -> re.Pattern[str]:
    return re.compile(rf"""[{{,][ \t]*["']?(?:{keys}){_ITEM}""", re.VERBOSE)


def is_templated(text: str) -> bool:
    """Whether a text holds the marks of a template engine."""
    return any(mark in text for mark in MARKS)


def images(source: Source, keys: str = "image") -> Iterator[Use]:
    """Yield the images of lines such as `image: nginx:1.27`; those with a variable are refused.

    A template cannot be read as YAML, so nothing is known but the line, which may be a flow
    collection (`{name: web, image: nginx:1.27}`). `keys` is a regular expression for what an image
    may be called.
    """
    for found in (*_line(keys).finditer(source.text), *_flows(source.text, keys)):
        kind = found.lastgroup or "plain"
        start, end, text = found.start(kind), found.end(kind), found[kind]
        if kind == "plain":
            text = _ANCHOR.sub("", text)
            start = end - len(text)
            text = re.split(r"[ \t]#", text, maxsplit=1)[0].rstrip().removesuffix(",").rstrip()
            end = start + len(text)
        if holds_variable(text):
            yield refused(text, start, end, "is put together by a template", "pin what fills it in")
        elif text and not text.startswith(("&", "*", "!", "|", ">", "[")):
            yield image_at(text, start, end, text)
