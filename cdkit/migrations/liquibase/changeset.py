"""A changeset, whatever format it is written in: who it is, how it runs, what it changes."""

import posixpath
import re
from collections.abc import Mapping

from msgspec import Struct

from cdkit.migrations.liquibase.node import Node


class Options(Struct, frozen=True, kw_only=True):
    """What a changeset says of itself, as it is written; empty where it does not say.

    `maybe` says why it may be passed over where all others run; `unknown` are words that nobody
    here knows.
    """

    id: str
    author: str
    dbms: str = ""
    run_in_transaction: bool = True
    repeats: bool = False
    ignore: bool = False
    quote_all: bool = False
    any_checksum: bool = False
    end_delimiter: str = ""
    context: str = ""
    labels: str = ""
    maybe: str = ""
    unknown: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Liquibase's own name for it, its path aside."""
        return f"{self.id}::{self.author}"


class ChangeSet(Struct, frozen=True, kw_only=True):
    """A changeset: of which file and line, its changes and the changes of its rollback.

    `rollback` is None where it has none of its own. `sql` is that of one in formatted SQL, whose
    first line is the changeset's; `down` that of its rollback, the same way. `properties` are
    those that stand before it.
    """

    path: str
    line: int
    options: Options
    changes: tuple[Node, ...] = ()
    rollback: tuple[Node, ...] | None = None
    sql: bytes | None = None
    down: bytes | None = None
    properties: Mapping[str, str] = {}


_PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9_.-]+)\}")


def filled(text: str, properties: Mapping[str, str]) -> str:
    """Return a text with its `${properties}` put in; those that nobody defines stay."""
    for _ in range(5):
        done = _PLACEHOLDER.sub(lambda found: properties.get(found[1], found[0]), text)
        if done == text or len(done) > 16 * 1024 * 1024:
            return done
        text = done
    return text


def unfilled(text: str) -> str:
    """Return the first property that is not defined, without `${` and `}`; nothing where none."""
    found = _PLACEHOLDER.search(text)
    return found[1] if found else ""


def runs_on(dbms: str, engine: str) -> bool:
    """Whether a `dbms` attribute lets a change run on an engine (`postgresql,!mysql`).

    Source: Liquibase documentation, "dbms" attribute: names with commas, `!` for all but, `all`,
    `none`.
    """
    named = [each.strip().lower() for each in dbms.split(",") if each.strip()]
    if not named or "all" in named:
        return True
    ours = DBMS.get(engine, frozenset({engine}))
    refused = {each[1:] for each in named if each.startswith("!")}
    if refused & ours:
        return False
    return bool(ours & set(named)) or len(refused) == len(named)


def maybe_of(*, on_fail: str, on_error: str, fail_on_error: str) -> str:
    """Return why Liquibase may pass a changeset over and go on, empty where it does not.

    Source: Liquibase documentation, "Preconditions": HALT (usual) stops, WARN runs the changeset
    all the same, CONTINUE and MARK_RAN pass it over; "failOnError".
    """
    for word in (on_fail, on_error):
        if word.strip().upper() not in {"", "HALT", "WARN"}:
            return f"its precondition says {word.strip()[:40]}"
    return "it says failOnError false" if fail_on_error.strip().lower() == "false" else ""


def unsure_of(said: Mapping[str, str]) -> tuple[str, ...]:
    """Return what a changeset says of its transaction, where that is neither yes nor no."""
    given = ((name, value.strip()) for name, value in said.items())
    return tuple(
        f"{name}:{value}"
        for name, value in given
        if name.lower() == "runintransaction" and value.lower() not in {"true", "false", ""}
    )


def unknown_databases(dbms: str) -> list[str]:
    """Return the names of a `dbms` attribute that no database has."""
    named = (each.strip().lstrip("!").lower() for each in dbms.split(","))
    return [each for each in named if each and each not in _DATABASES]


DBMS = {
    "postgres": frozenset({"postgresql"}),
    "mysql": frozenset({"mysql"}),
    "mariadb": frozenset({"mariadb"}),
    "sqlite": frozenset({"sqlite"}),
}
"""Liquibase's names for engines (documentation, "Supported databases": `dbms` short names)."""


def normal(path: str) -> str:
    """Return a path without `./` and `a/../`."""
    return posixpath.normpath(path)


_DATABASES = frozenset(
    {
        *("all", "none", "asany", "athena", "aurora", "bigquery", "cassandra", "clickhouse"),
        *("cloudspanner", "cockroachdb", "databricks", "db2", "db2i", "db2z", "derby"),
        *("documentdb", "duckdb", "dynamodb", "edb", "exasol", "firebird", "greenplum", "h2"),
        *("hana", "hanadb", "hive", "hsqldb", "impala", "informix", "ingres", "mariadb", "maxdb"),
        *("mongodb", "mssql", "mysql", "neo4j", "oracle", "postgresql", "redshift", "snowflake"),
        *("spanner", "spark", "sqlite", "sybase", "teradata", "trino", "unsupported", "vertica"),
        *("yugabytedb",),
    }
)
"""Short names of databases (documentation, "Supported databases", extensions included)."""
