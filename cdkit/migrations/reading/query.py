"""Queries and writes, read by sqlglot: which tables a statement writes, and what it calls.

sqlglot hands back what it cannot read as a `Command`: that is "cannot tell" here, as an error is.
It is imported only where a statement needs it (design: speed).
"""

import logging
from typing import Any

from msgspec import Struct

from cdkit.migrations.nouns import Name

LONGEST = 100_000
"""Bytes of a query beyond which nobody reads it: sqlglot takes seconds for that much."""


class UnreadQueryError(Exception):
    """sqlglot cannot read this: what it says."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Write(Struct, frozen=True, kw_only=True):
    """A write: its verb, the table, whether only some rows are meant, what an UPDATE sets."""

    verb: str
    table: Name
    guarded: bool
    columns: tuple[str, ...] = ()


class Query(Struct, frozen=True, kw_only=True):
    """What a statement writes, and what it calls."""

    writes: tuple[Write, ...] = ()
    calls: tuple[str, ...] = ()


def query(sql: str, dialect: str) -> Query:
    """Read a statement of one of sqlglot's dialects. Raises UnreadQueryError."""
    if len(sql) > LONGEST:
        raise UnreadQueryError("is too long to be read")
    from sqlglot import exp, parse
    from sqlglot.errors import SqlglotError

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    try:
        trees = [tree for tree in parse(sql, read=dialect) if tree is not None]
        found = [_of(tree, exp) for tree in trees]
    except SqlglotError as fault:
        raise UnreadQueryError(_plain(str(fault))) from fault
    except RecursionError as fault:
        raise UnreadQueryError("is nested too deeply to be read") from fault
    if len(found) != 1:
        raise UnreadQueryError("is not one statement")
    return found[0]


class View(Struct, frozen=True, kw_only=True):
    """What a query gives: its columns by name, and which rows, as one text for the same.

    `shown` is what stands for each column, its alias left out, as one text for the same.
    """

    columns: tuple[str, ...]
    rows: str
    shown: tuple[str, ...] = ()


def view(sql: str, dialect: str) -> View | None:
    """Return what a query gives; None where nobody can say."""
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    try:
        tree = parse_one(sql, read=dialect) if len(sql) <= LONGEST else None
    except (SqlglotError, RecursionError):
        return None
    if not isinstance(tree, exp.Query):
        return None
    names = tuple(tree.named_selects)
    if "*" in names or "" in names:
        return None
    _plainly_named(tree, exp)
    parts = (tree.args.get(name) for name in ("from_", "from", "joins", "where", "having", "limit"))
    told = (each if isinstance(each, list) else [each] for each in parts if each)
    rows = " ".join(one.sql(dialect) for each in told for one in each)
    shown = tuple(each.unalias().sql(dialect) for each in tree.selects)
    return View(columns=names, rows=rows, shown=shown)


def _plainly_named(tree: Any, exp: Any) -> None:  # noqa: ANN401 - sqlglot is imported late
    """Say names without quotes, in small letters, and columns without the only table there is."""
    for each in tree.find_all(exp.Identifier):
        each.set("quoted", False)
        each.set("this", each.name.lower())
    if len(list(tree.find_all(exp.Table))) == 1:
        for each in tree.find_all(exp.Column):
            each.set("table", None)


def _plain(message: str) -> str:
    """Return the first line of sqlglot's message, without the colours in it."""
    return message.partition("\n")[0].partition(" Line ")[0].rstrip(".")


def _of(tree: Any, exp: Any) -> Query:  # noqa: ANN401 - sqlglot is imported late
    if any(isinstance(node, exp.Command) for node in tree.walk()):
        raise UnreadQueryError("has a form that nobody here knows")
    writes = []
    for node in tree.find_all(exp.Insert, exp.Update, exp.Delete):
        guarded = isinstance(node, exp.Insert) or bool(
            node.args.get("where") or node.args.get("limit") or _joins(node)
        )
        writes += [
            Write(
                verb=node.key.upper(),
                table=Name(table.db, table.name),
                guarded=guarded,
                columns=_assigned(node, table, exp),
            )
            for table in _targets(node, exp)
        ]
    called = {
        (node.name if isinstance(node, exp.Anonymous) else "").lower()
        for node in tree.find_all(exp.Func)
    }
    return Query(writes=tuple(writes), calls=tuple(sorted(called - {""})))


def _joins(node: Any) -> bool:  # noqa: ANN401 - sqlglot is imported late
    """Whether rows without a match in another table are left alone (`UPDATE a JOIN b ON …`)."""
    joins = [*(node.args.get("joins") or ()), *((node.this and node.this.args.get("joins")) or ())]
    return any(
        (each.args.get("on") or each.args.get("using")) and not each.args.get("side")
        for each in joins
    )


def _assigned(node: Any, table: Any, exp: Any) -> tuple[str, ...]:  # noqa: ANN401 - the same
    """Return the columns of a table that an UPDATE sets; one without a table may be of each."""
    if not isinstance(node, exp.Update):
        return ()
    sides = [each.this for each in node.expressions if isinstance(each, exp.EQ)]
    columns = [side for each in sides for side in each.find_all(exp.Column)]
    mine = {"", table.alias_or_name, table.name}
    return tuple(dict.fromkeys(each.name for each in columns if each.table in mine))


def _targets(node: Any, exp: Any) -> list[Any]:  # noqa: ANN401 - sqlglot is imported late
    """Return the tables that are written: several where it joins, by the alias that it names."""
    tables = {table.alias_or_name: table for table in node.find_all(exp.Table)}
    named = [each.name for each in node.args.get("tables") or ()]
    if isinstance(node, exp.Update):
        set_ = [each.this for each in node.expressions if isinstance(each, exp.EQ)]
        named = [each.table for each in set_ if isinstance(each, exp.Column) and each.table]
    found = [tables[name] for name in dict.fromkeys(named) if name in tables]
    if not found:
        target = node.this.find(exp.Table) if node.this else None
        # DELETE FROM o USING orders AS o: the name is another one's alias.
        found = [tables.get(target.alias_or_name, target)] if target is not None else []
    return found
