"""The repositories that an image is named in: `name`, or `name=…,enable=…`."""

from collections.abc import Iterable

from msgspec import Struct

from cdkit.core.errors import RequestError
from cdkit.core.oci.reference import Reference, parse_repository
from cdkit.image.tags.attributes import entries, switch, uncommented, unique


class Target(Struct, frozen=True, kw_only=True):
    """A repository, and its name as tags are to carry it."""

    name: str
    reference: Reference


def read_images(given: Iterable[str]) -> tuple[Target, ...]:
    """Return the repositories of these lines that are enabled, repeats dropped.

    They are those of docker/metadata-action's `images`: one a line, or one line of names with
    commas between; upper case is lowered, and the name stays as it is written otherwise
    (`acme/orders` for Docker Hub). Raises RequestError for a line without a name, an unknown
    attribute, and where none of several lines is enabled.
    """
    lines = entries(uncommented(given))
    if len(lines) == 1 and "=" not in lines[0]:
        names = [name.strip() for name in lines[0].split(",") if name.strip()]
    else:
        names = [name for name, enabled in map(_read, lines) if enabled]
    if lines and not names:
        raise RequestError(
            "every image is switched off", where=lines[0], remedy="leave one with enable=true"
        )
    targets = (_target(name.lower()) for name in names)
    return tuple({target.reference.name: target for target in targets}.values())


def _read(line: str) -> tuple[str, bool]:
    given = unique(line)
    name, enabled = given.pop("", ""), switch("enable", given.pop("enable", "true"), line)
    if "name" in given and name:
        raise RequestError("the image has two names", where=line, remedy="write one: name=…")
    name = given.pop("name", name)
    if given or not name:
        fault = f"no attribute {next(iter(given))!r} is known" if given else "the name is empty"
        raise RequestError(
            fault, where=line, remedy="write ghcr.io/acme/orders, or name=…,enable=true"
        )
    return name, enabled


def _target(name: str) -> Target:
    return Target(name=name, reference=parse_repository(name))
