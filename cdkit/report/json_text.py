"""Structs as JSON that stays data wherever it is printed."""

import re
from typing import Any

import msgspec

from cdkit.core.escape import sound

_OBEYED = "(?<=#)#|[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"


def json_text(value: Any) -> str:  # noqa: ANN401 - whatever msgspec can write
    """Return structs, dicts and lists as JSON: two blanks deep, a line end at the end.

    Half characters (from file names that are not UTF-8) are replaced. Characters that a terminal
    obeys, and `##`, with which old commands of CI systems begin, are written as escapes, so that
    a document can be printed into any log.
    """
    try:
        data = msgspec.json.encode(value)
    except UnicodeEncodeError:
        data = msgspec.json.encode(_sound(msgspec.to_builtins(value)))
    text = msgspec.json.format(data, indent=2).decode()
    if text.isascii() and "##" not in text and "\x7f" not in text:  # as it is most of the time
        return text + "\n"
    return re.sub(_OBEYED, lambda found: f"\\u{ord(found.group()):04x}", text) + "\n"


def _sound(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        return sound(value)
    if isinstance(value, dict):
        return {sound(key): _sound(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_sound(held) for held in value]
    return value
