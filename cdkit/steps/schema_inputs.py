"""What users tell of the schema beside its migrations: a dump, a running database, small tables."""

from msgspec import Struct

from cdkit.core.errors import RequestError
from cdkit.core.secret import Secret
from cdkit.core.world import World
from cdkit.migrations.dump import VARIABLE, read_dump
from cdkit.migrations.engine import Server
from cdkit.migrations.nouns import Name
from cdkit.migrations.sizes import Sizes
from cdkit.migrations.source import Migration
from cdkit.steps.running import Running


class Schemas(Struct, frozen=True, kw_only=True):
    """Dumps that are replayed before the history, which tables are small, and notes.

    `live` says that one of them was read from a running PostgreSQL.
    """

    dumps: tuple[Migration, ...] = ()
    sizes: Sizes = Sizes()
    notes: tuple[str, ...] = ()
    live: bool = False

    def check(self, server: Server) -> None:
        """Raise RequestError where a running database says nothing of migrations for a server."""
        if self.live and server.engine != "postgres":
            raise not_live(server)


def schemas_of(
    *,
    schema: str,
    small_tables: tuple[str, ...],
    small: int,
    server: Server | None,
    running: Running,
    world: World,
) -> Schemas:
    """Return what is told of the schema; the address of a database comes from the environment.

    Raises RequestError for a live catalogue of another engine, and where each migration is judged
    by itself: a schema that holds what all of them made says nothing of the time before one.
    """
    if small < 0:
        raise RequestError(f"small is {small}", where="small", remedy="give a number of rows")
    address = Secret(world.environ.get(VARIABLE, ""))
    named = frozenset(_name(table) for table in small_tables)
    if not schema and not address:
        return Schemas(sizes=Sizes(small=named))
    if running.apart:
        raise RequestError(
            "a schema is given, and nothing says which migrations it holds already",
            where="schema" if schema else VARIABLE,
            remedy="give --since REVISION, or name the new files",
        )
    notes: list[str] = []
    dumps: list[Migration] = []
    if schema:
        dump, note = read_dump(schema, running.revision, world)
        dumps.append(dump)
        notes.append(note)
    if not address:
        return Schemas(dumps=tuple(dumps), sizes=Sizes(small=named), notes=tuple(notes))
    from cdkit.migrations.live import read_live

    if server is not None and server.engine != "postgres":
        raise not_live(server)
    live = read_live(address, world)
    sizes = Sizes(small=named, rows=live.rows, limit=small)
    counted = f"{len(live.rows)} tables, of up to {small} rows called small"
    notes.append(f"the live catalogue is taken for what is there ({counted})")
    return Schemas(dumps=(*dumps, live.dump), sizes=sizes, notes=tuple(notes), live=True)


def not_live(server: Server) -> RequestError:
    """Return why a running database says nothing of migrations for this server."""
    return RequestError(
        f"a live catalogue is read from PostgreSQL alone, and the server is {server}",
        where=VARIABLE,
        remedy="give a dump of the schema: `--schema FILE`",
    )


def _name(table: str) -> Name:
    schema, _, name = table.strip().rpartition(".")
    if not name:
        raise RequestError(
            f"{table!r} names no table",
            where="small-tables",
            remedy="write `states` or `app.states`",
        )
    return Name(schema or "public", name)
