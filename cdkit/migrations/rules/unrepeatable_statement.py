"""A statement outside a transaction is refused when the migration is tried again.

Where a later statement of the file fails, this one has been done already, and nothing undoes it:
the next try stops here. Where all of a file is one transaction, or one
statement, nothing is half done.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.mend import Mend, behind
from cdkit.migrations.operation import CreateIndex, CreateTable, DropObject, Operation
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule

_NOT_THERE = "IF NOT EXISTS"
_THERE = "IF EXISTS"


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Flag what stumbles over its own first try; an index left half built is another case."""
    session = context.session
    if session.in_transaction is not False or session.single:
        return
    words, guard = _guard(operation)
    if not guard:
        return
    yield Hit(
        message=f"is refused when the file is run again after a later failure: it has no {guard}",
        about=" ".join(words[:1]).lower(),
        fix=Fix(summary=f"write {guard}"),
        mend=Mend(splices=behind(operation, *words, text=guard)),
    )


def _guard(operation: Operation) -> tuple[tuple[str, ...], str]:
    """Return behind which word which guard is missing; none where there is one, or no such form."""
    match operation:
        case CreateTable(if_not_exists=False) if operation.statement.kind == "CreateStmt":
            return ("TABLE",), _NOT_THERE
        case CreateIndex(if_not_exists=False, concurrently=False, name=name) if name:
            return ("INDEX",), _NOT_THERE
        case DropObject(if_exists=False, concurrently=True):
            return ("CONCURRENTLY",), _THERE
        case DropObject(if_exists=False, kind="table" | "view" | "sequence" | "type" | "schema"):
            return (operation.kind.upper(),), _THERE
        case _:
            return (), ""


RULE = LintRule(
    severity=Severity.LOW,
    question=SAFE_TO_RUN,
    engines=("postgres",),
    on=(CreateTable, CreateIndex, DropObject),
    check=check,
    instead="Write IF NOT EXISTS or IF EXISTS, or put each statement into a migration of its own.",
    bad=(
        Example(text="-- migrate:up transaction:false\nCREATE TABLE o (a int);\nSELECT 1;", line=2),
        Example(
            text="-- migrate:up transaction:false\nDROP INDEX CONCURRENTLY i;\nSELECT 1;", line=2
        ),
    ),
    good=(
        Example(
            text="-- migrate:up transaction:false\nCREATE TABLE IF NOT EXISTS o (a int);\nSELECT 1;"
        ),
        Example(text="-- migrate:up transaction:false\nDROP INDEX CONCURRENTLY i;"),
        Example(text="-- migrate:up\nCREATE TABLE o (a int);\nSELECT 1;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-createtable.html",),
)
