"""Rows that a transaction takes out of one table and puts into another, whole.

`INSERT INTO b SELECT * FROM a WHERE …` with `DELETE FROM a WHERE …` after it, or both in one:
`WITH m AS (DELETE FROM a … RETURNING *) INSERT INTO b SELECT * FROM m`. Where both belong to one
table at the end, nobody who asks that one misses any of them.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import LockTable, MovePartition, Operation, WriteRows
from cdkit.migrations.postgres.names import of_relation
from cdkit.migrations.postgres.parser import node_of
from cdkit.migrations.postgres.prints import fingerprint
from cdkit.migrations.postgres.tree import Json, RangeVar
from cdkit.migrations.rule import Context
from cdkit.migrations.schema import Schema
from cdkit.migrations.session import KEEP_WRITERS

_NONE = "none"
_BARE = frozenset({"targetList", "fromClause", "whereClause", "limitOption", "op"})
"""What a SELECT may hold that gives every row of a table, or those that a condition names."""


class Move(Struct, frozen=True, kw_only=True):
    """Rows that go from one table to another: the statements that put them in and take them out."""

    table: Name
    to: Name
    put: WriteRows
    taken: WriteRows


def moves(operations: Iterable[Operation], schema: Schema) -> Iterator[Move]:
    """Yield what moves in a transaction that does this.

    What others could write between a copy and its DELETE would be lost: it counts where a lock
    keeps them from it.
    """
    copies: dict[tuple[Name, str], WriteRows] = {}
    locked: set[Name] = set()
    deleted: WriteRows | None = None
    for done in operations:
        if isinstance(done, MovePartition) and done.action == "DETACH PARTITION":
            locked.add(schema.full(done.other))
        elif isinstance(done, LockTable) and done.lock in KEEP_WRITERS:
            locked.add(schema.full(done.table))
        elif isinstance(done, WriteRows) and done.statement.kind == "InsertStmt":
            if done.verb == "UPDATE":
                continue  # of rows that are there: ON CONFLICT
            if done.verb == "DELETE":
                deleted = done
                continue
            tree = _tree(done)
            of, where = _copied(tree)
            if of and (full := schema.full(of)) in locked:
                copies[full, where] = done
            if deleted and deleted.statement == done.statement and _gives_back(tree):
                yield Move(table=deleted.table, to=done.table, put=done, taken=deleted)
        elif (
            isinstance(done, WriteRows)
            and done.statement.kind == "DeleteStmt"
            and (put := copies.get((schema.full(done.table), _deleted(done))))
        ):
            yield Move(table=done.table, to=put.table, put=put, taken=done)


def moved_to(operation: WriteRows, context: Context) -> Name | None:
    """Return where a DELETE's rows go, if it is into another part of what they were a part of."""
    old = context.released.table(operation.table)
    if operation.verb != "DELETE" or not (old and old.parents):
        return None
    end = context.ahead.end
    for move in moves(context.ahead.operations, context.schema):
        if move.taken == operation and _belongs(end.full(move.to), old.parents, end):
            return move.to
    return None


def only_moved(child: Name, parent: Name, context: Context) -> bool:
    """Whether all that the transaction put into a new table was a part of its parent before."""
    full, released = context.schema.full, context.released
    writes = [each for each in context.ahead.operations if isinstance(each, WriteRows)]
    put = [x for x in writes if x.verb != "DELETE" and full(x.table) == full(child)]
    known = [
        move.put
        for move in moves(context.ahead.operations, context.schema)
        if (old := released.table(move.table)) and full(parent) in old.parents
    ]
    return bool(put) and all(each in known for each in put)


def _belongs(name: Name, parents: frozenset[Name], end: Schema) -> bool:
    table = end.tables.get(name)
    return name in parents or (table is not None and bool(table.parents & parents))


def _tree(done: WriteRows) -> Json:
    tree: Json = msgspec.json.decode(node_of(done.statement) or b"{}")
    return tree


def _deleted(done: WriteRows) -> str:
    """Return a fingerprint of which rows a DELETE takes; of one with USING what none copies."""
    tree = _tree(done)
    return _NONE if not tree or "usingClause" in tree else fingerprint(tree.get("whereClause"))


def _copied(tree: Json) -> tuple[Name | None, str]:
    """Return the table that an INSERT copies rows of, and a fingerprint of which."""
    select = _select(tree)
    if select is None:
        return None, _NONE
    return _from(select), fingerprint(select.get("whereClause"))


def _gives_back(tree: Json) -> bool:
    """Whether an INSERT puts in all that a DELETE in its WITH gives back."""
    select = _select(tree)
    tables = tree.get("withClause", {}).get("ctes", [])
    if select is None or len(tables) != 1 or "whereClause" in select:
        return False
    table = tables[0].get("CommonTableExpr", {})
    deleted = table.get("ctequery", {}).get("DeleteStmt")
    return (
        deleted is not None
        and _from(select) == Name("", table.get("ctename", ""))
        and "usingClause" not in deleted
        and _is_star(deleted.get("returningClause", {}).get("exprs"))
    )


def _select(tree: Json) -> Json | None:
    """Return the SELECT of an INSERT that puts rows in as they are, from one table."""
    select = tree.get("selectStmt", {}).get("SelectStmt", {})
    bare = not select.keys() - _BARE and select.get("limitOption") == "LIMIT_OPTION_DEFAULT"
    sources = select.get("fromClause", [])
    whole = len(sources) == 1 and "RangeVar" in sources[0]
    if not bare or not whole or {"cols", "onConflictClause"} & tree.keys():
        return None
    return select if _is_star(select.get("targetList")) else None


def _from(select: Json) -> Name:
    return of_relation(msgspec.convert(select["fromClause"][0]["RangeVar"], RangeVar))


def _is_star(targets: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether a list of targets is `*`."""
    if not isinstance(targets, list) or len(targets) != 1:
        return False
    fields = targets[0].get("ResTarget", {}).get("val", {}).get("ColumnRef", {}).get("fields", [])
    return bool(fields) and "A_Star" in fields[-1]
