"""Reading code: procedures that a migration makes and calls, and SQL that it puts together.

MySQL has no ADD COLUMN IF NOT EXISTS, so people ask information_schema in a procedure, or choose
the text of a PREPARE by it. Whatever the conditions say, each statement is judged as if it ran.
Sources: MySQL manual, 15.6 "Compound Statement Syntax", 15.5 "Prepared Statements"; MariaDB,
"BEGIN NOT ATOMIC", "EXECUTE IMMEDIATE", "SET STATEMENT".
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from msgspec import structs

from cdkit.migrations import operation as op
from cdkit.migrations.mysql.commands import called, unread
from cdkit.migrations.mysql.texts import as_setting, either, prepared, texts_of
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.reading.cursor import said
from cdkit.migrations.reading.scan import Token, scan
from cdkit.migrations.replay import apply
from cdkit.migrations.schema import Schema
from cdkit.migrations.statement import Statement

Refine = Callable[[Operation, Schema], tuple[Operation, ...]]

_DEPTH = 5
"""How many calls deep bodies are read: a procedure that calls itself ends here, unread."""
_ABOUT_WORDS = """
    LANGUAGE SQL NOT DETERMINISTIC CONTAINS NO READS MODIFIES DATA SECURITY DEFINER INVOKER COMMENT
"""
_ABOUT = frozenset(_ABOUT_WORDS.split())
_QUIET_WORDS = """
    LEAVE ITERATE OPEN CLOSE FETCH RETURN SIGNAL RESIGNAL GET UNTIL SELECT END DECLARE
"""
_QUIET = frozenset(_QUIET_WORDS.split())
_OPENING = frozenset({"BEGIN", "ELSE", "LOOP", "REPEAT"})
_LOOPING = frozenset({"LOOP", "REPEAT", "WHILE"})
_ASKING = {"IF": "THEN", "ELSEIF": "THEN", "WHEN": "THEN", "WHILE": "DO"}
_GOING_ON = frozenset({"ELSEIF", "WHEN"})
"""What asks within a block that is open."""


class _UnreadError(Exception):
    """Something stands in the code that nothing here can read."""


def refined(operation: Operation, schema: Schema, refine: Refine) -> tuple[Operation, ...]:
    """Return what code does that a migration made, or puts together from constants."""
    match operation:
        case op.SetVariable():
            return (_remembered(operation, schema),)
        case op.Call():
            return _of_call(operation, schema, refine)
        case op.Unread(statement=statement) if statement.kind == "EXECUTE":
            return _of_execute(operation, schema, refine)
        case op.Unread(statement=statement) if statement.kind == "SET":
            return _of_settings(operation, schema, refine)
        case op.Unread():
            return _of_block(operation, schema, refine)
        case _:
            return (operation,)


def _of_call(call: op.Call, schema: Schema, refine: Refine) -> tuple[Operation, ...]:
    """Return what a procedure does that a migration made; the call itself where none did."""
    found = schema.thing(Name("", call.functions[0])) if len(call.functions) == 1 else None
    depth = int(schema.settings.get(_CALLS, "0"))
    if found is None or found.kind != "procedure" or not found.body or depth >= _DEPTH:
        return (call,)
    there = schema.copy()
    there.settings[_CALLS] = str(depth + 1)
    tokens = _without_head(scan(found.body.encode(), sqlite=False))
    return _run(tokens, call.statement, there, refine) if tokens else (call,)


_CALLS = "calls of procedures"


def _of_block(block: op.Unread, schema: Schema, refine: Refine) -> tuple[Operation, ...]:
    """Return what BEGIN NOT ATOMIC … END of MariaDB does."""
    tokens = scan(block.statement.node, sqlite=False)
    return _run(tokens, block.statement, schema.copy(), refine)


def _of_settings(written: op.Unread, schema: Schema, refine: Refine) -> tuple[Operation, ...]:
    """Return what SET STATEMENT name = value, … FOR statement of MariaDB does.

    The settings hold for that statement alone: they are set before it, and set back behind it.
    """
    statement = written.statement
    tokens = scan(statement.node, sqlite=False)
    end = next((at for at, token in enumerate(tokens) if token.up == "FOR"), len(tokens))
    if [token.up for token in tokens[:2]] != ["SET", "STATEMENT"] or end + 1 >= len(tokens):
        return (written,)
    set_ = [*_inner(f"SET {said(tokens[2:end])}", statement)]
    if not all(isinstance(each, op.SetVariable) for each in set_):
        return (written,)
    back = [
        structs.replace(each, value=schema.settings.get(each.name, "") or "DEFAULT")
        for each in set_
        if isinstance(each, op.SetVariable)
    ]
    inner = _inner(said(tokens[end + 1 :]), statement)
    return tuple(_applied([*set_, *inner, *back], schema.copy(), refine))


def _of_execute(execute: op.Unread, schema: Schema, refine: Refine) -> tuple[Operation, ...]:
    """Return what each text does that an EXECUTE may run; itself where not all are known."""
    statement = execute.statement
    texts = prepared(scan(statement.node, sqlite=False), schema.settings)
    if texts is None:
        return (execute,)
    there = schema.copy()
    done: list[Operation] = []
    for text in texts:
        pieces = [*_pieces(scan(text.encode(), sqlite=False))]
        # What could run code of its own, or change what the next text is made of.
        if len(pieces) > 1 or (pieces and pieces[0][0].up in _NOT_PREPARED):
            return (execute,)
        for piece in pieces:
            inner = _inner(said(piece), statement)
            done += _applied(inner, there, refine, maybe=len(texts) > 1)
    return tuple(done) or (op.Harmless(statement=statement, at=statement.start),)


_NOT_PREPARED = frozenset({"PREPARE", "EXECUTE", "CALL", "SET", "BEGIN"})


def _without_head(tokens: list[Token]) -> list[Token]:
    """Return a body without its arguments and what is said about it."""
    depth = 0
    for number, token in enumerate(tokens):
        depth += (token.up == "(") - (token.up == ")")
        if depth == 0 and token.up != ")" and token.up not in _ABOUT and token.kind != "string":
            return tokens[number:]
    return []


def _run(
    tokens: list[Token], statement: Statement, there: Schema, refine: Refine
) -> tuple[Operation, ...]:
    """Return what code does, statement by statement; `there` is changed by it."""
    done: list[Operation] = []
    blocks: list[str] = []
    loops = any(one.up in _LOOPING and two.up != "(" for one, two in pairwise(tokens))
    handled = any(token.up == "HANDLER" for token in tokens)
    try:
        for piece in _pieces(tokens):
            asked = [*blocks]
            for each in _of_piece(piece, statement, blocks):
                maybe = loops or handled or not {*asked, *blocks} <= {"BEGIN"}
                done += _applied([each], there, refine, maybe=maybe, loops=loops)
        if blocks:
            raise _UnreadError("this code ends before its blocks do")  # noqa: TRY301 - as a reader has it
    except _UnreadError as fault:
        done.append(unread(statement, str(fault)))
    return tuple(done) or (op.Harmless(statement=statement, at=statement.start),)


def _applied(
    operations: Sequence[Operation],
    there: Schema,
    refine: Refine,
    *,
    maybe: bool = False,
    loops: bool = False,
) -> Iterator[Operation]:
    """Yield what operations come to, each applied.

    What is done `maybe` keeps the texts of a variable, and makes only what is not there already.
    Where code `loops`, what it sets at its end may be what it runs at its beginning.
    """
    for written in operations:
        for each in refine(_perhaps(written) if maybe else written, there):
            done: Operation = each
            if isinstance(each, op.SetVariable) and maybe:
                value = "" if loops else either(there.settings.get(each.name), each.value)
                done = structs.replace(each, value=value)
            apply(there, done)
            yield done


def _perhaps(operation: Operation) -> Operation:
    """Return an operation that makes what it makes if that is not there."""
    parts = _parts(operation, _perhaps)
    if isinstance(operation, op.CreateTable | op.AddColumn):
        return structs.replace(operation, if_not_exists=True, **parts)
    return structs.replace(operation, **parts) if parts else operation


def _pieces(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Split code at its semicolons."""
    piece: list[Token] = []
    for token in tokens:
        if token.up != ";":
            piece.append(token)
        elif piece:
            yield piece
            piece = []
    if piece:
        yield piece


def _of_piece(piece: list[Token], statement: Statement, blocks: list[str]) -> Iterator[Operation]:
    """Read what stands up to a semicolon: the words that open blocks, and one statement.

    `blocks` are those that are open.
    """
    asked: list[Token] = []
    handles = False
    while piece:
        word = piece[0].up
        if len(piece) > 1 and piece[1].up == ":":
            piece = piece[2:]
        elif word in _OPENING:
            blocks += [] if word == "ELSE" else ["HANDLER" if handles else word]
            piece = piece[3 if [x.up for x in piece[1:3]] == ["NOT", "ATOMIC"] else 1 :]
        elif word in _ASKING:
            end = _end_of(piece, _ASKING[word])
            blocks += [] if word in _GOING_ON else [word]
            asked += piece[1:end]
            piece = piece[end + 1 :]
        elif word == "CASE":
            end = _end_of(piece[1:], "WHEN") + 1
            blocks += [word]
            asked += piece[1:end]
            piece = piece[end:]
        elif word == "DECLARE" and any(each.up == "HANDLER" for each in piece):
            piece, handles = _handled(piece), True
        else:
            break
    if handles and piece and piece[0].up == "SET":
        raise _UnreadError("a handler in this code sets a variable")
    if functions := called(asked):
        yield op.Call(statement=statement, at=statement.start, functions=functions)
    if piece:
        yield from _of_statement(piece, statement, blocks)


def _end_of(piece: list[Token], word: str) -> int:
    """Return where a condition ends."""
    cases = 0
    for at, token in enumerate(piece):
        cases += (token.up == "CASE") - (token.up == "END")
        if token.up == word and cases == 0:
            return at
    raise _UnreadError("a condition in this code cannot be read")


def _handled(piece: list[Token]) -> list[Token]:
    """Return what a handler does: what follows its conditions."""
    at = next((n for n, token in enumerate(piece) if token.up == "FOR"), len(piece)) + 1
    if at > len(piece):
        raise _UnreadError("a handler in this code does not say what it is for")
    between = {"SQLEXCEPTION", "SQLWARNING", "NOT", "FOUND", "SQLSTATE", "VALUE", ","}
    while at < len(piece) and (piece[at].up in between or piece[at].kind in {"string", "number"}):
        at += 1
    return piece[at:]


def _of_statement(
    piece: list[Token], statement: Statement, blocks: list[str]
) -> Iterator[Operation]:
    word = piece[0].up
    if word in {"END", "UNTIL"}:
        if not blocks:
            raise _UnreadError("this code ends a block that nothing opened")
        blocks.pop()
    if word == "SET" and piece[1:2] and piece[1].kind != "variable":
        # A variable of the code, which no name of the server's is: what counts is what it calls.
        word = "SELECT" if not _is_of_the_server(piece[1].up) else word
    if word in _QUIET:
        yield op.Call(statement=statement, at=statement.start, functions=called(piece))
        for token in _given(piece):
            name = token.text.lower()
            yield op.SetVariable(statement=statement, at=statement.start, name=name, value="")
        return
    yield from _inner(said(piece), statement)


def _is_of_the_server(word: str) -> bool:
    return word in {"GLOBAL", "SESSION", "LOCAL", "PERSIST", "NAMES", "PASSWORD", "SQL_MODE"}


def _given(piece: list[Token]) -> list[Token]:
    """Return the session's variables that a query or FETCH fills."""
    into = next((at for at, token in enumerate(piece) if token.up == "INTO"), len(piece))
    return [token for token in piece[into:] if token.kind == "variable"]


def _inner(sql: str, statement: Statement) -> tuple[Operation, ...]:
    """Return what a statement does that stands in code: its place is that of what runs the code."""
    from cdkit.migrations.mysql.read import operations  # which reads what calls this

    node = sql.encode()
    kind = sql.split(maxsplit=1)[0].upper() if sql.strip() else ""
    start, end = statement.start, statement.start + len(node)
    inner = Statement(text=statement.text, kind=kind, node=node, start=start, end=end)
    found = operations(inner)  # whose places are in the node
    inner.end, inner.base = statement.end, -1
    return tuple(_placed(each) for each in found)


def _placed(operation: Operation) -> Operation:
    """Return an operation, and those that are parts of it, at the start of their statement."""
    return structs.replace(operation, at=operation.statement.start, **_parts(operation, _placed))


def _parts(
    operation: Operation, change: Callable[[Operation], Operation]
) -> dict[str, tuple[Operation, ...]]:
    """Return the fields of an operation that hold others, which are changed."""
    return {
        name: tuple(change(each) for each in value)
        for name in operation.__struct_fields__
        if isinstance(value := getattr(operation, name), tuple)
        and value
        and all(isinstance(each, Operation) for each in value)
    }


def _remembered(given: op.SetVariable, schema: Schema) -> op.SetVariable:
    """Return a variable, or a prepared statement, with the texts that it may hold by now."""
    texts = texts_of(scan(given.value.encode(), sqlite=False), schema.settings)
    return structs.replace(given, value=as_setting(texts))
