"""A new table, view, sequence, function or type is found in the place of an old one of its name.

Where a search path names two schemas, a bare name means what stands in the first of them. A new
one there takes the place of the old one: queries of the running version find an empty table, or
other rows, without any error. Where nobody said another path, a schema with the name of a role
comes first for that role (`"$user", public`).
"""

from collections.abc import Iterator, Mapping

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import CreateObject, CreateTable
from cdkit.migrations.permit import search_paths
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later

_RELATIONS = frozenset({"table", "view", "materialized view", "sequence"})
_ALIKE = {
    **dict.fromkeys(_RELATIONS, _RELATIONS),
    **dict.fromkeys(("type", "domain"), frozenset({"type", "domain"})),
    **dict.fromkeys(("function", "procedure"), frozenset({"function", "procedure"})),
}
"""By the kind of a thing, those that cannot have its name in one schema."""


def check(operation: CreateTable | CreateObject, context: Context) -> Iterator[Hit]:
    """Flag each, as far as migrations say where roles look for bare names."""
    if isinstance(operation, CreateObject):
        named, kind = operation.name, operation.kind
    else:
        named, kind = operation.table, "table"
    full = context.schema.full(named)
    home = context.released.home
    if full.schema == home or kind not in _ALIKE:
        return
    said = dict(search_paths(context.released))
    if not said and not _stands(Name(home, full.name), operation, context):
        return
    if _stands(full, operation, context):
        return
    for role, path in _paths(full.schema, said, context):
        behind = path[path.index(full.schema) + 1 :] if full.schema in path else ()
        old = (Name(schema, full.name) for schema in behind)
        hidden = next((each for each in old if _stands(each, operation, context)), None)
        if hidden:
            yield Hit(
                message=f"the {kind} {full} stands before {hidden.schema}.{hidden.name} on the "
                f"search path of {role}: queries with the bare name find it instead",
                about=str(full),
                confidence=Confidence.MEDIUM,
                fix=Fix(
                    summary="give it a name of its own, or let the running version say the schema",
                    replacement=later(operation, "a version that says which schema it means"),
                ),
            )
            return


def _stands(name: Name, made: CreateTable | CreateObject, context: Context) -> bool:
    """Whether the running version knows something of this name that what is made could hide."""
    kind = made.kind if isinstance(made, CreateObject) else "table"
    old = context.released.thing(name)
    if isinstance(made, CreateObject) and made.function:
        return old is not None and made.function.takes in old.routines
    return context.released.kind_of(name) in _ALIKE[kind]


def _paths(
    schema: str, said: Mapping[str, list[str]], context: Context
) -> Iterator[tuple[str, list[str]]]:
    """Yield the search paths of roles and databases; `$user` in them is the role of the schema."""
    is_role = _is_role(schema, context)
    for role, path in said.items():
        user = schema if is_role else role
        yield role, [user if each == "$user" else each for each in path]
    if is_role and schema not in said:
        yield schema, [schema, context.released.home]


def _is_role(name: str, context: Context) -> bool:
    """Whether there is a role of this name that this release does not make."""
    schema, end = context.schema, context.ahead.end
    known = name in end.grants.roles or name in context.released.roles
    return known and not schema.is_new(schema.roles.get(name, 0))


_PATH = "CREATE SCHEMA shop;\nCREATE TABLE public.o (a int);\n"
_PATH += "ALTER ROLE app SET search_path = {};\n-- released\n"

RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    engines=("postgres",),
    on=(CreateTable, CreateObject),
    check=check,
    instead="Give it a name of its own, or let every query say the schema first.",
    bad=(
        Example(text=f"{_PATH.format('shop, public')}CREATE TABLE shop.o (a int);", line=5),
        Example(text=f"{_PATH.format('shop, public')}CREATE VIEW shop.o AS SELECT 1 AS a;", line=5),
        Example(
            text="CREATE TABLE o (a int);\nGRANT SELECT ON o TO app;\n-- released\n"
            "CREATE SCHEMA AUTHORIZATION app;\nCREATE TABLE app.o (a int);",
            line=5,
        ),
    ),
    good=(
        Example(text=f"{_PATH.format('public, shop')}CREATE TABLE shop.o (a int);"),
        Example(text=f"{_PATH.format('shop, public')}CREATE TABLE shop.p (a int);"),
        Example(text="CREATE TABLE public.o (a int);\n-- released\nCREATE TABLE shop.o (a int);"),
        Example(
            text="CREATE TABLE o (a int);\n-- released\nCREATE ROLE app;\nCREATE SCHEMA app;\n"
            "GRANT USAGE ON SCHEMA app TO app;\nCREATE TABLE app.o (a int);"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-PATH",),
)
