"""Words of ours in a migration (`cdkit: allow …`, `cdkit: phase …`) count in comments alone.

What has the same form in a string is a value, and nobody said it.

Sources: Python reference, 2 "Lexical analysis"; XML 1.0, 2.4 to 2.7; YAML 1.2.2, 6.6 "Comments".
"""

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from cdkit.core.errors import ConfigError
from cdkit.migrations.lazy import pattern
from cdkit.migrations.lexer import blanked
from cdkit.migrations.text import Text

if TYPE_CHECKING:
    from cdkit.migrations.engine import Dialect

WORD = b"cdkit:"
"""What each of our words begins with."""

Range = tuple[int, int]

_WORD = pattern(re.escape(WORD))

_PYTHON = pattern(
    rb"[^'\"#]*+(?:(?P<comment>#[^\n\r]*+)"
    rb"|'''[^'\\]*+(?:(?:\\.|'(?!''))[^'\\]*+)*+(?:'''|\Z)"
    rb'|"""[^"\\]*+(?:(?:\\.|"(?!""))[^"\\]*+)*+(?:"""|\Z)'
    rb"|'[^'\\\n]*+(?:\\.[^'\\\n]*+)*+(?:'|(?=\n)|\Z)"
    rb'|"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+(?:"|(?=\n)|\Z)|\Z)',
    re.DOTALL,
)
_XML = pattern(
    rb"[^<]*+(?:(?P<comment><!--.*?(?:-->|\Z))|<!\[CDATA\[.*?(?:\]\]>|\Z)"
    rb"|<[^<>'\"]*+(?:(?:'[^']*+'?|\"[^\"]*+\"?)[^<>'\"]*+)*+|\Z)",
    re.DOTALL,
)


def heard(text: Text, dialect: "Dialect") -> Text:
    """Return a text without the words of ours that stand in none of its comments.

    A file of several migrations gives the same text for each. JSON has no comments: in a
    changelog of it they count wherever they stand.
    """
    ending = text.path.lower().rpartition(".")[2]
    if WORD not in text.data or ending == "json":
        return text
    return _heard(text.path, text.data, _COMMENTS.get(ending, dialect.comments))


# Each migration of a file is asked for its phase, its allowances and its way back.
@functools.lru_cache(maxsize=2)
def _heard(path: str, data: bytes, comments_of: Callable[[bytes], Iterable[Range]]) -> Text:
    ranges = iter(comments_of(data))
    start = end = 0
    silent = []
    for found in _WORD().finditer(data):
        while end <= found.start() and (following := next(ranges, None)):
            start, end = following
        if not start <= found.start() < end:
            silent.append(found.span())
    return Text(path, blanked(data, silent) if silent else data)


def comments(data: bytes, until: re.Pattern[bytes]) -> Iterator[Range]:
    """Yield the start and end of each comment, up to the last that may hold a word of ours.

    `until` matches everything up to the end of the next comment (a group of that name) or quote.
    """
    last = data.rfind(WORD)
    for found in until.finditer(data):
        if found.lastgroup:
            yield found.span("comment")
        if found.end() > last:
            return


def _yaml(data: bytes) -> Iterator[Range]:
    """Yield what is between the scalars of a YAML file, and not one of them."""
    from cdkit.core.config.nodes import scalars

    position = 0
    try:
        for start, end in scalars(data):
            yield position, start
            position = end
    except ConfigError:  # nothing of it can be read, which is said where that is tried
        return
    yield position, len(data)


_COMMENTS: dict[str, Callable[[bytes], Iterable[Range]]] = {
    "py": lambda data: comments(data, _PYTHON()),
    "xml": lambda data: comments(data, _XML()),
    "yaml": _yaml,
    "yml": _yaml,
}
