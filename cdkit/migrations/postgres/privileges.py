"""Reading GRANT, REVOKE and what is changed about roles: who may do what, with which settings."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from cdkit.migrations import operation as op
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.postgres.names import of_object, of_words
from cdkit.migrations.postgres.objects import at_start, kind_word, number_of
from cdkit.migrations.postgres.tree import DefElem, Json, Node, RoleSpec, literal, words
from cdkit.migrations.privileges import Grant, Revoke
from cdkit.migrations.statement import Statement


class _Grant(Struct, frozen=True):
    is_grant: bool = False
    grant_option: bool = False
    behavior: str = ""
    targtype: str = ""
    objtype: str = ""
    objects: tuple[Node, ...] = ()
    grantees: tuple[Node, ...] = ()
    privileges: tuple[Node, ...] = ()


class _Membership(
    Struct, frozen=True, rename={"given": "granted_roles", "grantees": "grantee_roles"}
):
    is_grant: bool = False
    behavior: str = ""
    given: tuple[Node, ...] = ()
    grantees: tuple[Node, ...] = ()
    opt: tuple[Node, ...] = ()


class _Defaults(Struct, frozen=True):
    action: _Grant
    options: tuple[Node, ...] = ()


class _RoleSet(Struct, frozen=True):
    role: RoleSpec | None = None
    dbname: str = ""
    setstmt: Json = {}


class _Roles(Struct, frozen=True):
    role: Json | None = None
    roles: tuple[Node, ...] = ()
    options: tuple[Node, ...] = ()
    action: int = 0


class _NewRole(Struct, frozen=True, rename={"name": "role"}):
    name: str = ""


def grant(statement: Statement) -> Iterator[Operation]:
    """Read GRANT and REVOKE."""
    given = statement.read(_Grant)
    whole = given.targtype == "ACL_TARGET_ALL_IN_SCHEMA"
    objects = tuple(of_words(of_object(node)) for node in given.objects)
    yield _granted(statement, given, objects, whole=whole)


def default_privileges(statement: Statement) -> Iterator[Operation]:
    """Read ALTER DEFAULT PRIVILEGES: it touches no thing that exists."""
    said = statement.read(_Defaults)
    schemas = [node.option.arg for node in said.options if node.option]
    named = [word for arg in schemas if arg and arg.items for word in words(arg.items.items)]
    objects = tuple(Name("", each) for each in named)
    yield _granted(statement, said.action, objects, defaults=True)


def _granted(
    statement: Statement,
    given: _Grant,
    objects: tuple[Name, ...],
    *,
    whole: bool = False,
    defaults: bool = False,
) -> Operation:
    said: dict[str, Any] = {
        **at_start(statement),
        "kind": kind_word(given.objtype),
        "objects": objects,
        "grantees": tuple(_role(node.role) for node in given.grantees if node.role),
        "privileges": tuple(_words_of(given)),
        "whole": whole,
        "defaults": defaults,
    }
    if given.grant_option and not given.is_grant and given.behavior != "DROP_CASCADE":
        # It takes no right but to hand it on, and is refused where somebody was handed it.
        return op.Harmless(**at_start(statement))
    return Grant(**said) if given.is_grant else Revoke(**said, action="REVOKE")


def _words_of(given: _Grant) -> Iterator[str]:
    """Yield `SELECT`, or `SELECT(id)` for each column that is named."""
    for each in (node.privilege for node in given.privileges if node.privilege):
        word, columns = each.priv_name.upper(), words(each.cols)
        yield from (f"{word}({column})" for column in columns) if columns else (word,)


def _role(role: RoleSpec) -> str:
    return role.rolename or role.roletype.removeprefix("ROLESPEC_").lower()


def revoke_role(statement: Statement) -> Iterator[Operation]:
    """Read GRANT and REVOKE of a role's membership."""
    said = statement.read(_Membership)
    handed = [node.option.defname for node in said.opt if node.option] == ["admin"]
    if said.is_grant or (handed and said.behavior != "DROP_CASCADE"):
        yield op.Harmless(**at_start(statement))
        return
    yield Revoke(
        **at_start(statement),
        action="REVOKE",
        kind="role",
        objects=tuple(Name("", each.privilege.priv_name) for each in said.given if each.privilege),
        grantees=tuple(_role(each.role) for each in said.grantees if each.role),
    )


def new_role(statement: Statement) -> Iterator[Operation]:
    """Read CREATE ROLE, which nobody who runs can know."""
    named = statement.read(_NewRole).name
    yield op.ChangeRole(**at_start(statement), role=named, action="CREATE ROLE")


def role(statement: Statement) -> Iterator[Operation]:
    """Read DROP ROLE and ALTER ROLE."""
    named = statement.read(_Roles)
    roles = [node.role for node in named.roles if node.role]
    if named.role:
        roles.append(msgspec.convert(named.role, RoleSpec))
    action = "DROP ROLE" if statement.kind == "DropRoleStmt" else "ALTER ROLE"
    given = [node.option for node in named.options if node.option]
    out = statement.kind == "AlterRoleStmt" and named.action < 0
    options = tuple(f"{'no ' if out or _is_off(each) else ''}{each.defname}" for each in given)
    options = tuple(_without_end(*each) for each in zip(options, given, strict=True))
    if options and _GIVES.issuperset(options):
        yield op.Harmless(**at_start(statement))
        return
    for each in roles:
        yield op.ChangeRole(**at_start(statement), role=_role(each), action=action, values=options)


_GIVES = frozenset(
    {"rolemembers", "canlogin", "createdb", "createrole", "isreplication", "inherit"}
)
_GIVES |= {"connectionlimit without end", "validUntil without end"}
"""What lets a role do more, and changes nothing of what it did."""


def _without_end(said: str, option: DefElem) -> str:
    given = option.arg
    text = given.string.sval if given and given.string else number_of(given)
    ends = {"validUntil": "infinity", "connectionlimit": "-1"}
    return f"{said} without end" if ends.get(option.defname) == text else said


def _is_off(option: DefElem) -> bool:
    if option.defname == "connectionlimit":
        return number_of(option.arg) == "0"
    given = option.arg.boolean if option.arg else None
    return given is not None and not given.get("boolval")


def role_setting(statement: Statement) -> Iterator[Operation]:
    """Read ALTER ROLE SET, ALTER DATABASE SET and ALTER SYSTEM: what later sessions begin with."""
    changed = statement.read(_RoleSet)
    role = _role(changed.role) if changed.role else changed.dbname
    given = changed.setstmt
    if statement.kind == "AlterSystemStmt":
        yield op.Standalone(**at_start(statement), action="ALTER SYSTEM")
    reset = given.get("kind") == "VAR_RESET_ALL"
    yield op.ChangeRole(
        **at_start(statement),
        role=role,
        action="RESET ALL" if reset else f"SET {given.get('name', '')}",
        values=tuple(literal(each) or "" for each in given.get("args", [])),
    )


class _Owned(Struct, frozen=True):
    roles: tuple[Node, ...] = ()


def owned(statement: Statement) -> Iterator[Operation]:
    """Read DROP OWNED and REASSIGN OWNED: all that a role has, and may do."""
    dropped = statement.kind == "DropOwnedStmt"
    yield Revoke(
        **at_start(statement),
        action="DROP OWNED" if dropped else "REASSIGN OWNED",
        kind="everything",
        grantees=tuple(_role(node.role) for node in statement.read(_Owned).roles if node.role),
    )
