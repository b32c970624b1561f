"""A dialect's reader, bound to the server that is meant: it reads what is called, too."""

from collections.abc import Iterator

from msgspec import structs

from cdkit.core.world import Processes
from cdkit.migrations import operation as op
from cdkit.migrations.engine import Dialect, Server
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.schema import Routine, Schema
from cdkit.migrations.source import Migration
from cdkit.migrations.statement import Statement

_DEPTH = 5
"""How many calls deep bodies are read: a function that calls itself ends here, unread."""


class Reader:
    """Reads migrations, and what the functions do that they call and that migrations made."""

    def __init__(self, server: Server, dialect: Dialect, processes: Processes) -> None:
        self.server = server
        self.dialect = dialect
        self._processes = processes

    def parse(self, migration: Migration) -> Parsed:
        """Return what a migration runs."""
        parsed = self.dialect.parse(
            migration.text, migration.script.sql, self.server, self._processes
        )
        troubles = (*parsed.troubles, *migration.troubles)
        return structs.replace(parsed, troubles=troubles) if migration.troubles else parsed

    def operations(self, statement: Statement, schema: Schema) -> Iterator[Operation]:
        """Yield what a statement does on this schema, one after the other."""
        for operation in self.dialect.operations(statement):
            yield from self._followed(operation, schema, _DEPTH)

    def _followed(self, operation: Operation, schema: Schema, depth: int) -> Iterator[Operation]:
        read = self.dialect.routine
        if read is None or not isinstance(operation, op.Call) or not depth:
            yield operation
            return
        known = {name: _routines(name, schema) for name in operation.functions}
        left = tuple(name for name, routines in known.items() if not routines)
        if left or not known:
            yield structs.replace(operation, functions=left)
        for routines in known.values():
            for routine in routines:
                for inner in read(routine, operation.statement):
                    yield from self._followed(inner, schema, depth - 1)


def _routines(name: str, schema: Schema) -> tuple[Routine, ...]:
    found = schema.thing(Name("", name))
    return tuple(found.routines.values()) if found else ()
