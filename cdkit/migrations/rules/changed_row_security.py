"""Which rows the running version sees or may write changes, without any error.

With row security on and no policy that lets it, a role sees no row at all. A policy that changes
makes rows appear or vanish.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.grants import Held
from cdkit.migrations.net import eased
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import ChangeRowSecurity
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.schema import Table
from cdkit.migrations.ways import RELEASE, later, whole


def check(operation: ChangeRowSecurity, context: Context) -> Iterator[Hit]:
    """Flag each such change on a table that was there before the change."""
    table = operation.table
    if context.schema.is_new_relation(table) or _is_idle(operation, context):
        return
    hit = Hit(
        message=f"{operation.action} on {table}: a running version may see or write "
        "other rows than before, without an error",
        about=str(table),
        severity=_severity(operation, context),
        fix=Fix(
            summary="try it as the application's role, and say so with "
            "`-- cdkit: allow changed-row-security (reason)`",
            replacement=context.sql_of("postgres", _instead(operation)),
        ),
    )
    yield from eased(hit, context, undone=_is_the_same(table, context))


def _is_idle(operation: ChangeRowSecurity, context: Context) -> bool:
    """Whether this is a policy of a table on which row security is off, and stays off here."""
    seen = (context.released, context.schema, context.ahead.end)
    tables = [schema.table(operation.table) for schema in seen]
    return operation.policy is not None and all(x and not x.row_security for x in tables)


def _severity(operation: ChangeRowSecurity, context: Context) -> Severity | None:
    """FORCE is about the owner, who is somebody else where others were granted rights."""
    if "FORCE" not in operation.action:
        return None
    held = context.schema.grants.of("table", context.schema.full(operation.table))
    return Severity.LOW if held else None


def _is_the_same(table: Name, context: Context) -> bool:
    """Whether rows are let through at the end as they were for the running version."""
    old, new = context.released.table(table), context.ahead.end.table(table)
    if old is None or new is None:
        return False
    held = context.released.grants.of("table", old.name) or {}
    return _lets_through(old, held) == _lets_through(new, held)


def _lets_through(table: Table, held: Held) -> object:
    """Return what decides about rows: nothing where all pass, else the policies.

    One for roles alone that may not touch the table anyway lets nobody through.
    """
    policies = [
        each
        for each in table.policies.values()
        if not held or not each.roles or set(each.roles) & set(held)
    ]
    opens = [each for each in policies if each.permissive and each.all_rows]
    # Of roles that nobody here was granted anything, nobody knows whether they use it.
    all_pass = all(any(not x.roles or role in x.roles for x in opens) for role in held or ("",))
    if not table.row_security or (all_pass and all(each.permissive for each in policies)):
        return "all"
    return sorted(each.parts for each in policies)


def _instead(operation: ChangeRowSecurity) -> str:
    """Row security goes on with a policy that lets everybody do all, and is narrowed later."""
    table = operation.table.sql
    if not operation.action.startswith(("ENABLE", "FORCE")):
        return later(operation, "a version that reads and writes the same rows either way")
    return (
        f"{RELEASE} 1: everybody may still do all\n"
        f"CREATE POLICY everybody ON {table} USING (true) WITH CHECK (true);\n"
        f"{whole(operation)}\n"
        f"{RELEASE} 2: policies that fit the version that runs everywhere, and then\n"
        f"DROP POLICY everybody ON {table};"
    )


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(ChangeRowSecurity,),
    check=check,
    instead="Try it as the application's role, with the queries of the running version.",
    bad=(
        Example(text="ALTER TABLE orders ENABLE ROW LEVEL SECURITY;", line=1),
        Example(text="CREATE POLICY p ON orders USING (false);", line=1),
        Example(text="DROP POLICY p ON orders;", line=1),
        Example(
            text="CREATE TABLE o (a int);\n-- released\nCREATE POLICY p ON o USING (a > 1);\n"
            "ALTER TABLE o ENABLE ROW LEVEL SECURITY;",
            line=3,
        ),
    ),
    good=(
        Example(
            text="CREATE TABLE o (a int);\nALTER TABLE o ENABLE ROW LEVEL SECURITY;\n"
            "CREATE POLICY p ON o USING (a = f(1));\n-- released\nBEGIN;\n"
            "ALTER POLICY p ON o USING (a = (SELECT f(1)));\nCOMMIT;"
        ),
        Example(text="CREATE TABLE o (a int);\nALTER TABLE o ENABLE ROW LEVEL SECURITY;"),
        Example(
            text="CREATE TABLE o (a int);\n-- released\nBEGIN;\n"
            "ALTER TABLE o ENABLE ROW LEVEL SECURITY;\n"
            "CREATE POLICY everybody ON o USING (true);\nCOMMIT;"
        ),
        Example(
            text="CREATE TABLE o (a int);\n-- released\nBEGIN;\n"
            "CREATE POLICY later ON o USING (a > 1);\nCOMMIT;"
        ),
        Example(text="CREATE TABLE o (a int);\n-- released\nCREATE POLICY p ON o USING (a > 1);"),
    ),
    sources=("https://www.postgresql.org/docs/current/ddl-rowsecurity.html",),
)
