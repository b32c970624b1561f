"""A command that cannot run inside a transaction stands where one is, or may be.

The server refuses it, and the migration fails. Several statements that a tool sends in one go are a
transaction too, so such a command wants a file of its own.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.mend import Mend
from cdkit.migrations.operation import (
    CreateIndex,
    DropObject,
    MovePartition,
    Operation,
    Reindex,
    Standalone,
)
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule
from cdkit.migrations.ways import whole


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Flag what is inside a transaction, and, less surely, what is not alone in its file."""
    command, session = _command(operation), context.session
    if not command or session.in_transaction is False:
        return
    inside = session.in_transaction is True
    if not inside and session.single:
        return
    where = "inside a transaction" if inside else "in one file with others: tools that send the "
    where += "" if inside else "file in one go make that a transaction"
    yield Hit(
        message=f"{command} stands {where}",
        about=command,
        severity=None if inside else Severity.LOW,
        confidence=Confidence.HIGH if inside else Confidence.MEDIUM,
        fix=Fix(
            summary="put it into a migration of its own that runs outside a transaction "
            "(dbmate: `-- migrate:up transaction:false`; goose: `-- +goose NO TRANSACTION`)",
            replacement=whole(operation),
        ),
        mend=Mend(alone=True),
    )


def _command(operation: Operation) -> str:
    match operation:
        case CreateIndex(concurrently=True):
            return "CREATE INDEX CONCURRENTLY"
        case DropObject(concurrently=True):
            return "DROP INDEX CONCURRENTLY"
        case Reindex(concurrently=True):
            return "REINDEX CONCURRENTLY"
        case MovePartition(concurrently=True):
            return "DETACH PARTITION CONCURRENTLY"
        case Standalone(action=action):
            return action
        case _:
            return ""


RULE = LintRule(
    severity=Severity.HIGH,
    question=SAFE_TO_RUN,
    engines=("postgres",),
    on=(CreateIndex, DropObject, Reindex, MovePartition, Standalone),
    check=check,
    instead="Put it into a migration of its own that runs outside a transaction.",
    bad=(
        Example(text="BEGIN;\nALTER SYSTEM SET work_mem = '64MB';\nCOMMIT;", line=2),
        Example(text="BEGIN;\nCREATE INDEX CONCURRENTLY i ON orders (a);\nCOMMIT;", line=2),
        Example(text="-- migrate:up\nDROP INDEX CONCURRENTLY i;\n-- migrate:down\n", line=2),
        Example(text="-- +goose Up\nVACUUM orders;", line=2),
        Example(text="SET lock_timeout = '2s';\nREINDEX TABLE CONCURRENTLY o;", line=2),
    ),
    good=(
        Example(text="CREATE INDEX CONCURRENTLY i ON orders (a);"),
        Example(text="-- migrate:up transaction:false\nDROP INDEX CONCURRENTLY i;"),
        Example(
            text="-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY i ON o (a);"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-createindex.html",),
)
