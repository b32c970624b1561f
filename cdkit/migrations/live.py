"""The schema of a running PostgreSQL, and how many rows its tables hold: read, never changed.

`pg_dump` and `psql` of this machine do it. The address comes from the environment alone; what is
in it goes to them as environment too (libpq's variables), since anybody can read a command line.
Sources: PostgreSQL manual, "pg_dump", 34.1.1.2 "Connection URIs", 34.15 "Environment Variables";
`pg_class.reltuples` is -1 where nothing was ever counted.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec import Struct

from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.escape import terminal
from cdkit.core.secret import Secret
from cdkit.core.world import World
from cdkit.migrations.dump import VARIABLE, dump_of
from cdkit.migrations.nouns import Name
from cdkit.migrations.source import Migration

_TIMEOUT = 120
_PARAMETERS = {
    "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD",
    "dbname": "PGDATABASE", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY", "options": "PGOPTIONS",
    "channel_binding": "PGCHANNELBINDING", "target_session_attrs": "PGTARGETSESSIONATTRS",
    "application_name": "PGAPPNAME", "connect_timeout": "PGCONNECT_TIMEOUT",
}  # fmt: skip
_ROWS = """
SELECT coalesce(json_agg(json_build_array(n.nspname, c.relname, c.reltuples::bigint)), '[]')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema'
"""


class Live(Struct, frozen=True, kw_only=True):
    """What a running database holds: its schema as a dump, and estimates of rows by table."""

    dump: Migration
    rows: Mapping[Name, int]


def read_live(address: Secret, world: World) -> Live:
    """Read the schema and the estimates of the database at an address.

    Raises RequestError for what is no address of PostgreSQL, CannotTell where it cannot be read.
    """
    environ = {**_kept(world.environ), **environment(address)}
    dump = _run(
        ("pg_dump", "--schema-only", "--no-owner", "--no-privileges", "--lock-wait-timeout=5s"),
        environ,
        world,
    )
    told = _run(
        ("psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", _ROWS), environ, world
    )
    try:
        rows = {Name(str(x), str(y)): int(n) for x, y, n in _listed(json.loads(told))}
    except (ValueError, TypeError, LookupError, RecursionError) as fault:
        raise CannotTell(
            "psql gives no estimates of rows", where=VARIABLE, remedy="see what psql prints there"
        ) from fault
    return Live(dump=dump_of("the live catalogue", dump), rows=rows)


def _listed(told: object) -> list[Any]:
    if not isinstance(told, list):
        msg = "no list"
        raise TypeError(msg)
    return told


def environment(address: Secret) -> dict[str, str]:
    """Return what libpq reads from the environment for a connection URI.

    Raises RequestError where it is none, or has a parameter that this cdkit does not hand on: one
    that is left out could be the one that makes the connection safe.
    """
    fault = RequestError(
        "is no address of a PostgreSQL database",
        where=VARIABLE,
        remedy="write postgresql://user:password@host:5432/database",
    )
    try:
        parts = urlsplit(address.reveal().strip())
        port = parts.port
    except ValueError:
        raise fault from None
    if parts.scheme not in {"postgres", "postgresql"} or parts.fragment:
        raise fault
    found = {
        "PGHOST": unquote(parts.hostname or ""),
        "PGPORT": str(port or ""),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.removeprefix("/")),
    }
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in _PARAMETERS:
            raise RequestError(
                f"has a parameter {terminal(name)!r} that cdkit does not know",
                where=VARIABLE,
                remedy=f"leave it out; known are {', '.join(_PARAMETERS)}",
            )
        found[_PARAMETERS[name]] = value
    if any("\0" in value for value in found.values()):
        raise fault
    return {"PGCONNECT_TIMEOUT": "10"} | {name: value for name, value in found.items() if value}


def _kept(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what programs need of the environment, and no connection of somebody else's."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(("PG", "CDKIT_")) or name == "PGSSLROOTCERT"
    }


def _run(argv: tuple[str, ...], environ: Mapping[str, str], world: World) -> bytes:
    if world.processes.which(argv[0]) is None:
        raise CannotTell(
            f"{argv[0]} is not installed, so the live schema cannot be read",
            where=VARIABLE,
            remedy="install PostgreSQL's client programs, or give a dump: --schema FILE",
        )
    done = world.processes.run(argv, timeout=_TIMEOUT, environ=environ)
    if done.code:
        said = terminal(done.stderr.decode("utf-8", "replace"))[:300] or f"exit code {done.code}"
        raise CannotTell(
            f"{argv[0]} cannot read the live schema: {said}",
            where=VARIABLE,
            remedy="see that the address is right, and that the role may read the catalogue",
        )
    return done.stdout
