"""Which CI system runs us: the one whose own variables are there, in whatever order we ask."""

from collections.abc import Iterable, Mapping

from cdkit.ci import systems
from cdkit.ci.row import system_of
from cdkit.ci.system import CiSystem, Environ
from cdkit.ci.table import ROWS
from cdkit.core.errors import RequestError
from cdkit.core.plugins import collect

OVERRIDE = "CDKIT_CI"
"""The variable that names the CI system where the environment alone cannot tell."""


def all_systems() -> Mapping[str, CiSystem]:
    """Return every CI system that we know, by name, sorted: the files', and those of the table."""
    files = collect(systems, "SYSTEM", CiSystem)
    rows = {row.name: system_of(row, files) for row in ROWS}
    return dict(sorted({**rows, **files}.items()))


def detect(environ: Environ, override: str = "") -> CiSystem:
    """Return the CI system that runs us; the terminal where none does.

    `override`, else the variable CDKIT_CI, names one and ends the question. Raises RequestError
    where that name is unknown, or where two systems claim the environment: a wrong guess would
    put a wrong build id into a name that never changes.
    """
    known = all_systems()
    if wanted := override or environ.get(OVERRIDE, ""):
        return _named(wanted, known)
    claiming = [system for system in known.values() if system.present(environ)]
    if len(claiming) > 1:
        raise _ambiguous(claiming)
    return claiming[0] if claiming else _fallback(known.values())


def _named(name: str, known: Mapping[str, CiSystem]) -> CiSystem:
    if name not in known:
        from difflib import get_close_matches

        near = get_close_matches(name.lower(), known, n=1)
        raise RequestError(
            f"{name[:100]!r} is no CI system that cdkit knows",
            remedy=f"write {near[0] if near else 'one of ' + ', '.join(known)}",
        )
    return known[name]


def _ambiguous(claiming: list[CiSystem]) -> RequestError:
    titles = " and of ".join(system.title for system in claiming)
    names = " or ".join(f"`{system.name}`" for system in claiming)
    return RequestError(
        f"the environment holds the variables of {titles}; this job runs in one of them",
        remedy=f"set {OVERRIDE} (or --ci) to {names}",
    )


def _fallback(known: Iterable[CiSystem]) -> CiSystem:
    return next(system for system in known if system.fallback)
