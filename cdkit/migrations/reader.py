"""A dialect's reader, bound to the server that is meant: it reads what is called, too."""

from bisect import bisect_left
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import count

from msgspec import structs

from cdkit.core.world import Hands, Processes
from cdkit.migrations import operation as op
from cdkit.migrations.ahead import Ahead
from cdkit.migrations.branch import Branch, taken
from cdkit.migrations.engine import Dialect, Server
from cdkit.migrations.kinds import Kinds
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.replay import apply, replay
from cdkit.migrations.rolled_back import each_part, rolled_back
from cdkit.migrations.schema import Routine, Schema
from cdkit.migrations.source import Migration
from cdkit.migrations.statement import Statement
from cdkit.migrations.text import Text
from cdkit.migrations.trouble import Trouble

_DEPTH = 5
"""How many calls deep bodies are read: a function that calls itself ends here, unread."""
LARGE = 1024 * 1024
"""From so many bytes on it pays to walk through one migration in several processes."""
_MANY = 400
"""From so many migrations on it pays to pass what they do from one process to another."""
_BODIES = 500
"""How many bodies are read for one statement: calls of calls grow with a power of them."""


class Reader:
    """Reads migrations, and what the functions do that they call and that migrations made."""

    def __init__(
        self, server: Server, dialect: Dialect, processes: Processes, hands: Hands | None = None
    ) -> None:
        self.server = server
        self.dialect = dialect
        self.processes = processes
        self.hands = hands

    def parse(self, migration: Migration) -> Parsed:
        """Return what a migration runs."""
        return _with_troubles(self.read(migration.text, migration.script.sql), migration)

    def parse_each(self, migrations: Sequence[Migration]) -> Generator[Parsed, None, None]:
        """Yield what each of many migrations runs, in order."""
        together = self.dialect.parse_each
        if together is None or self.hands is None or len(migrations) < _MANY:
            yield from map(self.parse, migrations)
            return
        jobs = [(one.text, one.script.sql) for one in migrations]
        found = together(jobs, self.processes, self.hands)
        for migration, parsed in zip(migrations, found, strict=True):
            yield _with_troubles(parsed, migration)

    def each_ahead(
        self, migrations: Sequence[Migration]
    ) -> Iterator[tuple[Migration, Parsed | None]]:
        """Yield each of many migrations, with what it runs as far as that is read ahead.

        None where they are few, which whoever wants it reads, and for a large one, which may be
        read in another way.
        """
        small = [one for one in migrations if len(one.script.sql) < LARGE]
        if self.dialect.parse_each is None or self.hands is None or len(small) < _MANY:
            yield from ((one, None) for one in migrations)
            return
        with closing(self.parse_each(small)) as ahead:
            for migration in migrations:
                yield migration, (next(ahead) if len(migration.script.sql) < LARGE else None)

    def wrapped(self, migration: Migration, parsed: Parsed) -> bool | None:
        """Return whether a transaction is around a migration, as far as that is known.

        Several statements in one query are one to PostgreSQL, a single one is none (manual,
        "Message Flow", section "Multiple Statements in a Simple Query").
        """
        if self.together(migration):
            return len(parsed.statements) > 1
        return migration.script.in_transaction

    def together(self, migration: Migration) -> bool:
        """Whether PostgreSQL gets all that a migration runs as one query."""
        script = migration.script
        alone = script.in_transaction is None and script.together
        return alone and self.server.engine == "postgres"

    def read(self, text: Text, sql: bytes) -> Parsed:
        """Return the statements of what runs of a text."""
        return self.dialect.parse(text, sql, self.server, self.processes)

    def operations_of(self, text: Text, sql: bytes) -> tuple[tuple[Operation, ...], ...]:
        """Return what each statement of a part of a text does by itself."""
        return tuple(map(tuple, map(self.dialect.operations, self.read(text, sql).statements)))

    def undone(
        self, parsed: Parsed, *, wrapped: bool | None, edited: bool = False
    ) -> tuple[range, ...]:
        """Return the parts of a file that it rolls back itself, for sure.

        None where the server commits each change of the schema by itself, nor where a COMMIT may
        stand in what cannot be read, or in what an `edited` file has run already.
        """
        if not self.dialect.atomic or parsed.troubles or edited:
            return ()
        return rolled_back(parsed.statements, self.dialect.operations, wrapped=wrapped)

    def done(
        self,
        statements: Sequence[Statement],
        schema: Schema,
        after: Iterable[Operation] = (),
        undone: Sequence[range] = (),
    ) -> tuple[tuple[Operation, ...], ...]:
        """Return what each of these statements does, one after the other, and leave the schema.

        `after` are operations that come before them, `undone` the parts of them that are rolled
        back. It matters what is there by then only where
        something is called, and to a dialect that refines what it reads.
        """
        passed = list(after)
        there: Schema | None = None
        found: list[tuple[Operation, ...]] = []
        if undone:
            there = schema.copy()
            replay(there, passed)
            for index, _ in each_part(len(statements), undone, there):
                found.append(tuple(_applied(self.operations(statements[index], there), there)))
            return tuple(found)
        for statement in statements:
            operations = tuple(self.dialect.operations(statement))
            if there is None and (self.dialect.refine or _calls(operations)):
                there = schema.copy()
                replay(there, passed)
            if there is not None:
                operations = tuple(_applied(self._all(operations, there), there))
            passed += operations
            found.append(operations)
        return tuple(found)

    def ahead(
        self,
        statements: Sequence[Statement],
        done: Sequence[Sequence[Operation]],
        *,
        wrapped: bool | None,
        whole: bool = True,
        undone: Sequence[range] = (),
    ) -> Ahead:
        """Return what these statements come to; not `whole` where more of the file comes after."""
        atomic = self.dialect.atomic
        return Ahead(
            statements, done, in_transaction=wrapped, atomic=atomic, whole=whole, undone=undone
        )

    def operations(self, statement: Statement, schema: Schema) -> Iterator[Operation]:
        """Yield what a statement does on this schema, which must be kept up between them."""
        yield from self._all(self.dialect.operations(statement), schema)

    def _all(self, operations: Iterable[Operation], schema: Schema) -> Iterator[Operation]:
        refine, left = self.dialect.refine, count(_BODIES, -1)
        for written in taken(operations, schema):
            for operation in refine(written, schema) if refine else (written,):
                yield from self._followed(operation, schema, _DEPTH, left)

    def _followed(
        self, operation: Operation, schema: Schema, depth: int, bodies: Iterator[int]
    ) -> Iterator[Operation]:
        """Yield what an operation does, calls followed; `bodies` counts those that may be read."""
        read = self.dialect.routine
        if read is None or not isinstance(operation, op.Call) or not depth or next(bodies) <= 0:
            yield operation
            return
        known = {name: _routines(name, schema) for name in operation.functions}
        left = tuple(name for name, routines in known.items() if not routines)
        if left or not known:
            yield structs.replace(operation, functions=left)
        for routines in known.values():
            for routine in routines:
                for inner in read(routine, operation.statement):
                    yield from self._followed(inner, schema, depth - 1, bodies)


def _with_troubles(parsed: Parsed, migration: Migration) -> Parsed:
    """Add what of a migration is no SQL; what the grammar refuses is not said a second time."""
    if not migration.troubles:
        return parsed
    data, refused = migration.text.data, sorted(each.offset for each in parsed.troubles)

    def is_said(trouble: Trouble) -> bool:
        start, end = data.rfind(b";", 0, trouble.offset), data.find(b";", trouble.offset)
        end = len(data) if end < 0 else end
        index = bisect_left(refused, start)
        return not trouble.line and index < len(refused) and refused[index] <= end

    more = (each for each in migration.troubles if not (refused and is_said(each)))
    return structs.replace(parsed, troubles=(*parsed.troubles, *more))


def _routines(name: str, schema: Schema) -> tuple[Routine, ...]:
    found = schema.thing(Name("", name))
    return tuple(found.routines.values()) if found else ()


def _calls(operations: Iterable[Operation]) -> bool:
    # A generator costs more than what it looks at: most statements do one thing.
    for each in operations:  # noqa: SIM110
        if _CALLING[type(each)]:
            return True
    return False


_CALLING = Kinds(op.Call, Branch)


def _applied(operations: Iterable[Operation], schema: Schema) -> Iterator[Operation]:
    for operation in operations:
        yield operation
        apply(schema, operation)
