"""Patterns that are compiled when they are first asked for: a run needs those of one tool."""

import functools
import re
from collections.abc import Callable
from typing import AnyStr


def pattern(source: AnyStr, flags: int = 0) -> Callable[[], re.Pattern[AnyStr]]:
    """Return what gives the compiled pattern of a regular expression."""
    return functools.cache(lambda: re.compile(source, flags))
