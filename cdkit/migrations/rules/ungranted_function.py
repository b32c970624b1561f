"""What is worked out for each row calls a function that the application's role may not call.

Every insert of the running version that leaves a column out fails with "permission denied for
function" where its default calls one, and every write where an index, a generated column, a CHECK
or the WHEN of a trigger does: that is worked out with the rights of whoever writes. So it is where
functions are made without the right that everybody has (ALTER DEFAULT PRIVILEGES), or that was
revoked. What a trigger executes itself, nobody needs a right to.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import Column, Default, Trigger
from cdkit.migrations.operation import (
    AddColumn,
    AddConstraint,
    ChangeTrigger,
    CreateIndex,
    SetDefault,
)
from cdkit.migrations.postgres.names import of_words
from cdkit.migrations.postgres.prints import called_in
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule

_Calling = AddColumn | SetDefault | CreateIndex | AddConstraint | ChangeTrigger


def check(operation: _Calling, context: Context) -> Iterator[Hit]:
    """Flag the first role that may write, and may not call at the end of the transaction."""
    table, schema = operation.table, context.schema
    said, verbs = _said(operation)
    if not said or schema.is_new_table(table):
        return
    called = {schema.full(of_words(words)) for words in called_in(said)}
    made = [each for each in sorted(called) if (thing := schema.thing(each)) and thing.routines]
    if not made:
        return
    grants = context.ahead.end.grants
    held = grants.of("table", schema.full(table)) or {}
    writers = [
        role
        for role, words in sorted(held.items())
        if not verbs.isdisjoint(word.partition("(")[0] for word in words)
    ]
    for function in made:
        for role in writers:
            if "EXECUTE" not in grants.may(role, "function", function):
                yield Hit(
                    message=f"a write into {table} calls {function}(), which {role} may not call: "
                    "its writes fail",
                    about=str(table),
                    fix=Fix(
                        summary="grant it in the same migration",
                        replacement=f"GRANT EXECUTE ON FUNCTION {function.sql} TO {role};",
                    ),
                )
                return


def _said(operation: _Calling) -> tuple[str, frozenset[str]]:
    """Return the fingerprint of what is worked out, and in which writes."""
    said, verbs = "", _BOTH
    match operation:
        case AddColumn(column=column) if column.generated:
            said = column.expression
        case AddColumn(column=Column(default=Default() as default)) | SetDefault(default=default):
            said, verbs = default.text, _INSERT
        case CreateIndex(expressions=expressions, where=where):
            said = "".join((*expressions, where))
        case AddConstraint(constraint=constraint):
            said = constraint.expression
        case ChangeTrigger(trigger=Trigger() as made):
            said, verbs = made.definition, _BOTH | {"DELETE"}
        case _:
            pass
    return said, verbs


_INSERT = frozenset({"INSERT"})
_BOTH = frozenset({"INSERT", "UPDATE"})


_MADE = "CREATE TABLE o (a int);\nGRANT INSERT ON o TO app;\n-- released\n"
_MADE += "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';\n"
_MADE += "REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC;\n"
_SURE = "CREATE TABLE o (a int);\nGRANT UPDATE ON o TO app;\n-- released\n"
_SURE += "CREATE FUNCTION f(int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT true';\n"
_SURE += "REVOKE EXECUTE ON FUNCTION f(int) FROM PUBLIC;\n"

RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    engines=("postgres",),
    on=(AddColumn, SetDefault, CreateIndex, AddConstraint, ChangeTrigger),
    check=check,
    instead="GRANT EXECUTE ON FUNCTION in the same migration.",
    bad=(
        Example(text=f"{_MADE}ALTER TABLE o ADD COLUMN b int DEFAULT f();", line=6),
        Example(text=f"{_SURE}CREATE INDEX i ON o (f(a));", line=6),
        Example(text=f"{_SURE}CREATE INDEX i ON o (a) WHERE f(a);", line=6),
        Example(text=f"{_SURE}ALTER TABLE o ADD b bool GENERATED ALWAYS AS (f(a)) STORED;", line=6),
        Example(text=f"{_SURE}ALTER TABLE o ADD CHECK (f(a)) NOT VALID;", line=6),
        Example(
            text="CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END';\n"
            f"{_SURE}CREATE TRIGGER x AFTER UPDATE ON o FOR EACH ROW WHEN (f(NEW.a)) "
            "EXECUTE FUNCTION t();",
            line=7,
        ),
        Example(
            text="CREATE TABLE o (a int);\nGRANT INSERT ON o TO app;\n"
            "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;\n-- released\n"
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';\n"
            "ALTER TABLE o ADD COLUMN b int DEFAULT f();",
            line=6,
        ),
    ),
    good=(
        Example(text=f"{_SURE}CREATE INDEX i ON o (f(a));\nGRANT EXECUTE ON FUNCTION f TO app;"),
        Example(text=f"{_SURE}ALTER TABLE o ADD b bool DEFAULT f(1);"),
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
