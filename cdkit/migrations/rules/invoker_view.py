"""A view asks with the rights of whoever reads it and no longer of its owner, or back.

With `security_invoker` the application's role needs rights on the tables behind the view. Where it
has none, its queries on the view fail with "permission denied"; where those have row security,
it sees other rows. So it is the other way round: CREATE OR REPLACE VIEW that does not say the
option again lets everybody see what the policies keep from them.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.net import eased
from cdkit.migrations.nouns import Name, quoted
from cdkit.migrations.operation import ChangeTable, CreateObject
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.schema import Thing

_OPTION = "security_invoker"


def check(operation: ChangeTable | CreateObject, context: Context) -> Iterator[Hit]:
    """Flag each such view that was there before, where a role may not read what is behind it."""
    view = operation.table if isinstance(operation, ChangeTable) else operation.name
    old = context.released.thing(view)
    if context.schema.is_new_thing(view) or (old is None and isinstance(operation, CreateObject)):
        return
    if _OPTION not in operation.options:
        yield from _no_more(operation, view, context)
        return
    why = _why(view, context) if not (old and old.invoker) else ""
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


def _no_more(operation: ChangeTable | CreateObject, view: Name, context: Context) -> Iterator[Hit]:
    """Flag a view that asks as its owner from now on, where that shows other rows."""
    old, end = context.released.thing(view), context.ahead.end.thing(view)
    if old is None or not old.invoker:
        return
    if isinstance(operation, ChangeTable) and _OPTION not in operation.cleared:
        return
    secured = _secured(old, context)
    if not secured:
        return
    hit = Hit(
        message=f"{view} asks as its owner from now on: what row security keeps from who reads "
        f"{secured} is shown",
        about=str(view),
        fix=Fix(
            summary="say the option again: without it, CREATE OR REPLACE VIEW takes it away",
            replacement=f"ALTER VIEW {view.sql} SET ({_OPTION} = true);",
        ),
    )
    yield from eased(hit, context, undone=end is not None and end.invoker)


def _secured(view: Thing, context: Context) -> str:
    """Return a table behind a view that has row security; of an unknown one nobody knows."""
    schema = context.schema
    for source in map(schema.full, view.query.sources if view.query else ()):
        table = schema.table(source)
        if table.row_security if table else schema.thing(source) is None:
            return str(source)
    return "" if view.query else "what is behind it"


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
    found = context.ahead.end.thing(view)
    held = grants.of("view", schema.full(view))
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


_SECURED = (
    "CREATE TABLE o (a int);\nALTER TABLE o ENABLE ROW LEVEL SECURITY;\n"
    "CREATE VIEW v WITH (security_invoker) AS SELECT a FROM o;\n-- released\n"
)

RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    engines=("postgres",),
    on=(ChangeTable, CreateObject),
    check=check,
    instead="Grant what the view reads to those who read it, in the same migration.",
    bad=(
        Example(text=f"{_SECURED}ALTER VIEW v RESET (security_invoker);", line=5),
        Example(text=f"{_SECURED}ALTER VIEW v SET (security_invoker = off);", line=5),
        Example(text=f"{_SECURED}CREATE OR REPLACE VIEW v AS SELECT a FROM o;", line=5),
        Example(
            text="CREATE TABLE o (a int);\nCREATE VIEW v AS SELECT a FROM o;\n"
            "GRANT SELECT ON v TO app;\n-- released\nALTER VIEW v SET (security_invoker = true);",
            line=5,
        ),
    ),
    good=(
        Example(
            text=f"{_SECURED}BEGIN;\nDROP VIEW v;\nCREATE VIEW v AS SELECT a FROM o;\n"
            "ALTER VIEW v SET (security_invoker = on);\nCOMMIT;"
        ),
        Example(
            text="CREATE TABLE o (a int);\nCREATE VIEW v AS SELECT a FROM o;\n"
            "GRANT SELECT ON v, o TO app;\n-- released\n"
            "ALTER VIEW v SET (security_invoker = true);"
        ),
        Example(text="ALTER VIEW v SET (security_barrier = true);"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-createview.html",),
)
