"""Formats that a step has of its own, made of its exhibit: `exhibits/<step>/<format>.py`.

One of the name of a common format takes its place for that step, and is left to it again where
there is nothing to exhibit.
"""

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

from msgspec import Struct

from cdkit.core.errors import CannotTell
from cdkit.core.plugins import load, names
from cdkit.report.report import Report, format_names


class ExhibitFormat(Struct, frozen=True, kw_only=True):
    """A format made of exhibits of the kind `of`: how a report with one is written in it."""

    name: str
    of: type[Struct]
    render: Callable[[Report, Any], str]


def exhibit_format_names(step: str) -> tuple[str, ...]:
    """Return the names of the formats that a step has of its own, sorted."""
    folder = _folder(step)
    return names(folder) if folder else ()


def exhibited(name: str, report: Report) -> str | None:
    """Return a report in its step's own format of this name; None where it has none.

    Raises CannotTell where the step had nothing to exhibit and no common format has that name.
    """
    folder = _folder(report.step)
    if folder is None or name not in names(folder):
        return None
    made = load(folder, name, "FORMAT", ExhibitFormat)
    if isinstance(report.exhibit, made.of):
        return made.render(report, report.exhibit)
    if name in format_names():
        return None
    raise CannotTell(
        f"{report.step} has nothing to show, so no {name} is written",
        remedy="do what the other reasons say, and run it again",
    )


def _folder(step: str) -> ModuleType | None:
    """Return the folder with a step's own formats; None where it has none."""
    from cdkit.report import exhibits

    name = step.replace("-", "_")
    if name not in names(exhibits):
        return None
    return importlib.import_module(f"{exhibits.__name__}.{name}")
