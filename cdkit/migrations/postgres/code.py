"""Reading statements that hold code: DO, CREATE FUNCTION, CALL, and SELECT for what it calls."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from cdkit.core.doors import pg_query
from cdkit.core.doors.pg_query import GrammarFault
from cdkit.migrations import operation as op
from cdkit.migrations.operation import Operation
from cdkit.migrations.postgres.commands import written_in
from cdkit.migrations.postgres.names import of_relation, of_words
from cdkit.migrations.postgres.parser import statements_of
from cdkit.migrations.postgres.remedy import REMEDY
from cdkit.migrations.postgres.tree import Json, Node, RangeVar, calls, literal, words
from cdkit.migrations.statement import Statement

Reader = Callable[[Statement], Iterable[Operation]]

_DYNAMIC = frozenset({"PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors"})
_SELECT = b"SELECT "
_FULL = 0
"""`parseMode` of an embedded statement (PostgreSQL's RawParseMode); others are expressions."""


class _Do(Struct, frozen=True):
    args: tuple[Node, ...] = ()


class _Function(Struct, frozen=True):
    funcname: tuple[Node, ...]
    options: tuple[Node, ...] = ()
    replace: bool = False
    is_procedure: bool = False


class _Select(Struct, frozen=True, rename={"into": "intoClause", "cte": "withClause"}):
    into: Json | None = None
    cte: Json | None = None
    targetList: tuple[Json, ...] = ()  # noqa: N815 - PostgreSQL's own name


class _Embedded(Struct, frozen=True, kw_only=True):
    """A piece of SQL inside a block: the statement, or what makes one as it runs."""

    query: str
    whole: bool
    dynamic: bool = False


def _unread(statement: Statement, what: str) -> Operation:
    return op.Unread(statement=statement, at=statement.start, what=what, remedy=REMEDY)


def _options(given: tuple[Node, ...]) -> dict[str, str]:
    """Return the options of a function or block that are texts: `language`, `as`."""
    found: dict[str, str] = {}
    for option in (node.option for node in given if node.option):
        if option.arg and option.arg.string:
            found[option.defname] = option.arg.string.sval
        elif option.arg and option.arg.items:
            found[option.defname] = "\n".join(words(option.arg.items.items))
    return found


def create_function(statement: Statement) -> Iterator[Operation]:
    """Read CREATE FUNCTION and PROCEDURE: the body runs when somebody calls it, not now."""
    made = statement.read(_Function)
    yield op.CreateObject(
        statement=statement,
        at=statement.start,
        kind="procedure" if made.is_procedure else "function",
        name=of_words(words(made.funcname)),
        replace=made.replace,
        body=_options(made.options).get("as", ""),
    )


def select(statement: Statement) -> Iterator[Operation]:
    """Read SELECT: harmless but for INTO, set_config(), writes in its WITH, and what it calls."""
    query = statement.read(_Select)
    where: dict[str, Any] = {"statement": statement, "at": statement.start}
    if query.into:
        relation = msgspec.convert(query.into.get("rel", {}), RangeVar)
        yield op.CreateTable(**where, table=of_relation(relation), columns_known=False)
    for target in query.targetList:
        if found := _set_config(target):
            yield op.SetVariable(**where, name=found[0], value=found[1], local=found[2])
    yield from written_in(statement, query.cte)
    called = calls(msgspec.json.decode(statement.node))
    yield op.Call(**where, functions=called)


def _set_config(target: Json) -> tuple[str, str, bool] | None:
    call = target.get("ResTarget", {}).get("val", {}).get("FuncCall", {})
    names = [part.get("String", {}).get("sval") for part in call.get("funcname", [])]
    values = [literal(argument) for argument in call.get("args", [])]
    if names[-1:] != ["set_config"] or len(values) != 3 or values[0] is None:
        return None
    return values[0].lower(), values[1] or "", values[2] == "true"


def call(statement: Statement) -> Iterator[Operation]:
    """Read CALL: what a procedure does, its body alone knows."""
    tree = msgspec.json.decode(statement.node)
    name = calls({"FuncCall": tree.get("funccall", {})})
    yield op.Call(statement=statement, at=statement.start, functions=name, procedure=True)


def do_block(statement: Statement, read: Reader) -> Iterator[Operation]:
    """Read a DO block: the statements in it are judged, whatever the conditions around them say.

    Code that puts SQL together as it runs, or that is in another language, is Unread.
    """
    options = _options(statement.read(_Do).args)
    body, language = options.get("as", ""), options.get("language", "plpgsql").lower()
    if language != "plpgsql":
        yield _unread(statement, f"a DO block in {language} cannot be read")
        return
    try:
        pieces = tuple(_embedded(_plpgsql(body)))
    except (GrammarFault, msgspec.DecodeError, RecursionError):
        yield _unread(statement, "the code of this DO block cannot be read")
        return
    position = statement.start
    for piece in pieces:
        inner = _inner(statement, piece, position)
        if inner is None:
            what = "the SQL of an EXECUTE is put together as it runs"
            yield _unread(statement, what if piece.dynamic else "this code cannot be read")
            continue
        position = max(position, inner.end if inner.base >= 0 else position)
        yield from _run(inner, read, expression=not piece.whole)


def _run(inner: Statement, read: Reader, *, expression: bool) -> Iterator[Operation]:
    for operation in read(inner):
        if not expression or isinstance(operation, op.Call | op.Unread):
            yield operation


def _plpgsql(body: str) -> Any:  # noqa: ANN401 - JSON
    if len(body.encode()) > pg_query.SAFE_LENGTH:
        raise GrammarFault("too long", 0)
    tag = "$cdkit$"
    while tag in body:
        tag = f"$c{tag[1:]}"
    tree = pg_query.parse_plpgsql(f"DO {tag}{body}{tag}".encode())
    return msgspec.json.decode(tree)


def _embedded(node: Any) -> Iterator[_Embedded]:  # noqa: ANN401 - JSON
    """Yield every expression and statement in a PL/pgSQL tree, in the order of the code."""
    if isinstance(node, list):
        for each in node:
            yield from _embedded(each)
        return
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key in _DYNAMIC or (key == "dynquery" and value):
            inner = value.get("query", value) if key in _DYNAMIC else value
            query = inner.get("PLpgSQL_expr", {}).get("query", "")
            yield _Embedded(query=query, whole=True, dynamic=True)
            yield from _embedded({k: v for k, v in value.items() if k in {"body", "params"}})
        elif key == "PLpgSQL_expr":
            query, mode = value.get("query", ""), value.get("parseMode", _FULL)
            yield _Embedded(query=query, whole=mode == _FULL)
        elif key != "datums":
            yield from _embedded(value)
        else:
            yield from _embedded([each for each in value if "default_val" in str(each)])


def _inner(statement: Statement, piece: _Embedded, position: int) -> Statement | None:
    """Return the statement inside a block, placed in the file where its text is found there."""
    sql = _constant(piece.query) if piece.dynamic else piece.query
    if sql is None:
        return None
    written = sql.encode()
    start = _start(statement, written, position)
    parsed = written if piece.whole else _SELECT + (written.partition(b":=")[2] or written)
    try:
        ((kind, node),) = statements_of(parsed)
    except (GrammarFault, RecursionError, ValueError):
        return None
    here = start > 0
    return Statement(
        text=statement.text,
        kind=kind,
        node=node,
        start=start if here else statement.start,
        end=start + len(written) if here else statement.end,
        base=start if here and piece.whole else -1,
    )


def _start(statement: Statement, written: bytes, position: int) -> int:
    """Return the byte where a piece of code stands in the file; 0 where it is not found.

    PL/pgSQL hands `PERFORM f()` on as `SELECT f()`: there the byte seven before it counts.
    """
    data, end = statement.text.data, statement.end
    if (found := data.find(written, position, end)) >= 0:
        return found
    rest = written.removeprefix(_SELECT)
    found = data.find(rest, position, end) if rest != written else -1
    return found - len(_SELECT) if found >= len(_SELECT) else 0


def _constant(query: str) -> str | None:
    """Return the SQL that an EXECUTE runs where that is a plain text, else None."""
    try:
        (kind, node), *_ = statements_of(_SELECT + query.encode())
        targets = msgspec.json.decode(node, type=_Select).targetList
    except (GrammarFault, RecursionError, ValueError):
        return None
    if kind != "SelectStmt" or len(targets) != 1:
        return None
    return literal(targets[0].get("ResTarget", {}).get("val"))
