"""Reading CREATE VIEW, CREATE MATERIALIZED VIEW and CREATE TABLE AS: what a query shows."""

from collections.abc import Iterator
from itertools import islice

import msgspec
from msgspec import Struct, structs

from cdkit.migrations import operation as op
from cdkit.migrations.lazy import pattern
from cdkit.migrations.nouns import Name, Query
from cdkit.migrations.operation import Operation
from cdkit.migrations.postgres.names import of_relation
from cdkit.migrations.postgres.objects import at_start, options_on
from cdkit.migrations.postgres.prints import fingerprint, nodes
from cdkit.migrations.postgres.tree import Json, Node, RangeVar, words
from cdkit.migrations.statement import Statement

_SOURCE = b'"RangeVar":{'
_MORE = ("whereClause", "groupClause", "havingClause", "distinctClause", "limitCount",
         "limitOffset", "withClause", "windowClause", "larg")  # fmt: skip


class _View(Struct, frozen=True):
    view: RangeVar
    query: Json
    replace: bool = False
    aliases: tuple[Node, ...] = ()
    options: tuple[Node, ...] = ()
    withCheckOption: str = "NO_CHECK_OPTION"  # noqa: N815 - PostgreSQL's own name


class _Into(Struct, frozen=True):
    rel: RangeVar
    skipData: bool = False  # noqa: N815 - PostgreSQL's own name
    colNames: tuple[Node, ...] = ()  # noqa: N815 - PostgreSQL's own name


class _TableAs(Struct, frozen=True):
    into: _Into
    query: Json = {}
    objtype: str = ""
    if_not_exists: bool = False


def create_view(statement: Statement) -> Iterator[Operation]:
    """Read CREATE VIEW."""
    made = statement.read(_View)
    checked = ("check_option",) if made.withCheckOption != "NO_CHECK_OPTION" else ()
    query = _query(statement, made.query, words(made.aliases))
    if query and checked:
        query = structs.replace(query, checks=True)
    yield op.CreateObject(
        **at_start(statement),
        kind="view",
        name=of_relation(made.view),
        replace=made.replace,
        query=query,
        options=options_on(made.options) + checked,
    )


def create_table_as(statement: Statement) -> Iterator[Operation]:
    """Read CREATE TABLE AS and CREATE MATERIALIZED VIEW."""
    made = statement.read(_TableAs)
    named = of_relation(made.into.rel)
    if made.objtype == "OBJECT_MATVIEW":
        aliases = words(made.into.colNames)
        query = _query(statement, made.query, aliases, empty=made.into.skipData)
        yield op.CreateObject(
            **at_start(statement), kind="materialized view", name=named, query=query
        )
    else:
        yield op.CreateTable(
            **at_start(statement),
            table=named,
            if_not_exists=made.if_not_exists,
            columns_known=False,
            reads=() if made.into.skipData else tuple(_sources(made.query.get("SelectStmt", {}))),
        )


_FILTERS = ("whereClause", "havingClause", "limitCount", "limitOffset")


def _query(
    statement: Statement, tree: Json, aliases: tuple[str, ...], *, empty: bool = False
) -> Query | None:
    """Return what a query shows; None where its columns cannot be told."""
    select = tree.get("SelectStmt", {})
    first = select
    while "larg" in first:
        first = first["larg"]
    targets = [each.get("ResTarget", {}) for each in first.get("targetList", [])]
    names = [_name(each) for each in targets]
    names = [*aliases, *names[len(aliases) :]]
    if not names or "" in names:
        return None
    # Which rows there are depends on their order only where some are left out by it.
    apart = {"targetList"} if select.keys() & _BY_ORDER else {"targetList", "sortClause"}
    rest = {key: value for key, value in select.items() if key not in apart}
    # Nobody looks further once all are found: expressions are most of a query.
    sources = tuple(islice(_sources(select), statement.node.count(_SOURCE)))
    printed = _bare if len(sources) == 1 else fingerprint
    return Query(
        columns=tuple(names),
        expressions=tuple(printed(each.get("val")) for each in targets),
        rest=_SCHEMA().sub("", printed(rest)),
        filters=printed([select[each] for each in _FILTERS if each in select]),
        order=printed(select.get("sortClause")),
        sources=sources,
        plain=_is_plain(select, targets),
        empty=empty,
    )


_BY_ORDER = frozenset({"limitCount", "limitOffset", "distinctClause"})
_QUALIFIERS = pattern(
    r'(?<="fields":\[)(?:\{"String":\{"sval":"(?:[^"\\]|\\.)*"\}\},)+(?=\{"String")'
    r'|,"alias":\{"aliasname":"(?:[^"\\]|\\.)*"\}'
)


_SCHEMA = pattern(r'"schemaname":"(?:[^"\\]|\\.)*",')
"""The schema of a relation: within a text, JSON has its quotes escaped."""


def _bare(tree: object) -> str:
    """Return the fingerprint of what asks one table alone: how that is called there is nothing."""
    return _QUALIFIERS().sub("", fingerprint(tree))


def _name(target: Json) -> str:
    """Return the name of a column of a result (PostgreSQL's FigureColname), empty if unsure."""
    if "name" in target:
        return str(target["name"])
    value = target.get("val", {})
    while cast := value.get("TypeCast"):
        value = cast.get("arg", {})
    if fields := value.get("ColumnRef", {}).get("fields"):
        return "*" if "A_Star" in fields[-1] else str(fields[-1].get("String", {}).get("sval", ""))
    if called := value.get("FuncCall", {}).get("funcname"):
        return str(called[-1].get("String", {}).get("sval", ""))
    return "coalesce" if "CoalesceExpr" in value else ""


def _sources(select: Json) -> Iterator[Name]:
    for each in nodes(select, "RangeVar"):
        yield of_relation(msgspec.convert(each, RangeVar))


def _is_plain(select: Json, targets: list[Json]) -> bool:
    """Whether it can be written through (PostgreSQL manual, CREATE VIEW, "Updatable Views")."""
    froms = select.get("fromClause", [])
    one = len(froms) == 1 and "RangeVar" in froms[0]
    bare = all("ColumnRef" in each.get("val", {}) for each in targets)
    return one and bare and not any(key in select for key in _MORE)
