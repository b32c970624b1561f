"""Reading CREATE CAST and CREATE OPERATOR: what decides what an expression means."""

from collections.abc import Iterator

from msgspec import Struct, structs

from cdkit.migrations.anew import CreateCast, CreateOperator
from cdkit.migrations.nouns import Argument, Function, Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.postgres.names import of_type
from cdkit.migrations.postgres.objects import at_start, create_object
from cdkit.migrations.postgres.tree import Node, TypeName
from cdkit.migrations.statement import Statement


class _Cast(Struct, frozen=True):
    sourcetype: TypeName
    targettype: TypeName
    context: str = ""
    inout: bool = False


class _Defined(Struct, frozen=True):
    kind: str = ""
    definition: tuple[Node, ...] = ()
    args: tuple[Node, ...] = ()


def create_cast(statement: Statement) -> Iterator[Operation]:
    """Read CREATE CAST."""
    made = statement.read(_Cast)
    yield CreateCast(
        **at_start(statement),
        source=of_type(made.sourcetype),
        target=of_type(made.targettype),
        context=made.context.removeprefix("COERCION_").lower(),
        by_text=made.inout,
    )


def define(statement: Statement) -> Iterator[Operation]:
    """Read what CREATE … (…) defines: of an operator or an aggregate, what it takes as well."""
    for made in create_object(statement):
        yield (
            structs.replace(made, function=_aggregate(statement))
            if made.kind == "aggregate"
            else made
        )
        if made.kind == "operator":
            yield from _operator(statement, made.name)


def _aggregate(statement: Statement) -> Function:
    lists = [node.items.items for node in statement.read(_Defined).args if node.items]
    given = [node.parameter for items in lists for node in items if node.parameter]
    return Function(arguments=tuple(Argument(each.name, of_type(each.argType)) for each in given))


def _operator(statement: Statement, name: Name) -> Iterator[Operation]:
    options = [node.option for node in statement.read(_Defined).definition if node.option]
    given = {each.defname: each.arg.type for each in options if each.arg and each.arg.type}
    if {"leftarg", "rightarg"} <= given.keys():
        takes = (of_type(given["leftarg"]), of_type(given["rightarg"]))
        yield CreateOperator(**at_start(statement), name=name, takes=takes)
