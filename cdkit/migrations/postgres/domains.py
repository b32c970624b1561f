"""Reading CREATE DOMAIN and ALTER DOMAIN."""

from collections.abc import Iterator

from msgspec import Raw, Struct

from cdkit.migrations import operation as op
from cdkit.migrations.anew import ChangeDomain
from cdkit.migrations.domains import LoosenDomain, RestrictDomain, ValidateDomain
from cdkit.migrations.nouns import Constraint
from cdkit.migrations.operation import Operation
from cdkit.migrations.postgres import tree
from cdkit.migrations.postgres.names import is_kept, of_constraint, of_default, of_words
from cdkit.migrations.postgres.objects import at_start
from cdkit.migrations.postgres.tree import Node, words
from cdkit.migrations.statement import Statement


class _Create(Struct, frozen=True):
    domainname: tuple[Node, ...]
    constraints: tuple[Node, ...] = ()


class _Alter(Struct, frozen=True, rename={"domain": "typeName", "definition": "def"}):
    subtype: str
    domain: tuple[Node, ...]
    name: str = ""
    definition: Node | None = None


class _Default(Struct, frozen=True, rename={"value": "def"}):
    value: Raw = Raw()


def create_domain(statement: Statement) -> Iterator[Operation]:
    """Read CREATE DOMAIN; `body` says whether it is constrained."""
    made = statement.read(_Create)
    written = [node.constraint for node in made.constraints if node.constraint]
    kept = tuple(of_constraint(each, statement) for each in written if is_kept(each))
    yield op.CreateObject(
        **at_start(statement),
        kind="domain",
        name=of_words(words(made.domainname)),
        body="constrained" if kept else "",
        options=("default",) if any(x.contype == "CONSTR_DEFAULT" for x in written) else (),
        constraints=kept,
    )


def alter_domain(statement: Statement) -> Iterator[Operation]:
    """Read ALTER DOMAIN (`subtype` as in PostgreSQL's AlterDomainType)."""
    altered = statement.read(_Alter)
    on = {**at_start(statement), "domain": of_words(words(altered.domain))}
    match altered.subtype:
        case "T":
            value = statement.read(_Default).value
            yield ChangeDomain(**on, default=of_default(value) if value else None)
        case "C" | "O":
            action = "ADD CONSTRAINT" if altered.subtype == "C" else "SET NOT NULL"
            yield RestrictDomain(**on, action=action, constraint=_asked(altered, statement))
        case "X" | "N":
            yield LoosenDomain(**on, constraint=altered.name)
        case "V":
            yield ValidateDomain(**on, constraint=altered.name)
        case _:
            yield op.Harmless(**at_start(statement))


def _asked(altered: _Alter, statement: Statement) -> Constraint:
    written = altered.definition.constraint if altered.definition else None
    return of_constraint(written or tree.Constraint(contype="CONSTR_NOTNULL"), statement)
