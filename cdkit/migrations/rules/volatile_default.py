"""A new column makes the server write every row anew while nobody may use the table.

A default that is volatile (`random()`, `clock_timestamp()`, `gen_random_uuid()`, a sequence) is
computed for each row; so are identity, serial and stored generated columns, and a constrained
domain has to be checked. A constant, and a stable function such as `now()`, is kept in the
catalogue, and no row is touched.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.mend import Splice, rewritten, words_of
from cdkit.migrations.nouns import STEADY, Column, Name, quoted
from cdkit.migrations.operation import AddColumn
from cdkit.migrations.postgres.volatility import unknown_calls, volatile_calls
from cdkit.migrations.postgres.ways import (
    computed,
    default_of,
    in_batches,
    not_null,
    text,
    type_sql,
)
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule

_DOMAIN = "a constrained domain"
_OF_DOMAIN = (
    "give the column the type under the domain, and add what that asks as a CHECK, NOT VALID, to "
    "be validated later: with or without a default, the domain has every row written anew"
)


def check(operation: AddColumn, context: Context) -> Iterator[Hit]:
    """Flag each column that rewrites a table which was there before the change."""
    table, column = operation.table, operation.column
    if context.schema.is_new_table(table):
        return
    cause, confidence = _cause(column, context)
    if not cause:
        return
    yield Hit(
        message=f"adds {table}.{column.name} with {cause}: every row is written anew, under a lock "
        "that stops reads and writes",
        about=f"{table}.{column.name}",
        confidence=confidence,
        fix=Fix(summary=_OF_DOMAIN)
        if cause == _DOMAIN
        else Fix(
            summary="add the column without it, set the default, and fill the rows in batches",
            replacement=_instead(operation, context),
        ),
    )


def _instead(operation: AddColumn, context: Context) -> str:
    """Column, default and rows, one after the other; nothing for what only a rewrite makes."""
    table, column = operation.table, operation.column
    kind, name = type_sql(column.type), quoted(column.name)
    if column.generated:
        return _without_rows(operation, context)
    default, before, after = default_of(operation), "", ""
    if column.serial or column.identity:
        sequence = Name(table.schema, f"{table.name}_{column.name}_seq").sql
        default = f"nextval({text(sequence)})"
        before = f"CREATE SEQUENCE {sequence};\n"
        after = f"ALTER SEQUENCE {sequence} OWNED BY {table.sql}.{name};\n"
    if not kind or not default:
        return ""
    change = f"UPDATE {table.sql} SET {name} = DEFAULT"
    filled = in_batches(change, table, context.schema, where=f"{name} IS NULL")
    filled += f"\n{not_null(table, column.name)}" if column.not_null or column.serial else ""
    return (
        f"{before}ALTER TABLE {table.sql} ADD COLUMN {name} {kind};\n"
        f"ALTER TABLE {table.sql} ALTER COLUMN {name} SET DEFAULT {default};\n{after}"
        f"-- by itself, outside a transaction: the rows that are there\n{filled}"
    )


def _without_rows(operation: AddColumn, context: Context) -> str:
    """A column that is computed as it is read (since 18), else one that a trigger computes."""
    if context.server.before(18):
        return computed(operation, context.schema)
    words = [each for each in words_of(operation) if each.start >= operation.at]
    stored = next((each for each in words if each.text.upper() == b"STORED"), None)
    if stored is None:
        return ""
    virtual = Splice(at=stored.start, end=stored.end, text="VIRTUAL")
    since = "" if context.server.version else "-- since PostgreSQL 18\n"
    return f"{since}{rewritten([virtual], operation)}"


def _cause(column: Column, context: Context) -> tuple[str, Confidence]:
    if column.serial or column.identity:
        return "a sequence", Confidence.HIGH
    if column.generated == "stored":
        return "a stored expression", Confidence.HIGH
    parts = column.type.name.split(".")
    domain = context.schema.thing(Name(parts[-2] if len(parts) > 1 else "", parts[-1]))
    if domain and domain.kind == "domain" and domain.body:
        return _DOMAIN, Confidence.HIGH
    calls = column.default.calls if column.default else ()
    if known := volatile_calls(calls):
        return f"the volatile default {known[0]}()", Confidence.HIGH
    if unsure := [each for each in unknown_calls(calls) if not _is_declared(each, context)]:
        return f"the default {unsure[0]}(), volatile unless it is declared otherwise", (
            Confidence.MEDIUM
        )
    return "", Confidence.HIGH


def _is_declared(name: str, context: Context) -> bool:
    """Whether all functions of a name are declared to give the same for the same, in a query."""
    found = context.schema.thing(Name("", name))
    routines = list(found.routines.values()) if found else []
    return bool(routines) and all(STEADY & set(each.function.options) for each in routines)


RULE = LintRule(
    severity=Severity.HIGH,
    question=SAFE_TO_RUN,
    grows=True,
    engines=("postgres",),
    on=(AddColumn,),
    check=check,
    instead="Add the column without the default, set the default, fill the rows in batches.",
    bad=(
        Example(
            text="CREATE FUNCTION f() RETURNS int STABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';"
            "\nCREATE TABLE o (a int);\nALTER FUNCTION f() VOLATILE;\n-- released\n"
            "ALTER TABLE o ADD COLUMN n int DEFAULT f();",
            line=5,
        ),
        Example(text="ALTER TABLE o ADD COLUMN u uuid DEFAULT gen_random_uuid();", line=1),
        Example(text="ALTER TABLE o ADD COLUMN n bigserial;", line=1),
        Example(text="ALTER TABLE o ADD COLUMN n int GENERATED ALWAYS AS IDENTITY;", line=1),
        Example(text="ALTER TABLE o ADD COLUMN n int GENERATED ALWAYS AS (a + 1) STORED;", line=1),
        Example(text="ALTER TABLE o ADD COLUMN n int DEFAULT my_function();", line=1),
    ),
    good=(
        Example(
            text="CREATE FUNCTION f() RETURNS int STABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';"
            "\nCREATE TABLE o (a int);\n-- released\nALTER TABLE o ADD COLUMN n int DEFAULT f();"
        ),
        Example(text="ALTER TABLE o ADD COLUMN made timestamptz NOT NULL DEFAULT now();"),
        Example(text="ALTER TABLE o ADD COLUMN n int NOT NULL DEFAULT 0;"),
        Example(text="ALTER TABLE o ADD COLUMN t text DEFAULT lower('A');"),
        Example(text="CREATE TABLE o (a int);\nALTER TABLE o ADD COLUMN n bigserial;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
