"""What the history made of the schema, kept from run to run, so that it is not read anew.

A model is kept under the hash of all that it came from: the bytes of every migration in order, the
server, and the code that read them. What is not whole, or not what its name says, is read anew.
That guards against accidents, not against people: whoever can write there can have a table
forgotten, so the folder must be as well kept as cdkit itself.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct

from cdkit.core.errors import CdkitError
from cdkit.core.world import MIB, Files, World
from cdkit.migrations.engine import Server
from cdkit.migrations.grants import Grants, Parts
from cdkit.migrations.indexes import Index, Indexes
from cdkit.migrations.nouns import TEMPORARY, Name
from cdkit.migrations.schema import Schema, Table, Thing
from cdkit.migrations.source import Migration

NONE = "none"
LEAST = 100
"""A history of fewer migrations is read faster than it is worth a file."""
_NEWER = 64
"""How many migrations a kept model may lag behind and still be of use."""
_ENTRIES = 32
_LARGEST = 32 * MIB
_DIGEST = 32
ENGINES = frozenset({"postgres"})
"""Whose models are kept: names without case would come back as names with one."""


class Memory(Struct, frozen=True, kw_only=True):
    """Where models are kept: a folder, and the files that it is among."""

    folder: str
    files: Files


class _Model(Struct, frozen=True, kw_only=True, array_like=True):
    """All of a schema, by the names that it has there; `said` is what was found on the way."""

    unread: int
    epoch: int
    said: bytes
    tables: dict[Name, Table]
    indexes: dict[Name, Index]
    things: dict[Name, Thing]
    grants: Parts
    roles: dict[str, int]
    children: dict[Name, dict[Name, None]]
    referring: dict[Name, dict[Name, None]]
    showing: dict[Name, dict[Name, None]]
    bearing: dict[str, dict[Name, None]]
    named: dict[str, tuple[Name, ...]]
    beyond: bool


PARTS = frozenset(_Model.__struct_fields__) - {"unread", "epoch", "said"}
ELSEWHERE = frozenset(
    {"epoch", "home", "path", "settings", "naming", "shared_names", "released", "_mine"}
    | {"temporary", "blank"}
)
"""What of a schema is no part of a model: its engine's ways, where a session and a release begin.

A test holds that there is nothing else.
"""


def memory(given: str, world: World) -> Memory | None:
    """Return where models are kept: the folder that is given, else the user's own cache.

    None for `none`, where nobody knows a home, and in CI: on a machine that runs the jobs of pull
    requests, one of them could leave a model there that excuses the next. Source of the default:
    XDG Base Directory Specification, `XDG_CACHE_HOME` (which must be absolute).
    """
    if given:
        return None if given == NONE else Memory(folder=given, files=world.files)
    if world.context.system != "terminal":
        return None
    environ = world.environ
    cache, home = environ.get("XDG_CACHE_HOME", ""), environ.get("HOME", "")
    base = cache if cache.startswith("/") else f"{home}/.cache" if home.startswith("/") else ""
    return Memory(folder=f"{base}/cdkit/models", files=world.files) if base else None


class Recalled(NamedTuple):
    """Of how many migrations a model is, how many places in them cannot be read, what was found."""

    holds: int = 0
    unread: int = 0
    said: bytes = b""


def chain(
    migrations: Sequence[Migration],
    server: Server,
    files: Files,
    settings: bytes = b"",
    more: Callable[[Migration], bytes] = lambda _: b"",
) -> list[str]:
    """Return a name for what is there after each migration, from all that it came from.

    `settings` are what else it rests on, `more` what of a migration beside its bytes.
    """
    import hashlib  # loads OpenSSL, which only a long history is worth

    digest = hashlib.sha256(f"{server} {_code(files)} ".encode() + settings)
    found = []
    for migration in migrations:
        sql, written = migration.script.sql, migration.text.data
        parts = (*((sql,) if sql == written else (sql, written)), more(migration))
        digest.update(b"%d %d" % (len(parts), len(migration.troubles)))
        for part in parts:
            digest.update(b":%d:" % len(part))
            digest.update(part)
        found.append(digest.hexdigest())
    return found


def _code(files: Files) -> str:
    """Return a hash of the code that reads: versions alone do not tell checkouts apart.

    The grammar is another's: its version shows in the path of its library, or in its size.
    """
    import hashlib

    from cdkit import core, migrations
    from cdkit.core.doors import pg_query

    grammar = pg_query.library()
    digest = hashlib.sha256(f"{grammar} {files.size(grammar)}".encode())
    for folder in (*core.__path__, *migrations.__path__):
        for path in files.walk(folder):
            if path.endswith(".py"):
                digest.update(files.read(path))
    return digest.hexdigest()


def recall(memory: Memory, names: Sequence[str], schema: Schema) -> Recalled:
    """Fill a schema with the newest model that is kept; nothing is recalled where there is none."""
    for count in range(len(names), max(len(names) - _NEWER, LEAST - 1), -1):
        if model := _read(memory, names[count - 1]):
            _fill(schema, model)
            return Recalled(count, model.unread, model.said)
    return Recalled()


def _read(memory: Memory, name: str) -> _Model | None:
    """Return a model, or None where none is kept or what is there is not whole."""
    path = f"{memory.folder}/{name}"
    if not memory.files.is_file(path):
        return None
    try:
        data = memory.files.read(path, limit=_LARGEST + _DIGEST)
        body = data[_DIGEST:]
        if data[:_DIGEST] != _seal(name, body):
            return None
        return msgspec.msgpack.decode(body, type=_Model)
    except (CdkitError, msgspec.DecodeError, RecursionError):
        return None


def _seal(name: str, body: bytes) -> bytes:
    import hashlib

    return hashlib.sha256(name.encode() + body).digest()


def _fill(schema: Schema, model: _Model) -> None:
    for name in PARTS:
        setattr(schema, name, getattr(model, name))
    schema.epoch = model.epoch
    schema.temporary = frozenset(name for name in model.tables if name.schema == TEMPORARY)
    schema.indexes, schema.grants = Indexes(model.indexes), Grants(model.grants)


def keep(memory: Memory, name: str, schema: Schema, unread: int, said: bytes = b"") -> None:
    """Keep a model. What cannot be written is not kept: the answer needs no memory."""
    held = {part: dict(getattr(schema, part)) for part in PARTS - {"grants", "beyond"}}
    model = _Model(
        unread=unread,
        epoch=schema.epoch,
        said=said,
        grants=schema.grants.parts,
        beyond=schema.beyond,
        **held,
    )
    body = msgspec.msgpack.encode(model)
    if len(body) > _LARGEST:
        return
    try:
        memory.files.write(f"{memory.folder}/{name}", _seal(name, body) + body)
        _make_room(memory, name)
    except CdkitError:
        return


def _make_room(memory: Memory, newest: str) -> None:
    """Remove all but so many models; which of the old ones go is left to their hashes."""
    there = [one for one in memory.files.names(memory.folder) if one != newest and len(one) == 64]
    for name in there[_ENTRIES - 1 :]:
        memory.files.remove(f"{memory.folder}/{name}")
