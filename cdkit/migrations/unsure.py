"""What a migration may have made that its tool may also have passed over."""

from msgspec import structs

from cdkit.migrations.history import remember
from cdkit.migrations.reader import Reader
from cdkit.migrations.schema import Schema
from cdkit.migrations.source import Migration


def unsure(before: Schema, migration: Migration, reader: Reader) -> Schema:
    """Return what later migrations can rely on: things that are new to nobody, and no change.

    A thing that it makes may have been there before, in use by those who run: it counts as
    released. What it changes of a thing may not be so: that stays as it was before.
    """
    after = before.copy()
    remember(after, migration, reader)
    if after.beyond:
        before.miss()
    for name, table in after.tables.items():
        if name not in before.tables:
            before.hold(structs.replace(table, epoch=0, born={}))
            for index in after.indexes.of(name):
                before.indexes[index] = after.indexes[index]
    for name, thing in after.things.items():
        if name not in before.things:
            before.things[name] = structs.replace(thing, epoch=0)
    return before
