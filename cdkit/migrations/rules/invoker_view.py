"""A view asks with the rights of whoever reads it, and no longer with those of its owner.

With `security_invoker` the application's role needs rights on the tables behind the view. Where it
has none, its queries on the view fail with "permission denied"; where those have row security,
it sees other rows.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import Name, quoted
from cdkit.migrations.operation import ChangeTable, CreateObject
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule

_OPTION = "security_invoker"


def check(operation: ChangeTable | CreateObject, context: Context) -> Iterator[Hit]:
    """Flag each such view that was there before, where a role may not read what is behind it."""
    view = operation.table if isinstance(operation, ChangeTable) else operation.name
    if _OPTION not in operation.options or context.schema.is_new_thing(view):
        return
    found = context.schema.thing(view)
    if found is None and isinstance(operation, CreateObject):
        return
    why = _why(view, context)
    if not why:
        return
    yield Hit(
        message=f"{view} asks as its caller from now on: {why}",
        about=str(view),
        fix=Fix(
            summary="grant what the view reads to those who read it, in the same migration",
            replacement=_granting(view, context),
        ),
    )


def _granting(view: Name, context: Context) -> str:
    """What each reader of the view may not read behind it, granted."""
    schema = context.ahead.end
    found, held = schema.thing(view), schema.grants.of("view", schema.full(view))
    sources = sorted(map(schema.full, found.query.sources)) if found and found.query else []
    missing = [
        f"GRANT SELECT ON {source.sql} TO {quoted(role)};"
        for source in sources
        for role in sorted(held or ())
        if "SELECT" not in schema.grants.may(role, "table", source)
    ]
    return "\n".join(missing)


def _why(view: Name, context: Context) -> str:
    """Return who may not read what; empty where all may."""
    grants, schema = context.ahead.end.grants, context.schema
    found, held = schema.thing(view), grants.of("view", schema.full(view))
    if found is None or found.query is None or not held:
        return "whoever may not read what is behind it is refused"
    for source in map(schema.full, found.query.sources):
        table = schema.table(source)
        if table and table.row_security:
            return f"{source} has row security, so that it may show other rows"
        for role in sorted(held):
            if not any(word.startswith("SELECT") for word in grants.may(role, "table", source)):
                return f"{role} has no SELECT on {source}"
            if "SELECT" not in grants.may(role, "table", source):
                return f"{role} may read only some columns of {source}"
    return ""


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    engines=("postgres",),
    on=(ChangeTable, CreateObject),
    check=check,
    instead="Grant what the view reads to those who read it, in the same migration.",
    bad=(
        Example(
            text="CREATE TABLE o (a int);\nCREATE VIEW v AS SELECT a FROM o;\n"
            "GRANT SELECT ON v TO app;\n-- released\nALTER VIEW v SET (security_invoker = true);",
            line=5,
        ),
    ),
    good=(
        Example(
            text="CREATE TABLE o (a int);\nCREATE VIEW v AS SELECT a FROM o;\n"
            "GRANT SELECT ON v, o TO app;\n-- released\n"
            "ALTER VIEW v SET (security_invoker = true);"
        ),
        Example(text="ALTER VIEW v SET (security_barrier = true);"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-createview.html",),
)
