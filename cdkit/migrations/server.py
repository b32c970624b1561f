"""Which server a migration will run on: `postgres:16` as users write it."""

import functools
from collections.abc import Mapping

from cdkit.core import plugins
from cdkit.core.errors import RequestError
from cdkit.migrations.engine import Engine, Server, Version

DEFAULT = "postgres"
"""The engine where neither the user nor a tool's own files name one."""


@functools.cache
def engines() -> Mapping[str, Engine]:
    """Return the engines by name."""
    from cdkit.migrations import engines as folder

    return plugins.collect(folder, "ENGINE", Engine)


def server_of(given: str) -> Server:
    """Return the server that `postgres:16` names; without its version for `postgres` alone.

    Raises RequestError for another database, and for a version that nobody here knows.
    """
    said, _, version = given.strip().lower().partition(":")
    names = {alias: name for name, one in engines().items() for alias in (name, *one.aliases)}
    name = names.get(said)
    if name is None:
        known = ", ".join(one.title for one in engines().values())
        raise RequestError(
            f"cdkit reads {known}, and not {given!r}",
            where="server",
            remedy="write `postgres:16`, `mysql:8.0`, `mariadb:10.11` or `sqlite:3.40`",
        )
    return Server(engine=name, version=_version(name, version, given))


def _version(name: str, written: str, given: str) -> Version:
    if not written:
        return ()
    versions = (*engines()[name].versions, *engines()[name].newer)
    parts = written.partition("-")[0].split(".")
    known = all(part.isdigit() for part in parts)
    version = tuple(map(int, parts)) if known else ()
    oldest, newest = versions[0], versions[-1]
    if not known or version < oldest or version[: len(newest)] > newest:
        nearest = oldest if known and version < oldest else newest
        spans = f"{'.'.join(map(str, oldest))} to {'.'.join(map(str, newest))}"
        raise RequestError(
            f"{given!r} names no version that cdkit knows ({spans})",
            where="server",
            remedy=f"write the nearest to yours: `{name}:{'.'.join(map(str, nearest))}`",
        )
    return version


def beyond(server: Server) -> str:
    """Say what to know of a version that is newer than the facts; empty where they are its own."""
    engine = engines()[server.engine]
    if not any(server.version[: len(each)] == each for each in engine.newer):
        return ""
    known = f"{engine.title} {'.'.join(map(str, engine.versions[-1]))}"
    return (
        f"{server} is judged by what is known of {known}: what is new in its SQL cannot be read, "
        "and is said to be a syntax error"
    )


def is_of(wanted: Server, engine: str) -> bool:
    """Whether a server is of an engine as frameworks call it: MariaDB is reached as MySQL is."""
    return wanted.engine == engine or {wanted.engine, engine} == {"mysql", "mariadb"}
