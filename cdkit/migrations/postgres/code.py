"""Reading CREATE FUNCTION, CALL, and SELECT for what it calls; DO blocks are in `blocks`."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from cdkit.migrations import operation as op
from cdkit.migrations.nouns import Argument, Function, Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.postgres.commands import read_by, written_in
from cdkit.migrations.postgres.names import of_relation, of_type, of_words
from cdkit.migrations.postgres.objects import option_of
from cdkit.migrations.postgres.prints import fingerprint
from cdkit.migrations.postgres.tree import (
    DefElem,
    FunctionParameter,
    Json,
    Node,
    RangeVar,
    TypeName,
    Word,
    calls,
    literal,
    words,
)
from cdkit.migrations.statement import Statement


class _Function(Struct, frozen=True):
    funcname: tuple[Word, ...]
    options: tuple[Node, ...] = ()
    parameters: tuple[Node, ...] = ()
    returnType: TypeName | None = None  # noqa: N815 - PostgreSQL's own name
    replace: bool = False
    is_procedure: bool = False
    sql_body: Any = None


class _Select(Struct, frozen=True, rename={"into": "intoClause", "cte": "withClause"}):
    into: Json | None = None
    cte: Json | None = None
    targetList: tuple[Json, ...] = ()  # noqa: N815 - PostgreSQL's own name


def options_of(given: tuple[Node, ...]) -> dict[str, str]:
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
    texts = options_of(made.options)
    yield op.CreateObject(
        statement=statement,
        at=statement.start,
        kind="procedure" if made.is_procedure else "function",
        name=of_words(words(made.funcname)),
        replace=made.replace,
        body=texts.get("as", ""),
        function=_declaration(made, texts.get("language", "sql")),
    )


_IN = frozenset({"FUNC_PARAM_DEFAULT", "FUNC_PARAM_IN", "FUNC_PARAM_INOUT", "FUNC_PARAM_VARIADIC"})
_OUT = frozenset({"FUNC_PARAM_OUT", "FUNC_PARAM_INOUT", "FUNC_PARAM_TABLE"})


def _declaration(made: _Function, language: str) -> Function:
    given = [node.parameter for node in made.parameters if node.parameter]
    options = [node.option for node in made.options if node.option]
    named = [said for each in options if each.defname != "as" if (said := _said(each))]
    definer = any(
        each.defname == "security" and each.arg and (each.arg.boolean or {}).get("boolval")
        for each in options
    )
    return Function(
        arguments=tuple(
            Argument(each.name, of_type(each.argType), fingerprint(each.defexpr))
            for each in given
            if each.mode in _IN
        ),
        returns=_returned(made.returnType),
        gives=tuple(each.name for each in given if each.mode in _OUT),
        language=language,
        definer=definer,
        options=tuple(sorted((*_variadic(given), *named))),
        parsed=fingerprint(made.sql_body),
    )


def _said(option: DefElem) -> str:
    """Return an option with its value, where that decides what a call does; empty if the usual."""
    text = option.arg.string.sval if option.arg and option.arg.string else ""
    if option.defname == "volatility":
        return "" if text == "volatile" else text
    return option_of(option) if option.defname in {"set", "strict"} else option.defname


def _variadic(given: list[FunctionParameter]) -> tuple[str, ...]:
    """Return the word for a function whose last argument takes the rest of the arguments."""
    return ("variadic",) if any(each.mode == "FUNC_PARAM_VARIADIC" for each in given) else ()


def _returned(type_: TypeName | None) -> str:
    if type_ is None:
        return ""
    return f"{'setof ' if type_.setof else ''}{of_type(type_)}"


def select(statement: Statement) -> Iterator[Operation]:
    """Read SELECT: harmless but for INTO, set_config(), writes in its WITH, and what it calls."""
    query = statement.read(_Select)
    where: dict[str, Any] = {"statement": statement, "at": statement.start}
    if query.into:
        relation = msgspec.convert(query.into.get("rel", {}), RangeVar)
        yield op.CreateTable(
            **where,
            table=of_relation(relation),
            columns_known=False,
            reads=read_by(b'{"SelectStmt":%b}' % statement.node),
        )
    for target in query.targetList:
        if begun := _setval(target):
            yield op.ChangeSequence(
                **where, sequence=begun[0], options=("setval",), values=(("setval", begun[1]),)
            )
        if found := _set_config(target):
            yield op.SetVariable(**where, name=found[0], value=found[1], local=found[2])
    yield from written_in(statement, query.cte)
    called = calls(msgspec.json.decode(statement.node))
    yield op.Call(**where, functions=called)


def _setval(target: Json) -> tuple[Name, str] | None:
    """Return the sequence that a setval() with a plain number sets, and the number."""
    call = target.get("ResTarget", {}).get("val", {}).get("FuncCall", {})
    names = [part.get("String", {}).get("sval") for part in call.get("funcname", [])]
    values = [literal(argument) for argument in call.get("args", [])]
    if names[-1:] != ["setval"] or len(values) < 2 or values[0] is None or values[1] is None:
        return None
    return of_words(values[0].replace('"', "").split(".")), values[1]


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
