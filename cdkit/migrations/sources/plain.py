"""Plain SQL files that no tool claims: numbered, or pairs of up and down.

Nothing in such a file says who runs it, so whether a transaction is around it is not known. What
psql or a template would put in is read as a name where its value does not stand in the file.
"""

import re

from cdkit.core.finding import Severity
from cdkit.migrations.folder import FolderTool, folder_source, is_sql
from cdkit.migrations.guesses import decisions
from cdkit.migrations.look import Look
from cdkit.migrations.placeholders import braces, fill, outside_quotes, psql_variables, templates
from cdkit.migrations.source import Script
from cdkit.migrations.text import Text, holds

_SUFFIXES = {".down.sql": ".up.sql", "_down.sql": "_up.sql", "-down.sql": "-up.sql"}
_NUMBER = re.compile(r"\d+(?=[_.\- ])")
_FOLDERS = {"down": "up", "revert": "deploy", "verify": "deploy"}


def _owns(path: str, look: Look) -> bool:
    del look
    return is_sql(path)


def _script(_path: str, data: bytes) -> Script:
    return Script(sql=data)


def _fill(text: Text) -> Text:
    """Fill what no SQL can mean: `${x}`, `{{ x }}`, `<%= x %>`, `:x`, outside quotes."""
    data = text.data
    slots = [*braces(data, {})] if holds(data, b"${") else []
    slots += templates(data) if holds(data, b"{{") or holds(data, b"<%") else ()
    variables = [*psql_variables(data, {})]
    if not slots and not variables:
        return text
    return fill(text, outside_quotes(data, (*slots, *variables)))


def _version(path: str) -> str:
    """Return the number that a file begins with, which is its own within its folder."""
    folder, _, name = path.rpartition("/")
    number = _NUMBER.match(name)
    return f"{number[0]} of {folder or '.'}" if number else ""


def _up_of(path: str) -> tuple[str, ...]:
    folder, _, name = path.rpartition("/")
    above, _, last = folder.rpartition("/")
    before = f"{folder}/" if folder else ""
    ups = [
        before + name.removesuffix(suffix) + up
        for suffix, up in _SUFFIXES.items()
        if name.endswith(suffix)
    ]
    if name == "down.sql":
        ups.append(f"{before}up.sql")
    if last in _FOLDERS:
        ups.append("/".join(filter(None, (above, _FOLDERS[last], name))))
    return tuple(ups)


SOURCE = folder_source(
    FolderTool(
        name="plain",
        title="plain SQL",
        owns=_owns,
        script=_script,
        up_of=_up_of,
        fill=_fill,
        version=_version,
        twice="says nowhere which of the two runs first",
        twice_is=Severity.LOW,
        doubts=lambda text: decisions(text.data),
        deep=True,
    )
)
