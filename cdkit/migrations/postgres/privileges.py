"""Reading GRANT, REVOKE and what is changed about roles: who may do what, with which settings."""

from collections.abc import Iterator

from msgspec import Struct

from cdkit.migrations import operation as op
from cdkit.migrations.operation import Operation
from cdkit.migrations.postgres.names import of_object, of_words
from cdkit.migrations.postgres.objects import at_start, kind_word
from cdkit.migrations.postgres.tree import Json, Node, RoleSpec
from cdkit.migrations.statement import Statement


class _Grant(Struct, frozen=True):
    is_grant: bool = False
    targtype: str = ""
    objtype: str = ""
    objects: tuple[Node, ...] = ()
    grantees: tuple[Node, ...] = ()


class _RoleSet(Struct, frozen=True):
    role: RoleSpec | None = None
    dbname: str = ""
    setstmt: Json = {}


class _Roles(Struct, frozen=True):
    role: RoleSpec | None = None
    roles: tuple[Node, ...] = ()


def grant(statement: Statement) -> Iterator[Operation]:
    """Read GRANT, which breaks nobody, and REVOKE."""
    yield _granted(statement, statement.read(_Grant), "REVOKE")


def default_privileges(statement: Statement) -> Iterator[Operation]:
    """Read ALTER DEFAULT PRIVILEGES: it touches no thing that exists."""
    yield op.Harmless(**at_start(statement))


def _granted(statement: Statement, granted: _Grant, action: str) -> Operation:
    if granted.is_grant:
        return op.Harmless(**at_start(statement))
    whole = granted.targtype == "ACL_TARGET_ALL_IN_SCHEMA"
    return op.Revoke(
        **at_start(statement),
        action=action,
        kind=f"all {kind_word(granted.objtype)}s in schema"
        if whole
        else kind_word(granted.objtype),
        objects=tuple(of_words(of_object(node)) for node in granted.objects),
        grantees=tuple(_role(node.role) for node in granted.grantees if node.role),
    )


def _role(role: RoleSpec) -> str:
    return role.rolename or role.roletype.removeprefix("ROLESPEC_").lower()


def revoke_role(statement: Statement) -> Iterator[Operation]:
    """Read GRANT and REVOKE of a role's membership."""
    if statement.read(_Grant).is_grant:
        yield op.Harmless(**at_start(statement))
    else:
        yield op.Revoke(**at_start(statement), action="REVOKE", kind="role")


def role(statement: Statement) -> Iterator[Operation]:
    """Read DROP ROLE and ALTER ROLE."""
    named = statement.read(_Roles)
    roles = [named.role] if named.role else [node.role for node in named.roles if node.role]
    action = "DROP ROLE" if statement.kind == "DropRoleStmt" else "ALTER ROLE"
    for each in roles:
        yield op.ChangeRole(**at_start(statement), role=_role(each), action=action)


def role_setting(statement: Statement) -> Iterator[Operation]:
    """Read ALTER ROLE SET, ALTER DATABASE SET and ALTER SYSTEM: what later sessions begin with."""
    changed = statement.read(_RoleSet)
    role = _role(changed.role) if changed.role else changed.dbname
    yield op.ChangeRole(
        **at_start(statement), role=role, action=f"SET {changed.setstmt.get('name', '')}"
    )
