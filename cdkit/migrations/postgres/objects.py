"""Reading DROP, RENAME, CREATE and ALTER of everything that is not a table's inside."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from cdkit.migrations import operation as op
from cdkit.migrations.domains import RenameInDomain
from cdkit.migrations.nouns import Name, Policy, Type
from cdkit.migrations.operation import Operation
from cdkit.migrations.postgres.names import (
    after_name,
    of_object,
    of_relation,
    of_type,
    of_words,
    type_words,
)
from cdkit.migrations.postgres.tree import (
    DefElem,
    Json,
    Node,
    ObjectWithArgs,
    RangeVar,
    RoleSpec,
    literal,
    words,
)
from cdkit.migrations.privileges import Revoke
from cdkit.migrations.statement import Statement

_ON_TABLES = {"rule", "policy", "trigger"}


class _Drop(Struct, frozen=True, rename={"kind": "removeType"}):
    objects: tuple[Node, ...]
    kind: str
    behavior: str = ""
    missing_ok: bool = False
    concurrent: bool = False


class _Rename(Struct, frozen=True, rename={"kind": "renameType", "of": "relationType"}):
    kind: str
    of: str = ""
    relation: RangeVar | None = None
    object: Node | None = None
    subname: str = ""
    newname: str = ""


class _Move(Struct, frozen=True, rename={"kind": "objectType"}):
    kind: str
    newschema: str
    relation: RangeVar | None = None
    object: Node | None = None


class _Owner(Struct, frozen=True, rename={"kind": "objectType"}):
    kind: str
    relation: RangeVar | None = None
    object: Node | None = None
    newowner: Json = {}


class _Enum(Struct, frozen=True, rename={"type": "typeName", "old": "oldVal", "new": "newVal"}):
    type: tuple[Node, ...]
    old: str | None = None
    new: str = ""
    neighbour: str = msgspec.field(name="newValNeighbor", default="")
    after: bool = msgspec.field(name="newValIsAfter", default=False)


class _Named(Struct, frozen=True):
    """The name of what any CREATE makes: whichever of these fields its tree has."""

    type: tuple[Node, ...] = msgspec.field(name="typeName", default=())
    defnames: tuple[Node, ...] = ()
    view: RangeVar | None = None
    sequence: RangeVar | None = None
    typevar: RangeVar | None = None
    extname: str = ""
    kind: str = ""
    replace: bool = False
    vals: tuple[Node, ...] = ()
    options: tuple[Node, ...] = ()


_WORDS = {
    "matview": "materialized view", "tabconstraint": "constraint", "fdw": "foreign-data wrapper",
    "opclass": "operator class", "opfamily": "operator family", "tsparser": "text search parser",
    "tstemplate": "text search template", "tsdictionary": "text search dictionary",
    "tsconfiguration": "text search configuration",
}  # fmt: skip


def kind_word(kind: str) -> str:
    """Return PostgreSQL's `OBJECT_MATVIEW` as people say it: `materialized view`."""
    word = kind.removeprefix("OBJECT_").replace("_", " ").lower()
    return _WORDS.get(word, word)


def at_start(statement: Statement) -> dict[str, Any]:
    """Return what every operation of a statement has, where nothing in it has a place."""
    return {"statement": statement, "at": statement.start}


def drop(statement: Statement) -> Iterator[Operation]:
    """Read DROP, one operation for each thing that it names."""
    dropped = statement.read(_Drop)
    kind = kind_word(dropped.kind)
    for node in dropped.objects:
        parts = of_object(node)
        if kind in _ON_TABLES:
            yield _dropped_from_table(statement, kind, parts)
            continue
        yield op.DropObject(
            **at_start(statement),
            kind=kind,
            name=_cast(node) if kind == "cast" else of_words(parts),
            if_exists=dropped.missing_ok,
            takes=_takes(node),
            cascade=dropped.behavior == "DROP_CASCADE",
            concurrently=dropped.concurrent,
        )


def _cast(node: Node) -> Name:
    """A cast has no name but its two types."""
    types = [of_type(each.type) for each in node.items.items] if node.items else []
    return Name("", " AS ".join(map(str, types)))


def _takes(node: Node) -> tuple[Type, ...] | None:
    """Return the types of the arguments of a function that is named with them."""
    if node.function is None or node.function.args_unspecified:
        return None
    return tuple(of_type(each.type) for each in node.function.objargs if each.type)


def _dropped_from_table(statement: Statement, kind: str, parts: tuple[str, ...]) -> Operation:
    on = {**at_start(statement), "table": of_words(parts[:-1])}
    if kind == "policy":
        return op.ChangeRowSecurity(**on, action="DROP POLICY", policy=Policy(name=parts[-1]))
    return op.ChangeTrigger(**on, action=f"DROP {kind.upper()}", name=parts[-1])


def rename(statement: Statement) -> Iterator[Operation]:
    """Read ALTER … RENAME."""
    renamed = statement.read(_Rename)
    kind, where = kind_word(renamed.kind), at_start(statement)
    if renamed.relation:
        where["at"] = after_name(statement, renamed.relation)
    table = of_relation(renamed.relation) if renamed.relation else None
    if table and kind in {"column", "attribute"}:
        yield op.RenameColumn(**where, table=table, column=renamed.subname, to=renamed.newname)
    elif table and kind in {"table", "foreign table"}:
        yield op.RenameTable(**where, table=table, to=renamed.newname)
    elif table and renamed.subname:
        name = Name(table.schema, renamed.subname)
        yield op.RenameObject(**where, kind=kind, name=name, to=renamed.newname, table=table)
    elif kind == "domconstraint":
        domain = _object_name(renamed.object)
        named = renamed.subname
        yield RenameInDomain(**where, domain=domain, constraint=named, to=renamed.newname)
    else:
        parts = of_object(renamed.object) if renamed.object else (renamed.subname,)
        yield op.RenameObject(**where, kind=kind, name=table or of_words(parts), to=renamed.newname)


def set_schema(statement: Statement) -> Iterator[Operation]:
    """Read ALTER … SET SCHEMA."""
    moved = statement.read(_Move)
    named = of_relation(moved.relation) if moved.relation else _object_name(moved.object)
    where = at_start(statement)
    if moved.relation:
        where["at"] = after_name(statement, moved.relation)
    yield op.RenameObject(
        **where,
        kind=kind_word(moved.kind),
        name=named,
        to=moved.newschema,
        moved=True,
    )


def _object_name(node: Node | None) -> Name:
    return of_words(of_object(node)) if node else Name("", "")


def owner(statement: Statement) -> Iterator[Operation]:
    """Read ALTER … OWNER TO."""
    owned = statement.read(_Owner)
    named = of_relation(owned.relation) if owned.relation else _object_name(owned.object)
    yield Revoke(
        **at_start(statement),
        action="OWNER TO",
        kind=kind_word(owned.kind),
        objects=(named,),
        grantees=(str(owned.newowner.get("rolename", "")),),
    )


def alter_enum(statement: Statement) -> Iterator[Operation]:
    """Read ALTER TYPE … ADD VALUE and RENAME VALUE."""
    altered = statement.read(_Enum)
    named = of_words(words(altered.type))
    on = {**at_start(statement), "type": named}
    if altered.old is None:
        side = "AFTER" if altered.after else "BEFORE"
        place = f"{side} {altered.neighbour}" if altered.neighbour else ""
        yield op.AddEnumValue(**on, value=altered.new, place=place)
    else:
        yield op.RenameEnumValue(**on, value=altered.old, to=altered.new)


_CREATED = {
    "CreateSeqStmt": "sequence",
    "CompositeTypeStmt": "type",
    "CreateEnumStmt": "type",
    "CreateRangeStmt": "type",
    "CreateExtensionStmt": "extension",
    "DefineStmt": "type",
}


def create_object(statement: Statement) -> Iterator[op.CreateObject]:
    """Read CREATE VIEW, TYPE, SEQUENCE, EXTENSION and what CREATE … (…) defines."""
    made = statement.read(_Named)
    relation = made.view or made.sequence or made.typevar
    parts = words(made.type or made.defnames)
    named = of_relation(relation) if relation else of_words(parts)
    if not named.name:
        named = Name("", made.extname)
    kind = kind_word(made.kind) if made.kind else _CREATED[statement.kind]
    yield op.CreateObject(
        **at_start(statement),
        kind=kind,
        name=named,
        replace=made.replace,
        body=statement.source.partition("(")[2] if kind == "aggregate" else "",
        labels=words(made.vals),
        options=_numbers(made.options) if kind == "sequence" else (),
    )


def _numbers(options: tuple[Node, ...]) -> tuple[str, ...]:
    given = [node.option for node in options if node.option]
    return tuple(f"{each.defname}={number_of(each.arg)}" for each in given)


class _Schema(Struct, frozen=True):
    schemaname: str = ""
    authrole: RoleSpec = RoleSpec()
    elements: tuple[Json, ...] = msgspec.field(name="schemaElts", default=())


def create_schema(statement: Statement) -> Iterator[Operation]:
    """Read CREATE SCHEMA; what it holds besides its name is rare, and not read."""
    made = statement.read(_Schema)
    named = Name("", made.schemaname or made.authrole.rolename)
    yield op.CreateObject(**at_start(statement), kind="schema", name=named)
    if made.elements:
        yield op.Unread(
            **at_start(statement),
            what="CREATE SCHEMA with things inside it cannot be read",
            remedy="make them by statements of their own",
        )


class _Sequence(Struct, frozen=True):
    sequence: RangeVar
    options: tuple[Node, ...] = ()


def alter_sequence(statement: Statement) -> Iterator[Operation]:
    """Read ALTER SEQUENCE."""
    changed = statement.read(_Sequence)
    options = [node.option for node in changed.options if node.option]
    yield change_sequence(at_start(statement), of_relation(changed.sequence), options)


def change_sequence(where: dict[str, Any], sequence: Name, options: list[DefElem]) -> Operation:
    """Return a change of a sequence by options as the grammar has them."""
    return op.ChangeSequence(
        **where,
        sequence=sequence,
        options=tuple(each.defname for each in options),
        values=tuple((each.defname, number_of(each.arg)) for each in options),
    )


def number_of(value: Node | None) -> str:
    """Return an option's value as text: a number, a type, on, off; empty for anything else."""
    if value is None:
        return ""
    if value.type is not None:
        return of_type(value.type).name
    if value.boolean is not None:
        return "on" if value.boolean.get("boolval") else "off"
    if value.large is not None:
        return str(value.large.get("fval", ""))
    return str(value.integer.get("ival", 0)) if value.integer is not None else ""


class _AlterFunction(Struct, frozen=True):
    func: ObjectWithArgs
    objtype: str = ""
    actions: tuple[Node, ...] = ()


def alter_function(statement: Statement) -> Iterator[Operation]:
    """Read ALTER FUNCTION with options: the function is another one afterwards."""
    changed = statement.read(_AlterFunction)
    yield op.CreateObject(
        **at_start(statement),
        kind=kind_word(changed.objtype),
        name=of_words(words(changed.func.objname)),
        replace=True,
        options=tuple(option_of(node.option) for node in changed.actions if node.option),
    )


def option_of(option: DefElem) -> str:
    """Return an option of a function as rules know it: `set search_path=app`, `strict`."""
    if option.defname == "set" and option.arg and option.arg.setting:
        given = [literal(each) or "" for each in option.arg.setting.get("args", ())]
        return f"set {option.arg.setting.get('name', '')}={','.join(given)}"
    if option.defname == "volatility" and option.arg and option.arg.string:
        return option.arg.string.sval
    if option.defname == "security" and option.arg and option.arg.boolean is not None:
        return f"security {'definer' if option.arg.boolean.get('boolval') else 'invoker'}"
    if option.defname == "strict" and option.arg and option.arg.boolean is not None:
        return "strict" if option.arg.boolean.get("boolval") else "called on null input"
    return option.defname


def option_given(options: tuple[Node, ...], name: str) -> bool:
    """Whether an option is there and not switched off."""
    given: list[DefElem] = [node.option for node in options if node.option]
    return any(each.defname == name and is_on(each) for each in given)


def options_on(given: tuple[Node, ...]) -> tuple[str, ...]:
    """Return the names of the options that are not switched off."""
    return tuple(each.option.defname for each in given if each.option and is_on(each.option))


def is_on(option: DefElem) -> bool:
    """Whether an option is not switched off."""
    given = option.arg or Node()
    if given.integer is not None:
        return bool(given.integer.get("ival", 0))
    # `off` is no reserved word, so that the grammar takes it for the name of a type.
    named = type_words(given.type.names) if given.type else ()
    text = given.string.sval.lower() if given.string else "".join(named[-1:])
    return text not in {"false", "off", "no", "0"}
