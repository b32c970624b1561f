"""A table is named without its schema: which one is meant depends on the session's search_path.

A matter of taste: where every session has the same path, there is one meaning only.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.mend import Splice, rewritten, words_of
from cdkit.migrations.nouns import Name, quoted
from cdkit.migrations.operation import (
    AddColumn,
    AddConstraint,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropObject,
    OnTable,
    WriteRows,
)
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: CreateTable | OnTable | DropObject, context: Context) -> Iterator[Hit]:
    """Flag each table without a schema."""
    del context
    name = operation.name if isinstance(operation, DropObject) else operation.table
    if name.schema or (isinstance(operation, DropObject) and operation.kind != "table"):
        return
    yield Hit(
        message=f"names {name} without a schema: the search_path decides which one that is",
        about=str(name),
        fix=Fix(
            summary=f"write it with its schema: public.{quoted(name.name)}",
            replacement=_qualified(operation, name),
        ),
    )


def _qualified(operation: CreateTable | OnTable | DropObject, name: Name) -> str:
    """The statement with the schema before the first word that is the table's name."""
    for token in words_of(operation):
        plain = token.text.decode("utf-8", "replace")
        if token.kind == "name" and name.name in {plain.lower(), plain[1:-1].replace('""', '"')}:
            splice = Splice(at=token.start, end=token.start, text="public.")
            return rewritten([splice], operation)
    return ""


RULE = LintRule(
    severity=Severity.LOW,
    question=SAFE_TO_RUN,
    opinion=True,
    engines=("postgres",),
    on=(CreateTable, AddColumn, DropColumn, CreateIndex, AddConstraint, DropObject, WriteRows),
    check=check,
    instead="Write each table with its schema: `app.orders`.",
    bad=(
        Example(text="CREATE TABLE orders (id bigint);", line=1),
        Example(text="ALTER TABLE orders ADD COLUMN note text;", line=1),
    ),
    good=(Example(text="CREATE TABLE app.orders (id bigint);"),),
    sources=("https://www.postgresql.org/docs/current/ddl-schemas.html",),
)
