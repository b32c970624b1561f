"""Migrations that are releases of their own: what was found in the first of them is remembered.

Each is judged by what stands before it, and by nothing that comes after: as long as neither it nor
anything before it changes, nor what is asked, what was found in it stays the same.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from cdkit.migrations import remembered
from cdkit.migrations.back import expects
from cdkit.migrations.find import sources
from cdkit.migrations.remembered import Memory
from cdkit.migrations.schema import Schema
from cdkit.migrations.source import Migration
from cdkit.migrations.text import Text

if TYPE_CHECKING:
    from cdkit.migrations.lint import Judged, Request


class Apart(Struct, frozen=True, kw_only=True):
    """What was found in the first migrations; `names` name what is there after each of all."""

    judged: tuple["Judged", ...] = ()
    names: Sequence[str] = ()
    memory: Memory | None = None

    def keep(self, judged: Sequence["Judged"], schema: Schema) -> None:
        """Keep what was found in all of them, and the schema that they make."""
        if self.memory and len(judged) > len(self.judged):
            said = msgspec.msgpack.encode(judged)
            remembered.keep(self.memory, self.names[-1], schema, 0, said)


def begin(request: "Request", ordered: Sequence[Migration], schema: Schema) -> Apart:
    """Return what is remembered of these migrations, and fill the schema with what they made.

    Nothing is where each is not a release of its own, where they are few, and where what was found
    may rest on more than is named here.
    """
    memory = request.memory
    if memory is None or len(ordered) < remembered.LEAST or not _is_alone(request, ordered):
        return Apart()
    settings = msgspec.msgpack.encode(
        (sorted(request.asked or ()), request.refuse, str(request.sizes))
    )
    names = remembered.chain(
        ordered, request.server, memory.files, settings, lambda one: _identity(one, request)
    )
    found = remembered.recall(memory, names, schema)
    judged = _decoded(found.said)
    if len(judged) != found.holds:  # what the model was kept with is not what belongs to it
        empty = Schema(schema.home, naming=schema.naming, shared_names=schema.shared_names)
        vars(schema).update(vars(empty))
        return Apart()
    return Apart(judged=judged, names=names, memory=memory)


def _decoded(said: bytes) -> "tuple[Judged, ...]":
    from cdkit.migrations.lint import Judged

    try:
        return msgspec.msgpack.decode(said, type=tuple[Judged, ...]) if said else ()
    except (msgspec.DecodeError, RecursionError):
        return ()


def _is_alone(request: "Request", ordered: Sequence[Migration]) -> bool:
    """Whether all that counts for each of them is in it, before it, or in what is asked."""
    known = request.server.engine in remembered.ENGINES and request.asked is not None
    whole = request.apart and all(one.name in request.change for one in ordered)
    more = request.gone or request.released or request.backs or request.dump
    return known and whole and not more and request.code is tuple and all(map(_is_plain, ordered))


def _is_plain(migration: Migration) -> bool:
    """Whether its texts are what stands in the files, and no more is known of them."""
    down = migration.script.down
    texts = (migration.text, migration.said, *([down.text] if down else ()))
    return all(type(text) is Text for text in texts)


def _identity(migration: Migration, request: "Request") -> bytes:
    """Return all of a migration that what is found in it may rest on, its bytes aside."""
    script, down = migration.script, migration.script.down
    said = migration.said
    parts = (
        *(migration.name, migration.source, migration.order, migration.repeats, migration.no_sql),
        *(script.in_transaction, script.together, migration.troubles, migration.also),
        down and (down.text.path, down.text.data, down.sql, down.in_transaction),
        said is not migration.text and (said.path, said.data),
        expects(migration, request.custom, by_tool=sources()[migration.source].goes_back),
        request.terms.get(migration.name),
        str(request.today) if b"cdkit:" in said.data or down else "",
    )
    return msgspec.msgpack.encode(parts)
