"""A new value of an enum is used in the transaction that adds it, and the server refuses that.

Until the transaction is committed, any use fails with `unsafe use of new value`, unless the type
itself is made in the same transaction.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.mend import words_of
from cdkit.migrations.operation import (
    AddColumn,
    AddConstraint,
    CreateIndex,
    CreateTable,
    Operation,
    SetDefault,
    WriteRows,
)
from cdkit.migrations.otherwise import on_its_own
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Flag a statement that says a value which its transaction adds to a type that was there."""
    values = context.ahead.added_values()
    if not values:
        return
    added = {each.value: each for each in values}
    said = {token.text.strip(b"'") for token in words_of(operation) if token.kind == "string"}
    for value, adding in added.items():
        if value.encode() in said:
            sure = context.ahead.sure
            yield Hit(
                message=f"uses {value!r}, which {adding.type} gets in the same transaction: the "
                "server refuses it as an unsafe use of a new value"
                + ("" if sure else ", if the file is one transaction"),
                about=f"{adding.type}.{value}",
                severity=None if sure else Severity.MEDIUM,
                confidence=Confidence.MEDIUM,
                fix=Fix(
                    summary="use it in a migration after the one that adds it",
                    replacement=on_its_own(operation),
                ),
            )


_TYPE = "CREATE TYPE mood AS ENUM ('sad');\nCREATE TABLE o (m mood);\n-- released\n"
_ADD = "ALTER TYPE mood ADD VALUE 'glad';\n"
_USE = "UPDATE o SET m = 'glad' WHERE m IS NULL"

RULE = LintRule(
    severity=Severity.HIGH,
    question=SAFE_TO_RUN,
    engines=("postgres",),
    on=(WriteRows, SetDefault, AddColumn, AddConstraint, CreateIndex, CreateTable),
    check=check,
    instead="Use the value in a migration after the one that adds it.",
    bad=(
        Example(
            text=f"{_TYPE}BEGIN;\n{_ADD}UPDATE o SET m = 'glad' WHERE m IS NULL;\nCOMMIT;", line=6
        ),
        Example(
            text=f"{_TYPE}BEGIN;\n{_ADD}ALTER TABLE o ALTER m SET DEFAULT 'glad';\nCOMMIT;", line=6
        ),
    ),
    good=(
        Example(text=f"{_TYPE}-- migrate:up transaction:false\n{_ADD}{_USE};"),
        Example(
            text="BEGIN;\nCREATE TYPE mood AS ENUM ('sad');\nALTER TYPE mood ADD VALUE 'glad';\n"
            "CREATE TABLE o (m mood DEFAULT 'glad');\nCOMMIT;"
        ),
        Example(text=f"{_TYPE}BEGIN;\n{_ADD}UPDATE o SET m = 'sad' WHERE m IS NULL;\nCOMMIT;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertype.html",),
)
