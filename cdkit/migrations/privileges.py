"""Operations on who may do what."""

from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation


class Privileges(Operation, frozen=True, kw_only=True):
    """What GRANT and REVOKE have in common; `objects` of `kind` are what it is about.

    `privileges` are words as `SELECT`, or `SELECT(id)` for a column; `whole` says that `objects`
    are schemas whose things of that kind are meant, `defaults` things yet to come.
    """

    kind: str
    objects: tuple[Name, ...] = ()
    grantees: tuple[str, ...] = ()
    privileges: tuple[str, ...] = ()
    whole: bool = False
    defaults: bool = False


class Grant(Privileges, frozen=True, kw_only=True):
    """GRANT, and ALTER DEFAULT PRIVILEGES GRANT."""


class Revoke(Privileges, frozen=True, kw_only=True):
    """REVOKE, DROP OWNED, or a change of owner; `action` is how SQL says it."""

    action: str
