"""The history: what stands before the change is replayed, or remembered from an earlier run."""

from collections.abc import Sequence

from cdkit.migrations import remembered
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.reader import Reader
from cdkit.migrations.remembered import Memory
from cdkit.migrations.replay import replay
from cdkit.migrations.rolled_back import each_part
from cdkit.migrations.schema import Schema
from cdkit.migrations.source import Migration


def history(
    old: Sequence[Migration],
    dump: Sequence[Migration],
    schema: Schema,
    reader: Reader,
    memory: Memory | None,
) -> tuple[int, int]:
    """Fill a schema with what a dump and old migrations make, from memory where that is kept.

    Returns how many of the migrations are in it (none, where they are too few to be worth a
    memory), and how many places in them and in the dump cannot be read.
    """
    if len(old) < remembered.LEAST:
        return 0, sum(remember(schema, each, reader) for each in dump)
    every = (*dump, *old)
    if memory is None or reader.server.engine not in remembered.ENGINES:
        read = zip(every, reader.parse_each(every), strict=True)
        return len(old), sum(_replayed(schema, *each, reader) for each in read)
    names = remembered.chain(every, reader.server, memory.files)
    known, unread, _ = remembered.recall(memory, names, schema)
    left = every[known:]
    for migration, parsed in zip(left, reader.parse_each(left), strict=True):
        unread += _replayed(schema, migration, parsed, reader)
    if known < len(every):
        remembered.keep(memory, names[-1], schema, unread)
    return len(old), unread


def remember(
    schema: Schema, migration: Migration, reader: Reader, ahead: Parsed | None = None
) -> int:
    """Replay what is released already: it is not new to anybody. Return what cannot be read.

    `ahead` is what it runs, where that was read ahead.
    """
    return _replayed(schema, migration, ahead or reader.parse(migration), reader)


def _replayed(schema: Schema, migration: Migration, parsed: Parsed, reader: Reader) -> int:
    wrapped = reader.wrapped(migration, parsed)
    epoch, schema.epoch = schema.epoch, 0
    schema.begin()
    undone = reader.undone(parsed, wrapped=wrapped)
    for index, _ in each_part(len(parsed.statements), undone, schema):
        replay(schema, reader.operations(parsed.statements[index], schema))
    schema.epoch = epoch
    if parsed.troubles:
        schema.miss()
    return len(parsed.troubles)
