"""Reading ALTER TABLE, clause by clause, and what shares its form: ALTER VIEW, INDEX, TYPE."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct, field

from cdkit.migrations import operation as op
from cdkit.migrations.anew import ChangeConstraint
from cdkit.migrations.lexer import clauses
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.postgres.names import (
    after_name,
    is_kept,
    of_collation,
    of_column,
    of_constraint,
    of_default,
    of_relation,
    of_type,
)
from cdkit.migrations.postgres.objects import change_sequence, options_on
from cdkit.migrations.postgres.prints import of_bound
from cdkit.migrations.postgres.remedy import REMEDY
from cdkit.migrations.postgres.tree import AlterTableCmd, Definition, Json, Node, RangeVar
from cdkit.migrations.privileges import Revoke
from cdkit.migrations.statement import Statement

SHARE_UPDATE_EXCLUSIVE = "SHARE UPDATE EXCLUSIVE"
ACCESS_EXCLUSIVE = "ACCESS EXCLUSIVE"

_CHANGES = {
    # Locks: PostgreSQL manual, ALTER TABLE, "Description", each form.
    "AT_SetStatistics": ("SET STATISTICS", SHARE_UPDATE_EXCLUSIVE),
    "AT_SetOptions": ("SET (attribute options)", SHARE_UPDATE_EXCLUSIVE),
    "AT_ResetOptions": ("RESET (attribute options)", SHARE_UPDATE_EXCLUSIVE),
    "AT_SetRelOptions": ("SET (storage parameters)", SHARE_UPDATE_EXCLUSIVE),
    "AT_ResetRelOptions": ("RESET (storage parameters)", SHARE_UPDATE_EXCLUSIVE),
    "AT_ClusterOn": ("CLUSTER ON", SHARE_UPDATE_EXCLUSIVE),
    "AT_DropCluster": ("SET WITHOUT CLUSTER", SHARE_UPDATE_EXCLUSIVE),
    "AT_DetachPartitionFinalize": ("DETACH PARTITION FINALIZE", SHARE_UPDATE_EXCLUSIVE),
    "AT_SetStorage": ("SET STORAGE", ACCESS_EXCLUSIVE),
    "AT_SetCompression": ("SET COMPRESSION", ACCESS_EXCLUSIVE),
    "AT_ReplicaIdentity": ("REPLICA IDENTITY", ACCESS_EXCLUSIVE),
    "AT_AddOf": ("OF", ACCESS_EXCLUSIVE),
    "AT_DropOf": ("NOT OF", ACCESS_EXCLUSIVE),
    "AT_DropOids": ("SET WITHOUT OIDS", ACCESS_EXCLUSIVE),
}
_IDENTITY = {
    "AT_AddIdentity": "ADD GENERATED AS IDENTITY",
    "AT_SetIdentity": "SET GENERATED",
    "AT_DropIdentity": "DROP IDENTITY",
    "AT_DropExpression": "DROP EXPRESSION",
    "AT_SetExpression": "SET EXPRESSION",
}
_ROW_SECURITY = {
    "AT_EnableRowSecurity": "ENABLE ROW LEVEL SECURITY",
    "AT_DisableRowSecurity": "DISABLE ROW LEVEL SECURITY",
    "AT_ForceRowSecurity": "FORCE ROW LEVEL SECURITY",
    "AT_NoForceRowSecurity": "NO FORCE ROW LEVEL SECURITY",
}
_REWRITES = {
    "AT_SetLogged": "SET LOGGED",
    "AT_SetUnLogged": "SET UNLOGGED",
    "AT_SetTableSpace": "SET TABLESPACE",
    "AT_SetAccessMethod": "SET ACCESS METHOD",
}
_PARTITIONS = {
    "AT_AttachPartition": "ATTACH PARTITION",
    "AT_DetachPartition": "DETACH PARTITION",
    "AT_AddInherit": "INHERIT",
    "AT_DropInherit": "NO INHERIT",
}
_TRIGGERS = {
    "AT_EnableTrig": "ENABLE TRIGGER",
    "AT_EnableAlwaysTrig": "ENABLE ALWAYS TRIGGER",
    "AT_EnableReplicaTrig": "ENABLE REPLICA TRIGGER",
    "AT_DisableTrig": "DISABLE TRIGGER",
    "AT_EnableTrigAll": "ENABLE TRIGGER ALL",
    "AT_DisableTrigAll": "DISABLE TRIGGER ALL",
    "AT_EnableTrigUser": "ENABLE TRIGGER USER",
    "AT_DisableTrigUser": "DISABLE TRIGGER USER",
    "AT_EnableRule": "ENABLE RULE",
    "AT_EnableAlwaysRule": "ENABLE ALWAYS RULE",
    "AT_EnableReplicaRule": "ENABLE REPLICA RULE",
    "AT_DisableRule": "DISABLE RULE",
}


class _Command(Struct, frozen=True):
    command: AlterTableCmd = field(name="AlterTableCmd")


class _AlterTable(Struct, frozen=True):
    relation: RangeVar
    cmds: tuple[_Command, ...]
    objtype: str = "OBJECT_TABLE"


class _RawCommand(Struct, frozen=True, rename={"definition": "def"}):
    definition: Raw = Raw()


class _RawNode(Struct, frozen=True, rename={"command": "AlterTableCmd"}):
    command: _RawCommand


class _RawAlter(Struct, frozen=True):
    cmds: tuple[_RawNode, ...]


class _Clause(Struct, frozen=True):
    """One clause of an ALTER TABLE: what it commands, the bytes where it starts and ends."""

    statement: Statement
    alter: _AlterTable
    table: Name
    index: int
    command: AlterTableCmd
    at: int
    end: int

    @property
    def where(self) -> dict[str, Any]:
        """What every operation holds."""
        return {"statement": self.statement, "at": self.at}

    @property
    def on(self) -> dict[str, Any]:
        """What every operation on a table holds."""
        return {"statement": self.statement, "at": self.at, "table": self.table}

    @property
    def definition(self) -> Raw:
        """What stands behind the command as JSON; empty where there is nothing."""
        return self.statement.read(_RawAlter).cmds[self.index].command.definition

    @property
    def on_column(self) -> dict[str, Any]:
        """What every operation on a column holds."""
        return {**self.on, "column": self.command.name}


def alter_table(statement: Statement) -> Iterator[Operation]:
    """Read ALTER TABLE."""
    alter = statement.read(_AlterTable)
    table, commands = of_relation(alter.relation), [node.command for node in alter.cmds]
    spans = _spans(statement, alter.relation, len(commands))
    if len(spans) != len(commands):
        spans = [(statement.start, statement.end)] * len(commands)
    for index, command in enumerate(commands):
        clause = _Clause(statement, alter, table, index, command, *spans[index])
        yield _altered(clause)
        if command.subtype == "AT_SetIdentity":
            yield from _numbering(clause)


def _spans(statement: Statement, relation: RangeVar, count: int) -> list[tuple[int, int]]:
    """Return where each clause stands in the file: the trees do not say."""
    if statement.base < 0:
        return []
    start, end = after_name(statement, relation), statement.end
    written = statement.text.data[start:end]
    if count == 1 and b"--" not in written and b"/*" not in written:
        return [(start, start + len(written.rstrip()))]
    return clauses(statement.text.data, start, end)


def _altered(clause: _Clause) -> Operation:
    subtype = clause.command.subtype
    if clause.alter.objtype == "OBJECT_INDEX" and subtype == "AT_AttachPartition":
        return op.ChangeTable(**clause.on, action="ATTACH PARTITION", lock=SHARE_UPDATE_EXCLUSIVE)
    return _MAKERS.get(subtype, _unread)(clause)


def _change_table(clause: _Clause) -> Operation:
    action, lock = _CHANGES[clause.command.subtype]
    said = _given(clause)
    given = () if action.startswith("RESET") else options_on(said)
    cleared = tuple(x.option.defname for x in said if x.option and x.option.defname not in given)
    if not _HEAVY.isdisjoint((*given, *cleared)):
        lock = ACCESS_EXCLUSIVE
    if action == "REPLICA IDENTITY":
        given = (_identity_type(clause),)
    return op.ChangeTable(**clause.on, action=action, lock=lock, options=given, cleared=cleared)


_HEAVY = frozenset({"user_catalog_table", "security_barrier", "security_invoker", "check_option"})
"""Options for which others wait (PostgreSQL's source, reloptions.c)."""
_BEGINNING = frozenset({"start", "minvalue", "increment"})


def _identity_type(clause: _Clause) -> str:
    """Return PostgreSQL's letter for a replica identity, and the index where it is one.

    `d` is the default, `f` full, `n` nothing; `i:orders_key` an index.
    """
    said = msgspec.json.decode(clause.definition or b"{}").get("ReplicaIdentityStmt", {})
    letter, index = str(said.get("identity_type", "d")), str(said.get("name", ""))
    return f"{letter}:{index}" if index else letter


def _unread(clause: _Clause) -> Operation:
    form = clause.command.subtype.removeprefix("AT_")
    return op.Unread(
        **clause.where,
        what=f"this form of ALTER TABLE ({form}) is unknown to this cdkit",
        remedy=REMEDY,
    )


def _moved(clause: _Clause) -> Operation:
    """ATTACH, DETACH, INHERIT, NO INHERIT: the table is always the parent, `other` the child."""
    definition = clause.command.definition or Definition()
    if definition.partition:
        parent, child = clause.table, of_relation(definition.partition.name)
    else:
        parent, child = of_relation(definition.relation or RangeVar()), clause.table
    return op.MovePartition(
        **clause.where,
        table=parent,
        action=_PARTITIONS[clause.command.subtype],
        other=child,
        bound=of_bound(definition.partition.bound) if definition.partition else "",
        concurrently=bool(definition.partition and definition.partition.concurrent),
    )


def _change_owner(clause: _Clause) -> Operation:
    kind = clause.alter.objtype.removeprefix("OBJECT_").lower()
    owner = str((clause.command.newowner or {}).get("rolename", ""))
    return Revoke(
        **clause.where, action="OWNER TO", kind=kind, objects=(clause.table,), grantees=(owner,)
    )


def _add_column(clause: _Clause) -> Operation:
    definition = clause.command.definition
    if definition is None or definition.column is None:
        return _unread(clause)
    column = of_column(definition.column, clause.statement)
    return op.AddColumn(
        **clause.on,
        column=column,
        if_not_exists=clause.command.missing_ok,
        attribute=clause.alter.objtype == "OBJECT_TYPE",
    )


def _add_constraint(clause: _Clause) -> Operation:
    definition = clause.command.definition
    written = definition.constraint if definition else None
    if written is None or not is_kept(written):
        return _unread(clause)
    constraint = of_constraint(written, clause.statement, clause.end)
    return op.AddConstraint(**clause.on, constraint=constraint)


def _change_type(clause: _Clause) -> Operation:
    definition = clause.command.definition
    column = definition.column if definition else None
    if column is None:
        return _unread(clause)
    using: Json = msgspec.json.decode(column.raw_default) if column.raw_default else {}
    return op.ChangeType(
        **clause.on_column,
        type=of_type(column.typeName),
        using=_using(using, clause),
        by_text=_is_by_text(using, clause),
        collation=of_collation(column.collClause),
    )


def _using(expression: Json, clause: _Clause) -> str:
    """Return what a USING computes; nothing where it is the cast that would be made anyway."""
    inner = expression.get("TypeCast", {}).get("arg", expression)
    fields = inner.get("ColumnRef", {}).get("fields", [])
    named = [part.get("String", {}).get("sval") for part in fields] == [clause.command.name]
    if named or not expression:
        return ""
    text = clause.statement.text.data[clause.at : clause.end].decode("utf-8", "replace")
    return text[text.lower().rfind("using") :]


def _is_by_text(expression: Json, clause: _Clause) -> bool:
    """Whether a USING casts the column to text, and that to something else."""
    inner = expression.get("TypeCast", {}).get("arg", {}).get("TypeCast", {})
    fields = inner.get("arg", {}).get("ColumnRef", {}).get("fields", [])
    kind = inner.get("typeName", {})
    to_text = [part["String"]["sval"] for part in kind.get("names", [])[-1:]] == ["text"]
    named = [part.get("String", {}).get("sval") for part in fields[-1:]]
    return to_text and "arrayBounds" not in kind and named == [clause.command.name]


def _column_default(clause: _Clause) -> Operation:
    expression = clause.definition
    default = of_default(expression) if expression else None
    if default is None or default.null:
        return op.DropDefault(**clause.on_column)
    view = clause.alter.objtype == "OBJECT_VIEW"
    return op.SetDefault(**clause.on_column, default=default, view=view)


def _elsewhere(clause: _Clause) -> Operation:
    return op.Unread(
        **clause.where,
        what="other OPTIONS of a foreign table may bring other rows, and cannot be judged here",
        remedy=REMEDY,
    )


def _drop_constraint(clause: _Clause) -> Operation:
    command = clause.command
    return op.DropConstraint(**clause.on, constraint=command.name, if_exists=command.missing_ok)


def _change_constraint(clause: _Clause) -> Operation:
    definition = clause.command.definition
    if definition is None or definition.altered is None:
        return _unread(clause)
    said, timed = definition.altered, definition.altered.alterDeferrability
    return ChangeConstraint(
        **clause.on,
        constraint=said.conname,
        deferrable=said.deferrable if timed else None,
        deferred=said.initdeferred if timed else None,
        enforced=said.is_enforced if said.alterEnforceability else None,
    )


def _numbering(clause: _Clause) -> Iterator[Operation]:
    """SET GENERATED may speak of the sequence behind the column as well."""
    given = _given(clause)
    options = [each.option for each in given if each.option and each.option.defname != "generated"]
    if options:
        table = clause.table
        sequence = Name(table.schema, f"{table.name}_{clause.command.name}_seq")
        yield change_sequence(clause.where, sequence, options)


def _given(clause: _Clause) -> tuple[Node, ...]:
    definition = clause.command.definition or Definition()
    return definition.items.items if definition.items else ()


def _identity(clause: _Clause) -> Operation:
    definition = clause.command.definition or Definition()
    given = _given(clause)
    kinds = [node.option.arg.integer for node in given if node.option and node.option.arg]
    own = definition.constraint.options if definition.constraint else ()
    always = definition.constraint and definition.constraint.generated_when == "a"
    return op.ChangeIdentity(
        **clause.on_column,
        action=_IDENTITY[clause.command.subtype],
        always=bool(always) or {"ival": ord("a")} in kinds,
        starts=any(each.option.defname in _BEGINNING for each in own if each.option),
    )


_MAKERS: dict[str, Callable[[_Clause], Operation]] = {
    "AT_AddColumn": _add_column,
    "AT_DropColumn": lambda clause: op.DropColumn(
        **clause.on_column, if_exists=clause.command.missing_ok
    ),
    "AT_AddConstraint": _add_constraint,
    "AT_DropConstraint": _drop_constraint,
    "AT_AlterColumnType": _change_type,
    "AT_ColumnDefault": _column_default,
    "AT_SetNotNull": lambda clause: op.SetNotNull(**clause.on_column),
    "AT_DropNotNull": lambda clause: op.DropNotNull(**clause.on_column),
    "AT_ValidateConstraint": lambda clause: op.ValidateConstraint(
        **clause.on, constraint=clause.command.name
    ),
    "AT_AlterConstraint": _change_constraint,
    "AT_ChangeOwner": _change_owner,
    **dict.fromkeys(_PARTITIONS, _moved),
    **dict.fromkeys(_CHANGES, _change_table),
    "AT_GenericOptions": _elsewhere,
    "AT_AlterColumnGenericOptions": _elsewhere,
    **dict.fromkeys(
        _TRIGGERS,
        lambda clause: op.ChangeTrigger(
            **clause.on, action=_TRIGGERS[clause.command.subtype], name=clause.command.name
        ),
    ),
    **dict.fromkeys(_IDENTITY, _identity),
    **dict.fromkeys(
        _ROW_SECURITY,
        lambda clause: op.ChangeRowSecurity(
            **clause.on, action=_ROW_SECURITY[clause.command.subtype]
        ),
    ),
    **dict.fromkeys(
        _REWRITES,
        lambda clause: op.RewriteTable(**clause.on, action=_REWRITES[clause.command.subtype]),
    ),
}
