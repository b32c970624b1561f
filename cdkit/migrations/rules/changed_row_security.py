"""Which rows the running version sees or may write changes, without any error.

With row security on and no policy that lets it, a role sees no row at all. A policy that changes
makes rows appear or vanish.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import ChangeRowSecurity
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import RELEASE, later, whole


def check(operation: ChangeRowSecurity, context: Context) -> Iterator[Hit]:
    """Flag each such change on a table that was there before the change."""
    if not context.schema.is_new_table(operation.table):
        yield Hit(
            message=f"{operation.action} on {operation.table}: a running version may see or write "
            "other rows than before, without an error",
            about=str(operation.table),
            fix=Fix(
                summary="try it as the application's role, and say so with "
                "`-- cdkit: allow changed-row-security (reason)`",
                replacement=context.sql_of("postgres", _instead(operation)),
            ),
        )


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
    ),
    good=(Example(text="CREATE TABLE o (a int);\nALTER TABLE o ENABLE ROW LEVEL SECURITY;"),),
    sources=("https://www.postgresql.org/docs/current/ddl-rowsecurity.html",),
)
