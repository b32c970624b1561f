"""MySQL and MariaDB as the frame wants a dialect."""

from cdkit.migrations import operation as op
from cdkit.migrations.anew import AlterTable
from cdkit.migrations.engine import Dialect, Server
from cdkit.migrations.mysql.builtins import is_harmless_call
from cdkit.migrations.mysql.columns import automatic_name
from cdkit.migrations.mysql.cost import asked, way
from cdkit.migrations.mysql.parser import parse
from cdkit.migrations.mysql.read import operations
from cdkit.migrations.mysql.refine import refine
from cdkit.migrations.mysql.refusals import refuses
from cdkit.migrations.mysql.types import change
from cdkit.migrations.nouns import Constraint, Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.reading.scan import MYSQL_COMMENTS
from cdkit.migrations.remarks import comments
from cdkit.migrations.schema import Schema, Table

_EXCLUSIVE = (op.Truncate, op.RenameTable, op.ChangeTrigger)


def quoted(name: str) -> str:
    """Return an identifier as SQL (MySQL manual, 11.2 "Schema Object Names")."""
    plain = name.isascii() and name.isidentifier() and name.lower() not in _RESERVED
    return name if plain else "`" + name.replace("`", "``") + "`"


_RESERVED_WORDS = """
    add all alter and as asc between by case change check column condition constraint create
    cross current_date database default delete desc distinct drop else exists false for foreign
    from fulltext function grant group groups having if in index insert int interval into is
    join key keys kill leave left like limit lines load lock long loop match mod modifies
    natural not null of on option or order out outer partition primary procedure range rank read
    references regexp rename repeat replace require restrict return revoke right row rows schema
    select set show signal sql system table then to trigger true undo union unique unlock
    unsigned update usage use using values varchar when where while window with write xor
"""
_RESERVED = frozenset(_RESERVED_WORDS.split())


def lock_of(operation: Operation, schema: Schema, server: Server) -> tuple[str, tuple[Name, ...]]:
    """Return how an ALTER TABLE is done and which lock it needs, or that of another statement.

    Each takes an exclusive metadata lock for a moment besides (MySQL manual, 10.11.4).
    """
    if isinstance(operation, AlterTable):
        done = way(operation, schema, server)
        return (str(asked(operation, done)) if done else "unknown lock"), (operation.table,)
    if isinstance(operation, _EXCLUSIVE):
        return "LOCK=EXCLUSIVE", (operation.table,)
    if isinstance(operation, op.LockTable):
        return f"LOCK TABLES {operation.lock}", (operation.table,)
    if isinstance(operation, op.DropObject) and operation.kind == "table":
        return "LOCK=EXCLUSIVE", (operation.name,)
    return "", ()


def _naming(table: Table, constraint: Constraint) -> str:
    return automatic_name(table.name, constraint.kind, tuple(table.constraints), constraint.columns)


def _otherwise(operation: Operation, schema: Schema, server: Server) -> str:
    """Say a refused statement otherwise; what that takes is imported where one is."""
    from cdkit.migrations.mysql.otherwise import otherwise

    return otherwise(operation, schema, server)


DIALECT = Dialect(
    parse=lambda text, sql, server, _processes: parse(text, sql, server),
    operations=operations,
    comments=lambda data: comments(data, MYSQL_COMMENTS()),
    lock_of=lock_of,
    change=change,
    refine=refine,
    quoted=quoted,
    naming=_naming,
    shared_names=False,
    harmless=is_harmless_call,
    refuses=refuses,
    otherwise=_otherwise,
    atomic=False,
)
