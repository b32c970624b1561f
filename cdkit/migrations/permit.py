"""Replaying what is granted and taken, and roles that come and go."""

from collections.abc import Callable, Iterator
from typing import Any

from cdkit.migrations import operation as op
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.privileges import Grant, Privileges, Revoke
from cdkit.migrations.schema import Schema, Thing

_RELATIONS = frozenset({"table", "view", "materialized view"})


def _grant(schema: Schema, given: Grant) -> None:
    if given.defaults:
        _promise(schema, given, given=True)
        return
    for name in objects_of(schema, given):
        kind = kind_of(schema, given.kind, name)
        schema.grants.grant(kind, (name,), given.grantees, given.privileges)


def _revoke(schema: Schema, taken: Revoke) -> None:
    if taken.defaults:
        _promise(schema, taken, given=False)
    elif taken.action == "DROP OWNED":
        for role in taken.grantees:
            schema.grants.forget(role)
    elif taken.action == "REVOKE":
        for name in objects_of(schema, taken):
            kind = kind_of(schema, taken.kind, name)
            schema.grants.revoke(kind, (name,), taken.grantees, taken.privileges)


def _promise(schema: Schema, said: Privileges, *, given: bool) -> None:
    for named in said.objects or (Name("", ""),):
        schema.grants.promise(said.kind, named.name, said.grantees, said.privileges, given=given)


def kind_of(schema: Schema, kind: str, name: Name) -> str:
    """Return what is meant: ON s may be about a sequence, too (PostgreSQL manual, GRANT)."""
    found = schema.thing(name) if kind == "table" else None
    return "sequence" if found and found.kind == "sequence" else kind


def objects_of(schema: Schema, said: Privileges) -> Iterator[Name]:
    """Yield the things that privileges are about: those of whole schemas one by one."""
    if not said.whole:
        yield from (Name("", each.name) if said.kind == "schema" else schema.full(each)
                    for each in said.objects)  # fmt: skip
        return
    schemas = {each.name for each in said.objects}
    kinds = _RELATIONS if said.kind == "table" else {said.kind}
    if said.kind == "table":
        yield from [name for name in schema.tables if name.schema in schemas]
    for name, thing in list(schema.things.items()):
        if name.schema in schemas and thing.kind in kinds:
            yield name


PERHAPS = "perhaps"
"""What CREATE ROLE says where it runs only if there is no such role yet."""


def _role(schema: Schema, changed: op.ChangeRole) -> None:
    if changed.action == "CREATE ROLE":
        epoch = 0 if PERHAPS in changed.values else schema.epoch
        schema.roles.setdefault(changed.role, epoch)
    elif changed.action == "DROP ROLE":
        schema.roles.pop(changed.role, None)
    elif changed.action == "SET search_path":
        held = {**dict(search_paths(schema)), changed.role: ",".join(changed.values).split(",")}
        said = {role: path for role, path in held.items() if any(path)}
        lines = "\n".join(f"{role}\t{','.join(path)}" for role, path in sorted(said.items()))
        schema.things.pop(_PATHS, None)
        if lines:
            schema.things[_PATHS] = Thing(kind="search path", epoch=schema.epoch, body=lines)


_PATHS = Name("", "of roles and databases")
"""Where the model keeps what is of no schema, all in one: nobody looks through all there is."""


def search_paths(schema: Schema) -> Iterator[tuple[str, list[str]]]:
    """Yield each role or database that migrations gave a search path, and the schemas on it."""
    found = schema.things.get(_PATHS)
    for line in found.body.splitlines() if found else ():
        role, _, path = line.partition("\t")
        yield role, [part.strip().strip('"') for part in path.split(",")]


PERMITS: dict[type[Operation], Callable[[Schema, Any], None]] = {
    Grant: _grant,
    Revoke: _revoke,
    op.ChangeRole: _role,
}
