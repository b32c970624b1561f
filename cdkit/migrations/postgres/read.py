"""The reader of PostgreSQL: which function reads which kind of statement."""

import functools
import importlib
from collections.abc import Callable, Iterable

import msgspec

from cdkit.migrations import operation as op
from cdkit.migrations.operation import Operation
from cdkit.migrations.postgres.remedy import REMEDY, TOO_DEEP
from cdkit.migrations.schema import Routine
from cdkit.migrations.statement import Statement

_READERS: dict[str, str] = {
    # By name, since a migration has few kinds of statement, and an import is paid for each.
    "AlterTableStmt": "alter.alter_table",
    "CreateStmt": "tables.create_table",
    "CreateForeignTableStmt": "tables.create_foreign_table",
    "IndexStmt": "tables.create_index",
    "DropStmt": "objects.drop",
    "RenameStmt": "objects.rename",
    "AlterObjectSchemaStmt": "objects.set_schema",
    "AlterOwnerStmt": "objects.owner",
    "GrantStmt": "privileges.grant",
    "GrantRoleStmt": "privileges.revoke_role",
    "AlterDefaultPrivilegesStmt": "privileges.default_privileges",
    "AlterEnumStmt": "objects.alter_enum",
    "AlterDomainStmt": "domains.alter_domain",
    "CreatePolicyStmt": "guards.policy",
    "AlterPolicyStmt": "guards.policy",
    "CreateTrigStmt": "guards.create_trigger",
    "RuleStmt": "guards.create_rule",
    "CreateEventTrigStmt": "guards.event_trigger",
    "AlterEventTrigStmt": "guards.event_trigger",
    "ViewStmt": "views.create_view",
    "CreateSeqStmt": "objects.create_object",
    "CompositeTypeStmt": "objects.create_object",
    "CreateEnumStmt": "objects.create_object",
    "CreateRangeStmt": "objects.create_object",
    "CreateDomainStmt": "domains.create_domain",
    "CreateSchemaStmt": "objects.create_schema",
    "CreateExtensionStmt": "objects.create_object",
    "DefineStmt": "casts.define",
    "CreateCastStmt": "casts.create_cast",
    "AlterSeqStmt": "objects.alter_sequence",
    "AlterFunctionStmt": "objects.alter_function",
    "AlterRoleStmt": "privileges.role",
    "DropRoleStmt": "privileges.role",
    "CreateRoleStmt": "privileges.new_role",
    "DropOwnedStmt": "privileges.owned",
    "ReassignOwnedStmt": "privileges.owned",
    "AlterRoleSetStmt": "privileges.role_setting",
    "AlterDatabaseSetStmt": "privileges.role_setting",
    "AlterSystemStmt": "privileges.role_setting",
    "CreatePublicationStmt": "publish.publication",
    "AlterPublicationStmt": "publish.publication",
    "CreateFunctionStmt": "code.create_function",
    "SelectStmt": "code.select",
    "CallStmt": "code.call",
    "CreateTableAsStmt": "views.create_table_as",
    "InsertStmt": "commands.write",
    "UpdateStmt": "commands.write",
    "DeleteStmt": "commands.write",
    "MergeStmt": "commands.write",
    "CopyStmt": "commands.write",
    "TruncateStmt": "commands.truncate",
    "LockStmt": "commands.lock",
    "VariableSetStmt": "commands.setting",
    "TransactionStmt": "commands.transaction",
    "VacuumStmt": "commands.vacuum",
    "ClusterStmt": "commands.cluster",
    "ReindexStmt": "commands.reindex",
    "ExplainStmt": "commands.explain",
    "RefreshMatViewStmt": "commands.refresh",
    "CreatedbStmt": "commands.standalone",
    "DropdbStmt": "commands.standalone",
    "CreateTableSpaceStmt": "commands.standalone",
    "DropTableSpaceStmt": "commands.standalone",
}

# Nobody who runs meets these: they describe, they add what nothing uses yet, they talk.
_HARMLESS_WORDS = """
    CommentStmt SecLabelStmt CreateStatsStmt AlterStatsStmt CreateFdwStmt
    CreateForeignServerStmt CreateUserMappingStmt CreateConversionStmt
    CreatePLangStmt CreateOpClassStmt CreateOpFamilyStmt
    CreateTransformStmt CreateAmStmt ListenStmt UnlistenStmt NotifyStmt
    CheckPointStmt ConstraintsSetStmt VariableShowStmt PrepareStmt DeallocateStmt
    ImportForeignSchemaStmt
"""
_HARMLESS = frozenset(_HARMLESS_WORDS.split())


@functools.cache
def reader(kind: str) -> Callable[[Statement], Iterable[Operation]]:
    """Return the function that reads a kind of statement."""
    module, _, name = _READERS[kind].partition(".")
    found = importlib.import_module(f"cdkit.migrations.postgres.{module}")
    function: Callable[[Statement], Iterable[Operation]] = getattr(found, name)
    return function


def readable_kinds() -> tuple[str, ...]:
    """Return the kinds of statement that have a reader."""
    return tuple(_READERS)


def _do_block(statement: Statement) -> tuple[Operation, ...]:
    from cdkit.migrations.postgres.blocks import do_block

    return tuple(do_block(statement, operations))


def routine(called: Routine, statement: Statement) -> tuple[Operation, ...]:
    """Return what a function does that a statement calls, as far as its body tells."""
    from cdkit.migrations.postgres.blocks import routine_body

    return tuple(routine_body(called, statement, operations))


def operations(statement: Statement) -> tuple[Operation, ...]:
    """Return what a statement does, in order; Unread where this cdkit cannot say."""
    if statement.kind in _HARMLESS:
        return (op.Harmless(statement=statement, at=statement.start),)
    try:
        if statement.kind == "DoStmt":
            return _do_block(statement)
        if statement.kind in _READERS:
            return tuple(reader(statement.kind)(statement))
        what = f"cdkit does not know what {_words(statement)} does to those who run"
    except RecursionError:
        what = TOO_DEEP
    except msgspec.DecodeError:
        what = f"this {statement.kind} has a form that this cdkit does not know"
    return (op.Unread(statement=statement, at=statement.start, what=what, remedy=REMEDY),)


def _words(statement: Statement) -> str:
    return " ".join(statement.source.split()[:3]).upper()
