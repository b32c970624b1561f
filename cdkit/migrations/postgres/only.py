"""What is done to a partitioned table ONLY: it keeps no rows itself, so that none is looked at.

An index or a key that is made so is not valid, and refuses nothing in the partitions that are
there, until each has one and that is attached; a partition that comes later gets one of its own
(PostgreSQL manual, CREATE INDEX and 5.12.2.2 "Partition Maintenance"; seen on 15 and 18).
"""

import msgspec
from msgspec import Struct

from cdkit.migrations.operation import OnTable
from cdkit.migrations.postgres.parser import node_of
from cdkit.migrations.postgres.tree import RangeVar
from cdkit.migrations.schema import Schema

_KINDS = frozenset({"AlterTableStmt", "IndexStmt"})


class _On(Struct, frozen=True):
    relation: RangeVar


def says_only(operation: OnTable) -> bool:
    """Whether the statement says ONLY before the name of the table."""
    statement = operation.statement
    node = node_of(statement) if statement.kind in _KINDS else b""
    return bool(node) and not msgspec.json.decode(node, type=_On).relation.inh


def of_parent_alone(operation: OnTable, schema: Schema) -> bool:
    """Whether it is done to a table that is known to be partitioned, and to no partition."""
    table = schema.table(operation.table)
    return table is not None and table.partitioned and says_only(operation)
