"""Reading CREATE VIEW, CREATE MATERIALIZED VIEW and CREATE TABLE AS: what a query shows."""

import functools
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct, field, structs

from cdkit.migrations import operation as op
from cdkit.migrations.lazy import pattern
from cdkit.migrations.nouns import Name, Query
from cdkit.migrations.operation import Operation
from cdkit.migrations.postgres.names import of_relation
from cdkit.migrations.postgres.objects import at_start, options_on
from cdkit.migrations.postgres.prints import placeless
from cdkit.migrations.postgres.tree import Node, RangeVar, Word, words
from cdkit.migrations.statement import Statement

_MORE = ("whereClause", "groupClause", "havingClause", "distinctClause", "limitCount",
         "limitOffset", "withClause", "windowClause", "larg")  # fmt: skip


Select = dict[str, Raw]
"""A `SelectStmt`, whose parts are JSON still."""


class _View(Struct, frozen=True):
    view: RangeVar
    query: dict[str, Select]
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
    query: dict[str, Select] = {}
    objtype: str = ""
    if_not_exists: bool = False


class _Cast(Struct, frozen=True):
    arg: "_Shown"


class _Column(Struct, frozen=True):
    fields: tuple[Word, ...] = ()
    """The parts of a name; one that is no `String` is an `A_Star`."""


class _Called(Struct, frozen=True):
    names: tuple[Word, ...] = field(name="funcname", default=())


class _Shown(Struct, frozen=True):
    """What a column of a result is made from, as far as that names it."""

    cast: _Cast | None = field(name="TypeCast", default=None)
    column: _Column | None = field(name="ColumnRef", default=None)
    called: _Called | None = field(name="FuncCall", default=None)
    coalesce: Any = field(name="CoalesceExpr", default=None)


class _Result(Struct, frozen=True):
    name: str = ""
    val: Raw = Raw(b"{}")


class _Target(Struct, frozen=True):
    target: _Result = field(name="ResTarget")


def create_view(statement: Statement) -> Iterator[Operation]:
    """Read CREATE VIEW."""
    node = placeless(statement.node)
    made = msgspec.json.decode(node, type=_View)
    checked = ("check_option",) if made.withCheckOption != "NO_CHECK_OPTION" else ()
    query = _query(node, made.query, words(made.aliases))
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
    node = placeless(statement.node)
    made = msgspec.json.decode(node, type=_TableAs)
    named = of_relation(made.into.rel)
    if made.objtype == "OBJECT_MATVIEW":
        aliases = words(made.into.colNames)
        query = _query(node, made.query, aliases, empty=made.into.skipData)
        yield op.CreateObject(
            **at_start(statement), kind="materialized view", name=named, query=query
        )
    else:
        yield op.CreateTable(
            **at_start(statement),
            table=named,
            if_not_exists=made.if_not_exists,
            columns_known=False,
            reads=() if made.into.skipData else _sources(node),
        )


@functools.cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:  # noqa: ANN401 - a type, be it an alias
    """Return what decodes a type that is no struct, which is dear to make."""
    return msgspec.json.Decoder(kind)


_FILTERS = ("whereClause", "havingClause", "limitCount", "limitOffset")


def _query(
    node: bytes, query: dict[str, Select], aliases: tuple[str, ...], *, empty: bool = False
) -> Query | None:
    """Return what a query shows; None where its columns cannot be told.

    It has no places, so that what is written of it is its fingerprint.
    """
    first = select = query.get("SelectStmt", {})
    while "larg" in first:
        first = _decoder(Select).decode(first["larg"])
    given = _decoder(tuple[_Target, ...]).decode(first.get("targetList", b"[]"))
    targets = [each.target for each in given]
    shown = [msgspec.json.decode(each.val, type=_Shown) for each in targets]
    names = [each.name or _name(value) for each, value in zip(targets, shown, strict=True)]
    names = [*aliases, *names[len(aliases) :]]
    if not names or "" in names:
        return None
    # Which rows there are depends on their order only where some are left out by it.
    apart = {"targetList"} if select.keys() & _BY_ORDER else {"targetList", "sortClause"}
    rest = {key: value for key, value in select.items() if key not in apart}
    sources = _sources(node)
    printed = _bare if len(sources) == 1 else _written
    return Query(
        columns=tuple(names),
        expressions=tuple(printed(each.val) for each in targets),
        rest=_without('"schemaname":', _NAME_AND(), printed(rest)),
        filters=printed([select[each] for each in _FILTERS if each in select]),
        order=printed(select.get("sortClause")),
        sources=sources,
        plain=_is_plain(select, shown),
        empty=empty,
    )


_BY_ORDER = frozenset({"limitCount", "limitOffset", "distinctClause"})
_NAME = r'"(?:[^"\\]|\\.)*"'
_NAME_AND = pattern(_NAME + ",")
_NAME_ALONE = pattern(_NAME + r"\}")
_QUALIFIERS = pattern(r'(?:\{"String":\{"sval":' + _NAME + r'\}\},)+(?=\{"String")')
_RELATION = pattern(rb'"RangeVar":\{((?:(?:,(?!"alias"))?"\w+":(?:"(?:[^"\\]|\\.)*"|\w+))*)')
"""A relation: what stands before the alias that it has there, if it has one."""


def _written(tree: object) -> str:
    return msgspec.json.encode(tree).decode() if tree else ""


def _bare(tree: object) -> str:
    """Return the fingerprint of what asks one table alone: how that is called there is nothing."""
    named = _without('"fields":[', _QUALIFIERS(), _written(tree), '"fields":[')
    return _without(',"alias":{"aliasname":', _NAME_ALONE(), named)


def _without(mark: str, behind: re.Pattern[str], text: str, instead: str = "") -> str:
    """Return JSON without a mark and what follows it, wherever both are there.

    A mark with a key in it stands in no string: there, JSON has its quotes escaped.
    """
    head, *rest = text.split(mark)
    kept = [head]
    for each in rest:
        found = behind.match(each)
        kept += (instead, each[found.end() :]) if found else (mark, each)
    return "".join(kept)


def _name(value: _Shown) -> str:
    """Return the name of a column of a result (PostgreSQL's FigureColname), empty if unsure."""
    while value.cast:
        value = value.cast.arg
    if value.column and value.column.fields:
        last = value.column.fields[-1]
        return last.string.sval if last.string else "*"
    if value.called and value.called.names:
        last = value.called.names[-1]
        return last.string.sval if last.string else ""
    return "" if value.coalesce is None else "coalesce"


def _sources(node: bytes) -> tuple[Name, ...]:
    """Return the relations that a query names, wherever in it, in order."""
    named = [b"{%s}" % fields for fields in _RELATION().findall(node)]
    return tuple([of_relation(msgspec.json.decode(each, type=RangeVar)) for each in named])


def _is_plain(select: Select, shown: list[_Shown]) -> bool:
    """Whether it can be written through (PostgreSQL manual, CREATE VIEW, "Updatable Views")."""
    if not all(each.column for each in shown) or not select.keys().isdisjoint(_MORE):
        return False
    froms = _decoder(tuple[Select, ...]).decode(select.get("fromClause", b"[]"))
    return len(froms) == 1 and "RangeVar" in froms[0]
