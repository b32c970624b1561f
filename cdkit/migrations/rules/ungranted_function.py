"""A default calls a function that the application's role may not call.

Every insert of the running version that leaves the column out fails with "permission denied for
function": the default is worked out with the rights of whoever inserts. So it is where functions
are made without the right that everybody has (ALTER DEFAULT PRIVILEGES), or that was revoked.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import AddColumn, SetDefault
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: AddColumn | SetDefault, context: Context) -> Iterator[Hit]:
    """Flag each role that may insert, and may not call at the end of the transaction."""
    table, schema = operation.table, context.schema
    default = operation.column.default if isinstance(operation, AddColumn) else operation.default
    if default is None or not default.calls or schema.is_new_table(table):
        return
    called = [schema.full(Name("", each)) for each in default.calls]
    made = [each for each in called if (thing := schema.thing(each)) and thing.routines]
    if not made:
        return
    grants = context.ahead.end.grants
    held = grants.of("table", schema.full(table)) or {}
    for function in made:
        for role, words in sorted(held.items()):
            if "INSERT" in words and "EXECUTE" not in grants.may(role, "function", function):
                yield Hit(
                    message=f"{table} is filled by {function}(), which {role} may not call: its "
                    "inserts into the table fail",
                    about=str(table),
                    fix=Fix(
                        summary="grant it in the same migration",
                        replacement=f"GRANT EXECUTE ON FUNCTION {function.sql} TO {role};",
                    ),
                )
                return


_MADE = "CREATE TABLE o (a int);\nGRANT INSERT ON o TO app;\n-- released\n"
_MADE += "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';\n"
_MADE += "REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC;\n"

RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    engines=("postgres",),
    on=(AddColumn, SetDefault),
    check=check,
    instead="GRANT EXECUTE ON FUNCTION in the same migration.",
    bad=(
        Example(text=f"{_MADE}ALTER TABLE o ADD COLUMN b int DEFAULT f();", line=6),
        Example(
            text="CREATE TABLE o (a int);\nGRANT INSERT ON o TO app;\n"
            "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;\n-- released\n"
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';\n"
            "ALTER TABLE o ADD COLUMN b int DEFAULT f();",
            line=6,
        ),
    ),
    good=(
        Example(
            text=f"{_MADE}ALTER TABLE o ADD COLUMN b int DEFAULT f();\n"
            "GRANT EXECUTE ON FUNCTION f() TO app;"
        ),
        Example(
            text="CREATE TABLE o (a int);\nGRANT INSERT ON o TO app;\n-- released\n"
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';\n"
            "ALTER TABLE o ADD COLUMN b int DEFAULT f();"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-grant.html",),
)
