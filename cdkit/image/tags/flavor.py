"""What holds for every tag: `latest`, a prefix, a suffix, and how illegal names are mended."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cdkit.core.errors import RequestError
from cdkit.image.tags.attributes import attributes, entries, switch, uncommented
from cdkit.image.tags.expressions import NAMES
from cdkit.image.tags.template import check_names, read_template

_LATEST = ("auto", "true", "false")
_SANITIZE = ("unique", "plain")


class Flavor(Struct, frozen=True, kw_only=True):
    """The flavour: `latest` is `auto`, `true` or `false`; prefix and suffix are templates.

    `plain` merges names that differ in illegal characters alone, as docker/metadata-action does.
    """

    latest: str = "auto"
    prefix: str = ""
    prefix_latest: bool = False
    suffix: str = ""
    suffix_latest: bool = False
    plain: bool = False


def read_flavor(given: Iterable[str]) -> Flavor:
    """Return the flavour of these lines (docker/metadata-action, README, "flavor input").

    `onlatest` counts for the prefix or suffix before it on its line. Raises RequestError for a
    name or a value that there is not.
    """
    flavor = Flavor()
    for line in entries(uncommented(given)):
        affix = ""
        for name, value in attributes(line):
            if name in {"prefix", "suffix"}:
                affix = name
                check_names(read_template(value, where=line), NAMES, where=line)
            change: dict[str, Any] = _change(name, value, affix, line)
            flavor = replace(flavor, **change)
    return flavor


def _change(name: str, value: str, affix: str, line: str) -> dict[str, Any]:
    match name:
        case "latest":
            return {"latest": _choice(name, value, _LATEST, line)}
        case "prefix" | "suffix":
            return {name: value}
        case "sanitize":
            return {"plain": _choice(name, value, _SANITIZE, line) == "plain"}
        case "onlatest" if affix:
            return {f"{affix}_latest": switch(name, value, line)}
        case "onlatest":
            raise RequestError(
                "onlatest= has no prefix or suffix before it",
                where=line,
                remedy="write prefix=v-,onlatest=true",
            )
        case _:
            raise RequestError(
                f"{name or value!r} is no entry of a flavour",
                where=line,
                remedy="write latest=, prefix=, suffix=, onlatest= or sanitize=, each with a value",
            )


def _choice(name: str, value: str, values: tuple[str, ...], line: str) -> str:
    if value not in values:
        raise RequestError(
            f"{name}={value[:80]!r} is none of {', '.join(values)}",
            where=line,
            remedy=f"write {name}={values[0]}",
        )
    return value
