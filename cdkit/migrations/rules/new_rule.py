"""A rewrite rule comes or goes, and changes what statements of the running version mean.

An INSTEAD rule makes a write do something else, or nothing, without any error. An ALSO rule for
INSERT or UPDATE makes the server refuse each INSERT … ON CONFLICT into its table, and each such
write inside a WITH.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.guard import OFF
from cdkit.migrations.net import eased
from cdkit.migrations.nouns import Query
from cdkit.migrations.operation import ChangeTrigger
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.schema import Schema
from cdkit.migrations.ways import later


def check(operation: ChangeTrigger, context: Context) -> Iterator[Hit]:
    """Flag each rule on a table that was there before the change."""
    of_rule = operation.action.endswith(" RULE")
    if not of_rule or context.schema.is_new_relation(operation.table):
        return
    old = _rule(operation, context.released)
    if operation.action in _GONE:
        if old and old.startswith(OFF):
            return
        undone = bool(old) and old == _rule(operation, context.ahead.end)
        yield from eased(_gone(operation, context), context, undone=undone)
        return
    if old is not None and old == _made(operation, old):
        return
    said = "puts" if operation.action == "CREATE RULE" else "switches on"
    refuses = not operation.instead and _refuses(operation, context)
    effect = (
        "INSERT … ON CONFLICT of a running version is refused"
        if refuses
        else ("statements of a running version silently mean something else")
    )
    yield Hit(
        message=f"{said} the rule {operation.name} on {operation.table}: {effect}",
        about=f"{operation.table}.{operation.name}",
        severity=None
        if operation.instead or said == "switches on"
        else Severity.MEDIUM
        if refuses
        else Severity.LOW,
        fix=Fix(
            summary="do it in a view with another name, or in the application",
            replacement=later(operation, "code that does not rely on what the rule changes"),
        ),
    )


def _rule(operation: ChangeTrigger, schema: Schema) -> str | None:
    """Return the rule of this name as the model has it; None where nobody knows of one."""
    found = schema.table(operation.table) or schema.thing(operation.table)
    return found.rules.get(operation.name) if found else None


def _made(operation: ChangeTrigger, old: str) -> str:
    """Return what the rule is from now on; one that is switched on is what it was."""
    return operation.definition or old.removeprefix(OFF)


def _refuses(operation: ChangeTrigger, context: Context) -> bool:
    """Whether an INSERT … ON CONFLICT into the table may be there, which no rule goes with."""
    schema = context.schema
    known = schema.table(operation.table) or schema.thing(operation.table)
    keys = next(schema.unique_keys(operation.table), None)
    return operation.event in {"INSERT", "UPDATE"} and (known is None or keys is not None)


_SHAPES = ('"groupClause"', '"distinctClause"', '"limitCount"', '"limitOffset"', '"withClause"')


def _can_be_written(query: Query) -> bool:
    """Whether the server itself passes writes of a view on (manual, CREATE VIEW, "Updatable")."""
    computes = any('"FuncCall"' in each for each in query.expressions)
    return len(query.sources) == 1 and not computes and not any(x in query.rest for x in _SHAPES)


_GONE = frozenset({"DROP RULE", "DISABLE RULE", "ENABLE REPLICA RULE"})


def _gone(operation: ChangeTrigger, context: Context) -> Hit:
    """Say that a rule acts no more; some views can be written without one."""
    view = context.schema.thing(operation.table)
    written = view is not None and view.query is not None and _can_be_written(view.query)
    return Hit(
        message=f"{operation.action} {operation.name} on {operation.table}: statements of a "
        "running version no longer do what the rule made of them, or are refused",
        about=f"{operation.table}.{operation.name}",
        severity=Severity.LOW if written else None,
        fix=Fix(
            summary="release a version whose statements mean the same without it first",
            replacement=later(operation, "code that does not rely on what the rule changes"),
        ),
    )


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(ChangeTrigger,),
    check=check,
    instead="Use a view with another name, or change the application.",
    bad=(
        Example(text="DROP RULE ignore ON orders;", line=1),
        Example(text="CREATE RULE r AS ON DELETE TO orders DO INSTEAD NOTHING;", line=1),
        Example(text="CREATE RULE r AS ON INSERT TO orders DO ALSO NOTIFY orders;", line=1),
    ),
    good=(
        Example(
            text="CREATE TABLE o (a int);\nCREATE RULE r AS ON DELETE TO o DO INSTEAD NOTHING;\n"
            "-- released\nCREATE OR REPLACE RULE r AS ON DELETE TO o DO INSTEAD NOTHING;"
        ),
        Example(
            text="CREATE TABLE o (a int);\nCREATE RULE r AS ON DELETE TO o DO INSTEAD NOTHING;"
        ),
    ),
    sources=(
        "https://www.postgresql.org/docs/current/sql-createrule.html",
        "https://www.postgresql.org/docs/current/sql-insert.html",
    ),
)
