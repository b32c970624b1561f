"""The database of a tool whose address stands in the environment: `.env` files name its kind.

Of an address nothing but the part before the colon is read.
"""

import re
from collections.abc import Callable

from cdkit.core.errors import CdkitError
from cdkit.migrations.lazy import pattern
from cdkit.migrations.look import Look, ancestors, join

_FILES = (".env", ".env.example", ".env.sample", ".env.dist")
_ENGINES = {"sqlite3": "sqlite", "libsql": "sqlite", "turso": "sqlite", "pgx": "postgres"}


def _read(path: str, look: Look) -> bytes:
    try:
        return look.read(path)
    except CdkitError:
        # A secret file that nobody here may read names no database; `--server` does.
        return b""


def engine_by(variable: str, end: str = "") -> Callable[[str, Look], str]:
    """Return what tells the engine of a folder by a variable, whose value goes on with `end`.

    The files nearest to the folder count; where they differ, nothing does.
    """
    plain = rf"^[ \t]*(?:export[ \t]+)?{variable}[ \t]*=[ \t]*[\"']?([A-Za-z][\w+-]*){end}"
    written = pattern(plain.encode(), re.MULTILINE)

    def engine(root: str, look: Look) -> str:
        for folder in (root, *ancestors(root)):
            paths = (join(folder, name) for name in _FILES)
            texts = [_read(path, look) for path in paths if look.is_file(path)]
            named = {found.decode().lower() for text in texts for found in written().findall(text)}
            if known := {_ENGINES.get(each, each) for each in named}:
                return known.pop() if len(known) == 1 else ""
        return ""

    return engine
