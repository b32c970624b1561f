"""Tables whose rows harm nobody when all are read: they are few, or another server keeps them."""

from collections.abc import Mapping

from msgspec import Struct, structs

from cdkit.core.finding import Severity
from cdkit.migrations import operation as op
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.option import ELSEWHERE
from cdkit.migrations.rule import Hit, LintRule
from cdkit.migrations.schema import Schema


class Sizes(Struct, frozen=True, kw_only=True):
    """Tables that somebody calls small, and estimates of rows, of which `limit` is still small.

    Names hold their schema, `public` where a database has none. A table that nobody knows the size
    of is taken for large.
    """

    small: frozenset[Name] = frozenset()
    rows: Mapping[Name, int] = {}
    limit: int = 0

    def word(self, name: Name) -> str:
        """Return how a table is known to be small; an empty text where it is not."""
        if name in self.small:
            return "is said to be small"
        rows = self.rows.get(name, -1)
        return f"holds about {rows} rows" if 0 <= rows <= self.limit else ""


def spared(rule: LintRule, hit: Hit, operation: Operation, schema: Schema, sizes: Sizes) -> Hit:
    """Return a hit as information where its harm grows with a table that is known to be small."""
    if not rule.grows or not (sizes.small or sizes.rows):
        return hit
    table = hit.read or _table_of(operation, schema)
    full = schema.full(table) if table else None
    if full is None or not (word := sizes.word(Name(full.schema or "public", full.name))):
        return hit
    return structs.replace(
        hit, severity=Severity.INFO, message=f"{hit.message}; but {table} {word}"
    )


def is_elsewhere(rule: LintRule, hit: Hit, operation: Operation, schema: Schema) -> bool:
    """Whether a hit is about rows that another server keeps: none is read, written anew or refused.

    ALTER changes the catalogue alone there, and "constraints on foreign tables are not enforced"
    (PostgreSQL manual, ALTER FOREIGN TABLE). What inherits from one can be a table of its own.
    """
    if not (rule.grows or rule.refuses):
        return False
    name = hit.read or _table_of(operation, schema)
    if name is None or schema.children.get(schema.full(name)):
        return False
    table = schema.table(name)
    if table and ELSEWHERE in table.options:
        return True
    statement = operation.statement
    head = statement.text.data[statement.start : min(statement.end, statement.start + _HEAD)]
    return head.lower().split(None, 2)[:2] == [b"alter", b"foreign"]


_HEAD = 100
"""Bytes that the first two words of a statement are looked for in."""


def _table_of(operation: Operation, schema: Schema) -> Name | None:
    if isinstance(operation, op.OnTable):
        return operation.table
    if isinstance(operation, op.Reindex) and operation.kind == "table":
        return operation.name
    if isinstance(operation, op.Reindex) and operation.kind == "index":
        index = schema.index(operation.name)
        return index.table if index else None
    return None
