"""Reading code: DO blocks, and the bodies of functions that a migration calls."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct, structs

from cdkit.core.doors import pg_query
from cdkit.core.doors.pg_query import GrammarFault
from cdkit.migrations import operation as op
from cdkit.migrations.branch import Branch, Guard
from cdkit.migrations.operation import Operation
from cdkit.migrations.permit import PERHAPS
from cdkit.migrations.postgres.asks import borne, caught, guards_of, is_undone, straight, told_by
from cdkit.migrations.postgres.code import options_of
from cdkit.migrations.postgres.folding import ANY, constants, fold, loops, shape
from cdkit.migrations.postgres.parser import statements_of
from cdkit.migrations.postgres.remedy import REMEDY
from cdkit.migrations.postgres.tree import Json, Node
from cdkit.migrations.schema import Routine
from cdkit.migrations.statement import Statement

Reader = Callable[[Statement], Iterable[Operation]]

_DYNAMIC = frozenset({"PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors"})
_LOOPS = frozenset(
    f"PLpgSQL_stmt_{each}" for each in ("loop", "while", "fori", "fors", "forc", "foreach_a")
)
_SELECT = b"SELECT "
_FULL = 0
"""`parseMode` of an embedded statement (PostgreSQL's RawParseMode); others are expressions."""


class _Do(Struct, frozen=True):
    args: tuple[Node, ...] = ()


class _Embedded(Struct, frozen=True, kw_only=True):
    """A piece of SQL inside a block: the statement, or what makes one as it runs."""

    query: str
    whole: bool
    dynamic: bool = False


class _Part(Struct, frozen=True, kw_only=True):
    """Where a part of a block begins or ends that may not run, or is undone.

    What `bears` these errors does nothing where one of its statements fails with one of them. For
    `side` and `decides` see `Branch`.
    """

    begins: bool
    guards: tuple[Guard, ...] = ()
    side: int = -1
    decides: bool = False
    undone: bool = False
    bears: frozenset[str] = frozenset()


def _unread(statement: Statement, what: str) -> Operation:
    return op.Unread(statement=statement, at=statement.start, what=what, remedy=REMEDY)


def do_block(statement: Statement, read: Reader) -> Iterator[Operation]:
    """Read a DO block: the statements in it are judged, whatever the conditions around them say.

    Code that puts SQL together as it runs, or that is in another language, is Unread.
    """
    options = options_of(statement.read(_Do).args)
    body, language = options.get("as", ""), options.get("language", "plpgsql").lower()
    if language != "plpgsql":
        yield _unread(statement, f"a DO block in {language} cannot be read")
        return
    yield from _pieces(statement, read, f"DO {_in_dollars(body)}", "this DO block")


def routine_body(routine: Routine, statement: Statement, read: Reader) -> Iterator[Operation]:
    """Read what a function does that a statement calls: its body, whatever it is called with."""
    language = routine.function.language.lower()
    if language == "sql" and routine.body:
        yield from _of_sql(routine, statement, read)
    elif language == "plpgsql" and routine.body:
        takes = ", ".join(f'"{x.name or f"a{n}"}" {x.type}'
                          for n, x in enumerate(routine.function.arguments))  # fmt: skip
        returns = routine.function.returns
        made = f"FUNCTION cdkit({takes}) RETURNS {returns}" if returns else f"PROCEDURE f({takes})"
        sql = f"CREATE {made} LANGUAGE plpgsql AS {_in_dollars(routine.body)}"
        yield from _pieces(statement, read, sql, "a function that this calls")
    else:
        yield _unread(statement, f"a function in {language} cannot be read")


def _of_sql(routine: Routine, statement: Statement, read: Reader) -> Iterator[Operation]:
    try:
        parsed = statements_of(routine.body.encode())
    except (GrammarFault, RecursionError, ValueError):
        yield _unread(statement, "the code of a function that this calls cannot be read")
        return
    for kind, node in parsed:
        yield from read(_inside(statement, kind, node))


def _inside(statement: Statement, kind: str, node: bytes) -> Statement:
    """Return what the code of a statement runs: it stands where that does."""
    return Statement(
        text=statement.text,
        kind=kind,
        node=node,
        start=statement.start,
        end=statement.end,
        base=-1,
    )


def _in_dollars(body: str) -> str:
    tag = "$cdkit$"
    while tag in body:
        tag = f"$c{tag[1:]}"
    return f"{tag}{body}{tag}"


def _pieces(statement: Statement, read: Reader, sql: str, what: str) -> Iterator[Operation]:
    """Read a block of PL/pgSQL; what its statements do tells which errors it may bear."""
    done = list(_each_piece(statement, read, sql, what))
    for index, each in enumerate(done):
        if not isinstance(each, Branch) or not each.bears:
            yield each
            continue
        guards = borne(done[index + 1], each.bears)
        yield structs.replace(each, guards=guards, bears=())


def _each_piece(statement: Statement, read: Reader, sql: str, what: str) -> Iterator[Operation]:
    """Read each statement and expression in a block of PL/pgSQL."""
    try:
        tree = msgspec.json.decode(pg_query.parse_plpgsql(sql.encode()))
        pieces, known, each = tuple(_embedded(tree)), constants(tree), tuple(loops(tree))
    except (GrammarFault, msgspec.DecodeError, RecursionError):
        yield _unread(statement, f"the code of {what} cannot be read")
        return
    position = statement.start
    for piece in pieces:
        if isinstance(piece, _Part):
            yield _branch(statement, piece, begins=piece.begins)
            continue
        found = [
            _inner(statement, piece, position, values) for values in _rounds(known, each, piece)
        ]
        for inner in found:
            shaped = _shaped(statement, piece, known) if inner is None else None
            for made in shaped or ():
                yield from read(made)
            if inner is None and shaped is not None:
                continue
            if inner is None:
                said = "the SQL of an EXECUTE is put together as it runs"
                yield _unread(statement, said if piece.dynamic else "this code cannot be read")
                continue
            position = max(position, inner.end if inner.base >= 0 else position)
            yield from _run(inner, read, expression=not piece.whole)


def _branch(statement: Statement, part: _Part, *, begins: bool) -> Operation:
    return Branch(
        statement=statement,
        at=statement.start,
        begins=begins,
        guards=part.guards if begins else (),
        side=part.side,
        decides=part.decides,
        undone=part.undone,
        bears=tuple(sorted(part.bears)) if begins else (),
    )


def _shaped(
    statement: Statement, piece: _Embedded, known: Mapping[str, str]
) -> tuple[Statement, ...] | None:
    """Return statements that are known but for a name or a text, where that tells what they do.

    They give rights, or a comment, to whatever it is, or make a table of any name.
    """
    sql = shape(piece.query, known) if piece.dynamic else None
    try:
        parsed = statements_of(sql.encode()) if sql else []
    except (GrammarFault, RecursionError, ValueError):
        return None
    found = [_inside(statement, kind, node) for kind, node in parsed]
    return tuple(found) if found and all(map(_is_plain, found)) else None


def _is_plain(made: Statement) -> bool:
    kind, node = made.kind, made.node
    gives = kind == "GrantStmt" and b'"is_grant":true' in node
    names = b'"relation":{"relname":"%s"' % ANY.encode() in node
    return gives or kind == "CommentStmt" or (kind == "CreateStmt" and names)


_ROUNDS = 100
"""How many rounds of a loop over constants are worked out."""


def _rounds(
    known: dict[str, str], loops: tuple[tuple[str, tuple[str, ...]], ...], piece: _Embedded
) -> list[dict[str, str]]:
    """Return the values of variables for each round of the loop that a dynamic piece is in."""
    if not piece.dynamic or fold(piece.query, known) is not None:
        return [known]
    for name, values in loops:
        rounds = [{**known, name: value} for value in values[:_ROUNDS]]
        if len(values) <= _ROUNDS and all(fold(piece.query, one) is not None for one in rounds):
            return rounds
    return [known]


def _run(inner: Statement, read: Reader, *, expression: bool) -> Iterator[Operation]:
    for operation in read(inner):
        if isinstance(operation, op.ChangeRole) and operation.action == "CREATE ROLE":
            # There is no IF NOT EXISTS for it: a block asks first, or bears the error.
            yield structs.replace(operation, values=(PERHAPS,))
        elif not expression or isinstance(operation, op.Call | op.Unread):
            yield operation


def _embedded(node: Any) -> Iterator[_Embedded | _Part]:  # noqa: ANN401 - JSON
    """Yield every expression and statement in a PL/pgSQL tree, in the order of the code."""
    if isinstance(node, list):
        told: dict[str, str] = {}
        for each in node:
            asks = isinstance(each, dict) and "PLpgSQL_stmt_if" in each
            yield from _either(each["PLpgSQL_stmt_if"], told) if asks else _embedded(each)
            # What is told may be another thing once something was done.
            more = told_by(each) if isinstance(each, dict) else {}
            told = told | more if more else {}
        return
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key in _DYNAMIC or (key == "dynquery" and value):
            inner = value.get("query", value) if key in _DYNAMIC else value
            query = inner.get("PLpgSQL_expr", {}).get("query", "")
            yield _Embedded(query=query, whole=True, dynamic=True)
            yield from _in_a_loop({k: v for k, v in value.items() if k in {"body", "params"}})
        elif key in _LOOPS:
            yield from _in_a_loop(value)
        elif key == "PLpgSQL_expr":
            query, mode = value.get("query", ""), value.get("parseMode", _FULL)
            yield _Embedded(query=query, whole=mode == _FULL)
        elif key == "PLpgSQL_stmt_block" and "exceptions" in value:
            yield from _trying(value)
        elif key != "datums":
            yield from _embedded(value)
        else:
            yield from _embedded([each for each in value if "default_val" in str(each)])


def _in_a_loop(node: Json) -> Iterator[_Embedded]:
    """Yield what a loop does, whatever it asks: one round changes what the next one finds."""
    yield from (each for each in _embedded(node) if isinstance(each, _Embedded))


def _either(value: Json, told: Mapping[str, str]) -> Iterator[_Embedded | _Part]:
    """Yield an IF: what it asks for, then each side in a part of its own.

    `told` are values of variables, as SQL. A side runs where none before it does.
    """
    others = [each.get("PLpgSQL_if_elsif", {}) for each in value.get("elsif_list", [])]
    sides = [(value.get("cond", {}), value.get("then_body", []))]
    sides += [(each.get("cond", {}), each.get("stmts", [])) for each in others]
    for condition, _ in sides:
        yield from _embedded(condition)
    refused: tuple[Guard, ...] = ()
    for number, (condition, body) in enumerate((*sides, ({}, value.get("else_body", [])))):
        query = condition.get("PLpgSQL_expr", {}).get("query", "")
        guards = guards_of(query, told) if query else ()
        begin = _Part(begins=True, guards=(*refused, *guards), side=number, decides=bool(guards))
        yield from _part(body, begin)
        if len(guards) == 1:  # of several that must hold, nobody knows which one does not
            refused += (structs.replace(guards[0], there=not guards[0].there),)


def _trying(value: Json) -> Iterator[_Embedded | _Part]:
    """Yield a block that bears errors: what they undo in a part of its own."""
    errors, body = caught(value), value.get("body", [])
    plain = straight(value)
    undone = plain and is_undone(value, errors)
    bears = errors if plain and not undone else frozenset[str]()
    yield from _part(body, _Part(begins=True, undone=undone, bears=bears))
    yield from _embedded({k: v for k, v in value.items() if k != "body"})


def _part(body: Any, begin: _Part) -> Iterator[_Embedded | _Part]:  # noqa: ANN401 - JSON
    if begin == _Part(begins=True):
        yield from _embedded(body)
        return
    yield begin
    yield from _embedded(body)
    yield structs.replace(begin, begins=False)


def _inner(
    statement: Statement, piece: _Embedded, position: int, known: Mapping[str, str]
) -> Statement | None:
    """Return the statement inside a block, placed in the file where its text is found there."""
    sql = fold(piece.query, known) if piece.dynamic else piece.query
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
